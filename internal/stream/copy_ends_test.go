package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// switchStream switches the table's stream off and on, and returns the new one.
func (s *source) switchStream() string {
	spec := &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(false)}
	must(s.UpdateTable(context.Background(), &dynamodb.UpdateTableInput{TableName: aws.String(engineTable), StreamSpecification: spec}))
	time.Sleep(time.Second)
	spec = &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dbtypes.StreamViewTypeNewAndOldImages}
	return *must(s.UpdateTable(context.Background(), &dynamodb.UpdateTableInput{TableName: aws.String(engineTable), StreamSpecification: spec})).TableDescription.LatestStreamArn
}

// atDone has a replica's handler note whether it is what the table is when
// CopyDone comes, and what comes later. The table must not change any more.
type atDone struct {
	*replica
	s     *source
	after []string // kinds of the events after CopyDone
}

func (d *atDone) handle(ctx context.Context, e Event) error {
	if _, _, done := d.now(); done > 0 {
		d.mu.Lock()
		d.after = append(d.after, fmt.Sprint(e.Kind))
		d.mu.Unlock()
	}
	err := d.replica.handle(ctx, e)
	if e.Kind == CopyDone {
		d.replica.check(d.s)
	}
	return err
}

// TestCopyDoneFromAnOlderStream: Open is given the stream that a standby was
// given long ago, and the table has another one by now.
func TestCopyDoneFromAnOlderStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newSource(t, 20), newMemory()
		time.Sleep(time.Hour)
		c := &atDone{replica: newReplica(), s: s}
		s.switchStream()
		s.before = func(page int) error {
			time.Sleep(10 * time.Second) // 100 of them are nothing unusual
			if page == 6 {
				for i := range 20 { // of which some were copied before
					s.put(fmt.Sprint(i), 7)
				}
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		r := must(Open(ctx, s.streams, s.arn, Options{
			Checkpoints: m.grip(), Limit: 3, Copy: &Copy{Table: s, Rate: Unbounded, Segments: 1}, OnGap: SkipGaps, Logger: slog.New(slog.DiscardHandler),
		}))
		defer r.Close()
		r.Run(ctx, c.handle)
		check(t, "copies that are complete", len(c.done), 1)
		check(t, "events after CopyDone", len(c.after), 0)
	})
}

// TestACopyAfterAGapThatStopped: the stream was switched, and a reader stopped at
// the gap, as it does by default. It is started again with a Copy that is to
// mend the gap. CopyDone comes once the next stream was read too, and no row goes
// back after it.
func TestACopyAfterAGapThatStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newSource(t, 20), newMemory()
		o := Options{Checkpoints: m.grip(), Limit: 3, Logger: slog.New(slog.DiscardHandler)}
		r := must(Open(t.Context(), s.streams, s.arn, o))
		running := make(chan error)
		go func() { running <- r.Run(t.Context(), func(context.Context, Event) error { return nil }) }()
		time.Sleep(time.Minute)
		next := s.switchStream()
		if err := <-running; !errors.As(err, new(*Gap)) {
			t.Errorf("Run = %v, want a *Gap", err)
		}
		check(t, "error of Close", r.Close(), nil)
		for n := range 3 {
			for i := range 20 {
				s.put(fmt.Sprint(i), n)
			}
		}
		time.Sleep(time.Hour)
		c := &atDone{replica: newReplica(), s: s}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		o.Checkpoints, o.OnGap, o.Copy = m.grip(), SkipGaps, &Copy{Table: s, Rate: Unbounded}
		r = must(Open(t.Context(), s.streams, next, o))
		defer r.Close()
		back := make(map[string]string)
		r.Run(ctx, func(ctx context.Context, e Event) error {
			err := c.handle(ctx, e)
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.done) > 0 {
				for id, row := range c.rows {
					if row.n != "2" {
						back[id] = row.n
					}
				}
			}
			return err
		})
		check(t, "copies that are complete", len(c.done), 1)
		check(t, "events after CopyDone", len(c.after), 0)
		check(t, "rows that went back after CopyDone", back, map[string]string{})
	})
}

// deniesListing is a stream whose reader may not call ListStreams.
type deniesListing struct{ API }

func (deniesListing) ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	return nil, errors.New("access denied")
}

// TestNoCopyDoneWhereTheNextStreamIsNotKnown: reading ends with an EndedError
// that says that there may be another stream, and without CopyDone, since what
// that stream holds from the time of the scan is still to come.
func TestNoCopyDoneWhereTheNextStreamIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newSource(t, 20), newMemory()
		time.Sleep(time.Hour)
		c := &atDone{replica: newReplica(), s: s}
		var next string
		s.before = func(page int) error {
			if page == 6 {
				next = s.switchStream()
				for i := range 20 {
					s.put(fmt.Sprint(i), 7)
				}
			}
			return nil
		}
		o := Options{Checkpoints: m.grip(), Limit: 3, Copy: &Copy{Table: s, Rate: Unbounded}, OnGap: SkipGaps, Logger: slog.New(slog.DiscardHandler)}
		r := must(Open(t.Context(), deniesListing{s.streams}, s.arn, o))
		err := r.Run(t.Context(), c.handle)
		if ended := (*EndedError)(nil); !errors.As(err, &ended) || ended.Err == nil {
			t.Errorf("Run = %v, want an *EndedError", err)
		}
		check(t, "error of Close", r.Close(), nil)
		check(t, "copies that are complete, at the end", len(c.done), 0)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		s.before, o.Checkpoints = nil, m.grip()
		r = must(Open(t.Context(), deniesListing{s.streams}, next, o))
		defer r.Close()
		r.Run(ctx, c.handle)
		check(t, "copies that are complete", len(c.done), 1)
		check(t, "events after CopyDone", len(c.after), 0)
	})
}

// TestTheEndOfAStreamDuringCopyDone: the handler of CopyDone, which deletes
// many rows, is in work when the stream is switched. That is not a shutdown: the
// handlers of the next stream have a context that lives.
func TestTheEndOfAStreamDuringCopyDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newSource(t, 20), newMemory()
		c := newReplica()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		r := must(Open(ctx, s.streams, s.arn, Options{
			Checkpoints: m.grip(), Limit: 3, Copy: &Copy{Table: s, Rate: Unbounded}, OnGap: SkipGaps, Logger: slog.New(slog.DiscardHandler),
		}))
		defer r.Close()
		ended := 0
		r.Run(ctx, func(working context.Context, e Event) error {
			if e.Kind == CopyDone {
				s.switchStream()
				s.put("new", 1)
				time.Sleep(5 * time.Minute)
			}
			if working.Err() != nil && ctx.Err() == nil {
				ended++
				t.Logf("the context of the handler of %s %s ended: %v", e.Kind, e.Sequence, working.Err())
			}
			return c.handle(working, e)
		})
		check(t, "contexts of handlers that ended while Run's lives", ended, 0)
		check(t, "copies that are complete", c.done, []int64{1})
	})
}
