package stream

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestInUse tells a reader that lives from one that was closed or killed.
func TestInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		inUse := func(when string, want bool, within time.Duration) {
			t.Helper()
			began := time.Now()
			err := TableCheckpoints(db, "places", "r").InUse(t.Context())
			check(t, when, errors.As(err, new(*FencedError)), want)
			if took := time.Since(began); !want && err != nil || took > within {
				t.Errorf("%s: InUse = %v after %v, want an answer within %v", when, err, took, within)
			}
		}
		inUse("no table", false, 0)
		f := oneShard("1")
		table := TableCheckpoints(db, "places", "r")
		r := mustOpen(t, f, Options{Checkpoints: table})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx, func(context.Context, Event) error { return nil }) }()
		time.Sleep(time.Hour)
		inUse("idle", true, 4*time.Second)
		cancel()
		<-done
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		inUse("closed", false, 0)

		r = mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r")})
		ctx, cancel = context.WithCancel(t.Context())
		go func() { done <- r.Run(ctx, func(context.Context, Event) error { return nil }) }()
		time.Sleep(time.Minute)
		cancel()
		<-done // and is not closed: it was killed
		inUse("killed", false, 11*time.Second)
	})
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
		if _, err := TableCheckpoints(db, "places", "r").Load(t.Context()); err != nil {
			t.Fatal(err)
		}
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
