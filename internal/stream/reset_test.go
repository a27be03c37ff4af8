package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// A slowDelete is a table whose deletes take a while, or end a context.
type slowDelete struct {
	TableAPI
	takes time.Duration
	n     atomic.Int64
	at    func(n int64) error
}

func (s *slowDelete) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := sleep(ctx, s.takes); err != nil {
		return nil, err
	}
	if s.at != nil {
		if err := s.at(s.n.Add(1)); err != nil {
			return nil, err
		}
	}
	return s.TableAPI.DeleteItem(ctx, in, o...)
}

// TestResetKeepsItsLease: while Reset removes many checkpoints, which takes
// longer than a lease, no reader begins with those that are left.
func TestResetKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		var shards []*fakeShard
		for i := range 40 {
			shards = append(shards, &fakeShard{id: fmt.Sprintf("s%02d", i)})
		}
		f := newFakeStream(shards...)
		for _, s := range f.shards {
			f.put(s, "x")
		}
		o := drain
		o.Checkpoints = TableCheckpoints(db, "places", "r")
		r := mustOpen(t, f, o)
		must(0, r.Run(t.Context(), func(context.Context, Event) error { return nil }))
		must(0, r.Close())
		var reset atomic.Bool
		done := make(chan error)
		go func() {
			_, err := Reset(t.Context(), TableCheckpoints(&slowDelete{TableAPI: db, takes: 500 * time.Millisecond}, "places", "r"))
			reset.Store(true)
			done <- err
		}()
		time.Sleep(100 * time.Millisecond)
		var handled, early atomic.Int64
		standby := must(NewReader(f, arn, quiet(Options{Checkpoints: TableCheckpoints(db, "places", "r")})))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			err := standby.Open(ctx)
			if !reset.Load() {
				early.Add(1)
			}
			if err == nil {
				err = errors.Join(standby.Run(ctx, func(context.Context, Event) error { handled.Add(1); return nil }), standby.Close())
			}
			ended <- err
		}()
		err := <-done
		time.Sleep(time.Minute)
		cancel()
		check(t, "error of Reset", err, nil)
		if err := <-ended; !errors.Is(err, context.Canceled) || errors.As(err, new(*AlteredError)) {
			t.Errorf("the standby ended with %v", err)
		}
		check(t, "readers that began amid Reset", early.Load(), int64(0))
		check(t, "events of the reader after Reset", handled.Load(), int64(40))
	})
}

// halfACopy has a copy begun that ends after some rows, with checkpoints in a
// table.
func halfACopy(t *testing.T, s *source, c *replica, db TableAPI) {
	time.Sleep(time.Hour) // the inserts are none of the changes that follow the rows
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := must(s.open(Options{Checkpoints: TableCheckpoints(db, "places", "copy")}))
	r.Run(ctx, func(ctx context.Context, e Event) error {
		if _, copied, _ := c.now(); copied == 20 {
			cancel()
		}
		return c.handle(ctx, e)
	})
	must(0, r.Close())
}

// TestAResetThatIsCutShort, of half a copy, leaves nothing of which a new copy
// takes a part for its own.
func TestAResetThatIsCutShort(t *testing.T) {
	for cut := int64(1); cut <= 5; cut++ {
		synctest.Test(t, func(t *testing.T) {
			s, c := newSource(t, 40), newReplica()
			halfACopy(t, s, c, s.Client)
			killed := errors.New("killed")
			_, err := Reset(t.Context(), TableCheckpoints(&slowDelete{TableAPI: s.Client, at: func(n int64) error {
				if n > cut {
					return killed
				}
				return nil
			}}, "places", "copy"))
			if cut < 5 && !errors.Is(err, killed) {
				t.Fatalf("Reset = %v", err)
			}
			r := must(s.open(Options{Checkpoints: TableCheckpoints(s.Client, "places", "copy")}))
			check(t, "error", r.Run(t.Context(), c.handle), nil)
			check(t, fmt.Sprint("copies that are complete, after ", cut, " deletes"), len(c.done), 1)
			c.check(s)
		})
	}
}
