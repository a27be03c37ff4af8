// Package endpoint decides which DynamoDB a step talks to and makes the
// SDK's clients for it.
//
// Only the name "aws" reaches AWS. Every other endpoint gets made-up
// credentials and a made-up region, so that real ones never leave the
// machine.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// LocalURL is where docker-compose.yml publishes DynamoDB Local.
const LocalURL = "http://127.0.0.1:8000"

// Usage explains the values that Resolve takes, for a flag's help.
const Usage = "`where` DynamoDB is: local (DynamoDB Local at " + LocalURL + "),\n" +
	"a URL (any compatible server) or aws (your account, at your cost);\n" +
	"without it AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_DYNAMODB_STREAMS\n" +
	"and AWS_ENDPOINT_URL are honoured, then local is used"

// An Endpoint is one choice of DynamoDB.
type Endpoint struct {
	tables  string // base URL of DynamoDB; empty: AWS's own
	streams string // base URL of DynamoDB Streams; empty: AWS's own
	region  string // set by Clients where the SDK's configuration names it
}

// Resolve turns the value of an -endpoint flag into an Endpoint. Where
// the flag is empty the SDK's AWS_ENDPOINT_URL_… variables decide,
// read through getenv. An address of AWS is an error unless name is
// "aws".
func Resolve(name string, getenv func(string) string) (Endpoint, error) {
	switch name {
	case "aws":
		return Endpoint{}, nil
	case "local":
		return Endpoint{tables: LocalURL, streams: LocalURL}, nil
	case "":
		return fromEnvironment(getenv)
	}
	if !strings.Contains(name, "://") {
		return Endpoint{}, fmt.Errorf("-endpoint %s is unknown: give local, aws or a URL", name)
	}
	base, err := check("-endpoint", name)
	return Endpoint{tables: base, streams: base}, err
}

func fromEnvironment(getenv func(string) string) (Endpoint, error) {
	const both, forTables, forStreams = "AWS_ENDPOINT_URL",
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"

	// A service without a variable of its own follows the other one:
	// a table here and its stream elsewhere is never what is meant.
	first := func(names ...string) (string, error) {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return check(name, value)
			}
		}
		return LocalURL, nil
	}
	tables, err := first(forTables, forStreams, both)
	if err != nil {
		return Endpoint{}, err
	}
	streams, err := first(forStreams, forTables, both)
	return Endpoint{tables: tables, streams: streams}, err
}

// awsDomains are those of all the partitions that the SDK knows.
var awsDomains = []string{
	"amazonaws.com", "api.aws",
	"amazonaws.com.cn", "amazonwebservices.com.cn", // China
	"amazonaws.eu", "amazonwebservices.eu", // the European Sovereign Cloud
	"c2s.ic.gov", "api.aws.ic.gov", "sc2s.sgov.gov", "api.aws.scloud", // isolated
	"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "csp.hci.ic.gov", "api.aws.hci.ic.gov",
}

// check returns the base URL that the flag or variable called source
// gives, or why it can't be used.
func check(source, value string) (string, error) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%s=%s is no URL: write it like %s", source, value, LocalURL)
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, domain := range awsDomains {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return "", fmt.Errorf("%s=%s is AWS itself: say -endpoint aws if you mean it", source, value)
		}
	}
	return strings.TrimRight(value, "/"), nil
}

// AWS reports whether the endpoint is the user's AWS account.
func (e Endpoint) AWS() bool { return e.tables == "" }

// String names the endpoint for a person.
func (e Endpoint) String() string {
	switch {
	case e.AWS() && e.region != "":
		return "aws, region " + e.region
	case e.AWS():
		return "aws"
	case e.tables != e.streams:
		return e.tables + ", streams at " + e.streams
	}
	return e.tables
}

// Clients makes the two clients that the endpoint is reached with. For
// "aws" they follow the SDK's configuration (profile, region,
// credentials), whose absence is an error here and not at the first call;
// the SDK's endpoint variables are ignored.
func (e *Endpoint) Clients(ctx context.Context) (*dynamodb.Client, *dynamodbstreams.Client, error) {
	if e.AWS() {
		return e.awsClients(ctx)
	}
	cfg := aws.Config{
		Region: "us-east-1",
		// DynamoDB Local takes letters and digits only.
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
	tables := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.BaseEndpoint = &e.tables
	})
	streams := dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) {
		o.BaseEndpoint = &e.streams
	})
	return tables, streams, nil
}

func (e *Endpoint) awsClients(ctx context.Context) (*dynamodb.Client, *dynamodbstreams.Client, error) {
	// The SDK's own switch, and its only one that also covers the calls
	// it makes by itself to get credentials.
	if err := os.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"); err != nil {
		return nil, nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
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
// seconds at most; the SDK by itself would retry for longer. AWS is taken
// to be there.
func (e Endpoint) Reach(ctx context.Context) error {
	for _, base := range slices.Compact([]string{e.tables, e.streams}) {
		u, err := url.Parse(base)
		if err != nil || u.Host == "" {
			continue // AWS
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
			return Endpoint{tables: base, streams: base}.Unreachable()
		}
		conn.Close()
	}
	return nil
}

// Unreachable is the error of an endpoint where nothing answers.
func (e Endpoint) Unreachable() error {
	if e.tables == LocalURL {
		return fmt.Errorf("nothing answers at %v: run docker compose up -d", e)
	}
	return fmt.Errorf("nothing answers at %v: start that server or give another -endpoint", e)
}
