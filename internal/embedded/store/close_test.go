package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// TestCloseWhileBusy: every call that is under way or waits when the store
// closes returns, with its result or with ErrClosed.
func TestCloseWhileBusy(t *testing.T) {
	dir := t.TempDir()
	for round := range 40 {
		s, err := store.Open(filepath.Join(dir, "db"))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range 64 {
			wg.Go(func() {
				<-start
				var err error
				for err == nil {
					if err = s.Read(context.Background(), func(*store.Tx) error { return nil }); i%8 == 0 && err == nil {
						err = put(s, "a")
					}
				}
				if !errors.Is(err, store.ErrClosed) {
					t.Error(err)
				}
			})
		}
		close(start)
		time.Sleep(time.Duration(round%10) * 100 * time.Microsecond)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		returned := make(chan struct{})
		go func() { wg.Wait(); close(returned) }()
		select {
		case <-returned:
		case <-time.After(10 * time.Second):
			t.Fatalf("round %d: calls still wait 10 s after Close", round)
		}
	}
}
