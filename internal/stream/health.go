package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Health returns nil while a read is under way and makes progress, and while
// the Reader is being opened or stands by. Else its error has a reason a line:
// why the last read ended, or what has waited for 20 seconds or more at the time
// now, by this machine's clock: for DynamoDB, for the checkpoints or for a
// handler. An event that is retried waits too. It may
// be called at any time.
func (r *Reader) Health(now time.Time) error {
	s := r.Stats()
	switch {
	case s.activity <= standingBy || s.Reading:
	case s.Err != nil:
		return reason{"reading ended", s.Err}
	default:
		return errors.New("no read is under way")
	}
	var reasons []error
	for _, stall := range s.stalls(now, r.options) {
		reasons = append(reasons, reason{fmt.Sprintf("%s for %v", stall.what, now.Sub(stall.since).Round(time.Second)), stall.why})
	}
	return errors.Join(reasons...)
}

// A reason is a line, also where the error has more, such as a panic's stack.
type reason struct {
	text string
	err  error // nil: not known
}

func (r reason) Error() string {
	if r.err == nil {
		return r.text
	}
	first, _, _ := strings.Cut(r.err.Error(), "\n")
	return r.text + ": " + first
}

func (r reason) Unwrap() error { return r.err }

// stallAfter is how long anything may wait before it is looked at.
const stallAfter = 20 * time.Second

// A stall is something that waits for too long.
type stall struct {
	what  string // the same for the same thing
	since time.Time
	why   error // nil: not known
	log   []any
}

// stalls lists what waits for too long in a snapshot that was taken now.
func (s Stats) stalls(now time.Time, o Options) (stalls []stall) {
	add := func(what string, since time.Time, limit time.Duration, why error, log ...any) {
		if why != nil {
			log = append(log, "error", why)
		}
		if now.Sub(since) > limit {
			stalls = append(stalls, stall{what, since, why, log})
		}
	}
	if s.Standby {
		add("the lease of the checkpoints can't be read", s.Renewed, stallAfter, nil, "last", s.Renewed)
		return stalls
	}
	if s.activity == created {
		add("the reader is not open", s.Since, stallAfter, nil)
	}
	if !s.SavingSince.IsZero() {
		add("the checkpoints can't be loaded or saved", s.SavingSince, stallAfter, nil, "since", s.SavingSince)
	}
	if s.Reading && !s.Renewed.IsZero() {
		add("the lease of the checkpoints can't be renewed", later(s.Renewed, s.Since), stallAfter, nil, "last", s.Renewed)
	}
	if s.listing {
		add("the stream's shards can't be listed", later(s.LastDescribed, s.Since), o.rhythm.look+stallAfter-usual.look, nil,
			"stream", s.Stream, "last call", s.LastDescribed)
	}
	if d := s.switching; d != nil {
		add("the switch to stream "+s.Next+" is handling", later(d.Since, s.Since), stallAfter, d.Failing, "next", s.Next)
	}
	for _, d := range s.copying {
		d.stall(s, add)
	}
	for _, d := range s.Shards {
		since, limit := later(d.Since, s.Since), stallAfter
		switch d.State {
		case Fetching:
			since = later(since, d.LastCall) // an empty answer is an answer
			limit += o.Poll + time.Duration(float64(time.Second)/max(o.Pace, 0.001))
		case Handling, Expecting:
		default:
			continue // it waits for another shard, which is told of
		}
		add(fmt.Sprintf("shard %s is %s", d.Shard, d.State), since, limit, d.Failing,
			"shard", d.Shard, "state", string(d.State), "since", d.Since, "last call", d.LastCall)
	}
	return stalls
}

// watch warns of everything that waits too long, once each time.
func (r *Reader) watch(ctx context.Context) error {
	warned := make(map[string]time.Time)
	for {
		if err := sleep(ctx, r.options.rhythm.watch); err != nil {
			return err
		}
		stats := r.Stats()
		stats.Stream = cmp.Or(stats.Stream, r.given)
		still := make(map[string]time.Time)
		for _, s := range stats.stalls(time.Now(), r.options) {
			still[s.what] = s.since
			if !warned[s.what].Equal(s.since) {
				r.log.Warn("reading stalls: "+s.what, s.log...)
			}
		}
		warned = still
	}
}
