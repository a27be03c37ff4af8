package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// memory keeps checkpoints as long as the world lasts.
type memory struct {
	mu    sync.Mutex
	kept  map[checkpointKey]Checkpoint
	begun map[string]bool // the streams that have had a checkpoint
	owner *grip
}

func newMemory() *memory {
	return &memory{kept: make(map[checkpointKey]Checkpoint), begun: make(map[string]bool)}
}

// A grip is one reader's hold of a memory.
type grip struct {
	*memory
	fails int  // the save that fails, counted down
	dead  bool // its reader has crashed
}

var errDead = errors.New("this reader has crashed")

func (g *grip) Load(context.Context) ([]Checkpoint, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owner = g
	var all []Checkpoint
	for _, c := range g.kept {
		all = append(all, c)
	}
	return all, nil
}

func (g *grip) Save(_ context.Context, changed, gone []Checkpoint) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead {
		return errDead
	}
	if g.owner != g {
		return &TakenError{Name: "memory"}
	}
	if g.fails--; g.fails == 0 {
		return errors.New("the disk is full")
	}
	for _, c := range changed {
		g.kept[c.key()], g.begun[c.Stream] = c, true
	}
	for _, c := range gone {
		delete(g.kept, c.key())
	}
	return nil
}

func (g *grip) Close() error { return nil }

// commit is a handler's own transaction.
func (g *grip) commit(p *Page) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.commit = map[string]types.AttributeValue{}
	switch {
	case g.dead:
		return errDead
	case g.owner != g || g.kept[p.Checkpoint.key()].Sequence != p.previous:
		return &TakenError{Name: "memory"}
	}
	g.kept[p.Checkpoint.key()] = p.Checkpoint
	return nil
}

// saved is the sequence number that the memory has of each shard.
func (m *memory) saved() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	saved := make(map[string]string)
	for _, c := range m.kept {
		saved[c.Shard] = c.Sequence
	}
	return saved
}

var slowRhythm = rhythm{discover: 10 * time.Minute, watch: time.Hour}

// run plays the world and returns what was wrong in it.
func (p *played) run() (violations []string) {
	m := newMemory()
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
		p.life(run, m)
		time.Sleep(run.Pause)
	}
	playing.Wait()
	p.finish(m)
	if p.engine != nil {
		p.engine.close()
	}
	p.verdict(m)
	return p.violations
}

// finish has a last reader read up the stream.
func (p *played) finish(m *memory) {
	var err error
	for range 40 {
		last := worldRun{Mode: modeEvents, After: 1 << 30, End: endClose, Every: 1, SaveBy: time.Second}
		if err = p.life(last, m); err == nil {
			return
		}
		if goneError(err) && p.newest().vanished() {
			return // nobody began to read it in time
		}
	}
	p.violate("reading does not come to an end: %v", err)
}

// A life is that of one reader.
type life struct {
	*played
	run    worldRun
	id     int
	grip   *grip
	mem    *memory
	cancel context.CancelFunc
	seen   int // events
	failed int
	panics bool // it has panicked
}

var (
	errFailing = errors.New("the handler fails")
	errEnough  = errors.New("enough was handled")
)

// life plays one reader from Open to its end, and returns with what error
// it ended; nil is the end of the stream.
func (p *played) life(run worldRun, m *memory) error {
	limit := 10 * time.Minute
	if p.Slow {
		limit = 1000 * time.Hour
	}
	if p.engine != nil && run.After != 1<<30 {
		limit /= 10 // it takes its time over each call
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	l := &life{played: p, run: run, mem: m, cancel: cancel, grip: &grip{memory: m, fails: run.Saves}}
	if run.Saves == 0 || run.After == 1<<30 {
		l.grip.fails = -1
	}
	options := Options{
		Start: p.start(m), Pace: p.Pace, Checkpoints: l.grip, CheckpointEvery: run.SaveBy,
		Logger: slog.New(slog.DiscardHandler), OnGap: SkipGaps,
		PageSize: 1 + run.Every, Idle: 0,
	}
	if run.Saves%2 == 1 {
		options.OnGap = StopAtGap
	}
	if run.After == 1<<30 {
		options.Idle = 40 * time.Second
	}
	if p.Slow {
		options.rhythm, options.Poll = slowRhythm, 20*time.Minute
		options.CheckpointEvery *= 600
		options.Idle *= 100
	}
	p.opening()
	r, err := Open(ctx, p, p.current(), options)
	if err != nil {
		return err
	}
	l.id = p.opened(m)
	err = l.read(ctx, r)
	p.gapIn(err)
	closed := r.Close()
	if closed == nil && !l.grip.dead {
		p.closed(m, l.id)
	}
	if throttled(err) {
		p.violate("throttling ended a reader: %v", err)
	}
	if err == nil && !p.mayEnd(options.Idle > 0) {
		p.violate("reading ended in the middle of an open stream")
	}
	if ctx.Err() == context.DeadlineExceeded && run.After == 1<<30 {
		p.violate("the last reader did not end in %v", limit)
	}
	return errors.Join(err, closed)
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
		return r.Run(ctx, func(_ context.Context, e Event) error { return l.handle([]Event{e}, nil) })
	case modePages:
		return r.RunPages(ctx, func(_ context.Context, p *Page) error { return l.handle(p.Events, nil) })
	case modeCommit:
		return r.RunPages(ctx, func(_ context.Context, p *Page) error {
			return l.handle(p.Events, func() error { return l.grip.commit(p) })
		})
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
		if err := l.handle([]Event{e}, nil); err != nil {
			return err
		}
	}
	return nil
}

// handle handles some events as the run says. commit, if any, is part of
// it.
func (l *life) handle(events []Event, commit func() error) error {
	l.mu.Lock()
	n := l.seen
	l.seen += len(events)
	enough := l.seen > l.run.After
	fails := n <= l.run.Fail && l.run.Fail < l.seen && l.failed < l.run.Fails
	if fails {
		l.failed++
		l.seen = n
	}
	l.mu.Unlock()
	if n%l.run.Every == 0 {
		time.Sleep(l.run.Delay)
	}
	switch {
	case l.grip.isDead():
		return errDead
	case fails:
		return errFailing
	case enough && l.run.End == endPanic:
		l.mu.Lock()
		l.panics, l.run.After = true, 1<<29
		l.mu.Unlock()
		panic("in the handler")
	case enough && (l.run.End == endBreak || l.run.End == endClose) && l.run.Mode == modeEvents:
		l.run.After = 1 << 29
		return errEnough
	case enough && l.run.End == endCrashBefore:
		l.grip.kill()
		l.cancel()
		return errDead
	}
	if commit != nil {
		if err := commit(); err != nil {
			return err
		}
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
	return nil
}

func (g *grip) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
}

func (g *grip) isDead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}
