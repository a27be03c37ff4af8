package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dynamostreamer/internal/stream"
)

// events reads server-sent events: their names, and the deltas.
func events(t *testing.T, ctx context.Context, url string) (next func() (name string, d Delta)) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type = %q, want text/event-stream", got)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 16<<20)
	return func() (name string, d Delta) {
		for lines.Scan() {
			if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = event
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &d); err != nil {
					t.Errorf("%s: %v", data, err)
				}
				return name, d
			}
		}
		return "", d
	}
}

func serve(t *testing.T, w *world) (*Hub, string) {
	h := &Hub{Model: w.Model, Hello: func() any { return map[string]int{"v": 1} }}
	ctx, stop := context.WithCancel(t.Context())
	server := httptest.NewServer(h)
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
		server.CloseClientConnections()
		server.Close()
	})
	return h, server.URL
}

func TestHub(t *testing.T) {
	w := newWorld(t, ample)
	h, url := serve(t, w)
	w.saw(stream.Inserted, shardA, "<script>")
	ctx, leave := context.WithCancel(t.Context())
	next := events(t, ctx, url)
	if name, _ := next(); name != "hello" {
		t.Fatalf("the first event is %s, want hello", name)
	}
	rows := 0
	for {
		name, d := next()
		if name != "delta" {
			t.Fatalf("event %s, want the state as deltas", name)
		}
		rows += len(d.Rows)
		if d.Ready {
			break
		}
	}
	if rows != 1 {
		t.Errorf("the state has %d rows, want 1", rows)
	}
	w.saw(stream.Inserted, shardA, "grace")
	for {
		if _, d := next(); len(d.Records) == 1 {
			if d.Records[0].Key != "grace|grace@x" {
				t.Errorf("the record is of %s, want the new one only", d.Records[0].Key)
			}
			break
		}
	}
	if n := h.Browsers(); n != 1 {
		t.Errorf("%d browsers, want 1", n)
	}
	leave()
	for end := time.Now().Add(10 * time.Second); h.Browsers() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the browser left, and it is still counted")
		}
	}
}

// A browser that doesn't keep up is told all anew, and costs no memory meanwhile.
func TestHubSlowBrowser(t *testing.T) {
	w := newWorld(t, Bounds{10_000, 10_000})
	h, url := serve(t, w)
	next := events(t, t.Context(), url)
	for name, d := next(); !d.Ready; name, d = next() {
		if name == "" {
			t.Fatal("the events ended")
		}
	}
	// It reads nothing, while more comes than fits into the connection.
	missed := func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for c := range h.clients {
			return c.slow.Load()
		}
		return false
	}
	big := strings.Repeat("x", 1<<16)
	for n := 0; !missed(); n++ {
		if n > 100*queued {
			t.Fatal("it is never found to be slow")
		}
		w.Note(fmt.Sprint(n, big))
		h.mu.Lock()
		h.send()
		h.mu.Unlock()
	}
	w.saw(stream.Inserted, shardA, "last")
	// When it reads again, it gets what waited, and then everything.
	hello := false
	for {
		name, d := next()
		if name == "" {
			t.Fatal("the events ended")
		}
		hello = hello || name == "hello"
		if hello && d.Ready {
			break
		}
		if hello && len(d.Records) > 0 && d.Records[0].Key != "last|last@x" {
			t.Errorf("records %+v, want the last", d.Records)
		}
	}
}
