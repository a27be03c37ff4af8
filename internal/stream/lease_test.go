package stream

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// inUse is a *FencedError where a reader lives; else it takes the checkpoints,
// and releases them.
func inUse(t *testing.T, db TableAPI) error {
	table := TableCheckpoints(db, "places", "r")
	_, err := table.Acquire(t.Context(), nil)
	if err == nil {
		err = table.Close()
	}
	return err
}

// TestInUse tells a reader that lives from one that was closed or killed.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		expect := func(when string, want bool, within time.Duration) {
			t.Helper()
			began := time.Now()
			err := inUse(t, db)
			check(t, when, errors.As(err, new(*FencedError)), want)
			if took := time.Since(began); !want && err != nil && !noTable(err) || took > within {
				t.Errorf("%s: %v after %v, want an answer within %v", when, err, took, within)
			}
		}
		expect("no table", false, 0)
		f := oneShard("1")
		table := TableCheckpoints(db, "places", "r")
		r := mustOpen(t, f, Options{Checkpoints: table})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx, func(context.Context, Event) error { return nil }) }()
		time.Sleep(time.Hour)
		expect("idle", true, 4*time.Second)
		cancel()
		<-done
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		expect("closed", false, 0)

		r = mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		ctx, cancel = context.WithCancel(t.Context())
		go func() { done <- r.Run(ctx, func(context.Context, Event) error { return nil }) }()
		time.Sleep(time.Minute)
		cancel()
		<-done
		r.renewing.end(errDone) // it was killed
		expect("killed", false, 11*time.Second)
	})
}

// A seizing is a table whose Acquire takes the checkpoints from whoever has
// them, as after a freeze.
type seizing struct{ *Table }

func (s seizing) Acquire(ctx context.Context, _ func()) (generation int64, err error) {
	for {
		seen, err := s.lease(ctx)
		if err != nil {
			return 0, err
		}
		if err := s.take(ctx, seen); !conditionFailed(err) {
			return s.generation, err
		}
	}
}

// seize has a table taken from whoever has it.
func seize(t *testing.T, table *Table) *Table {
	must(seizing{table}.Acquire(t.Context(), nil))
	return table
}

// TestAnIdleReaderIsFenced though it has nothing to save.
func TestAnIdleReaderIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		f := oneShard("1")
		r := mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		done := make(chan error)
		go func() { done <- r.Run(t.Context(), func(context.Context, Event) error { return nil }) }()
		time.Sleep(time.Minute)
		began := time.Now()
		seize(t, TableCheckpoints(db, "places", "r"))
		if err := <-done; !errors.As(err, new(*FencedError)) || time.Since(began) > beatEvery+time.Second {
			t.Errorf("Run = %v after %v, want a *FencedError within %v", err, time.Since(began), beatEvery)
		}
	})
}

// TestReset removes checkpoints, so that the next reader begins at its Start,
// and refuses while a reader lives.
func TestReset(t *testing.T) {
	for title, kept := range map[string]func(t *testing.T) func() Checkpoints{
		"file": func(t *testing.T) func() Checkpoints {
			path := filepath.Join(t.TempDir(), "place")
			return func() Checkpoints { return FileCheckpoints(path) }
		},
		"table": func(t *testing.T) func() Checkpoints {
			db, _ := inMemory(t)
			return func() Checkpoints { return TableCheckpoints(db, "places", "r") }
		},
	} {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				checkpoints := kept(t)
				f := oneShard("1", "2")
				read := func() (n int) {
					o := drain
					o.Checkpoints = checkpoints()
					r := mustOpen(t, f, o)
					if err := r.Run(t.Context(), func(context.Context, Event) error { n++; return nil }); err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan error)
					r.options.Idle = 0
					go func() { done <- r.Run(ctx, func(context.Context, Event) error { return nil }) }()
					time.Sleep(time.Second)
					removed, err := Reset(t.Context(), checkpoints())
					if !errors.As(err, new(*FencedError)) || removed > 0 {
						t.Errorf("while a reader lives: Reset = %d, %v, want a *FencedError", removed, err)
					}
					cancel()
					if err := <-done; !errors.Is(err, context.Canceled) || errors.As(err, new(*FencedError)) {
						t.Errorf("that reader ended with %v", err)
					}
					if err := r.Close(); err != nil {
						t.Fatal(err)
					}
					return n
				}
				check(t, "events at first", read(), 2)
				check(t, "events then", read(), 0)
				removed, err := Reset(t.Context(), checkpoints())
				check(t, "Reset", []any{removed, err}, []any{1, error(nil)})
				left, err := checkpoints().(Peeker).Peek(t.Context())
				check(t, "left", []any{len(left), err}, []any{0, error(nil)})
				check(t, "events after Reset", read(), 2)
			})
		})
	}
}

// An item hangs and nothing at all is handled: each page makes it look well.

// The handler of a switch hangs, or fails.

func mustBeInUse(t *testing.T, db TableAPI, when string) {
	t.Helper()
	if err := inUse(t, db); !errors.As(err, new(*FencedError)) {
		t.Errorf("%s: InUse = %v of a living reader", when, err)
	}
}

// TestAnOpenedReaderLives though it does not read yet.
func TestAnOpenedReaderLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		mustBeInUse(t, db, "opened, and not reading yet")
		if _, err := Reset(t.Context(), TableCheckpoints(db, "places", "r")); !errors.As(err, new(*FencedError)) {
			t.Errorf("Reset = %v, want a *FencedError", err)
		}
		end := running(t, r, func(context.Context, Event) error { return nil })
		time.Sleep(time.Minute)
		if err := end(); errors.As(err, new(*FencedError)) {
			t.Errorf("Run = %v", err)
		}
	})
}

// TestAReaderThatStopsLives while a handler is in work.
func TestAReaderThatStopsLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(db, "places", "r"), Grace: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- r.Run(ctx, func(context.Context, Event) error { time.Sleep(30 * time.Second); return nil })
		}()
		time.Sleep(5 * time.Second)
		cancel()
		time.Sleep(time.Second)
		mustBeInUse(t, db, "a handler in work during shutdown")
		n, err := Reset(t.Context(), TableCheckpoints(db, "places", "r"))
		check(t, "Reset: removed, refused", []any{n, errors.As(err, new(*FencedError))}, []any{0, true})
		check(t, "Run is fenced", errors.As(<-done, new(*FencedError)), false)
	})
}

// hooked does something before some calls.

type hooked struct {
	TableAPI
	mu     sync.Mutex
	update func(context.Context) error
	query  func(call func())
}

func (h *hooked) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	h.mu.Lock()
	hook := h.update
	h.mu.Unlock()
	if hook != nil {
		if err := hook(ctx); err != nil {
			return nil, err
		}
	}
	return h.TableAPI.UpdateItem(ctx, in, o...)
}

func (h *hooked) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (out *dynamodb.QueryOutput, err error) {
	h.mu.Lock()
	hook := h.query
	h.mu.Unlock()
	if hook == nil {
		return h.TableAPI.Query(ctx, in, o...)
	}
	hook(func() { out, err = h.TableAPI.Query(ctx, in, o...) })
	return out, err
}

// TestALostRenewal is made again in time.
func TestALostRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		h := &hooked{TableAPI: db}
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(h, "places", "r")})
		end := running(t, r, func(context.Context, Event) error { return nil })
		time.Sleep(time.Minute)
		h.mu.Lock()
		n := 0
		h.update = func(ctx context.Context) error {
			if n++; n == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		h.mu.Unlock()
		time.Sleep(3 * time.Second)
		mustBeInUse(t, db, "one lost call")
		check(t, "the reader is fenced", errors.As(end(), new(*FencedError)), false)
	})
}

// TestASlowAnswerTellsNothing of the owner.
func TestASlowAnswerTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		end := running(t, r, func(context.Context, Event) error { return nil })
		time.Sleep(time.Minute + 100*time.Millisecond)
		n := 0
		h := &hooked{TableAPI: db, query: func(call func()) {
			call()
			if n++; n == 2 {
				time.Sleep(11 * time.Second)
			}
		}}
		mustBeInUse(t, h, "one slow answer")
		check(t, "the reader is fenced", errors.As(end(), new(*FencedError)), false)
	})
}

// TestAStandbyAtASlowTable takes over from a dead owner, though each answer takes
// two seconds.
func TestAStandbyAtASlowTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		time.Sleep(time.Minute)
		r.renewing.end(errDone) // it was killed
		h := &hooked{TableAPI: db, query: func(call func()) { call(); time.Sleep(2 * time.Second) }}
		began := time.Now()
		if err := inUse(t, h); err != nil || time.Since(began) > time.Minute {
			t.Errorf("%v after %v, want the checkpoints within a minute", err, time.Since(began))
		}
	})
}

// TestAReaderThatBeginsDuringReset is not reset.
func TestAReaderThatBeginsDuringReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		f := oneShard("1")
		read := func() *Reader { return mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")}) }
		if err := read().Close(); err != nil {
			t.Fatal(err)
		}
		var end func() error
		h := &hooked{TableAPI: db}
		h.update = func(context.Context) error {
			if end == nil {
				end = running(t, read(), func(context.Context, Event) error { return nil })
				time.Sleep(5 * time.Second)
			}
			return nil
		}
		n, err := Reset(t.Context(), TableCheckpoints(h, "places", "r"))
		if !errors.As(err, new(*FencedError)) {
			t.Errorf("Reset = %d, %v, want a *FencedError: a reader lives since 5 s", n, err)
		}
		time.Sleep(5 * time.Second)
		check(t, "the reader is fenced", errors.As(end(), new(*FencedError)), false)
	})
}

type hangs struct {
	TableAPI
	on atomic.Bool
}

func (h *hangs) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if h.on.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.TableAPI.UpdateItem(ctx, in, o...)
}

func (h *hangs) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if h.on.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.TableAPI.PutItem(ctx, in, o...)
}

// TestGraceWithAHungTable bounds Run and Close together.
func TestGraceWithAHungTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		h := &hangs{TableAPI: db}
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(h, "places", "r")})
		ctx, cancel := context.WithCancel(t.Context())
		var began time.Time
		r.Run(ctx, func(context.Context, Event) error { h.on.Store(true); cancel(); began = time.Now(); return nil })
		run := time.Since(began)
		r.Close()
		if took := time.Since(began); took > 10*time.Second+time.Millisecond {
			t.Errorf("from the end of ctx, Run took %v and all took %v, of a Grace of 10s", run, took)
		}
	})
}

// TestAShutdownIsNoFailure of the checkpoints.
func TestAShutdownIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		h := &hooked{TableAPI: db, update: func(ctx context.Context) error { return sleep(ctx, 20*time.Millisecond) }}
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(h, "places", "r")})
		end := running(t, r, func(context.Context, Event) error { return nil })
		time.Sleep(6*time.Second + 50*time.Millisecond)
		end()
		if n := r.Stats().SaveFailures; n > 0 {
			t.Errorf("SaveFailures = %d, where nothing failed but the end of the context", n)
		}
	})
}

// TestAnOutageTellsNothing of the owner, who could not reach the table either.
func TestAnOutageTellsNothing(t *testing.T) {
	dead := 0
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			db, _ := inMemory(t)
			var out time.Time
			away := func() error {
				if s := time.Since(out); s > 0 && s < 12*time.Second {
					return noAnswer{}
				}
				return nil
			}
			out = time.Now().Add(time.Minute + 200*time.Millisecond)
			h := &awayTable{db, away}
			r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(h, "places", "r")})
			end := running(t, r, func(context.Context, Event) error { return nil })
			time.Sleep(time.Minute + 100*time.Millisecond)
			if err := inUse(t, h); err == nil {
				dead++
			}
			end()
		})
	}
	if dead > 0 {
		t.Errorf("%d of 20 times, a living reader is said to be dead after an outage of 12 s", dead)
	}
}

type awayTable struct {
	TableAPI
	away func() error
}

func (a *awayTable) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := a.away(); err != nil {
		return nil, err
	}
	return a.TableAPI.Query(ctx, in, o...)
}

func (a *awayTable) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := a.away(); err != nil {
		return nil, err
	}
	return a.TableAPI.UpdateItem(ctx, in, o...)
}

// TestResetOfWhatIsAltered removes it, as an AlteredError advises.
func TestResetOfWhatIsAltered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		table := TableCheckpoints(db, "places", "r")
		must(table.Load(t.Context()))
		must(0, table.Save(t.Context(), []Checkpoint{{Stream: arn, Shard: "s"}}, nil))
		item := table.item(Checkpoint{Stream: arn, Shard: "s"})
		item["state"] = &dbtypes.AttributeValueMemberS{Value: "bad"}
		must(db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table.table, Item: item}))
		table.Close()
		n, err := Reset(t.Context(), TableCheckpoints(db, "places", "r"))
		check(t, "Reset", []any{n, err}, []any{1, error(nil)})
	})
}

// TestResetMakesNoTable where there is none.
func TestResetMakesNoTable(t *testing.T) {
	db, _ := inMemory(t)
	n, err := Reset(t.Context(), TableCheckpoints(db, "places", "r"))
	if _, missing := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("places")}); missing == nil {
		t.Errorf("Reset = %d, %v made the table", n, err)
	}
}
