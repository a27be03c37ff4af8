package stream

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
)

// TestNoDeadLetterWithoutTheLease: the owner, which nothing froze, can't reach
// the table while a handler is in work. A standby takes over. When the first
// one's handler fails, its event is not given to the dead letters: it is the
// standby's now.
func TestNoDeadLetterWithoutTheLease(t *testing.T) {
	for name, run := range map[string]func(*Reader, context.Context, func(context.Context) error) error{
		"Run": func(r *Reader, ctx context.Context, handle func(context.Context) error) error {
			return r.Run(ctx, func(ctx context.Context, _ Event) error { return handle(ctx) })
		},
		"RunPages": func(r *Reader, ctx context.Context, handle func(context.Context) error) error {
			return r.RunPages(ctx, func(ctx context.Context, _ *Page) error { return handle(ctx) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, _ := inMemory(t)
				var mu sync.Mutex
				away := false
				h := &awayTable{db, func() error {
					mu.Lock()
					defer mu.Unlock()
					if away {
						return noAnswer{}
					}
					return nil
				}}
				f := oneShard("a")
				var handled, letter time.Time // by the standby, and the first one's
				first := mustOpen(t, f, Options{
					Checkpoints: TableCheckpoints(h, "places", "r"), Retry: Retry{Attempts: 1},
					DeadLetter: func(context.Context, Failure) error {
						mu.Lock()
						defer mu.Unlock()
						letter = time.Now()
						return nil
					},
				})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() {
					ended <- run(first, ctx, func(context.Context) error {
						mu.Lock()
						away = true
						mu.Unlock()
						time.Sleep(30 * time.Second)
						return errors.New("refused")
					})
				}()
				time.Sleep(time.Second)
				_, end := standBy(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")}, func(context.Context, Event) error {
					mu.Lock()
					defer mu.Unlock()
					handled = time.Now()
					return nil
				})
				time.Sleep(time.Minute)
				cancel()
				<-ended
				end()
				if handled.IsZero() {
					t.Error("the standby did not take over")
				}
				if !letter.IsZero() {
					t.Errorf("an event is handed to the dead letters by the first owner %v after the next one handled it", letter.Sub(handled))
				}
			})
		})
	}
}

// TestTotalsOfAStandby never fall.
func TestTotalsOfAStandby(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		f := oneShard("a")
		// A reader that has not saved anything: the next one places itself.
		h := &hooked{TableAPI: db, query: func(call func()) { time.Sleep(200 * time.Millisecond); call() }}
		r := must(NewReader(f, arn, quiet(Options{Checkpoints: TableCheckpoints(h, "places", "r2"), Start: Latest})))
		other := TableCheckpoints(db, "places", "r2")
		must(other.Acquire(t.Context(), nil))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var most int64
		done := make(chan error)
		go func() { done <- r.Open(ctx) }()
		for range 100 {
			n := r.Stats().Totals.Calls
			if n < most {
				t.Errorf("Totals.Calls falls from %d to %d (standby: %v)", most, n, r.Stats().Standby)
			}
			most = max(most, n)
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
		<-done
	})
}

// A slowLoad is a table whose third Query, which is Load's, calls f.
type slowLoad struct {
	TableAPI
	n int
	f func()
}

func (d *slowLoad) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := d.TableAPI.Query(ctx, in, o...)
	if d.n++; d.n == 3 { // Peek, Acquire, Load
		d.f()
		return nil, ctx.Err()
	}
	return out, err
}

// UpdateItem leaves a renewal unanswered.
func (d *slowLoad) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if *in.UpdateExpression == "ADD beat :one" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return d.TableAPI.UpdateItem(ctx, in, o...)
}

// TestOpenThatEndsInLoad leaves nothing, and has no race with the renewals.
func TestOpenThatEndsInLoad(t *testing.T) {
	db, _ := inMemory(t)
	must(0, mustOpen(t, oneShard("a"), Options{Checkpoints: TableCheckpoints(db, "places", "r")}).Close())
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Open(ctx, oneShard("a"), arn, quiet(Options{Checkpoints: TableCheckpoints(&slowLoad{TableAPI: db, f: func() { time.Sleep(100 * time.Millisecond); cancel() }}, "places", "r")}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v", err)
	}
}

// An endsTake is a table where a context ends while the answer to the first
// update, which is take's, is on its way.
type endsTake struct {
	TableAPI
	end context.CancelFunc
}

func (e *endsTake) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	must(e.TableAPI.UpdateItem(ctx, in, o...))
	e.end()
	return nil, ctx.Err()
}

// TestOpenThatEndsWhileItTakes the lease does not keep it from others.
func TestOpenThatEndsWhileItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		must(0, mustOpen(t, oneShard("a"), Options{Checkpoints: TableCheckpoints(db, "places", "r")}).Close())
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Open(ctx, oneShard("a"), arn, quiet(Options{Checkpoints: TableCheckpoints(&endsTake{db, cancel}, "places", "r")}))
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Open = %v", err)
		}
		began := time.Now()
		mustOpen(t, oneShard("a"), Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		if took := time.Since(began); took > time.Second {
			t.Errorf("the next Open took %v, where nobody owns the checkpoints", took)
		}
	})
}

// TestALeaseThatCannotComeBack: once the table of the checkpoints is deleted, or
// the reader may not write it any more, the reading ends, as doc.go says of a
// persistent error, and its health says why.
func TestALeaseThatCannotComeBack(t *testing.T) {
	for name, failure := range map[string]error{
		"deleted": nil, "denied": &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "denied", Fault: smithy.FaultClient},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, _ := inMemory(t)
				var mu sync.Mutex
				var now error
				h := &awayTable{db, func() error {
					mu.Lock()
					defer mu.Unlock()
					return now
				}}
				f := oneShard("a")
				r := mustOpen(t, f, Options{Checkpoints: TableCheckpoints(h, "places", "r")})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				done := make(chan error, 1)
				handled := 0
				go func() { done <- r.Run(ctx, func(context.Context, Event) error { handled++; return nil }) }()
				time.Sleep(time.Minute)
				mu.Lock()
				now = failure
				mu.Unlock()
				if failure == nil {
					must(db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("places")}))
				}
				time.Sleep(10 * time.Second)
				f.put(f.shards[0], "b")
				time.Sleep(6 * time.Hour)
				select {
				case <-done:
				default:
					t.Errorf("6 hours later, reading continues, %d of 2 events are handled, and the health is %q", handled, r.Health(time.Now()))
					cancel()
					<-done
				}
			})
		})
	}
}
