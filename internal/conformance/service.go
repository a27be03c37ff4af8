package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"dynamostreamer/internal/embedded"
)

// A service is an engine at an address of this machine, which notes the calls of a reader.
type service struct {
	db    *embedded.DB
	clock *embedded.ScaledClock
	url   string
	http  *http.Server
	put   func(context.Context, []item) (counted func()) // is told of the puts into handledTable

	mu       sync.Mutex
	holding  chan struct{}  // closed when calls are no longer held; nil: they aren't
	underWay map[*call]bool // in the engine
	calls    []call
	blanks   int               // how many of them met an empty page
	shardOf  map[string]string // by iterator
	shaping
}

// A call is one of the reader, with its answer.
type call struct {
	operation string
	shard     string // of GetShardIterator and GetRecords
	at        time.Time
	code      string   // of an error; empty: it succeeded
	records   []string // the sequence numbers that GetRecords answered
	last      bool     // GetRecords answered no next iterator
	blank     bool     // GetRecords answered nothing, by a fault
}

// readerKey is the access key that signs the reader's calls in the engine's eyes, whatever
// the reader's configuration has, so that faults meet these calls and no others.
const readerKey = "reader"

func newService() (*service, error) {
	clock := embedded.NewScaledClock(1)
	db, err := embedded.OpenMemory(embedded.Options{Clock: clock, SweepInterval: -1})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &service{db: db, clock: clock, url: "http://" + listener.Addr().String(), underWay: make(map[*call]bool), shardOf: make(map[string]string)}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go s.http.Serve(listener)
	return s, nil
}

func (s *service) close() error {
	s.db.ClearFaults() // so that no call hangs
	return errors.Join(s.http.Close(), s.db.Close())
}

// ask sends the engine a request that the reader doesn't make.
func (s *service) ask(operation string, in map[string]any, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequest("POST", embedded.BaseEndpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	target := "DynamoDB_20120810."
	switch operation {
	case "DescribeStream", "GetShardIterator", "GetRecords":
		target = "DynamoDBStreams_20120810."
	}
	request.Header.Set("X-Amz-Target", target+operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	sign(request, "world")
	answer, err := s.db.HTTPClient().Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", operation, answer.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func sign(r *http.Request, key string) {
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
}

// ServeHTTP answers a call of the reader.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if r.Header.Get("Authorization") != "" {
		sign(r, readerKey)
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c := &call{operation: operation, at: time.Now()}
	in := request{}
	_ = json.Unmarshal(body, &in) // the engine refuses what is not a request
	counted := func() {}
	if items := in.puts(); len(items) > 0 {
		counted = s.put(r.Context(), items)
	}
	if r.Context().Err() != nil {
		return // the reader died while its put was held
	}
	s.enter(c)
	answer := s.answer(r, c, in, body)
	s.leave(c)
	if c.code == "" {
		counted()
	}
	header := w.Header()
	for name, values := range answer.header {
		header[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes())
}

// enter waits while calls are held.
func (s *service) enter(c *call) {
	s.mu.Lock()
	for s.holding != nil {
		held := s.holding
		s.mu.Unlock()
		<-held
		s.mu.Lock()
	}
	s.underWay[c] = true
	s.mu.Unlock()
}

func (s *service) leave(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.underWay, c)
	s.calls = append(s.calls, *c)
	if c.blank {
		s.blanks++
	}
}

// meanwhile does something while the reader's calls wait, and those are over that were
// under way, except for one that hangs.
func (s *service) meanwhile(do func()) {
	s.mu.Lock()
	held := make(chan struct{})
	s.holding = held
	for limit := time.Now().Add(200 * time.Millisecond); len(s.underWay) > 0 && time.Now().Before(limit); {
		s.mu.Unlock()
		time.Sleep(time.Millisecond)
		s.mu.Lock()
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.holding = nil
		s.mu.Unlock()
		close(held)
	}()
	do()
}

// answer lets the engine answer, as the shaping has it, and notes what it answered.
func (s *service) answer(r *http.Request, c *call, in request, body []byte) *answer {
	s.mu.Lock()
	c.shard = cmp.Or(in.ShardId, s.shardOf[in.ShardIterator])
	refused := s.refuses(c)
	body = s.shape(c.operation, body)
	slow := c.operation == "GetRecords" && s.slow != "" && c.shard == s.slow
	s.mu.Unlock()
	if slow {
		time.Sleep(slowness)
	}
	out := newAnswer()
	if refused {
		out.refuse()
	} else {
		// A connection that breaks is a panic, which net/http understands.
		defer func() {
			if p := recover(); p != nil {
				c.code = "a broken connection"
				s.leave(c)
				panic(p)
			}
		}()
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		s.db.Handler().ServeHTTP(out, r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.operation == "DescribeStream" && out.status == http.StatusOK {
		s.addGhosts(in, out)
	}
	s.note(c, in, out)
	return out
}

// note takes what matters from an answer.
func (s *service) note(c *call, in request, out *answer) {
	var body struct {
		Type              string `json:"__type"`
		ShardIterator     string
		NextShardIterator string
		Records           []struct {
			Dynamodb struct{ SequenceNumber string } `json:"dynamodb"`
		}
	}
	if out.status == http.StatusOK && c.shard == "" {
		return
	}
	_ = json.Unmarshal(out.body.Bytes(), &body)
	if out.status != http.StatusOK {
		_, c.code, _ = strings.Cut(body.Type, "#")
		if c.code == "" {
			c.code = http.StatusText(out.status)
		}
		return
	}
	for _, iterator := range []string{body.ShardIterator, body.NextShardIterator} {
		if iterator != "" {
			s.shardOf[iterator] = c.shard
		}
	}
	if c.operation == "GetRecords" {
		c.last, c.blank = body.NextShardIterator == "", body.NextShardIterator == in.ShardIterator
		for _, r := range body.Records {
			c.records = append(c.records, r.Dynamodb.SequenceNumber)
		}
	}
}

// noted returns the calls so far.
func (s *service) noted() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[:len(s.calls):len(s.calls)]
}

// waiting returns the calls that have no answer yet.
func (s *service) waiting() (calls []call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.underWay {
		calls = append(calls, call{operation: c.operation, shard: c.shard, at: c.at})
	}
	return calls
}

// emptied counts the empty pages that faults made.
func (s *service) emptied() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blanks
}

// An answer is the engine's, before the reader gets it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: make(http.Header), status: http.StatusOK} }

func (a *answer) Header() http.Header                { return a.header }
func (a *answer) WriteHeader(status int)             { a.status = status }
func (a *answer) Write(text []byte) (n int, _ error) { return a.body.Write(text) }
