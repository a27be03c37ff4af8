package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/stream"
)

// A world is what the service finds: DynamoDB, with the tables "orders" and
// "checkpoints", that refuses what the policy does not allow.
type world struct {
	db      *dynamodb.Client // may do anything
	address string           // of the DynamoDB that refuses
	dir     string           // the service's
	program string
}

// allowed lists the policy's actions, and those of them on the checkpoints.
func allowed(t *testing.T) (all, checkpoints []string) {
	t.Helper()
	text, err := os.ReadFile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct {
			Effect, Resource string
			Action           any
		}
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Statement {
		actions, several := s.Action.([]any)
		if !several {
			actions = []any{s.Action}
		}
		for _, a := range actions {
			action := strings.TrimPrefix(a.(string), "dynamodb:")
			all = append(all, action)
			if strings.HasSuffix(s.Resource, "/checkpoints") {
				checkpoints = append(checkpoints, action)
			}
		}
	}
	return all, checkpoints
}

// TestPolicy: the policy allows what the reader may call, and no more. The
// checkpoints' table is made from the template, so the reader need not make it.
func TestPolicy(t *testing.T) {
	all, checkpoints := allowed(t)
	methods := func(of reflect.Type) (names []string) {
		for i := range of.NumMethod() {
			if name := of.Method(i).Name; name != "TransactWriteItems" {
				names = append(names, name)
			}
		}
		return names
	}
	want := append(methods(reflect.TypeFor[stream.TableAPI]()), "ConditionCheckItem") // a transaction's
	want = slices.DeleteFunc(want, func(name string) bool { return name == "CreateTable" || name == "DescribeTable" })
	slices.Sort(want)
	if diff := cmp.Diff(want, checkpoints); diff != "" {
		t.Errorf("actions on the checkpoints (-want +got):\n%s", diff)
	}
	want = append(want, methods(reflect.TypeFor[stream.API]())...)
	want = append(want, "DescribeTable") // the service's
	slices.Sort(want)
	slices.Sort(all)
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	e, err := embedded.OpenMemory(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	all, _ := allowed(t)
	needs := map[string][]string{"TransactWriteItems": {"ConditionCheckItem", "PutItem"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		actions := needs[operation]
		if actions == nil {
			actions = []string{operation}
		}
		for _, action := range actions {
			if !slices.Contains(all, action) {
				t.Errorf("the service calls %s, which the policy does not allow", operation)
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "%s"}`, action)
				return
			}
		}
		e.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	w := &world{address: server.URL, dir: t.TempDir()}
	w.db = dynamodb.New(dynamodb.Options{
		Region: e.Region(), HTTPClient: e.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
	w.program = filepath.Join(w.dir, "service")
	if out, err := exec.Command("go", "build", "-o", w.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the service: %v\n%s", err, out)
	}
	w.create(t, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	text, err := os.ReadFile("checkpoints.json")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct{ Properties dynamodb.CreateTableInput }
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	for _, r := range template.Resources {
		w.create(t, &r.Properties)
	}
	return w
}

func (w *world) create(t *testing.T, in *dynamodb.CreateTableInput) {
	t.Helper()
	if _, err := w.db.CreateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func (w *world) put(t *testing.T, id string) {
	t.Helper()
	_, err := w.db.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: aws.String("orders"), Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A running is the service at work.
type running struct {
	*exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
}

func (r *running) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *running) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (w *world) start(t *testing.T, table, addr string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command(w.program)}
	r.Dir, r.Stdout, r.Stderr = w.dir, r, r
	r.Env = append(os.Environ(), "TABLE="+table, "ADDR="+addr, "AWS_ENDPOINT_URL="+w.address,
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_CONFIG_FILE=none")
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill() })
	return r
}

// await waits until what a function returns matches a pattern.
func await(t *testing.T, pattern string, text func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !regexp.MustCompile(pattern).MatchString(text()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come within a minute, but:\n%s", pattern, text())
		}
	}
}

// getting returns what the service answers now.
func getting(addr, path string) func() string {
	return func() string {
		answer, err := http.Get("http://" + addr + path)
		if err != nil {
			return err.Error()
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return answer.Status + "\n" + string(body)
	}
}

// freeAddress is one at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestService runs the program as Kubernetes would, twice: it is watched, is
// told to stop, and resumes.
func TestService(t *testing.T) {
	w := newWorld(t)
	addr := freeAddress(t)
	for _, life := range [][]string{{"a", "b"}, {"c"}} {
		for _, id := range life {
			w.put(t, id)
		}
		s := w.start(t, "orders", addr)
		await(t, `200 OK\nok\n`, getting(addr, "/healthz"))
		await(t, fmt.Sprintf(`\ndynamodb_stream_reader_handled_events_total{reader="my-service"} %d\n`, len(life)), getting(addr, "/metrics"))
		if err := s.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(); err != nil {
			t.Errorf("told to stop, the service ends with %v:\n%s", err, s.text())
		}
		if n := strings.Count(s.text(), "kind=inserted"); n != len(life) {
			t.Errorf("the service handled %d changes, want those of %v:\n%s", n, life, s.text())
		}
	}
}

// TestTwoReplicas: the second one is healthy while it stands by, goes on once the
// first one was told to stop, and ends well too where it is told so in standby.
func TestTwoReplicas(t *testing.T) {
	w := newWorld(t)
	stop := func(s *running) {
		t.Helper()
		if err := s.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(); err != nil {
			t.Errorf("told to stop, a replica ends with %v:\n%s", err, s.text())
		}
	}
	w.put(t, "a")
	first := w.start(t, "orders", freeAddress(t))
	await(t, "kind=inserted", first.text)
	addr := freeAddress(t)
	second := w.start(t, "orders", addr)
	await(t, `200 OK\nok\nmy-service: standby\n`, getting(addr, "/healthz"))
	third := w.start(t, "orders", freeAddress(t))
	await(t, "standing by", third.text)
	stop(third)
	stop(first)
	w.put(t, "b")
	await(t, "kind=inserted", second.text)
	stop(second)
}

// TestServiceEnds where it can't do its work, and says why.
func TestServiceEnds(t *testing.T) {
	w := newWorld(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, test := range map[string]struct{ table, addr, says string }{
		"no table":              {"none", freeAddress(t), `finding the stream of table .*none.*ResourceNotFoundException`},
		"no stream":             {"checkpoints", freeAddress(t), `table checkpoints has no stream`},
		"an address in use":     {"orders", taken.Addr().String(), `address already in use`},
		"no environment at all": {"", "", `finding the stream of table`},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.start(t, test.table, test.addr)
			if err := s.Wait(); err == nil || !regexp.MustCompile(test.says).MatchString(s.text()) {
				t.Errorf("it ends with %v, want an error that says %s:\n%s", err, test.says, s.text())
			}
		})
	}
}

// TestProgram is 90 lines long at most, formatted, and handles each error.
func TestProgram(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 90 {
		t.Errorf("main.go has %d lines, want 90 at most", n)
	}
	if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
		t.Errorf("main.go is not formatted: %v", err)
	}
}
