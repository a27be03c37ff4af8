package store

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestWALRestarts writes more than the WAL may have: it stays near its
// bound, whether each commit is large or readers read all the time, none of them for long.
func TestWALRestarts(t *testing.T) {
	const total, most = 120 << 20, 100 << 20
	for _, test := range []struct {
		name    string
		commit  int // bytes
		readers int
	}{
		{"large commits", 5 << 20, 0},
		{"a reader without a pause", 400_000, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			s := opened(t, path)
			var readers sync.WaitGroup
			done := make(chan struct{})
			for range test.readers {
				readers.Go(func() {
					for {
						select {
						case <-done:
							return
						default:
						}
						err := s.Read(t.Context(), func(tx *Tx) error {
							time.Sleep(5 * time.Millisecond) // with its snapshot
							return nil
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for written := 0; written < total; written += test.commit {
				err := s.Write(t.Context(), func(tx *Tx) error {
					for left := test.commit; left > 0; left -= 100_000 {
						tx.Append(1, Record{New: make([]byte, 100_000)})
					}
					tx.do("DELETE FROM records")
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(path + "-wal")
				if err != nil {
					t.Fatal(err)
				}
				if info.Size() > most {
					t.Errorf("the WAL has %d MB after %d MB were written, want at most %d", info.Size()>>20, written>>20, most>>20)
					break
				}
			}
			close(done)
			readers.Wait()
		})
	}
}
