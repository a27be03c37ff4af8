package store

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// checkpointTick is how often the checkpointer looks whether there is work.
	checkpointTick = 50 * time.Millisecond
	// checkpointCommits is after how many commits it folds the WAL into the file
	// without waiting for a pause.
	checkpointCommits = 500
	// maxWAL is the number of pages in the WAL at which the writers stop to let it
	// begin anew; readers get slower as it grows.
	maxWAL = 8000
	// maxWALBytes is about as much, and what is left of the file when it has been more.
	maxWALBytes = 32 << 20
)

// A checkpointer folds the WAL into the file beside the writers, so that none of
// them waits for the disk: SQLite's own checkpoints would make every few hundredth
// commit wait. A WAL that is wholly folded in begins anew with the next write.
type checkpointer struct {
	stopped sync.WaitGroup
	commits atomic.Int64 // since the last checkpoint
	full    atomic.Bool  // the WAL has reached enough
	enough  atomic.Int64 // pages: maxWAL, more after a reader that did not end
}

// checkpoints runs until the store closes.
func (s *Store) checkpoints(conn *sqlite.Conn) {
	defer conn.Close()
	s.enough.Store(maxWAL)
	trimCache(conn)
	tick := time.NewTicker(checkpointTick)
	defer tick.Stop()
	before := int64(0)
	for {
		select {
		case <-s.closing:
			return
		case <-tick.C:
		}
		now := s.commits.Load()
		if idle := now == before; now == 0 || !idle && (s.full.Load() || now < checkpointCommits && !s.large()) {
			before = now
			continue
		}
		// Busy means that another process does it; whatever else is wrong, the
		// writers will meet and report.
		if pages, ok := checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)"); ok {
			s.commits.Add(-now)
			s.full.Store(pages >= s.enough.Load())
			trimCache(conn)
		}
		before = 0
	}
}

// trimCache drops the pages that were used longest ago, as many as there are too
// many in the page caches together. SQLite is built here with one list of pages for
// all connections of the process (ENABLE_MEMORY_MANAGEMENT; see its pcache1.c): a
// connection that has its share takes the oldest page of any, so readers come to have
// the writer's; and once all shares together are used up, a connection that is short
// keeps no page at all, which makes writes take twice as long. So this connection, which
// needs none, has a large share, and gives it up for a moment.
func trimCache(conn *sqlite.Conn) {
	_ = execute(conn, "PRAGMA cache_size=0", "PRAGMA cache_size=-32000") // no more than a hint
}

// large says whether the WAL is long before there were many commits.
func (s *Store) large() bool {
	info, err := os.Stat(s.path + "-wal")
	return err == nil && info.Size() > maxWALBytes
}

// checkpoint returns the number of pages in the WAL, -1 while another connection folds
// it in, and whether all was done that the pragma asks for.
func checkpoint(conn *sqlite.Conn, pragma string) (pages int64, ok bool) {
	stmt, err := conn.Prepare(pragma)
	if err != nil {
		return 0, false
	}
	defer stmt.Reset()
	if _, err := stmt.Step(); err != nil {
		return 0, false
	}
	return stmt.ColumnInt64(1), stmt.ColumnInt64(0) == 0
}

// committed counts a commit. If the WAL is too long, it also folds in what the
// checkpointer has left over and waits until nobody reads it any more, so that it
// begins anew. Where a reader outlasts that, it tries again at twice the length.
func (s *Store) committed() {
	if s.path == "" {
		return
	}
	s.commits.Add(1)
	if !s.full.Load() {
		return
	}
	pages, ok := int64(0), false
	for range 5 { // SQLite waits for a place of readers, even if only new ones stand there
		if pages, ok = checkpoint(s.writer, "PRAGMA wal_checkpoint(RESTART)"); ok || pages < 0 {
			break
		}
	}
	switch {
	case ok:
		s.enough.Store(maxWAL)
	case pages < 0: // the next commit does it
		return
	default:
		s.enough.Store(max(maxWAL, 2*pages))
	}
	s.full.Store(false)
}
