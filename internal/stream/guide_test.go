package stream_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dynamostreamer/internal/stream"
)

// What follows is the code of TUTORIAL.md's section on a program of one's own.

type handler = func(context.Context, stream.Event) error

func byLoop(ctx context.Context, reader *stream.Reader, handle handler) error {
	//weave:events
	for event, err := range reader.Events(ctx) {
		if err != nil {
			return err
		}
		if err := handle(ctx, event); err != nil {
			return err // the event comes again, to the next reader
		}
	}
	return nil
	//weave:end
}

func byEvent(ctx context.Context, reader *stream.Reader, handle handler) error {
	//weave:run
	return reader.Run(ctx, handle)
	//weave:end
}

func byPage(ctx context.Context, reader *stream.Reader, handle handler) error {
	//weave:run-pages
	handlePage := func(ctx context.Context, page *stream.Page) error {
		for _, event := range page.Events {
			if err := handle(ctx, event); err != nil {
				return stream.FailedEvent(event, err)
			}
		}
		return nil
	}
	return reader.RunPages(ctx, handlePage)
	//weave:end
}

// TestThreeWays: the same events come, and a handler that fails once is called
// again. Only a loop ends for that: the next reader begins with the event.
func TestThreeWays(t *testing.T) {
	for name, way := range map[string]struct {
		read  func(context.Context, *stream.Reader, handler) error
		reads int // until all is handled
	}{
		"Events": {byLoop, 2}, "Run": {byEvent, 1}, "RunPages": {byPage, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, db, streams := openEmbedded(t)
			arn := orders(t.Context(), db)
			for _, state := range []string{"placed", "paid", "sent"} {
				order(t.Context(), db, "7", state)
			}
			options := stream.Options{
				Checkpoints: stream.FileCheckpoints(filepath.Join(t.TempDir(), "checkpoint")), Idle: briefly,
			}
			var states []string
			handle := func(_ context.Context, e stream.Event) error {
				var row Order
				if err := e.New.Decode(&row); err != nil {
					return err
				}
				if states = append(states, row.State); len(states) == 2 {
					return errors.New("once")
				}
				return nil
			}
			reads := 0
			for err := errors.New("not begun"); err != nil && reads < 5; reads++ {
				reader, failed := stream.Open(t.Context(), streams, arn, options)
				if failed != nil {
					t.Fatal(failed)
				}
				err = errors.Join(way.read(t.Context(), reader, handle), reader.Close())
			}
			if reads != way.reads {
				t.Errorf("it was read %d times, want %d", reads, way.reads)
			}
			if want := []string{"placed", "paid", "paid", "sent"}; !slices.Equal(states, want) {
				t.Errorf("the handler got %v, want %v", states, want)
			}
		})
	}
}

func byGoroutines(ctx context.Context, reader *stream.Reader, handle handler) error {
	//weave:goroutines
	for event, err := range reader.Events(ctx) {
		if err != nil {
			return err
		}
		go handle(ctx, event) // wrong: the loop asks for the next one
	}
	return nil
	//weave:end
}

func inParallel(ctx context.Context, streams stream.API, arn string, checkpoints stream.Checkpoints, handle handler) error {
	//weave:parallel
	reader, err := stream.Open(ctx, streams, arn, stream.Options{
		Checkpoints: checkpoints,
		Parallel:    8, // items of a shard at a time
		MaxInWork:   100,
	})
	if err != nil {
		return err
	}
	return errors.Join(reader.Run(ctx, handle), reader.Close())
	//weave:end
}

// A slowly handler is at work on one order until it dies, and notes the others.
type slowly struct {
	order   string
	died    chan struct{}
	mu      sync.Mutex
	handled map[string]string // the sequence numbers by order
}

func (s *slowly) handle(_ context.Context, e stream.Event) error {
	var row Order
	if err := e.New.Decode(&row); err != nil {
		return err
	}
	if row.ID == s.order {
		<-s.died
		return errors.New("the process died")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handled[row.ID] = e.Sequence
	return nil
}

// number waits until an order is handled, and returns its sequence number.
func (s *slowly) number(t *testing.T, order string) (sequence string) {
	t.Helper()
	eventually(t, order+" is handled", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		sequence = s.handled[order]
		return sequence != ""
	})
	return sequence
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come to this within a minute: %s", what)
		}
	}
}

// TestGoroutinesLoseEvents: orders 1 to 4 are handled, but for 2, and the process
// dies. The checkpoint of a loop that starts goroutines is after 4, so the next
// reader does not get order 2. That of Run with Parallel is before it.
func TestGoroutinesLoseEvents(t *testing.T) {
	for name, test := range map[string]struct {
		read  func(context.Context, stream.API, string, stream.Checkpoints, handler) error
		saved string // the last order before the checkpoint
		next  []string
	}{
		"goroutines": {func(ctx context.Context, streams stream.API, arn string, checkpoints stream.Checkpoints, handle handler) error {
			reader, err := stream.Open(ctx, streams, arn, stream.Options{Checkpoints: checkpoints})
			if err != nil {
				return err
			}
			return errors.Join(byGoroutines(ctx, reader, handle), reader.Close())
		}, "4", nil},
		"Parallel": {inParallel, "1", []string{"2", "3", "4"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, db, streams := openEmbedded(t)
			arn := orders(t.Context(), db)
			for _, id := range []string{"1", "2", "3", "4"} {
				order(t.Context(), db, id, "placed")
			}
			path := filepath.Join(t.TempDir(), "checkpoint")
			slow := &slowly{order: "2", died: make(chan struct{}), handled: map[string]string{}}
			ctx, stop := context.WithCancel(t.Context())
			var reading sync.WaitGroup
			reading.Go(func() {
				if err := test.read(ctx, streams, arn, stream.FileCheckpoints(path), slow.handle); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
			for _, id := range []string{"1", "3", "4"} {
				slow.number(t, id)
			}
			left := crash(t, path, slow.number(t, test.saved))
			stop()
			close(slow.died)
			reading.Wait()
			if next := ordersAfter(t, streams, arn, left); !slices.Equal(next, test.next) {
				t.Errorf("after the crash come %v, want %v", next, test.next)
			}
		})
	}
}

// crash waits until a sequence number is saved, and copies the checkpoint as a
// process that is killed then leaves it.
func crash(t *testing.T, path, sequence string) (left string) {
	t.Helper()
	var text []byte
	eventually(t, "the checkpoint has "+sequence, func() bool {
		text, _ = os.ReadFile(path)
		return strings.Contains(string(text), sequence)
	})
	left = filepath.Join(t.TempDir(), "left")
	if err := os.WriteFile(left, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return left
}

// ordersAfter lists the orders that come after a checkpoint.
func ordersAfter(t *testing.T, streams stream.API, arn, path string) (ids []string) {
	t.Helper()
	reader, err := stream.Open(t.Context(), streams, arn, stream.Options{
		Checkpoints: stream.FileCheckpoints(path), Idle: briefly,
	})
	if err != nil {
		t.Fatal(err)
	}
	err = byLoop(t.Context(), reader, func(_ context.Context, e stream.Event) error {
		var row Order
		err := e.New.Decode(&row)
		ids = append(ids, row.ID)
		return err
	})
	if err := errors.Join(err, reader.Close()); err != nil {
		t.Fatal(err)
	}
	return ids
}

var errUnknownState = errors.New("the order is in no state that we know")

// The code of TUTORIAL.md's handler that fails: order 8 can't be handled, and
// order 9 can at the second attempt.
func Example_failingHandler() {
	ctx := context.Background()
	db, streams, end := exampleClients()
	defer end()
	arn := orders(ctx, db)
	order(ctx, db, "8", "?")
	order(ctx, db, "9", "placed")
	attempts := 0

	//weave:failing
	options := stream.Options{
		Idle: briefly, // only here, to come to an end
		Retry: stream.Retry{
			Age:     10 * time.Minute, // since the first attempt
			Timeout: 30 * time.Second, // of each attempt
			If: func(err error) bool { // may it pass?
				return !errors.Is(err, errUnknownState)
			},
		},
		DeadLetter: func(_ context.Context, f stream.Failure) error {
			fmt.Printf("%s given up: %v\n", f.Event.Kind, f.Err)
			return nil // put aside: now it counts as handled
		},
	}
	//weave:end
	reader, err := stream.Open(ctx, streams, arn, options)
	if err != nil {
		log.Fatal(err)
	}
	err = reader.Run(ctx, func(_ context.Context, e stream.Event) error {
		var row Order
		if err := e.New.Decode(&row); err != nil {
			return err
		}
		if row.State == "?" {
			return errUnknownState
		}
		if attempts++; attempts == 1 {
			return errors.New("the database is away")
		}
		fmt.Println("order", row.ID, "handled at attempt", attempts)
		return nil
	})
	if err := errors.Join(err, reader.Close()); err != nil {
		log.Fatal(err)
	}
	//weave:failing-output
	// Output:
	// inserted given up: the order is in no state that we know
	// order 9 handled at attempt 2
	//weave:end
}
