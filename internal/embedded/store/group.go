package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// maxShared bounds how many writes share a transaction, so that the first of
// them does not wait long for the last.
const maxShared = 64

// A write is one call of Write that waits for its turn.
type write struct {
	fn  func(*Tx) error
	err error
	// turn is sent true when the waiting goroutine has to lead the next shared
	// transaction, false when another has done this write.
	turn chan bool
}

// A queue hands the one connection that writes from caller to caller. The caller
// that finds nobody writing leads: it opens a transaction, runs its own write
// and those that arrive meanwhile, commits, and wakes the others. No goroutine
// stands between, so a lone writer pays for no switch.
type queue struct {
	mu      sync.Mutex
	leading bool
	closed  bool
	idle    chan struct{} // closed when the queue is closed and nobody leads
	waiting []*write
}

// enter reports whether the caller leads; otherwise w waits in the queue.
func (q *queue) enter(w *write) (lead bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, ErrClosed
	}
	if !q.leading {
		q.leading = true
		return true, nil
	}
	w.turn = make(chan bool, 1)
	q.waiting = append(q.waiting, w)
	return false, nil
}

// next takes the longest waiting write, nil if there is none.
func (q *queue) next() *write {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take()
}

func (q *queue) take() *write {
	if len(q.waiting) == 0 {
		return nil
	}
	w := q.waiting[0]
	q.waiting = q.waiting[1:]
	return w
}

// leave ends the caller's lead and passes it on.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w := q.take(); w != nil {
		w.turn <- true
		return
	}
	q.leading = false
	if q.closed {
		close(q.idle)
	}
}

// forget removes w if it still waits.
func (q *queue) forget(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.waiting {
		if other == w {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// close lets nobody in any more and waits for those who are. It reports whether
// this call was the first.
func (q *queue) close() bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.closed = true
	q.idle = make(chan struct{})
	if !q.leading {
		close(q.idle)
	}
	q.mu.Unlock()
	<-q.idle
	return true
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// Write runs fn in a transaction and returns when that is committed. If fn
// returns an error, nothing that it wrote is kept, and Write returns that
// error. fn may run more than once: each run starts from the state in the
// database, and only the last one counts.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &write{fn: fn}
	lead, err := s.queue.enter(w)
	if err != nil {
		return err
	}
	if !lead {
		select {
		case lead = <-w.turn:
		case <-ctx.Done():
			if s.queue.forget(w) {
				return ctx.Err()
			}
			lead = <-w.turn // too late to leave: it is being done
		}
	}
	if lead {
		s.lead(w)
	}
	return s.explain(w.err)
}

// lead runs first and what waits behind it in one transaction.
func (s *Store) lead(first *write) {
	defer s.queue.leave()
	done := s.share(first)
	for _, w := range done {
		if w != first {
			w.turn <- false
		}
	}
}

func (s *Store) share(first *write) (done []*write) {
	done = append(done, first)
	tx, err := s.begin()
	if err != nil {
		first.err = err
		return done
	}
	for w := first; w != nil; {
		tx.dirty = false
		w.err = runSafely(w.fn, tx)
		if w.err != nil && tx.dirty {
			// What it wrote can be taken back only together with the others' work.
			tx.rollback()
			s.alone(done)
			return done
		}
		if len(done) == maxShared {
			break
		}
		if w = s.queue.next(); w != nil {
			done = append(done, w)
		}
	}
	if err := tx.commit(); err != nil {
		for _, w := range done {
			if w.err == nil {
				w.err = err
			}
		}
	}
	s.committed()
	return done
}

// alone runs each write again in a transaction of its own.
func (s *Store) alone(writes []*write) {
	for _, w := range writes {
		tx, err := s.begin()
		if err != nil {
			w.err = err
			continue
		}
		if w.err = runSafely(w.fn, tx); w.err != nil {
			tx.rollback()
			continue
		}
		w.err = tx.commit()
	}
}

// runSafely turns a panic into an error: fn may be another caller's.
func runSafely(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.dirty = true
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return fn(tx)
}

func (s *Store) begin() (*Tx, error) {
	tx := &Tx{conn: s.writer, writable: true}
	if err := tx.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	if err := tx.loadMeta(); err != nil {
		tx.rollback()
		return nil, err
	}
	return tx, nil
}

var errReadTransaction = errors.New("store: a write in a transaction that reads")
