package stream

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// How Run handles several items of a shard at a time.
//
// Each item with an event in work has a lane: its events are handled there one
// after the other, in their order, and a failing one holds up its lane alone.
// Events are finished in any order; the shard's tracker moves the checkpoint
// up to the last one before which all are. The events after that are bounded,
// finished ones too, so that a crash repeats no more than that. At a shutdown,
// those are handled still that come before one with a handler: the checkpoint
// ends behind it.

// lanes are those of one shard.
type lanes struct {
	crew   *crew
	slots  chan struct{} // one is held by each handler that runs
	passed chan struct{} // holds one sign that the shard's position moved
	inWork sync.WaitGroup

	mu      sync.Mutex
	waiting map[string][]func(context.Context) error // by item with an event in work
	last    int                                      // the highest number that a handler got
}

// newLanes makes lanes for n items at a time. They end with the crew, and
// their first error ends it.
func newLanes(c *crew, n int) *lanes {
	return &lanes{
		crew: c, slots: make(chan struct{}, n), passed: make(chan struct{}, 1),
		waiting: make(map[string][]func(context.Context) error), last: -1,
	}
}

// hand gives an item's event to its lane, once mayHand says so.
func (l *lanes) hand(ctx context.Context, item string, mayHand func() bool, handle func(context.Context) error) error {
	for !mayHand() {
		select {
		case <-l.passed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.inWork.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if queue, busy := l.waiting[item]; busy {
		l.waiting[item] = append(queue, handle)
		return nil
	}
	l.waiting[item] = nil
	l.crew.run(func(ctx context.Context) error { return l.run(ctx, item, handle) })
	return nil
}

// run handles an item's events until none waits, or one fails: then those
// behind it are not handled.
func (l *lanes) run(ctx context.Context, item string, handle func(context.Context) error) (err error) {
	finished := false
	defer func() {
		if finished {
			return
		}
		// End the reading first: what is let go must not be followed.
		if v := recover(); v != nil {
			l.crew.fail(v)
		} else {
			l.crew.end(cmp.Or(err, errGoexit))
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inWork.Add(-1 - len(l.waiting[item]))
		delete(l.waiting, item)
	}()
	for {
		if err := handle(ctx); err != nil {
			return err
		}
		if handle, finished = l.next(item); finished {
			return nil
		}
	}
}

// next lets go of an item's event that was handled, and returns the one that
// waits behind it; finished: none does, and the lane ends.
func (l *lanes) next(item string) (handle func(context.Context) error, finished bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inWork.Done()
	queue := l.waiting[item]
	if len(queue) == 0 {
		delete(l.waiting, item)
		return nil, true
	}
	l.waiting[item] = queue[1:]
	return queue[0], false
}

// enter waits for a slot for the event of the number, which leave gives back.
// Once ctx has ended, only those get one that come before another, while
// working lasts.
func (l *lanes) enter(ctx, working context.Context, number int) error {
	if l == nil {
		return nil
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		select {
		case l.slots <- struct{}{}:
		case <-working.Done():
			return ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil && (number > l.last || working.Err() != nil) {
		l.leave()
		return ctx.Err()
	}
	l.last = max(l.last, number)
	return nil
}

func (l *lanes) leave() {
	if l != nil {
		<-l.slots
	}
}

// pass tells that an event was handled.
func (l *lanes) pass() {
	if l == nil {
		return
	}
	select {
	case l.passed <- struct{}{}:
	default:
	}
}

// drain waits until nothing is in work.
func (l *lanes) drain() {
	if l != nil {
		l.inWork.Wait()
	}
}

// Item tells items apart: it is the whole key, by name, type and value, and not
// made to be read.
func (e Event) Item() string {
	var item []byte
	add := func(text string) {
		item = binary.AppendUvarint(item, uint64(len(text)))
		item = append(item, text...)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Keys)) {
		add(name)
		switch v := e.Keys[name].(type) {
		case *types.AttributeValueMemberS:
			add("S")
			add(v.Value)
		case *types.AttributeValueMemberN:
			add("N")
			add(v.Value)
		case *types.AttributeValueMemberB:
			add("B")
			add(string(v.Value))
		}
	}
	return string(item)
}
