package store

import (
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
)

// A checkpointer folds the WAL into the file beside the writers, so that none of
// them waits for the disk: SQLite's own checkpoints would make every few hundredth
// commit wait. A WAL that is wholly folded in begins anew with the next write.
type checkpointer struct {
	stopped sync.WaitGroup
	commits atomic.Int64 // since the last checkpoint
	full    atomic.Bool  // the WAL has reached maxWAL
}

// checkpoints runs until the store closes.
func (s *Store) checkpoints(conn *sqlite.Conn) {
	defer conn.Close()
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
		if idle := now == before; now == 0 || !idle && now < checkpointCommits {
			before = now
			continue
		}
		// Busy means that another process does it; whatever else is wrong, the
		// writers will meet and report.
		if pages, err := checkpoint(conn); err == nil {
			s.commits.Add(-now)
			s.full.Store(pages >= maxWAL)
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

// checkpoint folds in what it can without waiting and returns the number of
// pages in the WAL.
func checkpoint(conn *sqlite.Conn) (pages int64, err error) {
	stmt, err := conn.Prepare("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		return 0, err
	}
	defer stmt.Reset()
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	return stmt.ColumnInt64(1), nil
}

// committed counts a commit. While the WAL is too long, it also folds in what
// the checkpointer has left over, which is little, so that it can begin anew.
func (s *Store) committed() {
	if s.path == "" {
		return
	}
	s.commits.Add(1)
	if s.full.Load() {
		if pages, err := checkpoint(s.writer); err == nil && pages < 2*maxWAL {
			s.full.Store(false)
		}
	}
}
