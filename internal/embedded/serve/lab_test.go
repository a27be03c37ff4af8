package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"dynamostreamer/internal/embedded/server"
)

// A lines is a log that goroutines may write and read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A labWorld is a server with a lab, the clients of a program under test, which
// don't retry, and a table with a stream and TTL.
type labWorld struct {
	*testing.T
	*client
	url string
	log *lines
	arn string
}

const (
	labTable = "orders"
	labPath  = "/lab/"
)

type state = server.State

func newLabWorld(t *testing.T, o options) *labWorld {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	o.lab = true
	log := new(lines)
	url, stopped := startServeWith(t, ctx, o, log)
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("serve = %v, want a clean shutdown", err)
		}
	})
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	w := &labWorld{T: t, url: url, log: log, client: &client{dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)}}
	w.arn = w.create(labTable)
	_, err := w.tables.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(labTable), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	w.no(err)
	return w
}

func (w *labWorld) no(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *labWorld) create(name string) (arn string) {
	w.Helper()
	out, err := w.tables.CreateTable(w.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	w.no(err)
	return *out.TableDescription.LatestStreamArn
}

func (w *labWorld) put(id string, ttl time.Time) {
	w.Helper()
	item := key(id)
	item["ttl"] = number(ttl.Unix())
	_, err := w.tables.PutItem(w.Context(), &dynamodb.PutItemInput{TableName: aws.String(labTable), Item: item})
	w.no(err)
}

// call makes a call of the lab.
func (w *labWorld) call(method, path, body string) (status int, answer string) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(body))
	w.no(err)
	resp, err := http.DefaultClient.Do(r)
	w.no(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.no(err)
	return resp.StatusCode, string(b)
}

// lab makes a call that must succeed. The name "state" is the only GET.
func (w *labWorld) lab(name, body string) (s state) {
	w.Helper()
	method := http.MethodPost
	if name == "state" {
		method = http.MethodGet
	}
	status, answer := w.call(method, labPath+name, body)
	if err := json.Unmarshal([]byte(answer), &s); err != nil || status != 200 {
		w.Fatalf("%s %s = %d %s, %v", name, body, status, answer, err)
	}
	return s
}

// shards tells the shards of the only stream: "root", or "child of N" by the place of
// the parent in the list, each with the number of its records.
func (w *labWorld) shards(s state) (told []string) {
	w.Helper()
	if len(s.Streams) != 1 {
		w.Fatalf("%d streams, want 1", len(s.Streams))
	}
	places := map[string]int{}
	for i, sh := range s.Streams[0].Shards {
		places[sh.ID] = i
		text := "root"
		if sh.Parent != "" {
			text = fmt.Sprint("child of ", places[sh.Parent])
		}
		if !sh.Open {
			text += ", closed"
		}
		told = append(told, fmt.Sprintf("%s, %d", text, sh.Records))
	}
	return told
}

func (w *labWorld) expectShards(s state, want ...string) {
	w.Helper()
	if got := w.shards(s); strings.Join(got, "; ") != strings.Join(want, "; ") {
		w.Errorf("shards: %q, want %q", got, want)
	}
}

func (w *labWorld) iterator(arn, shard string) *string {
	w.Helper()
	out, err := w.streams.GetShardIterator(w.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: &shard, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	w.no(err)
	return out.ShardIterator
}

func (w *labWorld) records(it *string) (*dynamodbstreams.GetRecordsOutput, error) {
	return w.streams.GetRecords(w.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: it})
}

func (w *labWorld) listed() int {
	w.Helper()
	out, err := w.streams.DescribeStream(w.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &w.arn})
	w.no(err)
	return len(out.StreamDescription.Shards)
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

var inMemory = options{memory: true}

// The rules of Host and Origin are those of the other requests, and a server without
// -lab has no lab.
func TestLabIsGuarded(t *testing.T) {
	w := newLabWorld(t, inMemory)
	ask := func(url string, change func(*http.Request)) int {
		r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/lab/sweep", nil)
		w.no(err)
		change(r)
		resp, err := http.DefaultClient.Do(r)
		w.no(err)
		resp.Body.Close()
		return resp.StatusCode
	}
	for name, change := range map[string]func(*http.Request){
		"another host": func(r *http.Request) { r.Host = "evil.example" },
		"a page":       func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a browser":    func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		if status := ask(w.url, change); status != 403 {
			t.Errorf("%s: %d, want 403", name, status)
		}
	}
	if status := ask(w.url, func(*http.Request) {}); status != 200 {
		t.Errorf("a program: %d, want 200", status)
	}
	url, _ := startServeWith(t, t.Context(), inMemory, io.Discard)
	if status := ask(url, func(*http.Request) {}); status != 404 {
		t.Errorf("without -lab: %d, want 404", status)
	}
}

func TestLabIsLogged(t *testing.T) {
	for _, c := range []struct {
		all  bool
		want string
	}{
		{false, `X "POST /lab/sweep" 200, N bytes in D
X "POST /lab/roll" 404, N bytes in D: {"table":"none"}: table none does not exist: create it, or name another one
`},
		{true, `X "CreateTable" 200, N bytes in D
X "UpdateTimeToLive" 200, N bytes in D
X "GET /lab/state" 200, N bytes in D
X "POST /lab/sweep" 200, N bytes in D
X "POST /lab/roll" 404, N bytes in D: {"table":"none"}: table none does not exist: create it, or name another one
`},
	} {
		w := newLabWorld(t, options{memory: true, logged: c.all})
		w.lab("state", "")
		w.lab("sweep", "")
		w.call("POST", "/lab/roll", `{"table":"none"}`)
		var got string
		for range 1000 {
			got = regexp.MustCompile(`(?m)^\S+ (".*" \d+), \d+ bytes in [^ :\n]+`).ReplaceAllString(w.log.String(), "X $1, N bytes in D")
			if got == c.want {
				break
			}
			time.Sleep(time.Millisecond) // a line follows its answer
		}
		if got != c.want {
			t.Errorf("-v %v: logged\n%swant\n%s", c.all, got, c.want)
		}
	}
}
