package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// run plays the world and returns what was wrong in it.
func (p *played) run() (violations []string) {
	var playing sync.WaitGroup
	steps := p.Steps
	if p.Late {
		p.play(steps[:len(steps)/2])
		steps = steps[len(steps)/2:]
	}
	playing.Go(func() {
		p.play(steps)
		if p.Disable {
			p.disable()
		}
	})
	for _, run := range p.Runs {
		p.life(run)
		time.Sleep(run.Pause)
	}
	playing.Wait()
	p.finish()
	p.backend.close()
	p.verdict()
	return append(p.violations, p.mem.violations...)
}

// finish has a last reader read up the stream.
func (p *played) finish() {
	var err error
	for range 40 {
		if err = p.life(worldRun{ToTheEnd: true, OnGap: SkipGaps, PageSize: 2, Every: 1, SaveBy: time.Second}); err == nil {
			return
		}
		if vanishedError(err) && p.newest().vanished() {
			return // nobody began to read it in time
		}
	}
	p.violate("reading does not come to an end: %v", err)
}

// A life is that of one reader.
type life struct {
	*played
	run     worldRun
	id      int
	grip    *grip
	cancel  context.CancelFunc
	seen    int // events
	pages   int // that may be committed
	failed  int
	endless bool // it goes on after any number of events
	panics  bool // it has panicked
	atWork  []atWork
}

var (
	errFailing = errors.New("the handler fails")
	errEnough  = errors.New("enough was handled")
)

// life plays one reader from Open to its end, and returns with what error
// it ended; nil is the end of the stream.
func (p *played) life(run worldRun) error {
	limit := p.limit(run)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	l := &life{played: p, run: run, cancel: cancel, endless: run.ToTheEnd, grip: &grip{memory: p.mem, fails: run.Saves, unanswered: run.Unanswered}}
	options := l.options()
	p.opening()
	r, err := Open(ctx, p, p.current(), options)
	if err != nil {
		return err
	}
	l.id = p.opened()
	err = l.read(ctx, r)
	p.gapIn(l.id, err)
	closed := r.Close()
	if closed == nil && !l.grip.isDead() {
		p.closed(l.id, run)
	}
	if throttled(err) {
		p.violate("throttling ended a reader: %v", err)
	}
	if endedWell(err, options.Idle > 0) {
		err = nil
		if !p.mayEnd(options.Idle > 0) {
			p.violate("reading ended in the middle of an open stream")
		}
	}
	if ctx.Err() == context.DeadlineExceeded && run.ToTheEnd {
		p.violate("the last reader did not end in %v", limit)
	}
	return errors.Join(err, closed)
}

// limit is how long a reader may take.
func (p *played) limit(run worldRun) time.Duration {
	limit := 10 * time.Minute
	if p.Slow {
		limit = 1000 * time.Hour
	}
	if !run.ToTheEnd {
		return p.backend.lifetime(limit)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	limit += 2 * p.idle()
	for _, f := range p.streams {
		f.set(func() {
			for _, s := range f.shards {
				limit += time.Duration(s.empties) * 2 * time.Second
			}
		})
	}
	return limit
}

// idle is the last reader's Idle: longer than an open shard's run of empty
// pages with its faults, and shorter than a closed one's.
func (w *world) idle() time.Duration {
	if w.EmptyRuns == 0 || w.Slow {
		return 40 * time.Second
	}
	return 3 * time.Minute
}

func (l *life) options() Options {
	run := l.run
	o := Options{
		Start: l.start(), Pace: l.Pace, Checkpoints: l.grip, CheckpointEvery: run.SaveBy,
		Logger: slog.New(slog.DiscardHandler), OnGap: run.OnGap, PageSize: run.PageSize, Retry: Retry{Attempts: 3},
		Parallel: run.Parallel, MaxInWork: run.InWork, Bisect: run.Bisect,
	}
	if run.How == failHang {
		o.Retry.Timeout = 5 * time.Second
	}
	if run.Letters {
		o.DeadLetter = func(_ context.Context, f Failure) error {
			if f.Attempts != 3 {
				l.violate("%s was given up after %d attempts", name(f.Event), f.Attempts)
			}
			if l.grip.isDead() {
				return errDead
			}
			l.handled(l.id, f.Event)
			return nil
		}
	}
	if run.ToTheEnd {
		o.Idle = l.idle()
	}
	if l.Slow {
		slowDown(&o)
	}
	return o
}

func (l *life) read(ctx context.Context, r *Reader) (err error) {
	defer func() {
		if v := recover(); v != nil {
			if !l.panics {
				panic(v)
			}
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	switch l.run.Mode {
	case modeRun:
		return r.Run(ctx, func(ctx context.Context, e Event) error {
			defer l.alone(e)()
			return l.handle(ctx, []Event{e}, nil)
		})
	case modePages:
		return r.RunPages(ctx, func(ctx context.Context, p *Page) error { return l.handle(ctx, p.Events, nil) })
	case modeCommit:
		return r.RunPages(ctx, l.handlePage)
	case modeFeeds:
		return r.RunFeeds(ctx, l.feed)
	}
	for {
		err := l.loop(ctx, r)
		if err == errEnough && l.run.End == endBreak {
			l.run.End = endClose // and goes on
			continue
		}
		return err
	}
}

func (l *life) loop(ctx context.Context, r *Reader) error {
	for e, err := range r.Events(ctx) {
		if err != nil {
			return err
		}
		if err := l.handle(ctx, []Event{e}, nil); err != nil {
			return err
		}
	}
	return nil
}

// handlePage handles a page that it may commit.
func (l *life) handlePage(ctx context.Context, p *Page) error {
	defer l.grip.hand(p.Checkpoint)()
	l.mu.Lock()
	l.pages++
	commits := l.pages%l.run.CommitEvery == 0
	l.mu.Unlock()
	if !commits {
		return l.handle(ctx, p.Events, nil)
	}
	return l.handle(ctx, p.Events, func() (bool, error) { return l.grip.commit(p) })
}

// alone notes that an event is with the handler, until it is called: no item
// has two there at once, nor has a gap's shard anything else.
func (l *life) alone(e Event) (done func()) {
	item := "item " + e.Item()
	if e.Kind == Lost {
		item = "gap"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range l.atWork {
		if other.Shard == e.Shard && (other.item == item || other.item == "gap" || item == "gap") {
			l.violate("%s of shard %s was handled beside %s", item, e.Shard, other.item)
		}
	}
	mine := atWork{e.Shard, item}
	l.atWork = append(l.atWork, mine)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		i := slices.Index(l.atWork, mine)
		l.atWork = slices.Delete(l.atWork, i, i+1)
	}
}

type atWork struct{ Shard, item string }

// count counts events that are to be handled, and finds out what the run
// says of them: at which of them it fails, or -1.
func (l *life) count(events int) (n int, enough bool, fails int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = l.seen
	l.seen += events
	enough = !l.endless && l.seen > l.run.After
	fails = -1
	if n <= l.run.Fail && l.run.Fail < l.seen && l.failed < l.run.Fails {
		l.failed++
		l.seen, fails = n, l.run.Fail-n
	}
	return n, enough, fails
}

// fail fails at the i-th of some events, as the run says. commits: their
// transaction is all or nothing.
func (l *life) fail(ctx context.Context, events []Event, i int, commits bool) error {
	attempts := l.run.Letters && (l.run.Mode == modeRun || l.run.Bisect)
	switch {
	case l.run.How == failHang && l.run.Mode != modeEvents:
		<-ctx.Done()
	case l.run.How == failPanic && attempts:
		panic(errFailing)
	case l.run.How == failNamed && !commits:
		for _, e := range events[:i] {
			l.handled(l.id, e)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen += i
		return FailedEvent(events[i], errFailing)
	}
	return errFailing
}

// handle handles some events as the run says. commit, if any, is part of it,
// and reports whether it took effect.
func (l *life) handle(ctx context.Context, events []Event, commit func() (bool, error)) error {
	n, enough, fails := l.count(len(events))
	if n%l.run.Every == 0 {
		time.Sleep(l.run.Delay)
	}
	switch {
	case l.grip.isDead():
		return errDead
	case fails >= 0:
		return l.fail(ctx, events, fails, commit != nil)
	case enough && l.run.End == endPanic:
		l.goOn()
		panic("in the handler")
	case enough && (l.run.End == endBreak || l.run.End == endClose) && l.run.Mode == modeEvents:
		l.goOn()
		return errEnough
	case enough && l.run.End == endCrashBefore:
		l.grip.kill()
		l.cancel()
		return errDead
	}
	var failed error
	if commit != nil {
		kept, err := commit()
		if !kept {
			return err
		}
		failed = err
	}
	for _, e := range events {
		l.handled(l.id, e)
	}
	if enough && l.run.End == endCrash {
		l.grip.kill()
		l.cancel()
		return errDead
	}
	if enough {
		l.cancel()
	}
	return failed
}

// goOn has the reader go on, should it be called after its end.
func (l *life) goOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.panics = l.panics || l.run.End == endPanic
	l.endless = true
}

// endedWell reports whether reading ended because the stream did or, with
// idle, because it seemed to.
func endedWell(err error, idle bool) bool {
	return errors.As(err, new(*EndedError)) || idle && err == nil
}

// slowDown gives a slow world's reader a slow rhythm.
func slowDown(o *Options) {
	o.rhythm = rhythm{look: 10 * time.Minute, watch: time.Hour}
	o.Poll = 20 * time.Minute
	o.CheckpointEvery *= 600
	o.Idle *= 100
}
