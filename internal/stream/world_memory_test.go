package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
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
}

var errDead = errors.New("this reader has crashed")

func (g *grip) Load(context.Context) ([]Checkpoint, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owner = g
	g.mine = maps.Clone(g.kept)
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

// commit is a handler's own transaction. It succeeds where the memory has
// what this reader wrote last.
func (g *grip) commit(p *Page) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.settle = func(_ context.Context, err error) error { return err }
	key := p.Checkpoint.key()
	kept, is := g.kept[key]
	mine, was := g.mine[key]
	switch {
	case g.dead:
		return errDead
	case g.owner != g:
		return &FencedError{Name: "memory"}
	case is != was || kept != mine:
		g.violate("the store holds %v, something else than this reader wrote: %v", kept, mine)
		return &FencedError{Name: "memory"}
	}
	g.write(p.Checkpoint)
	return nil
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
