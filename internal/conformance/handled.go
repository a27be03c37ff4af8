package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"sync"
)

// handledTable is the table into which a reader may put what it handled, in place of lines
// on stdout.
const handledTable = "handled"

// An event is what a reader says that it handled: a change or, if lost, a loss.
type event struct {
	ID       string
	Sequence string
	Kind     string
	New, Old json.RawMessage // nil: the reader gives no images
	lost     bool
}

// An item is one in DynamoDB's JSON.
type item = map[string]json.RawMessage

// parseLine reads a line of stdout. One that isn't an event is not ok.
func parseLine(line []byte) (e event, ok bool) {
	line = bytes.TrimSpace(line)
	var lost struct{ Lost any }
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &lost) != nil {
		return e, false
	}
	if lost.Lost != nil && lost.Lost != false {
		return event{lost: true}, true
	}
	if json.Unmarshal(line, &e) != nil || e.ID == "" {
		return e, false
	}
	return e.withoutNull(), true
}

func (e event) withoutNull() event {
	if string(e.New) == "null" {
		e.New = nil
	}
	if string(e.Old) == "null" {
		e.Old = nil
	}
	return e
}

// parseItem reads an item of handledTable.
func parseItem(i item) event {
	text := func(name string) string {
		var value struct{ S, N string }
		_ = json.Unmarshal(i[name], &value) // of another type: as if it weren't there
		return cmp.Or(value.S, value.N)
	}
	image := func(name string) json.RawMessage {
		var value struct{ M json.RawMessage }
		_ = json.Unmarshal(i[name], &value)
		return value.M
	}
	return event{
		ID: text("id"), Sequence: text("sequence"), Kind: text("kind"),
		New: image("new"), Old: image("old"), lost: i["lost"] != nil,
	}
}

// puts lists the items that a request puts into handledTable.
func (in request) puts() (items []item) {
	is := func(table string) bool {
		return table == handledTable || strings.HasSuffix(table, ":table/"+handledTable)
	}
	if is(in.TableName) && in.Item != nil {
		items = append(items, in.Item)
	}
	for table, writes := range in.RequestItems {
		for _, w := range writes {
			if is(table) && w.PutRequest.Item != nil {
				items = append(items, w.PutRequest.Item)
			}
		}
	}
	for _, w := range in.TransactItems {
		if is(w.Put.TableName) {
			items = append(items, w.Put.Item)
		}
	}
	return items
}

// A sink takes the events in the order in which they come, also from several readers. It
// may stop taking them after some, which makes a reader wait in the middle of its work.
type sink struct {
	saw func(event)

	mu      sync.Mutex
	left    int           // how many it takes until it stops; negative: it doesn't
	stopped chan struct{} // closed once it takes events again
}

func newSink(saw func(event)) *sink { return &sink{saw: saw, left: -1} }

// stopAfter makes the sink stop after n more events.
func (s *sink) stopAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.stopped = n, make(chan struct{})
}

// resume makes the sink take all events again.
func (s *sink) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left >= 0 {
		s.left = -1
		close(s.stopped)
	}
}

// hasStopped reports whether the sink takes no event.
func (s *sink) hasStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left == 0
}

// take waits until an event may be taken, or ctx ends.
func (s *sink) take(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.left == 0 {
		stopped := s.stopped
		s.mu.Unlock()
		select {
		case <-stopped:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return
		}
	}
	s.left = max(s.left-1, -1)
}

// line takes a line of a reader's stdout.
func (s *sink) line(text []byte) {
	if e, ok := parseLine(text); ok {
		s.take(context.Background())
		s.saw(e)
	}
}

// put takes items that are put, once counted is called: when the engine has them.
func (s *sink) put(ctx context.Context, items []item) (counted func()) {
	s.take(ctx)
	return func() {
		for _, i := range items {
			s.saw(parseItem(i))
		}
	}
}
