package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// maxShared bounds how many writes share a transaction, so that the first of
// them does not wait long for the last.
const maxShared = 64

// A write is one call of Write.
type write struct {
	fn   func(*Tx) error
	err  error         // the outcome, once done is closed
	done chan struct{} // closed when a leader has done it
}

// A queue holds the writes that wait for the one connection that writes. Whoever
// puts a token into lead leads: it does all that waits, in shared transactions,
// until its own write is done. No goroutine stands between, so a lone writer pays
// for no switch.
type queue struct {
	lead    chan struct{} // holds one token
	mu      sync.Mutex
	waiting []*write
	closed  bool
}

func newQueue() queue { return queue{lead: make(chan struct{}, 1)} }

func (q *queue) add(w *write) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.waiting = append(q.waiting, w)
	return nil
}

// next takes the longest waiting write, nil if there is none.
func (q *queue) next() *write {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	w := q.waiting[0]
	q.waiting = q.waiting[1:]
	return w
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) == 0
}

// forget takes w out if it still waits.
func (q *queue) forget(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// close lets nobody in any more. It reports whether this call was the first.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.closed
	q.closed = true
	return first
}

// Write runs fn in a transaction and returns when that is committed. If fn
// returns an error or the Tx has one, nothing that it wrote is kept, and Write
// returns that error. fn may run more than once: each run starts from the state in
// the database, and only the last one counts.
//
// Where ctx ends while the write waits, for others of this process or for another
// process, it does not happen and Write returns ctx's error. Once fn has run, Write
// waits for the outcome. No write waits for another process longer than 20 seconds.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &write{fn: fn, done: make(chan struct{})}
	if err := s.queue.add(w); err != nil {
		return err
	}
	select {
	case s.queue.lead <- struct{}{}:
		for !w.isDone() {
			s.share(ctx)
			if ctx.Err() != nil && s.queue.forget(w) {
				w.err = ctx.Err()
				break
			}
		}
		<-s.queue.lead
	case <-w.done:
	case <-ctx.Done():
		if s.queue.forget(w) {
			return ctx.Err()
		}
		<-w.done
	}
	return s.explain(w.err)
}

func (w *write) isDone() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// share does what waits, and what arrives meanwhile, in one transaction. It
// reports whether anything waited. If another process has the database and ctx ends,
// it leaves all to whoever leads next.
func (s *Store) share(ctx context.Context) bool {
	if s.queue.empty() {
		return false
	}
	var writes []*write
	defer func() {
		for _, w := range writes {
			close(w.done)
		}
	}()
	err := s.transact(ctx, func(tx *Tx) error {
		for len(writes) < maxShared {
			w := s.queue.next()
			if w == nil {
				break
			}
			writes = append(writes, w)
			tx.dirty, tx.err = false, nil
			// What it wrote can be taken back only together with the others' work. SQLite
			// may have done that already, after a full disk for one.
			if w.err = runSafely(w.fn, tx); w.err != nil && (tx.dirty || tx.conn.AutocommitEnabled()) {
				return w.err
			}
		}
		tx.err = nil // of a write that wrote nothing
		return nil
	})
	switch {
	case err == nil:
	case len(writes) == 0 && ctx.Err() != nil:
	case len(writes) == 0: // it did not begin, for none of those that wait
		for w := s.queue.next(); w != nil; w = s.queue.next() {
			w.err, writes = err, append(writes, w)
		}
	case len(writes) == 1:
		writes[0].err = err
	default:
		// None of it has happened, and each may have seen what the others wrote.
		for _, w := range writes {
			w.err = s.transact(context.Background(), func(tx *Tx) error { return runSafely(w.fn, tx) })
		}
	}
	return true
}

// transact runs fn in a transaction, which is committed unless fn fails.
func (s *Store) transact(ctx context.Context, fn func(*Tx) error) error {
	tx := &Tx{conn: s.writer}
	if s.begin(ctx, tx); tx.err != nil {
		return tx.err
	}
	tx.Fail(s.inPlace()) // not before others have let go, which may take long
	if tx.loadMeta(); tx.err == nil {
		tx.Fail(fn(tx))
	}
	if tx.err == nil {
		tx.commit()
	}
	if tx.err != nil {
		tx.rollback()
		return tx.err
	}
	s.committed()
	return nil
}

// begin waits for other processes, until ctx ends or busyTimeout is over.
func (s *Store) begin(ctx context.Context, tx *Tx) {
	for deadline := time.Now().Add(busyTimeout); ; tx.err = nil {
		tx.run("BEGIN IMMEDIATE") // which waits no longer than patience
		if sqlite.ErrCode(tx.err).ToPrimary() != sqlite.ResultBusy || ctx.Err() != nil || time.Now().After(deadline) {
			return
		}
	}
}

// runSafely is fn's error or else tx's. It turns a panic into an error: fn may be
// another caller's.
func runSafely(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.dirty = true
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	err = fn(tx)
	if tx.err != nil {
		return tx.err
	}
	return err
}
