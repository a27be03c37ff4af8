package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// maxShared is the maximum number of writes in a shared transaction. It keeps the first
// write from waiting long for the last.
const maxShared = 64

// A write is one call of Write.
type write struct {
	fn   func(*Tx) error
	err  error         // the result, once done is closed
	done chan struct{} // closed when a leader has done the write
}

// A queue holds the writes that wait for the only connection that writes. A goroutine that
// sends to lead becomes the leader: it does all waiting writes, in shared transactions,
// until its own write is done. There is no separate goroutine, so a lone writer does not
// wait for a switch of goroutines.
type queue struct {
	lead    chan struct{} // has room for one leader
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

// next takes the write that has waited longest, nil if there is none.
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

// forget removes w if it still waits, and reports whether it did.
func (q *queue) forget(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// close makes the queue refuse further writes. It reports whether this call was the
// first.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.closed
	q.closed = true
	return first
}

// Write runs fn in a transaction and returns when that is committed. If fn returns an
// error or the Tx has one, Write undoes what fn wrote and returns that error. fn may run
// more than once: each run starts from the state in the database, and only the last run
// counts.
//
// If ctx ends while the write waits for other writes of this process or for another
// process, it does not happen and Write returns ctx's error. Once fn has run, Write waits
// for the result. No write waits for another process for more than 20 seconds.
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

// share does the waiting writes, and those that arrive meanwhile, in one transaction. It
// reports whether any write waited. If ctx ends while another process has the database,
// share leaves all writes to the next leader.
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
			// What it wrote can be undone only together with the others' writes. SQLite may
			// have done so already, for example because the disk is full.
			if w.err = runSafely(w.fn, tx); w.err != nil && (tx.dirty || tx.conn.AutocommitEnabled()) {
				return w.err
			}
		}
		tx.err = nil // the error of a write that wrote nothing
		return nil
	})
	switch {
	case err == nil:
	case len(writes) == 0 && ctx.Err() != nil:
	case len(writes) == 0: // the transaction did not begin, so all waiting writes fail
		for w := s.queue.next(); w != nil; w = s.queue.next() {
			w.err, writes = err, append(writes, w)
		}
	case len(writes) == 1:
		writes[0].err = err
	default:
		// None of the writes has happened, and each may have seen what others wrote.
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
	tx.Fail(s.InPlace()) // after begin, which may wait long for other processes
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

// begin begins the transaction. It waits for other processes until ctx ends or
// busyTimeout is over.
func (s *Store) begin(ctx context.Context, tx *Tx) {
	for deadline := time.Now().Add(busyTimeout); ; tx.err = nil {
		tx.run("BEGIN IMMEDIATE") // waits for busyPoll at most
		if sqlite.ErrCode(tx.err).ToPrimary() != sqlite.ResultBusy || ctx.Err() != nil || time.Now().After(deadline) {
			return
		}
	}
}

// runSafely runs fn and returns tx's error or else fn's. It turns a panic into an error,
// since fn may belong to another caller.
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
