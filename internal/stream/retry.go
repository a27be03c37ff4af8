package stream

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"time"
)

// A Retry is what is done with an event, or a page, whose handler fails.
// Every event is attempted at least once. One that was found in a page counts
// from its first attempt alone. A restart of the process counts anew.
type Retry struct {
	// Attempts bounds how often its handler is called. Zero: no bound.
	Attempts int
	// Age is how long after its first attempt an event is given up. Zero:
	// five minutes or, where Attempts is set, no bound. math.MaxInt64 is none.
	Age time.Duration
	// If reports whether an error may pass; others are given up at once. Nil:
	// every error may. Retryable knows those of AWS' services.
	If func(error) bool
	// Timeout ends the context of an attempt. The attempt is waited for all
	// the same: an item never has two at once. Zero: no bound.
	Timeout time.Duration
	// Backoff is the maximum wait between two attempts. The first is about
	// 75 ms, and each is about twice the one before. Zero: 5 seconds.
	Backoff time.Duration
}

const defaultAge = 5 * time.Minute

// withDefaults puts the documented values in the place of zeros.
func (p Retry) withDefaults() Retry {
	if p.Attempts == 0 {
		set(&p.Age, defaultAge)
	}
	set(&p.Backoff, 5*time.Second)
	return p
}

// wait is how long to wait after a number of attempts.
func (p Retry) wait(attempts int) time.Duration { return backoffUpTo(attempts-1, p.Backoff) }

// givesUp reports whether there is no further attempt after one that failed.
func (p Retry) givesUp(attempts int, age time.Duration, err error) bool {
	return p.Attempts > 0 && attempts >= p.Attempts || p.Age > 0 && age >= p.Age ||
		p.If != nil && !p.If(err)
}

// A Failure is an event that was given up. It goes to JSON and back, but for
// Err's type.
type Failure struct {
	Event    Event
	Err      error // of the last attempt; a panic is a *HandlerPanic
	Attempts int
	First    time.Time // when the first attempt began, by this machine's clock
}

// An outcome is what attempts came to.
type outcome struct {
	Failure
	givenUp bool
	took    time.Duration // by the last one, if it succeeded
}

// attempt calls the handler of a page's event until it succeeds or is given up,
// while ctx lives. Each call holds a slot of the lanes, and gets a context that
// ends with working.
func (r *Reader) attempt(ctx, working context.Context, p *Page, number int, e Event, handle func(context.Context, Event) error) (o outcome, err error) {
	policy := r.options.Retry
	for {
		if ended := p.lanes.enter(ctx, working, number); ended != nil {
			return o, cmp.Or(err, ended)
		}
		if ended := r.tenure.wait(ctx); ended != nil {
			p.lanes.leave()
			return o, cmp.Or(err, ended)
		}
		began := time.Now()
		if o.Attempts++; o.Attempts == 1 {
			if o.First = began; p.lanes != nil {
				r.begins(p.shard, number)
			}
		}
		err = callOnce(working, policy.Timeout, p.lanes, handle, e)
		if o.took = time.Since(began); err != nil {
			r.noteAttempt(p.shard, err, o.took)
		}
		switch {
		case err == nil || errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)):
			return o, err
		case policy.givesUp(o.Attempts, time.Since(o.First), err):
			o.givenUp = true
			return o, err
		case sleep(ctx, policy.wait(o.Attempts)) != nil:
			return o, err
		}
	}
}

// callOnce calls a handler within its time, and gives back its slot.
func callOnce[T any](working context.Context, timeout time.Duration, l *lanes, handle func(context.Context, T) error, handed T) error {
	defer l.leave()
	if timeout <= 0 {
		return handle(working, handed)
	}
	ctx, cancel := context.WithTimeout(working, timeout)
	defer cancel()
	return handle(ctx, handed)
}

// giveUp has a dead letter take the place of an event's handling. Without one,
// or once ctx has ended, the event stays unhandled: the error is its handler's.
func (r *Reader) giveUp(ctx, working context.Context, s *shard, f Failure) error {
	if r.options.DeadLetter == nil || ctx.Err() != nil || r.tenure.wait(ctx) != nil {
		return f.Err
	}
	if err := r.options.DeadLetter(working, f); err != nil {
		return errors.Join(f.Err, err)
	}
	r.noteCount(s, func(c *Counts) { c.DeadLetters++ })
	return nil
}

// recovering makes a handler's panic an error.
func recovering[T any](handle func(context.Context, T) error) func(context.Context, T) error {
	return func(ctx context.Context, handed T) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = &HandlerPanic{Value: v, Stack: debug.Stack()}
			}
		}()
		return handle(ctx, handed)
	}
}

// Retryable reports whether a call that failed with err may succeed when it is
// made again: it was throttled, its server or the network failed, or it met
// another write. A condition that failed would fail again.
func Retryable(err error) bool {
	return errors.Is(err, errAttempted) || !conditionFailed(err) && (throttled(err) || passing(err))
}
