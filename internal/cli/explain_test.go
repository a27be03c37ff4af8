package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/table"
)

// stepWith returns a step after it has parsed the arguments.
func stepWith(t *testing.T, args ...string) *Step {
	t.Helper()
	s, _, _ := newStep()
	if err := s.parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestExplain(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, test := range []struct {
		name, reason string
		args         []string
		err          error
		want         string
	}{
		{"no table", "01-create-table makes it", nil, &types.ResourceNotFoundException{},
			"table user-activities does not exist: run go run ./steps/01-create-table"},
		{"no such table", "the command has the same flags", []string{"-table", "mine", "-endpoint", "http://h:1"},
			fmt.Errorf("describing table mine: %w", &types.ResourceNotFoundException{}),
			"table mine does not exist: run go run ./steps/01-create-table -endpoint http://h:1 -table mine"},
		{"no stream", "the other service's error has the same name", nil,
			fmt.Errorf("describing stream s: %w", &streamtypes.ResourceNotFoundException{}),
			"the stream of table user-activities has vanished: was the table deleted? Run go run ./steps/01-create-table"},
		{"refused", "the server went away after Connect", nil, fmt.Errorf("operation error: %w", refused),
			"nothing answers at http://127.0.0.1:8000: start one:\n  docker compose up -d --wait\n  bash .ci/dynamodb-local/run (without Docker)\n  go run ./internal/embedded/serve in another terminal\nor leave out -endpoint: the embedded DynamoDB needs no server"},
		{"interrupted", "it says in what", nil, fmt.Errorf("waiting for it: %w", context.Canceled), "interrupted: waiting for it: context canceled"},
		{"out of time", "a deadline is no interruption", nil, context.DeadlineExceeded, "context deadline exceeded"},
		{"other", "it stays as it is", nil, errors.New("no luck"), "no luck"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := stepWith(t, test.args...)
			var err error
			if s.resolved, err = endpoint.Resolve("local", os.Getenv); err != nil {
				t.Fatal(err)
			}
			if got := s.explain(test.err).Error(); got != test.want {
				t.Errorf("explain(%v) = %q, want %q (%s)", test.err, got, test.want, test.reason)
			}
		})
	}
}

// Some other server's answer, whatever its status, is not taken for one of
// DynamoDB's.
func TestExplainStranger(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"not found", http.NotFound, "404 Not Found"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }, "200 OK"},
		{"no such method", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(501) }, "501 Not Implemented"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			s, _, stderr := newStep()
			s.run(t.Context(), []string{"-endpoint", server.URL}, func(ctx context.Context) error {
				db, _, err := s.Connect(ctx)
				if err != nil {
					return err
				}
				_, err = table.Describe(ctx, db, s.Table)
				return err
			})
			want := fmt.Sprintf("endpoint: %s\n09-test: what answers at %[1]s is not DynamoDB (%s): stop it, or give another -endpoint\n",
				server.URL, test.want)
			if got := stderr.String(); got != want {
				t.Errorf("a step prints %q, want %q", got, want)
			}
		})
	}
}

// Where nothing was answered, nobody is blamed for the answer.
func TestExplainNoAnswer(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, test := range []struct {
		name, url string
		interrupt bool
		want      string
	}{
		{"Ctrl-C", "http://" + silent.Addr().String(), true, "09-test: interrupted: describing table user-activities: "},
		{"another protocol", "https" + strings.TrimPrefix(plain.URL, "http"), false, "http: server gave HTTP response to HTTPS client"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, stderr := newStep()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			code := s.run(ctx, []string{"-endpoint", test.url}, func(ctx context.Context) error {
				db, _, err := s.Connect(ctx)
				if err != nil {
					return err
				}
				if test.interrupt {
					time.AfterFunc(100*time.Millisecond, cancel)
				}
				_, err = table.Describe(ctx, db, s.Table)
				return err
			})
			if got := stderr.String(); code != 1 || !strings.Contains(got, test.want) {
				t.Errorf("a step ends with %d and prints %q, want 1 and %q", code, got, test.want)
			}
		})
	}
}

// Nobody can start AWS, nor the server that hands out its credentials.
func TestExplainRefusedByAWS(t *testing.T) {
	refused := fmt.Errorf("no AWS credentials: %w", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	s := stepWith(t, "-endpoint", "aws")
	var err error
	if s.resolved, err = endpoint.Resolve("aws", os.Getenv); err != nil {
		t.Fatal(err)
	}
	if got := s.explain(refused); got != refused {
		t.Errorf("explain(%v) = %v, want it as it is", refused, got)
	}
}

func TestCommand(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		args         []string
		want         string
	}{
		{"defaults", "what is usual need not be said", nil, "go run ./steps/01-create-table"},
		{"default table", "saying it changes nothing", []string{"-table", "user-activities"}, "go run ./steps/01-create-table"},
		{"other table", "it would else make the wrong one", []string{"-table", "mine"}, "go run ./steps/01-create-table -table mine"},
		{"endpoint", "it would else make it elsewhere", []string{"-endpoint", "aws"}, "go run ./steps/01-create-table -endpoint aws"},
		{"local endpoint", "a variable may name another one", []string{"-endpoint", "local"},
			"go run ./steps/01-create-table -endpoint local"},
		{"both", "the order is always the same", []string{"-table", "mine", "-endpoint", "http://h:1"},
			"go run ./steps/01-create-table -endpoint http://h:1 -table mine"},
		{"folder with a space", "it is one argument", []string{"-endpoint", "embedded:my dir"},
			"go run ./steps/01-create-table -endpoint 'embedded:my dir'"},
		{"folder with a quote", "it would end the other one", []string{"-endpoint", "embedded:ada's"},
			`go run ./steps/01-create-table -endpoint 'embedded:ada'\''s'`},
		{"own flags", "they are not the other step's", []string{"-n", "3"}, "go run ./steps/01-create-table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := stepWith(t, test.args...).command("01-create-table"); got != test.want {
				t.Errorf("command(01-create-table) after %q = %q, want %q (%s)", test.args, got, test.want, test.reason)
			}
		})
	}
}

func TestTableErrors(t *testing.T) {
	s := stepWith(t, "-table", "mine")
	ours := table.Description{Keys: []string{"id (S, HASH)", "email (S, RANGE)"}}
	other := table.Description{Keys: []string{"pk (S, HASH)"}}
	at := func(name string) *Step {
		s := stepWith(t, "-table", "mine")
		var err error
		if s.resolved, err = endpoint.Resolve(name, os.Getenv); err != nil {
			t.Fatal(err)
		}
		return s
	}
	const update = "aws dynamodb update-table --table-name mine --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
	const any = "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local "
	for _, test := range []struct {
		name, reason string
		err          error
		want         string
	}{
		{"no stream", "making one costs the rows", s.NoStreamError(ours),
			"table mine has no stream: run go run ./steps/01-create-table -table mine -recreate, which deletes its rows"},
		{"other table", "it is not to be deleted", at("http://h:1/?").NoStreamError(other),
			"table mine has no stream: enable one with " + any + update + " --region us-east-1 --endpoint-url 'http://h:1/?'"},
		{"other table, embedded", "the AWS CLI needs a server", at("embedded:my dir").NoStreamError(other),
			"table mine has no stream: enable one with go run ./internal/embedded/serve -db 'my dir', and in another terminal " +
				any + update + " --region us-east-1 --endpoint-url http://127.0.0.1:8000"},
		{"other table, aws", "the credentials are the user's", at("aws").NoStreamError(other),
			"table mine has no stream: enable one with " + update + " --region "},
		{"no TTL", "it can be enabled at any time", s.NoTTLError(),
			"table mine has no TTL on the attribute ttl: run go run ./steps/01-create-table -table mine, which enables it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.err.Error(); got != test.want {
				t.Errorf("%s = %q, want %q (%s)", test.name, got, test.want, test.reason)
			}
		})
	}
}

// Where a table is missing, the tables that exist help to find a typo: one
// with almost the same name is offered, and nothing is to be created then.
func TestExplainNoTable(t *testing.T) {
	for _, test := range []struct{ name, there, asked, want string }{
		{"a typo", "user-activities", "user-activites", "table user-activites does not exist: did you mean -table user-activities?"},
		{"another name", "user-activities", "orders", "table orders does not exist: run go run ./steps/01-create-table -endpoint ENDPOINT -table orders; these exist: user-activities"},
		{"none", "", "orders", "table orders does not exist: run go run ./steps/01-create-table -endpoint ENDPOINT -table orders"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := "embedded:" + t.TempDir()
			s := stepWith(t, "-endpoint", at, "-table", test.asked)
			db, _, err := s.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.resolved.Close()
			if test.there != "" {
				if _, err := table.Create(t.Context(), db, test.there); err != nil {
					t.Fatal(err)
				}
			}
			_, err = table.Describe(t.Context(), db, s.Table)
			if got := strings.ReplaceAll(s.explain(err).Error(), at, "ENDPOINT"); got != test.want {
				t.Errorf("explain(%v) = %q, want %q", err, got, test.want)
			}
		})
	}
}

// A folder that is deleted under a step ends it, at the next call half a
// second later, with the cause.
func TestExplainDeletedFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	s := stepWith(t, "-endpoint", "embedded:"+dir)
	db, _, err := s.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.resolved.Close()
	if _, err := table.Create(t.Context(), db, s.Table); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for err == nil && time.Since(began) < 20*time.Second {
		time.Sleep(50 * time.Millisecond)
		_, err = table.Describe(t.Context(), db, s.Table)
	}
	if took := time.Since(began); err == nil || took > 10*time.Second {
		t.Fatalf("after %v a call = %v, want an error that nobody retries", took, err)
	}
	if got := s.explain(err).Error(); !strings.Contains(got, dir) || !strings.Contains(got, "was removed, moved or replaced while it was in use") {
		t.Errorf("explain(%v) = %q, want the cause", err, got)
	}
}
