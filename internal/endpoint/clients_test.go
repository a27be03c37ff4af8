package endpoint

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/google/go-cmp/cmp"
)

// fakeServer answers each request with an empty list and keeps its headers.
type fakeServer struct {
	*httptest.Server
	got []http.Header
}

func newServer(t *testing.T) *fakeServer {
	s := &fakeServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.got = append(s.got, r.Header)
		body := `{}`
		w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(body))), 10))
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *fakeServer) targets() []string {
	var all []string
	for _, h := range s.got {
		all = append(all, h.Get("X-Amz-Target"))
	}
	return all
}

// setAWS makes the variables given the only ones of the SDK.
func setAWS(t *testing.T, vars env) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	// Clients sets this one: Setenv puts it back after the test.
	t.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true") // it would ask the network
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

const (
	listTables  = "DynamoDB_20120810.ListTables"
	listStreams = "DynamoDBStreams_20120810.ListStreams"
)

func TestClientsSendNoRealCredentials(t *testing.T) {
	tables, streams, wrong := newServer(t), newServer(t), newServer(t)
	setAWS(t, env{
		both: wrong.URL, forTables: wrong.URL, forStreams: wrong.URL,
		"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "realtoken",
		"AWS_PROFILE": "no-such-profile", "AWS_REGION": "eu-west-1",
	})
	e := Endpoint{tables: tables.URL, streams: streams.URL}
	db, st, err := e.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Error(err)
	}
	if _, err := st.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{}); err != nil {
		t.Error(err)
	}

	if diff := cmp.Diff([]string{listTables}, tables.targets()); diff != "" {
		t.Errorf("the server of tables was asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{listStreams}, streams.targets()); diff != "" {
		t.Errorf("the server of streams was asked (-want +got):\n%s", diff)
	}
	if got := wrong.targets(); got != nil {
		t.Errorf("the server that only variables name was asked %q, want nothing", got)
	}
	// The key and the region are made up, and made of letters and digits.
	signed := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=local/\d{8}/us-east-1/dynamodb/aws4_request, `)
	for _, header := range append(tables.got, streams.got...) {
		if got := header.Get("Authorization"); !signed.MatchString(got) {
			t.Errorf("Authorization = %q, want it to match %v", got, signed)
		}
		if got := header.Get("X-Amz-Security-Token"); got != "" {
			t.Errorf("X-Amz-Security-Token = %q, want none", got)
		}
		if all := fmt.Sprint(header); strings.Contains(strings.ToLower(all), "real") {
			t.Errorf("the real credentials were sent: %s", all)
		}
	}
}

func TestClientsNeedNoConfiguration(t *testing.T) {
	s := newServer(t)
	setAWS(t, nil)
	e, err := Resolve(s.URL, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	db, _, err := e.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{listTables}, s.targets()); diff != "" {
		t.Errorf("the server was asked (-want +got):\n%s", diff)
	}
}

// transport keeps the hosts that are called, and calls none.
type transport struct{ hosts []string }

func (t *transport) Do(r *http.Request) (*http.Response, error) {
	t.hosts = append(t.hosts, r.URL.Host)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"X-Amz-Crc32": {"2745614147"}}, // of {}
		Body: io.NopCloser(strings.NewReader("{}")), Request: r,
	}, nil
}

var account = env{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real"}

func TestClientsOfAWSIgnoreOtherEndpoints(t *testing.T) {
	const elsewhere = "http://127.0.0.1:1"
	setAWS(t, account)
	for _, name := range []string{both, forTables, forStreams} {
		t.Setenv(name, elsewhere)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[default]\nendpoint_url = "+elsewhere+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)

	e, err := Resolve("aws", os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	db, streams, err := e.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	calls := &transport{}
	_, err = db.ListTables(t.Context(), &dynamodb.ListTablesInput{}, func(o *dynamodb.Options) { o.HTTPClient = calls })
	if err != nil {
		t.Error(err)
	}
	_, err = streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{}, func(o *dynamodbstreams.Options) { o.HTTPClient = calls })
	if err != nil {
		t.Error(err)
	}
	want := []string{"dynamodb.eu-west-1.amazonaws.com", "streams.dynamodb.eu-west-1.amazonaws.com"}
	if diff := cmp.Diff(want, calls.hosts); diff != "" {
		t.Errorf("with -endpoint aws these hosts are called (-want +got):\n%s", diff)
	}
	if got, want := e.String(), "aws, region eu-west-1"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestClientsOfAWSNeedConfiguration(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		unset        string
		want         string
	}{
		{"no region", "the SDK has none to fall back on", "AWS_REGION",
			"no AWS region: set AWS_REGION or choose a profile with AWS_PROFILE"},
		{"no credentials", "the first call would fail much later", "AWS_ACCESS_KEY_ID",
			"no AWS credentials: run aws configure, or choose a profile with AWS_PROFILE: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			setAWS(t, account)
			t.Setenv(test.unset, "")
			e := Endpoint{aws: true}
			_, _, err := e.Clients(t.Context())
			if !strings.HasPrefix(fmt.Sprint(err), test.want) {
				t.Errorf("Clients() without %s = %v, want %s (%s)", test.unset, err, test.want, test.reason)
			}
		})
	}
}

// closedPort is a port of this machine where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestReach(t *testing.T) {
	open, closed := newServer(t).URL, closedPort(t)
	start := "nothing answers at " + closed + ": start that server or give another -endpoint"
	for _, test := range []struct {
		name, reason string
		in           Endpoint
		want         string
	}{
		{"both there", "a server that listens is enough", Endpoint{tables: open, streams: open}, "<nil>"},
		{"both gone", "the server is named once", Endpoint{tables: closed, streams: closed}, start},
		{"no tables", "the one that is gone is named", Endpoint{tables: closed, streams: open}, start},
		{"no streams", "the one that is gone is named", Endpoint{tables: open, streams: closed}, start},
		{"aws", "it is taken to be there", Endpoint{aws: true}, "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fmt.Sprint(test.in.Reach(t.Context())); got != test.want {
				t.Errorf("%+v.Reach() = %v, want %v (%s)", test.in, got, test.want, test.reason)
			}
		})
	}
}

func TestReachIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := closedPort(t)
	e := Endpoint{tables: closed, streams: closed}
	if err := e.Reach(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Reach() once its context has ended = %v, want %v", err, context.Canceled)
	}
}

func TestReachAsksNothing(t *testing.T) {
	s := newServer(t)
	e := Endpoint{tables: s.URL, streams: s.URL}
	if err := e.Reach(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(s.got) != 0 {
		t.Errorf("Reach sent %d requests, want none", len(s.got))
	}
}
