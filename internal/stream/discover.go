package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go/middleware"
)

// A rhythm is how often the reader does what it does again and again.
type rhythm struct {
	look  time.Duration // for new shards and for the end of the stream
	watch time.Duration // for what waits too long
}

// A look is at least one call, so that a stream that was switched off is
// noticed soon, whatever its shards wait for.
var usual = rhythm{look: 4 * time.Second, watch: 5 * time.Second}

// soon is the time between looks for what is known to be due.
func (r rhythm) soon() time.Duration { return min(lookSoon, r.look) }

// late is how long the children of a disabled stream's shard may not be listed
// yet.
func (r rhythm) late() time.Duration { return min(lateChildren, r.look*15/2) }

const (
	// describeRate is how many calls of DescribeStream a second DynamoDB
	// allows.
	describeRate = 10
	// lookSoon bounds rhythm.soon.
	lookSoon = time.Second
	// childrenSoon is for how long the children of a shard that ended are
	// asked for by themselves before the whole list is.
	childrenSoon = 5 * time.Second
	// lateChildren bounds rhythm.late.
	lateChildren = 30 * time.Second
)

// listEvery is the time between two whole lists of a number of pages: about one
// call a second, and no shard is found later than two minutes after it was
// listed.
func listEvery(pages int) time.Duration {
	return min(time.Duration(pages)*1600*time.Millisecond, 90*time.Second)
}

// discover looks for shards when asks says so, and now and then by itself,
// until ctx ends or a look fails.
func (r *Reader) discover(ctx context.Context, arn string, asks <-chan struct{}) error {
	defer r.lists()()
	regularly := time.NewTicker(r.options.rhythm.look)
	defer regularly.Stop()
	for {
		select {
		case <-asks:
		case <-regularly.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := r.look(ctx, arn); err != nil {
			return err
		}
		if err := sleep(ctx, r.options.rhythm.soon()); err != nil {
			return err
		}
	}
}

// look asks for what may be new: the whole list if that is due, the children
// of shards that ended, or the first page, which has the stream's status.
func (r *Reader) look(ctx context.Context, arn string) error {
	childless, whole := r.due()
	answered := false
	for _, id := range childless {
		if whole {
			break
		}
		d, err := r.describe(ctx, arn, part{childrenOf: id})
		switch {
		case vanishedError(err) || refused(err):
			// The shard vanished, or the endpoint lacks ShardFilter: the
			// whole list has its children, once that is due.
		case err != nil:
			return err
		default:
			r.learn(d)
			answered = true
		}
	}
	if whole || !answered {
		d, err := r.describe(ctx, arn, part{whole: whole})
		if vanishedError(err) {
			d, err = r.vanishedStream(), nil
		}
		if err != nil {
			return err
		}
		r.learn(d)
	}
	r.mu.Lock()
	ending := r.status == types.StreamStatusDisabled && r.next == ""
	r.mu.Unlock()
	if ending {
		// An error that prevents listing is returned at the end.
		if next, err := r.successor(ctx); err == nil && next != "" {
			r.found(next)
		}
	}
	r.wake()
	return ctx.Err()
}

// due lists the shards whose children are to be asked for, and reports
// whether the whole list is due instead: since its time has come, since the
// children were not found, or since it takes fewer calls.
func (r *Reader) due() (childless []string, whole bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	whole = r.pages <= 1 || now.Sub(r.listed) >= listEvery(r.pages)
	var waiting *shard // the latest of those that ended a while ago
	for _, s := range r.lineage.childless() {
		if !r.expectsChild(s) {
			continue
		}
		if now.Sub(s.since) < r.options.rhythm.late() {
			childless = append(childless, s.id)
		} else if waiting == nil || s.since.After(waiting.since) {
			waiting = s
		}
		for _, delay := range []time.Duration{childrenSoon, r.options.rhythm.late()} {
			at := s.since.Add(delay)
			whole = whole || !now.Before(at) && r.listed.Before(at)
		}
		whole = whole || s.state != Consumed
	}
	whole = whole || len(childless) >= r.pages
	if waiting != nil {
		childless = append(childless, waiting.id)
	}
	return childless, whole
}

// learn takes in a description.
func (r *Reader) learn(d description) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = d.status
	r.lineage.learn(d)
	if d.whole {
		r.listed, r.pages = d.asked, d.pages
		r.forgotten.add(r.lineage.forget(d))
	}
}

// A description is the answer of DescribeStream, all its pages together.
type description struct {
	status  types.StreamStatus
	view    types.StreamViewType
	shards  []types.Shard
	created time.Time
	asked   time.Time // by this machine's clock
	at      time.Time // by DynamoDB's, when the last page was answered
	pages   int
	whole   bool // it has all shards
}

func (d description) ids() map[string]bool {
	ids := make(map[string]bool, len(d.shards))
	for _, s := range d.shards {
		ids[aws.ToString(s.ShardId)] = true
	}
	return ids
}

// A part is what to ask DescribeStream for; zero: the first page.
type part struct {
	whole      bool
	childrenOf string // a shard
}

// describe asks for shards of the stream, which come 100 a call at most.
func (r *Reader) describe(ctx context.Context, arn string, p part) (description, error) {
	d := description{asked: time.Now()}
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}
	if p.childrenOf != "" {
		in.ShardFilter = &types.ShardFilter{Type: types.ShardFilterTypeChildShards, ShardId: &p.childrenOf}
	}
	for {
		var out *dynamodbstreams.DescribeStreamOutput
		at, err := r.describing.do(ctx, func(ctx context.Context) (_ middleware.Metadata, err error) {
			if out, err = r.api.DescribeStream(ctx, in, tryOnce); err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		})
		if err != nil {
			return description{}, fmt.Errorf("describing stream %s: %w", arn, err)
		}
		if d.pages++; d.pages == 1 {
			// A status that is newer than the first page could imply shards
			// that the earlier pages missed. So would a time at which a shard
			// was open.
			d.at, d.status, d.view = at, out.StreamDescription.StreamStatus, out.StreamDescription.StreamViewType
			d.created = aws.ToTime(out.StreamDescription.CreationRequestDateTime).UTC()
		}
		d.shards = append(d.shards, out.StreamDescription.Shards...)
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
		// An endpoint that ignores ShardFilter would list all.
		ignored := slices.ContainsFunc(out.StreamDescription.Shards, func(s types.Shard) bool {
			return aws.ToString(s.ParentShardId) != p.childrenOf
		})
		if in.ExclusiveStartShardId == nil || !p.whole && (p.childrenOf == "" || ignored) {
			d.whole = in.ExclusiveStartShardId == nil && p.childrenOf == ""
			return d, nil
		}
	}
}

// vanishedStream stands for the description of a stream that DynamoDB no
// longer has. What was not read of its shards is a gap of each.
func (r *Reader) vanishedStream() description {
	return description{status: types.StreamStatusDisabled, asked: time.Now(), at: r.clock.now(), pages: 1, whole: true}
}
