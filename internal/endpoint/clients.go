package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
)

// Clients makes the two clients that the endpoint is reached with, and
// opens the embedded engine if it is the one; Close closes it. For "aws"
// they follow the SDK's configuration (profile, region,
// credentials), whose absence is an error here and not at the first call;
// the SDK's endpoint variables are ignored.
func (e *Endpoint) Clients(ctx context.Context) (*dynamodb.Client, *dynamodbstreams.Client, error) {
	if e.AWS() {
		return e.awsClients(ctx)
	}
	if e.dir != "" {
		return e.embeddedClients()
	}
	cfg := aws.Config{
		Region: "us-east-1",
		// DynamoDB Local takes letters and digits only.
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:  httpClient(),
	}
	tables := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.BaseEndpoint = &e.tables
	})
	streams := dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) {
		o.BaseEndpoint = &e.streams
	})
	return tables, streams, nil
}

// connections is how many idle connections to a server are kept: one for each
// open shard of a stream that is read.
const connections = 512

// httpClient is the SDK's, except for the connections that it keeps. The SDK
// keeps 10: with more open shards, each poll would make a new one.
func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = connections, connections
	})
}

func (e *Endpoint) embeddedClients() (*dynamodb.Client, *dynamodbstreams.Client, error) {
	var err error
	if e.scale > 0 {
		e.clock = embedded.NewScaledClock(e.scale)
		e.engine, err = embedded.OpenMemory(embedded.Options{Clock: e.clock})
	} else {
		if _, err := os.Stat(e.dir); errors.Is(err, fs.ErrNotExist) {
			e.isNew = true // said, since a mistyped folder is a new one too
		}
		e.engine, err = embedded.Open(e.dir, embedded.Options{})
	}
	if err != nil {
		return nil, nil, err
	}
	cfg := aws.Config{
		Region:       e.engine.Region(),
		HTTPClient:   &inPlace{db: e.engine, client: e.engine.HTTPClient()},
		BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg), nil
}

// Close closes the embedded engine, if Clients opened it.
func (e Endpoint) Close() error {
	if e.engine == nil {
		return nil
	}
	return e.engine.Close()
}

// Now is the endpoint's time: that of the embedded engine's clock, and
// this machine's for all others.
func (e Endpoint) Now() time.Time {
	if e.engine == nil {
		return time.Now()
	}
	return e.engine.Now()
}

func (e *Endpoint) awsClients(ctx context.Context) (*dynamodb.Client, *dynamodbstreams.Client, error) {
	// The SDK's own switch, and its only one that also covers the calls
	// it makes by itself to get credentials.
	if err := os.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"); err != nil {
		return nil, nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(httpClient()))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, nil, errors.New("no AWS region: set AWS_REGION or choose a profile with AWS_PROFILE")
	}
	e.region = cfg.Region
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, nil, fmt.Errorf("no AWS credentials: run aws configure, or choose a profile with AWS_PROFILE: %w", err)
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg), nil
}

// Reach makes sure that servers listen where the endpoint says, in a few
// seconds at most; the SDK by itself would retry for longer. AWS and the
// embedded engine are taken to be there, and so is what the SDK calls
// through a proxy.
func (e Endpoint) Reach(ctx context.Context) error {
	for base, from := range map[string]string{e.streams: e.streamsFrom, e.tables: e.tablesFrom} {
		u, err := url.Parse(base)
		if err != nil || u.Host == "" {
			continue // AWS, or embedded
		}
		if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); proxy != nil || err != nil {
			continue
		}
		port := u.Port()
		if port == "" {
			port = u.Scheme // "http" and "https" are names of ports
		}
		dialer := net.Dialer{Timeout: 3 * time.Second}
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
		if err != nil && ctx.Err() != nil {
			return ctx.Err() // Ctrl-C says nothing of the server
		}
		if err != nil {
			return Endpoint{tables: base, streams: base, tablesFrom: from}.Unreachable()
		}
		conn.Close()
	}
	return nil
}

// Unreachable is the error of an endpoint where nothing answers.
func (e Endpoint) Unreachable() error {
	serve := "go run ./internal/embedded/serve in another terminal"
	switch {
	case e.tablesFrom != "":
		return fmt.Errorf("nothing answers at %v, which the variable %s names: start that server, for example with %s, "+
			"or unset %[2]s", e, e.tablesFrom, serve)
	case e.tables == LocalURL:
		return fmt.Errorf("nothing answers at %v: start one:\n"+
			"  docker compose up -d --wait\n  bash .ci/dynamodb-local/run (without Docker)\n  %s\n"+
			"or leave out -endpoint: the embedded DynamoDB needs no server", e, serve)
	}
	return fmt.Errorf("nothing answers at %v: start that server or give another -endpoint", e)
}

// Stranger is the error of an endpoint where something else answers, with
// the given status.
func (e Endpoint) Stranger(status int) error {
	return fmt.Errorf("what answers at %v is not DynamoDB (%d %s): stop it, or give another -endpoint", e, status, http.StatusText(status))
}
