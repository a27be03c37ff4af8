// Package endpoint decides which DynamoDB a step talks to and makes the
// SDK's clients for it.
//
// Without any choice it is the engine in this process (package embedded),
// which needs nothing installed. Only the name "aws" reaches AWS. Every
// other endpoint gets made-up credentials and a made-up region, so that
// real ones never leave the machine.
package endpoint

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"dynamostreamer/internal/embedded"
)

// LocalURL is where docker-compose.yml publishes DynamoDB Local.
const LocalURL = "http://127.0.0.1:8000"

// DefaultDir is the folder of the embedded engine where none is named. It
// lies in the working directory.
const DefaultDir = ".dynamodb"

// Usage explains the values that Resolve takes, for a flag's help.
const Usage = "`where` DynamoDB is: embedded (in this process, kept in " + DefaultDir + "),\n" +
	"embedded:DIR, local (DynamoDB Local at " + LocalURL + "),\n" +
	"a URL (any compatible server) or aws (your account, at your cost);\n" +
	"without it AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_DYNAMODB_STREAMS\n" +
	"and AWS_ENDPOINT_URL are used if set; otherwise it is embedded"

// An Endpoint is one choice of DynamoDB; the zero value is not one.
type Endpoint struct {
	aws    bool
	region string // of AWS; set by Clients from the SDK's configuration

	tables  string // base URL of DynamoDB
	streams string // base URL of DynamoDB Streams
	// The environment variables that these come from; empty: the flag.
	tablesFrom, streamsFrom string

	dir    string // of the embedded engine; with it, no URLs
	isNew  bool   // the folder was made by Clients
	scale  int    // of its clock; 0 is the real one
	clock  *embedded.ScaledClock
	engine *embedded.DB
}

// Resolve turns the value of an -endpoint flag into an Endpoint. Where
// the flag is empty the SDK's AWS_ENDPOINT_URL_… variables decide,
// read through getenv. An address of AWS is an error unless name is
// "aws".
func Resolve(name string, getenv func(string) string) (Endpoint, error) {
	switch name {
	case "aws":
		return Endpoint{aws: true}, nil
	case "embedded":
		return Endpoint{dir: DefaultDir}, nil
	case "local":
		return Endpoint{tables: LocalURL, streams: LocalURL}, nil
	case "":
		return fromEnvironment(getenv)
	}
	if dir, ok := strings.CutPrefix(name, "embedded:"); ok && dir == "" {
		return Endpoint{}, errors.New("-endpoint embedded: names no folder: give embedded:DIR")
	} else if ok {
		return Endpoint{dir: dir}, nil
	}
	if !strings.Contains(name, "://") {
		_, port, _ := net.SplitHostPort(name)
		if _, err := strconv.ParseUint(port, 10, 16); err == nil {
			return Endpoint{}, fmt.Errorf("-endpoint %s: not a URL (try http://%[1]s)", name)
		}
		return Endpoint{}, fmt.Errorf("-endpoint %s is unknown: give embedded, embedded:DIR, local, aws or a URL", name)
	}
	base, err := check("-endpoint", name)
	return Endpoint{tables: base, streams: base}, err
}

func fromEnvironment(getenv func(string) string) (Endpoint, error) {
	const both, forTables, forStreams = "AWS_ENDPOINT_URL",
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"

	if getenv(both) == "" && getenv(forTables) == "" && getenv(forStreams) == "" {
		return Endpoint{dir: DefaultDir}, nil
	}
	// A service without a variable follows the other one: a table here
	// and its stream elsewhere is never what is meant.
	first := func(names ...string) (base, name string, err error) {
		i := slices.IndexFunc(names, func(name string) bool { return getenv(name) != "" })
		base, err = check(names[i], getenv(names[i]))
		return base, names[i], err
	}
	var e Endpoint
	var err, streamsErr error
	e.tables, e.tablesFrom, err = first(forTables, forStreams, both)
	e.streams, e.streamsFrom, streamsErr = first(forStreams, forTables, both)
	if err = cmp.Or(err, streamsErr); err != nil {
		return Endpoint{}, err
	}
	return e, nil
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
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%s=%s: not a URL (try %s)", source, value, LocalURL)
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, domain := range awsDomains {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return "", fmt.Errorf("%s=%s is AWS itself: say -endpoint aws if you mean it", source, value)
		}
	}
	return strings.TrimRight(value, "/"), nil
}

// Scale lets the embedded engine pass scale seconds in each real one. It is
// then a new one, in memory, since two notions of time in one folder would
// contradict each other. Other endpoints have only the real time.
func (e *Endpoint) Scale(scale int) error {
	if e.dir == "" {
		return errors.New("only the embedded endpoint has a clock that can run faster")
	}
	e.scale = scale
	return nil
}

// AWS reports whether the endpoint is the user's AWS account.
func (e Endpoint) AWS() bool { return e.aws }

// String names the endpoint for a person.
func (e Endpoint) String() string {
	switch {
	case e.scale == 1:
		return "embedded, in memory"
	case e.scale > 0:
		return fmt.Sprintf("embedded, in memory, with a clock %d times as fast", e.scale)
	case e.isNew:
		return "embedded, in the new folder " + e.dir
	case e.dir != "":
		return "embedded, in " + e.dir
	case e.aws && e.region != "":
		return "aws, region " + e.region
	case e.aws:
		return "aws"
	case e.tables != e.streams:
		return e.tables + ", streams at " + e.streams
	}
	return e.tables
}

// AWSCLI is the command line by which the AWS CLI makes a call at the
// endpoint. The embedded one must be served for it.
func (e Endpoint) AWSCLI(call string) string {
	if e.aws {
		return "aws " + call + " --region " + e.region
	}
	first, at := "", e.tables
	if e.dir != "" {
		first, at = "go run ./internal/embedded/serve -db "+Quoted(e.dir)+", and in another terminal ", LocalURL
	}
	return first + "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws " + call +
		" --region us-east-1 --endpoint-url " + Quoted(at)
}

// Quoted is a word of a command line, as a shell reads it.
func Quoted(word string) string {
	if strings.ContainsAny(word, " \t\"'`$&|;<>()*?#\\") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
