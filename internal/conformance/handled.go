package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"dynamostreamer/internal/cli"
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

// parseLine reads a line of stdout. The error follows "the line".
func parseLine(line []byte) (e event, err error) {
	var lost struct{ Lost any }
	if json.Unmarshal(line, &lost) != nil {
		return e, errors.New("is not a JSON object")
	}
	if lost.Lost != nil && lost.Lost != false && lost.Lost != "" {
		return event{lost: true}, nil
	}
	if json.Unmarshal(line, &e) != nil {
		return e, errors.New("has an id, a sequence or a kind that is not a string")
	}
	if e.ID == "" || e.Sequence == "" {
		return e, errors.New("has no id or no sequence")
	}
	e.New, e.Old = image(e.New), image(e.Old)
	return e, nil
}

// image is an image that a reader gives, where null and {} are none.
func image(text json.RawMessage) json.RawMessage {
	var attributes item
	if json.Unmarshal(text, &attributes) == nil && len(attributes) == 0 {
		return nil
	}
	return text
}

// parseItem reads an item of handledTable.
func parseItem(i item) event {
	text := func(name string) string {
		var value struct{ S, N string }
		_ = json.Unmarshal(i[name], &value) // of another type: as if it weren't there
		return cmp.Or(value.S, value.N)
	}
	mapOf := func(name string) json.RawMessage {
		var value struct{ M json.RawMessage }
		_ = json.Unmarshal(i[name], &value)
		return image(value.M)
	}
	lost := false
	var value map[string]any
	_ = json.Unmarshal(i["lost"], &value)
	for kind, what := range value {
		lost = kind != "NULL" && what != false && what != ""
	}
	id, _, _ := strings.Cut(text("id"), "#") // a batch can't have two items of one id
	return event{
		ID: id, Sequence: text("sequence"), Kind: text("kind"),
		New: mapOf("new"), Old: mapOf("old"), lost: lost,
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

// A sink takes the events in the order in which they come, also from several readers, and
// counts the other lines. It may stop taking events after some, which makes a reader
// wait in the middle of its work.
type sink struct {
	saw func(event)

	mu      sync.Mutex
	left    int           // how many it takes until it stops; negative: it doesn't
	stopped chan struct{} // closed once it takes events again
	taken   int           // events
	unread  int           // lines that could not be read as events
	example string        // the first of them, and what is wrong with it
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

// take waits until n events may be taken together, or ctx ends.
func (s *sink) take(ctx context.Context, n int) {
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
	s.taken += n
	if s.left > 0 {
		s.left = max(s.left-n, 0)
	}
}

// line takes a line of a reader's stdout.
func (s *sink) line(text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return
	}
	e, err := parseLine(text)
	if err == nil {
		s.take(context.Background(), 1)
		s.saw(e)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread++; s.unread == 1 {
		s.example = fmt.Sprintf("%s %v", cut(string(text), 60), err)
	}
}

// isEmpty reports whether nothing came.
func (s *sink) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken == 0 && s.unread == 0
}

// couldNotRead says which lines could not be read; empty: all could.
func (s *sink) couldNotRead() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread == 0 {
		return ""
	}
	return fmt.Sprintf("; %s on stdout could not be read: %s", cli.Count(s.unread, "line"), s.example)
}

// put takes items that are put, once counted is called: when the engine has them.
func (s *sink) put(ctx context.Context, items []item) (counted func()) {
	s.take(ctx, len(items))
	return func() {
		for _, i := range items {
			s.saw(parseItem(i))
		}
	}
}
