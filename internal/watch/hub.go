package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// every is the time between deltas.
	every = 100 * time.Millisecond
	// queued is the number of deltas that wait for a browser at most: for 12 seconds.
	queued = 128
	// sendLimit is how long a browser may take to accept an event.
	sendLimit = 15 * time.Second
)

// A Hub sends the deltas of a Model to browsers, as server-sent events. A browser gets
// "hello" first, which Hello returns, then "delta" events with the whole state, and from
// then on what changes. One that can't keep up gets hello and the state anew.
type Hub struct {
	Model *Model
	Hello func() any

	mu      sync.Mutex
	clients map[*client]bool
}

type client struct {
	queue chan []byte
	slow  atomic.Bool // it missed a delta
}

// Run sends deltas until ctx ends, whether or not a browser is there.
func (h *Hub) Run(ctx context.Context) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			h.mu.Lock()
			h.send()
			h.mu.Unlock()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Browsers is the number of those that are connected.
func (h *Hub) Browsers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// send sends what changed.
func (h *Hub) send() {
	d := h.Model.Take()
	if d == nil || len(h.clients) == 0 {
		return
	}
	text := event("delta", d)
	for c := range h.clients {
		select {
		case c.queue <- text:
		default:
			c.slow.Store(true)
		}
	}
}

// join has a client get what changes from now on, and returns what it needs before.
func (h *Hub) join(c *client) []*Delta {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send() // to the others; what comes later is for all
	for len(c.queue) > 0 {
		<-c.queue
	}
	c.slow.Store(false)
	if h.clients == nil {
		h.clients = make(map[*client]bool)
	}
	h.clients[c] = true
	return h.Model.State()
}

func (h *Hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
}

// ServeHTTP sends events until the browser leaves.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	write := func(text []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(sendLimit)) // else the server's is for all of it
		_, err := w.Write(text)
		return err == nil && control.Flush() == nil
	}
	c := &client{queue: make(chan []byte, queued)}
	defer h.leave(c)
	for {
		state := h.join(c)
		if !write(event("hello", h.Hello())) {
			return
		}
		for _, d := range state {
			if !write(event("delta", d)) {
				return
			}
		}
		for !c.slow.Load() {
			select {
			case text := <-c.queue:
				if !write(text) {
					return
				}
			case <-r.Context().Done():
				return
			}
		}
	}
}

// event is a server-sent event. JSON has no line breaks.
func event(name string, data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("encoding an event: %v", err)) // a type that has no JSON
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, text)
}
