package stream

import (
	"context"
	"sync"
	"time"
)

// How one Reader at a time owns checkpoints.
//
// In a table, the item of the generation has a beat, which the owner counts up
// every 3 seconds from Open to Close, and a mark once it has closed. Nobody
// compares clocks. A standby that saw the same beat for 8.5 seconds by its
// clock, not counting answers that took over a second, takes the next
// generation, if the beat is still the same then. The owner relies on a renewal
// for 7 seconds from when it sent that. Afterwards it hands over nothing until
// it has renewed again. With a file, the operating system's lock is the lease.

const (
	beatEvery = 3 * time.Second
	// beatWithin bounds a renewal: one that is lost leaves time for another.
	beatWithin = 2 * time.Second
	ownedFor   = 7 * time.Second
	leaseTime  = 8500 * time.Millisecond
	// watchEvery is how often a standby looks whether the owner lives.
	watchEvery = time.Second / 2
)

// A Lease is what Checkpoints have that one Reader at a time owns. The Reader
// acquires it before Load; Close releases it.
type Lease interface {
	// Acquire makes the caller the owner, and returns its generation, which
	// is larger than those of all owners before. While another Reader lives,
	// it waits, and calls standby each time it has found out that one may;
	// where standby is nil, it returns a *FencedError instead.
	Acquire(ctx context.Context, standby func()) (generation int64, err error)
	// Renew keeps others from acquiring the lease for 7 seconds from the
	// call on. It tries once, also beside the other methods, and is called
	// again after an error that is Retryable, or once 2 seconds are over.
	// Another one ends the reading.
	Renew(context.Context) error
}

// A tenure is the time in which a Reader may rely on its lease.
type tenure struct {
	lease Lease // nil: the Checkpoints have none

	generation int64

	mu      sync.Mutex
	sent    time.Time     // when the last renewal that succeeded was sent
	renewed chan struct{} // closed at the next one
}

func newTenure(of Checkpoints) tenure {
	lease, _ := of.(Lease)
	return tenure{lease: lease, renewed: make(chan struct{})}
}

// extend notes a renewal that was sent at a time.
func (t *tenure) extend(sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = sent
	close(t.renewed)
	t.renewed = make(chan struct{})
}

// wait returns nil once the lease is the reader's. Linux's monotonic clock
// stands still while a machine is suspended, and the other one may be set
// back: the larger of both times counts.
func (t *tenure) wait(ctx context.Context) error {
	for t.lease != nil {
		t.mu.Lock()
		sent, renewed := t.sent, t.renewed
		t.mu.Unlock()
		now := time.Now()
		if max(now.Sub(sent), now.Round(0).Sub(sent.Round(0))) < ownedFor {
			return nil
		}
		select {
		case <-renewed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// acquire makes the reader the owner of its checkpoints, and has the lease
// renewed from then on; waited: another reader owned them meanwhile.
func (r *Reader) acquire(ctx context.Context) (waited bool, err error) {
	if r.tenure.lease == nil {
		return false, nil
	}
	defer r.saver.work()()
	began := time.Now()
	standby := func() {
		r.noteLease()
		if !waited {
			waited = true
			r.turnTo(standingBy)
			r.log.Info("standing by: another reader owns the checkpoints, or was killed moments ago", "stream", r.given)
		}
	}
	if r.options.NoStandby {
		standby = nil
	}
	defer r.turnTo(opening)
	if r.tenure.generation, err = r.tenure.lease.Acquire(ctx, standby); err != nil {
		r.saver.note(err)
		return waited, err
	}
	if waited {
		r.log.Info("the checkpoints are this reader's now", "stream", r.given, "after", time.Since(began).Round(time.Millisecond))
	}
	r.renewing = newCrew(context.WithoutCancel(ctx))
	r.renewing.run(r.renewUntilClose)
	return waited, nil
}

// renewUntilClose renews the lease regularly.
func (r *Reader) renewUntilClose(ctx context.Context) error {
	for {
		sent, wait := time.Now(), beatEvery
		limited, cancel := context.WithTimeout(ctx, beatWithin)
		err := r.tenure.lease.Renew(limited)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			r.tenure.extend(sent)
			r.noteLease()
		case Retryable(err) || limited.Err() == context.DeadlineExceeded:
			wait = watchEvery
		default:
			r.leaseLost(err)
			return nil
		}
		if sleep(ctx, wait) != nil {
			return nil
		}
	}
}

// noteLease notes that the lease was renewed, or looked at by a standby.
func (r *Reader) noteLease() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.renewed = time.Now()
}

// leaseLost ends the reading that is under way, and refuses another one.
func (r *Reader) leaseLost(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = err
	if r.activity != reading {
		r.err = err
	}
	if r.end != nil {
		r.end(err)
	}
}

// release stops the renewals and closes the Checkpoints.
func (r *Reader) release() error {
	if r.renewing != nil {
		r.renewing.end(errDone)
		r.renewing.wait()
	}
	return r.saver.close()
}
