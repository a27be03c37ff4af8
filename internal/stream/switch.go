package stream

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go/middleware"
)

// succeed returns the stream that follows one that was disabled; empty: none
// is to be waited for, since reading ended as Options.Idle says.
func (r *Reader) succeed(ctx context.Context) (next string, err error) {
	r.endStream()
	limit := time.Minute // the table may just be being made
	if r.options.Idle > 0 {
		limit = min(limit, r.options.Idle)
	}
	for began := time.Now(); ; {
		r.mu.Lock()
		arn, next, status := r.arn, r.next, r.status
		r.mu.Unlock()
		if next != "" || status != types.StreamStatusDisabled {
			return next, nil
		}
		next, err = r.successor(ctx)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil && r.options.Idle == 0:
			return "", &EndedError{Stream: arn, Err: err}
		case next != "":
			r.found(next)
		case time.Since(began) < limit:
			err = sleep(ctx, r.options.rhythm.soon())
		case r.options.Idle > 0:
			return "", nil
		default:
			return "", &EndedError{Stream: arn}
		}
		if err != nil {
			return "", err
		}
	}
}

// endStream notes that nothing comes after the shards that were consumed, if
// the stream is disabled. In a day the stream will have vanished, and then
// nobody can tell.
func (r *Reader) endStream() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status != types.StreamStatusDisabled {
		return
	}
	for _, s := range r.lineage.childless() {
		if s.state == Consumed {
			s.enter(Final)
		}
	}
}

// switchTo has the gap before the next stream handled, and turns to that. The
// gap is a page by itself, and its checkpoint the first of that stream, so
// that it is not redelivered.
func (r *Reader) switchTo(ctx context.Context, next string, handle pageHandler) error {
	d, err := r.describe(ctx, next, part{whole: true})
	if vanishedError(err) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.next, r.past = "", next // there may be another one
		return nil
	}
	if err != nil {
		return err
	}
	gap := &Gap{Stream: r.Stream(), Next: next}
	r.mu.Lock()
	r.forgotten.Gaps++
	r.lastGap = time.Now()
	r.mu.Unlock()
	if r.options.OnGap == StopAtGap {
		return gap
	}
	c := Checkpoint{Stream: next, Position: Position{NotBefore: d.created}, State: Switched}
	events := []Event{{Kind: Lost, Stream: next, Gap: gap, Seen: r.clock.now(), Generation: r.tenure.generation, Copy: r.copyNumber()}}
	s := &shard{handled: c.Position}
	defer r.switches(s)()
	if err := handle.handle(ctx, &Page{Events: events, Checkpoint: c, shard: s, number: s.out.add(events)}); err != nil {
		return err
	}
	r.attach(next, d, []Checkpoint{c})
	r.mu.Lock()
	for _, s := range r.lineage.order {
		s.handled.NotBefore = later(s.handled.NotBefore, d.created)
	}
	r.mu.Unlock()
	return r.save(ctx)
}

// switches shows the handling of a switch in Stats, until it is called.
func (r *Reader) switches(s *shard) (done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.switching = s
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.switching = nil
		r.forgotten.add(s.counts)
	}
}

// found notes the stream that follows the one that is read.
func (r *Reader) found(next string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == "" {
		r.next = next
		r.log.Info("the table has another stream, which is read after this one", "stream", r.arn, "next", next)
	}
}

// successor is the oldest of the table's streams that are newer than the one
// that is read; empty: there is none. Where the streams can't be listed, it is
// the stream that Open was given if that is newer.
func (r *Reader) successor(ctx context.Context) (next string, err error) {
	r.mu.Lock()
	arn, past := r.arn, max(r.arn, r.past)
	r.mu.Unlock()
	consider := func(other string) {
		if tableOf(other) == tableOf(arn) && other > past && (next == "" || other < next) {
			next = other
		}
	}
	consider(r.given)
	in := &dynamodbstreams.ListStreamsInput{TableName: tableName(arn)}
	for {
		var out *dynamodbstreams.ListStreamsOutput
		_, err := r.describing.do(ctx, func(ctx context.Context) (_ middleware.Metadata, err error) {
			if out, err = r.api.ListStreams(ctx, in, tryOnce); err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		})
		if err != nil && next != "" && ctx.Err() == nil {
			return next, nil
		}
		if err != nil {
			return "", fmt.Errorf("listing the streams of table %s: %w", *in.TableName, err)
		}
		for _, s := range out.Streams {
			consider(aws.ToString(s.StreamArn))
		}
		if in.ExclusiveStartStreamArn = out.LastEvaluatedStreamArn; in.ExclusiveStartStreamArn == nil {
			return next, nil
		}
	}
}

// tableOf is a stream's ARN without its label: the table's.
func tableOf(arn string) string {
	table, _, _ := strings.Cut(arn, "/stream/")
	return table
}

func tableName(arn string) *string {
	table := tableOf(arn)
	return aws.String(table[strings.LastIndex(table, "/")+1:])
}
