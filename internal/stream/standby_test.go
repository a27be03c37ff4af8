package stream

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// onEachLease runs a test with checkpoints in a table and in a file, each value
// of which is another reader's.
func onEachLease(t *testing.T, test func(t *testing.T, open func() Checkpoints)) {
	t.Run("table", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			db, _ := inMemory(t)
			test(t, func() Checkpoints { return TableCheckpoints(db, "places", "r") })
		})
	})
	t.Run("file", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "place")
			test(t, func() Checkpoints { return FileCheckpoints(path) })
		})
	})
}

// standBy opens a reader on a goroutine and runs it once it is open.
func standBy(t *testing.T, f *fakeStream, o Options, handle func(context.Context, Event) error) (r *Reader, end func() error) {
	t.Helper()
	r = must(NewReader(f, arn, quiet(o)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		err := r.Open(ctx)
		if err == nil {
			err = errors.Join(r.Run(ctx, handle), r.Close())
		}
		done <- err
	}()
	return r, func() error { cancel(); return <-done }
}

// TestHandover: a second reader stands by while the first one lives. Within a
// second of its Close it reads, after the last handler of the first one.
func TestHandover(t *testing.T) {
	onEachLease(t, func(t *testing.T, open func() Checkpoints) {
		f := oneShard("a")
		var mu sync.Mutex
		var handled []string
		handler := func(who string, takes time.Duration) func(context.Context, Event) error {
			return func(_ context.Context, e Event) error {
				time.Sleep(takes)
				mu.Lock()
				defer mu.Unlock()
				handled = append(handled, who+" "+name(e))
				return nil
			}
		}
		_, end := standBy(t, f, Options{Checkpoints: open()}, handler("first", 3*time.Second))
		time.Sleep(time.Minute)
		second, endSecond := standBy(t, f, Options{Checkpoints: open()}, handler("second", 0))
		time.Sleep(time.Hour)
		check(t, "standby", second.Stats().Standby, true)
		f.put(f.shards[0], "b")
		time.Sleep(2 * time.Second) // b is with the handler
		if err := end(); !errors.Is(err, context.Canceled) {
			t.Errorf("the first reader ended with %v", err)
		}
		closed := time.Now()
		for !second.Stats().Reading && time.Since(closed) < time.Minute {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(closed); took > time.Second {
			t.Errorf("the second reader reads %v after the first one's Close", took)
		}
		f.put(f.shards[0], "c")
		time.Sleep(5 * time.Second)
		if err := endSecond(); !errors.Is(err, context.Canceled) {
			t.Errorf("the second reader ended with %v", err)
		}
		check(t, "handled", handled, []string{"first s/a", "first s/b", "second s/c"})
	})
}

// TestHandoverAfterAKill comes within 10 seconds.
func TestHandoverAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		for killed := range 10 { // at different times after a renewal
			first := mustOpen(t, oneShard("a"), Options{Checkpoints: TableCheckpoints(db, "places", "r")})
			second, end := standBy(t, oneShard("a"), Options{Checkpoints: TableCheckpoints(db, "places", "r")},
				func(context.Context, Event) error { return nil })
			time.Sleep(time.Minute + time.Duration(killed)*310*time.Millisecond)
			first.renewing.end(errDone)
			began := time.Now()
			for !second.Stats().Reading && time.Since(began) < time.Minute {
				time.Sleep(10 * time.Millisecond)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("the standby reads %v after the kill", took)
			}
			end()
		}
	})
}

// TestATableThatIsAway for 30 seconds, or throttles, ends nothing. Meanwhile,
// from 7 seconds after the last renewal on, no event is handed over.
func TestATableThatIsAway(t *testing.T) {
	for name, failure := range map[string]error{
		"away": noAnswer{}, "throttled": &types.ProvisionedThroughputExceededException{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, _ := inMemory(t)
				var mu sync.Mutex
				var from, to time.Time
				h := &awayTable{db, func() error {
					mu.Lock()
					defer mu.Unlock()
					if now := time.Now(); !now.Before(from) && now.Before(to) {
						return failure
					}
					return nil
				}}
				f := oneShard()
				var handled []time.Time
				_, end := standBy(t, f, Options{Checkpoints: TableCheckpoints(h, "places", "r")}, func(context.Context, Event) error {
					mu.Lock()
					defer mu.Unlock()
					handled = append(handled, time.Now())
					return nil
				})
				time.Sleep(time.Second)
				standby, endStandby := standBy(t, f, Options{Checkpoints: TableCheckpoints(h, "places", "r")}, func(context.Context, Event) error {
					t.Error("the standby handles an event")
					return nil
				})
				time.Sleep(time.Minute)
				mu.Lock()
				from, to = time.Now(), time.Now().Add(30*time.Second)
				mu.Unlock()
				const events = 200
				for range events {
					f.put(f.shards[0], "a")
					time.Sleep(200 * time.Millisecond)
				}
				time.Sleep(10 * time.Second)
				check(t, "standby", standby.Stats().Standby, true)
				if err := errors.Join(end(), endStandby()); errors.As(err, new(*FencedError)) {
					t.Errorf("the readers ended with %v", err)
				}
				check(t, "events", len(handled), events)
				silent := slices.ContainsFunc(handled, func(at time.Time) bool { return at.After(from.Add(7*time.Second)) && at.Before(to) })
				early := slices.ContainsFunc(handled, func(at time.Time) bool { return at.After(from.Add(time.Second)) && at.Before(from.Add(4*time.Second)) })
				check(t, "events while the lease had run out, and before", []bool{silent, early}, []bool{false, true})
			})
		})
	}
}

// TestNoStandby is refused within 3 seconds, and a half more.
func TestNoStandby(t *testing.T) {
	onEachLease(t, func(t *testing.T, open func() Checkpoints) {
		f := oneShard("a")
		mustOpen(t, f, Options{Checkpoints: open()})
		time.Sleep(time.Minute)
		began := time.Now()
		_, err := Open(t.Context(), f, arn, quiet(Options{Checkpoints: open(), NoStandby: true}))
		if took := time.Since(began); !errors.As(err, new(*FencedError)) || took > 3500*time.Millisecond {
			t.Errorf("Open = %v after %v, want a *FencedError", err, took)
		}
	})
}

// TestGenerations grow with each owner, whatever ends it, and events have them.
func TestGenerations(t *testing.T) {
	onEachLease(t, func(t *testing.T, open func() Checkpoints) {
		f := oneShard("a")
		var got []int64
		for range 3 {
			o := drain
			o.Checkpoints = open()
			r := mustOpen(t, f, o)
			f.put(f.shards[0], "b")
			for e, err := range r.Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Generation)
				break // nothing is handled
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		check(t, "generations", got, []int64{1, 2, 3})
		if _, err := Reset(t.Context(), open()); err != nil {
			t.Fatal(err)
		}
		r := mustOpen(t, f, Options{Checkpoints: open()})
		check(t, "after Reset", r.tenure.generation, int64(5))
	})
}

// TestAStandbyIsHealthy: from NewReader on, Health and Stats answer, and the
// stream's lag is none of a standby's.
func TestAStandbyIsHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		f := oneShard("a")
		mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		var away atomic.Bool
		h := &awayTable{db, func() error {
			if away.Load() {
				return noAnswer{}
			}
			return nil
		}}
		r := must(NewReader(f, arn, quiet(Options{Checkpoints: TableCheckpoints(h, "places", "r")})))
		check(t, "health before Open", r.Health(time.Now()), nil)
		if err := r.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "not open") {
			t.Errorf("Run before Open = %v", err)
		}
		if err := r.Close(); err == nil || !strings.Contains(err.Error(), "not open") {
			t.Errorf("Close before Open = %v", err)
		}
		time.Sleep(time.Minute)
		if err := r.Health(time.Now()); err == nil || !strings.Contains(err.Error(), "not open") {
			t.Errorf("health a minute later: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		opened := make(chan error)
		go func() { opened <- r.Open(ctx) }()
		time.Sleep(time.Hour)
		s := r.Stats()
		check(t, "standby, reading, shards", []any{s.Standby, s.Reading, len(s.Shards)}, []any{true, false, 0})
		check(t, "health", r.Health(time.Now()), nil)
		away.Store(true)
		time.Sleep(time.Minute)
		if err := r.Health(time.Now()); err == nil || !strings.Contains(err.Error(), "the lease of the checkpoints can't be read") {
			t.Errorf("health where the table is away: %v", err)
		}
		cancel()
		if err := <-opened; !errors.Is(err, context.Canceled) {
			t.Errorf("Open = %v", err)
		}
		if err := r.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "opened before") {
			t.Errorf("another Open = %v", err)
		}
	})
}

// TestAStandbyLooksAgain: what it knew of the stream is as old as its wait.
func TestAStandbyLooksAgain(t *testing.T) {
	onEachLease(t, func(t *testing.T, open func() Checkpoints) {
		f := oneShard("a")
		_, end := standBy(t, f, Options{Checkpoints: open()}, func(context.Context, Event) error { return nil })
		time.Sleep(time.Minute)
		var got []string
		_, endSecond := standBy(t, f, Options{Checkpoints: open(), Logger: slog.New(slog.DiscardHandler)}, func(_ context.Context, e Event) error {
			got = append(got, name(e))
			return nil
		})
		time.Sleep(time.Minute)
		f.set(func() {
			f.shards[0].closed = true
			f.shards = append(f.shards, &fakeShard{id: "child", parent: "s"})
		})
		time.Sleep(time.Minute)
		end()
		f.put(f.shards[1], "b")
		time.Sleep(time.Minute)
		endSecond()
		check(t, "events of the standby", got, []string{"child/b"})
	})
}

// TestALateEffectIsRefused: the first owner is frozen amid a handler, which is to
// insert a row. The next owner inserts it, and deletes it. When the first one
// wakes up, README.md's guard refuses the insert, and its reading ends.
func TestALateEffectIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		kept := must(sqlite.OpenConn(filepath.Join(t.TempDir(), "rows.sqlite")))
		defer kept.Close()
		must(0, prepareGuarded(kept))
		var mu sync.Mutex // a connection is for one at a time
		handler := func(froze func()) func(context.Context, Event) error {
			return func(_ context.Context, e Event) error {
				froze()
				mu.Lock()
				defer mu.Unlock()
				return keepGuarded(kept, e)
			}
		}
		f := oneShard("x")
		inserted := f.shards[0].records[0].Dynamodb
		inserted.NewImage = map[string]streamtypes.AttributeValue{"id": inserted.Keys["id"], "n": &streamtypes.AttributeValueMemberN{Value: "0"}}
		frozenUntil := time.Now().Add(time.Minute)
		thaw := func() { time.Sleep(time.Until(frozenUntil)) }
		process := &hooked{TableAPI: db}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		first := must(Open(ctx, f, arn, quiet(Options{Checkpoints: TableCheckpoints(process, "places", "r")})))
		ended := make(chan error)
		go func() {
			ended <- first.Run(ctx, handler(func() {
				process.mu.Lock()
				process.update = func(context.Context) error { thaw(); return nil }
				process.mu.Unlock()
				thaw()
			}))
		}()
		time.Sleep(time.Second)
		_, end := standBy(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")}, handler(func() {}))
		time.Sleep(20 * time.Second)
		rows := func() map[string]string {
			mu.Lock()
			defer mu.Unlock()
			return rowsOfCopy(kept)
		}
		check(t, "rows", rows(), map[string]string{"x": "0"})
		f.set(func() {
			f.sequence++
			f.shards[0].records = append(f.shards[0].records, streamtypes.Record{
				EventName: streamtypes.OperationTypeRemove,
				Dynamodb: &streamtypes.StreamRecord{
					Keys: inserted.Keys, OldImage: inserted.NewImage,
					SequenceNumber: aws.String(f.number(f.sequence)), ApproximateCreationDateTime: aws.Time(f.now()),
				},
			})
		})
		time.Sleep(5 * time.Second)
		check(t, "rows once it was deleted", rows(), map[string]string{})
		if err := <-ended; !errors.As(err, new(*FencedError)) {
			t.Errorf("the first reader ended with %v, want a *FencedError", err)
		}
		check(t, "rows after the late insert", rows(), map[string]string{})
		end()
		first.Close()
	})
}

func prepareGuarded(kept *sqlite.Conn) error {
	kept.SetBusyTimeout(time.Minute)
	return sqlitex.ExecuteScript(kept, `
		PRAGMA journal_mode = wal;
		CREATE TABLE readers (name TEXT PRIMARY KEY, generation INTEGER);
		CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER, position TEXT);
		CREATE TABLE history (id TEXT, position TEXT, generation INTEGER);
		CREATE TABLE back (id TEXT);
		CREATE TRIGGER back AFTER UPDATE ON t WHEN new.position < old.position BEGIN
			INSERT INTO back VALUES (new.id);
		END;`, nil)
}

// keepGuarded is README.md's handler with its guard, and a history.
func keepGuarded(kept *sqlite.Conn, e Event) (err error) {
	do := func(query string, args ...any) error {
		return sqlitex.Execute(kept, query, &sqlitex.ExecOptions{Args: args})
	}
	end, err := sqlitex.ImmediateTransaction(kept)
	if err != nil {
		return err
	}
	defer end(&err)
	err = do(`INSERT INTO readers (name, generation) VALUES ('r', ?)
		ON CONFLICT (name) DO UPDATE SET generation = excluded.generation
		WHERE excluded.generation >= readers.generation`, e.Generation)
	if err == nil && kept.Changes() == 0 {
		return &FencedError{Name: "r in SQLite"}
	}
	if err != nil || e.Kind == Lost {
		return err
	}
	var row struct {
		ID string `dynamodbav:"id"`
		N  int    `dynamodbav:"n"`
	}
	if err := e.Image().Decode(&row); err != nil {
		return err
	}
	err = do(`INSERT INTO history SELECT ?1, ?2, ?3
		WHERE NOT EXISTS (SELECT 1 FROM t WHERE id = ?1 AND position >= ?2)`, row.ID, e.Order(), e.Generation)
	switch {
	case err != nil || kept.Changes() == 0:
		return err
	case e.New == nil:
		return do(`DELETE FROM t WHERE id = ?`, row.ID)
	}
	return do(`INSERT INTO t (id, n, position) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET n = excluded.n, position = excluded.position`, row.ID, row.N, e.Order())
}
