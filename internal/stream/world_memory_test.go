package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// memory keeps checkpoints as long as the world lasts.
type memory struct {
	mu         sync.Mutex
	kept       map[checkpointKey]Checkpoint
	begun      map[string]bool // the streams that have had a checkpoint
	owner      *grip
	violations []string
}

func newMemory() *memory {
	return &memory{kept: make(map[checkpointKey]Checkpoint), begun: make(map[string]bool)}
}

// A grip is one reader's hold of a memory.
type grip struct {
	*memory
	fails  int                          // the save that fails, counted down
	dead   bool                         // its reader has crashed
	mine   map[checkpointKey]Checkpoint // what the reader loaded or wrote last
	handed map[checkpointKey]int        // pages with a handler that may commit them
	// unanswered says that every so many commits succeed without an answer;
	// such are those whose result was not looked at.
	unanswered, commits int
	such                map[checkpointKey]Checkpoint
}

var errDead = errors.New("this reader has crashed")

func (g *grip) Load(context.Context) ([]Checkpoint, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owner = g
	g.mine, g.such = maps.Clone(g.kept), make(map[checkpointKey]Checkpoint)
	return slices.Collect(maps.Values(g.kept)), nil
}

func (g *grip) Save(_ context.Context, changed, gone []Checkpoint) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead {
		return errDead
	}
	if g.owner != g {
		return &FencedError{Name: "memory"}
	}
	if g.fails--; g.fails == 0 {
		return errors.New("the disk is full")
	}
	for _, c := range changed {
		if g.handed[c.key()] > 0 && g.kept[c.key()] != c {
			g.violate("the checkpoint %v is saved while a handler may commit a page of its shard", c)
		}
		if has := g.kept[c.key()]; has == g.such[c.key()] && has != g.mine[c.key()] && compareSequence(has.Sequence, c.Sequence) > 0 {
			g.mine[c.key()] = has // it finds what was committed
			continue
		}
		g.write(c)
	}
	for _, c := range gone {
		delete(g.kept, c.key())
		delete(g.mine, c.key())
	}
	return nil
}

// write keeps a checkpoint.
func (g *grip) write(c Checkpoint) {
	if before := g.kept[c.key()]; before.Sequence != "" && compareSequence(c.Sequence, before.Sequence) < 0 {
		g.violate("the checkpoint %v goes back to %v", before, c)
	}
	if g.mine == nil {
		g.mine = make(map[checkpointKey]Checkpoint)
	}
	g.kept[c.key()], g.mine[c.key()] = c, c
	if c.Shard != "" || c.State == Switched { // else the switch to its stream is being handled
		g.begun[c.Stream] = true
	}
}

func (g *grip) Close() error { return nil }

// commit is a handler's own transaction, which succeeds where the memory has
// what this reader wrote last; kept reports whether it did, with or without an
// answer.
func (g *grip) commit(p *Page) (kept bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.settle = func(_ context.Context, err error) (Checkpoint, bool, error) { return g.settle(p, err) }
	key := p.Checkpoint.key()
	has, is := g.kept[key]
	mine, was := g.mine[key]
	switch {
	case g.dead:
		return false, errDead
	case g.owner != g:
		return false, &FencedError{Name: "memory"}
	case p.upTo(mine.Sequence) > 0, has != mine && has == g.such[key]:
		return false, &types.ConditionalCheckFailedException{}
	case is != was || has != mine:
		g.violate("the store holds %v, something else than this reader wrote: %v", has, mine)
		return false, &FencedError{Name: "memory"}
	}
	if g.commits++; g.unanswered > 0 && g.commits%g.unanswered == 0 && p.upTo(p.Checkpoint.Sequence) > 0 {
		g.write(p.Checkpoint)
		g.mine[key], g.such[key] = mine, p.Checkpoint
		return true, noAnswer{}
	}
	g.write(p.Checkpoint)
	return true, nil
}

// settle says what became of a commit, as Table's does.
func (g *grip) settle(p *Page, err error) (held Checkpoint, known bool, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		return p.Checkpoint, true, nil
	}
	if g.dead {
		return held, false, err
	}
	key := p.Checkpoint.key()
	held = g.kept[key]
	if g.mine[key] = held; p.upTo(held.Sequence) == len(p.Events) {
		err = nil
	}
	return held, true, err
}

// hand notes that a page is with a handler that may commit it, until back
// is called.
func (g *grip) hand(c Checkpoint) (back func()) {
	add := func(n int) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.handed == nil {
			g.handed = make(map[checkpointKey]int)
		}
		g.handed[c.key()] += n
	}
	add(1)
	return func() { add(-1) }
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

// streams are those that have checkpoints.
func (m *memory) streams() map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	streams := make(map[string]bool)
	for key := range m.kept {
		streams[key.stream] = true
	}
	return streams
}

// hadBegun reports whether the stream has ever had a checkpoint.
func (m *memory) hadBegun(stream string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.begun[stream]
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

func (m *memory) violate(format string, args ...any) {
	m.violations = append(m.violations, fmt.Sprintf(format, args...))
}
