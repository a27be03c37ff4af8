package store

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// checkpointTick is the interval at which the checkpointer looks for work.
	checkpointTick = 50 * time.Millisecond
	// checkpointCommits is the number of commits after which the checkpointer no
	// longer waits for a pause.
	checkpointCommits = 500
	// maxWAL is the number of pages in the WAL at which the writers pause so that it
	// can restart. A longer WAL makes readers slower.
	maxWAL = 8000
	// maxWALBytes is about the same size in bytes. SQLite truncates a larger WAL file
	// to it.
	maxWALBytes = 32 << 20
)

// A checkpointer copies the WAL into the file in parallel with the writers, so that they
// don't wait for the disk. SQLite's own checkpoints would delay every few hundredth
// commit. Once all of the WAL has been copied, the next write restarts it.
type checkpointer struct {
	stopped sync.WaitGroup
	commits atomic.Int64 // since the last checkpoint
	full    atomic.Bool  // the WAL has reached enough pages
	enough  atomic.Int64 // maxWAL, or more after a reader that took too long
}

// checkpoints makes checkpoints until the store closes.
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
		// Busy means that another process makes one. The writers meet any other
		// error too and report it.
		if pages, ok := checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)"); ok {
			s.commits.Add(-now)
			s.full.Store(pages >= s.enough.Load())
			trimCache(conn)
		}
		before = 0
	}
}

// trimCache drops the least recently used pages from the page caches, as many as exceed
// their total size. This build of SQLite has one list of pages for all connections of
// the process (ENABLE_MEMORY_MANAGEMENT, see its pcache1.c). A connection that has
// reached its own size takes the oldest page of any connection, so readers take the
// writer's pages. Once all caches together are full, a connection below its size keeps
// no page at all, and writes take twice as long. So this connection, which needs no
// cache, has a large one, and gives it up for a moment.
func trimCache(conn *sqlite.Conn) {
	_ = execute(conn, "PRAGMA cache_size=0", "PRAGMA cache_size=-32000") // failing does no harm
}

// large reports whether the WAL is long after few commits.
func (s *Store) large() bool {
	info, err := os.Stat(s.path + "-wal")
	return err == nil && info.Size() > maxWALBytes
}

// checkpoint runs a pragma that makes a checkpoint. It returns the number of pages in the
// WAL, or -1 if another connection is making one, and whether the pragma did everything.
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

// committed counts a commit. If the WAL is too long, it also makes a checkpoint and waits
// until nothing reads the WAL any more, so that it restarts. If a reader takes longer,
// committed tries again when the WAL is twice as long.
func (s *Store) committed() {
	if s.path == "" {
		return
	}
	s.commits.Add(1)
	if !s.full.Load() {
		return
	}
	pages, ok := int64(0), false
	for range 5 { // SQLite waits for a slot of readers, even if only new ones use it
		if pages, ok = checkpoint(s.writer, "PRAGMA wal_checkpoint(RESTART)"); ok || pages < 0 {
			break
		}
	}
	switch {
	case ok:
		s.enough.Store(maxWAL)
	case pages < 0: // the next commit tries again
		return
	default:
		s.enough.Store(max(maxWAL, 2*pages))
	}
	s.full.Store(false)
}
