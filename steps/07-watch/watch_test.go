package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/watch"
)

// TestMain is main of the processes that are this program: readers,
// the step, and what drops what a browser gets.
func TestMain(m *testing.M) {
	first := ""
	if len(os.Args) > 1 {
		first = os.Args[1]
	}
	switch first {
	case asReader:
		main()
	case asStep:
		os.Args = append(os.Args[:1:1], os.Args[2:]...)
		main()
	case asSink:
		sinkMain()
	default:
		os.Exit(m.Run())
	}
}

// asStep is the first argument of a process that is the step.
const asStep = "step"

// asSink is the first argument of a process that reads what a browser
// gets and drops it.
const asSink = "sink"

func sinkMain() {
	answer, err := http.Get(os.Args[2])
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
	}
	if err != nil {
		os.Exit(1)
	}
}

// A browser is one without a screen: it knows what the page would.
type browser struct {
	*testing.T
	app     *app
	address string
	token   string

	mu       sync.Mutex
	hello    map[string]json.RawMessage
	ready    bool
	rows     map[string]*watch.Row
	gone     map[string]watch.Gone
	shards   map[string]*watch.Shard
	records  map[string]*watch.Record
	readers  map[string]*watch.ReaderState
	marks    map[string]*watch.Mark // by reader and shard
	verdicts map[string]watch.Verdict
	clock    *watch.Clock
	faults   []watch.Fault
	rate     float64
	hellos   int
}

// open runs the step and connects to its page.
func open(t *testing.T, args ...string) *browser {
	t.Helper()
	return openIn(t.Context(), t, args...)
}

// openIn is open for a browser that leaves when ctx ends.
func openIn(connected context.Context, t *testing.T, args ...string) *browser {
	t.Helper()
	b := &browser{T: t}
	step := cli.New("07-watch", "", "")
	o := newOptions(step)
	if err := step.Parse(append([]string{"-addr", "127.0.0.1:0"}, args...)); err != nil {
		t.Fatal(err)
	}
	listening := make(chan *app, 1)
	o.listening = func(a *app) { listening <- a }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, step, o) }()
	select {
	case b.app = <-listening:
	case err := <-ended:
		stop()
		t.Fatal(err)
	}
	b.address = b.app.address
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run = %v, want a clean end", err)
		}
		for _, p := range []*process{b.app.ours, b.app.naive} {
			select {
			case <-p.child.done:
			default:
				t.Errorf("the process of %s outlives the step", p.id)
			}
		}
	})
	b.authenticate()
	b.connect(connected)
	b.until("both readers run", func() bool { return b.ready && b.state("ours") == running && b.state("naive") != starting })
	return b
}

// authenticate takes the token from the page.
func (b *browser) authenticate() {
	b.Helper()
	found := regexp.MustCompile(`name="token" content="(\w+)"`).FindStringSubmatch(b.get("/", 200))
	if found == nil {
		b.Fatal("the page has no token")
	}
	b.token = found[1]
}

// get gets a path, with a status.
func (b *browser) get(path string, status int) string {
	b.Helper()
	answer, err := http.Get(b.address + path)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		b.Fatalf("GET %s = %d %s, %v, want %d", path, answer.StatusCode, text, err, status)
	}
	return string(text)
}

// post presses what is posted to a path, and returns what was said.
func (b *browser) post(path string, in any) string {
	b.Helper()
	status, out := b.try(path, in)
	if status != 200 {
		b.Fatalf("POST %s %v = %d %v", path, in, status, out)
	}
	return out["said"]
}

func (b *browser) try(path string, in any) (status int, out map[string]string) {
	b.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest("POST", b.address+path, bytes.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("X-Watch-Token", b.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		b.Fatalf("POST %s: %v", path, err)
	}
	return answer.StatusCode, out
}

// scene takes all steps of a scene.
func (b *browser) scene(id string, steps ...int) {
	b.Helper()
	for _, step := range steps {
		b.post("/watch/scenes/"+id, body{"step": step})
	}
}

// connect follows the events until ctx ends.
func (b *browser) connect(ctx context.Context) {
	b.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", b.address+"/watch/events", nil)
	if err != nil {
		b.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { answer.Body.Close() })
	go func() {
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 16<<20)
		name := ""
		for lines.Scan() {
			if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = event
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := b.event(name, []byte(data)); err != nil {
					b.Errorf("event %s: %v", name, err)
				}
			}
		}
	}()
}

func (b *browser) event(name string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if name == "hello" {
		b.hellos++
		b.ready = false
		b.rows, b.gone, b.shards = make(map[string]*watch.Row), make(map[string]watch.Gone), make(map[string]*watch.Shard)
		b.records, b.readers = make(map[string]*watch.Record), make(map[string]*watch.ReaderState)
		b.marks, b.verdicts = make(map[string]*watch.Mark), make(map[string]watch.Verdict)
		return json.Unmarshal(data, &b.hello)
	}
	var d watch.Delta
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	b.apply(d)
	return nil
}

func (b *browser) apply(d watch.Delta) {
	b.ready = b.ready || d.Ready
	if d.Clock != nil {
		b.clock = d.Clock
	}
	if d.Rate != nil {
		b.rate = *d.Rate
	}
	if d.Faults != nil {
		b.faults = d.Faults
	}
	for _, id := range d.Reset {
		for key, v := range b.verdicts {
			if v.Reader == id {
				delete(b.verdicts, key)
			}
		}
	}
	for _, row := range d.Rows {
		b.rows[row.Key] = row
	}
	for _, g := range d.Gone {
		delete(b.rows, g.Key)
		b.gone[g.Key] = g
	}
	for _, s := range d.Shards {
		b.shards[s.ID] = s
	}
	for _, r := range d.Records {
		b.records[r.Seq] = r
	}
	for _, r := range d.Readers {
		b.readers[r.ID] = r
		for _, m := range r.Marks {
			b.marks[r.ID+" "+m.Shard] = m
		}
	}
	for _, v := range d.Verdicts {
		if v.What == watch.Cleared {
			delete(b.verdicts, v.Reader+" "+v.Seq)
			continue
		}
		b.verdicts[v.Reader+" "+v.Seq] = v
	}
}

// until waits until something holds of what the browser knows.
func (b *browser) until(what string, holds func() bool) {
	b.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		ok := holds()
		b.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(end) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.Fatalf("it never came that %s: readers %s, %d rows, %d records, verdicts %v, faults %v",
				what, told(b.readers), len(b.rows), len(b.records), b.verdicts, b.faults)
		}
	}
}

func told(readers map[string]*watch.ReaderState) string {
	text, _ := json.Marshal(readers)
	return string(text)
}

// These are called with the browser's lock, by what until waits for.

func (b *browser) state(id string) string {
	if r := b.readers[id]; r != nil {
		return r.State
	}
	return ""
}

// count counts the verdicts on a reader.
func (b *browser) count(id, what string) (n int) {
	for _, v := range b.verdicts {
		if v.Reader == id && v.What == what {
			n++
		}
	}
	return n
}

// oursIsRight reports whether ours handled all records, and did
// nothing wrong.
func (b *browser) oursIsRight() bool {
	r := b.readers["ours"]
	return r != nil && r.Handled == int64(len(b.records)) && r.Lost == 0 && r.OutOfOrder == 0 && b.count("ours", watch.Lost) == 0
}

func (b *browser) kinds() string {
	counts := make(map[string]int)
	for _, r := range b.records {
		counts[r.Kind]++
	}
	return fmt.Sprint(counts)
}
