package endpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const (
	both       = "AWS_ENDPOINT_URL"
	forTables  = "AWS_ENDPOINT_URL_DYNAMODB"
	forStreams = "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"
)

// env is an environment; String is what a failure shows of it.
type env map[string]string

func (e env) get(name string) string { return e[name] }

func (e env) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		all = append(all, name+"="+e[name])
	}
	return "{" + strings.Join(all, " ") + "}"
}

func TestResolve(t *testing.T) {
	const (
		t1  = "http://127.0.0.1:1001"
		s1  = "http://127.0.0.1:1002"
		b1  = "http://127.0.0.1:1003"
		aws = "https://dynamodb.eu-west-1.amazonaws.com"
	)
	one := func(base string) Endpoint { return Endpoint{tables: base, streams: base} }
	for _, test := range []struct {
		name, reason string
		flag         string
		env          env
		want         Endpoint
	}{
		{"nothing", "embedded is the default: it needs no server", "", nil, Endpoint{dir: ".dynamodb"}},
		{"embedded", "the default can be said too", "embedded", env{both: b1}, Endpoint{dir: ".dynamodb"}},
		{"embedded folder", "each folder is a DynamoDB of its own", "embedded:/tmp/x", nil, Endpoint{dir: "/tmp/x"}},
		{"local", "it is where docker-compose.yml publishes", "local", nil, one("http://127.0.0.1:8000")},
		{"url", "any compatible server", "http://ddb.internal:4566", nil, one("http://ddb.internal:4566")},
		{"https url", "a server may have a certificate", "https://ddb.internal", nil, one("https://ddb.internal")},
		{"url with a slash", "the SDK adds its own", t1 + "/", nil, one(t1)},
		{"url with a path", "a proxy may serve it under one", t1 + "/dynamodb/", nil, one(t1 + "/dynamodb")},
		{"ipv6 url", "a colon is not always before a port", "http://[::1]:8000", nil, one("http://[::1]:8000")},
		{"aws", "only saying so reaches it", "aws", nil, Endpoint{aws: true}},

		{"variable for both", "it serves both", "", env{both: b1}, one(b1)},
		{"variable for tables", "it serves both where the other has none", "", env{forTables: t1}, one(t1)},
		{"variable for streams", "it serves both where the other has none", "", env{forStreams: s1}, one(s1)},
		{"tables and streams", "each has its own", "", env{forTables: t1, forStreams: s1}, Endpoint{tables: t1, streams: s1}},
		{"both and tables", "a service's own goes before the common one, for both", "", env{both: b1, forTables: t1}, one(t1)},
		{"both and streams", "a service's own goes before the common one, for both", "", env{both: b1, forStreams: s1}, one(s1)},
		{"all three", "the common one has nothing left to say", "", env{both: b1, forTables: t1, forStreams: s1},
			Endpoint{tables: t1, streams: s1}},
		{"empty variables", "an empty one is as good as none", "", env{both: "", forTables: "", forStreams: ""}, Endpoint{dir: ".dynamodb"}},
		{"empty and common", "an empty one hides no other", "", env{both: b1, forTables: "", forStreams: ""}, one(b1)},
		{"variable with a slash", "the SDK adds its own", "", env{both: b1 + "/"}, one(b1)},

		{"local over variables", "the flag decides", "local", env{both: b1, forTables: t1, forStreams: s1}, one(LocalURL)},
		{"url over variables", "the flag decides", "http://h:1", env{both: b1, forTables: t1, forStreams: s1}, one("http://h:1")},
		{"url over variables of AWS", "what isn't used can't be wrong", "http://h:1", env{both: aws}, one("http://h:1")},
		{"aws over variables", "it ignores them", "aws", env{both: b1, forTables: t1, forStreams: s1}, Endpoint{aws: true}},
		{"aws over variables of AWS", "it ignores them", "aws", env{both: aws, forTables: aws, forStreams: aws}, Endpoint{aws: true}},

		{"like AWS", "another's domain may end alike", "http://notamazonaws.com", nil, one("http://notamazonaws.com")},
		{"AWS inside", "another's domain may hold it", "http://amazonaws.com.example.org", nil, one("http://amazonaws.com.example.org")},
		{"AWS in the path", "only the host is called", "http://h/dynamodb.amazonaws.com", nil, one("http://h/dynamodb.amazonaws.com")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Resolve(test.flag, test.env.get)
			got.tablesFrom, got.streamsFrom = "", "" // see TestUnreachable
			if got != test.want || err != nil {
				t.Errorf("Resolve(%q, %v) = %+v, %v, want %+v (%s)", test.flag, test.env, got, err, test.want, test.reason)
			}
			if got, want := got.AWS(), test.flag == "aws"; got != want {
				t.Errorf("Resolve(%q, %v).AWS() = %v, want %v", test.flag, test.env, got, want)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	const (
		ok  = "http://127.0.0.1:1001"
		aws = "https://dynamodb.eu-west-1.amazonaws.com"
	)
	const isAWS = aws + " is AWS itself: say -endpoint aws if you mean it"
	for _, test := range []struct {
		name, reason string
		flag         string
		env          env
		want         string
	}{
		{"word", "a mistyped name is no host", "nowhere", nil, "-endpoint nowhere is unknown: give embedded, embedded:DIR, local, aws or a URL"},
		{"other case", "names are written as they are", "AWS", nil, "-endpoint AWS is unknown: give embedded, embedded:DIR, local, aws or a URL"},
		{"no scheme", "a host is no URL", "localhost:8000", nil, "-endpoint localhost:8000: not a URL (try http://localhost:8000)"},
		{"no scheme, an address", "it is nearly one", "127.0.0.1:8000", nil, "-endpoint 127.0.0.1:8000: not a URL (try http://127.0.0.1:8000)"},
		{"no scheme, a folder", "a mistyped name is no host", "embeded:DIR", nil, "-endpoint embeded:DIR is unknown: give embedded, embedded:DIR, local, aws or a URL"},
		{"no folder", "an unset shell variable", "embedded:", nil, "-endpoint embedded: names no folder: give embedded:DIR"},
		{"other scheme", "it is not spoken", "ftp://h", nil, "-endpoint=ftp://h: not a URL (try http://127.0.0.1:8000)"},
		{"no host", "there is nothing to call", "http://", nil, "-endpoint=http://: not a URL (try http://127.0.0.1:8000)"},
		{"no host, a port", "a port alone is nobody's", "http://:8000", nil, "-endpoint=http://:8000: not a URL (try http://127.0.0.1:8000)"},
		{"bad port", "it can't be parsed", "http://h:port", nil, "-endpoint=http://h:port: not a URL (try http://127.0.0.1:8000)"},
		{"flag of AWS", "AWS is reached by its name only", aws, nil, "-endpoint=" + isAWS},
		{"flag of AWS, variables not", "no variable is asked", aws, env{both: ok}, "-endpoint=" + isAWS},

		{"common variable of AWS", "a variable never reaches it", "", env{both: aws}, "AWS_ENDPOINT_URL=" + isAWS},
		{"tables variable of AWS", "a variable never reaches it", "", env{forTables: aws}, "AWS_ENDPOINT_URL_DYNAMODB=" + isAWS},
		{"streams variable of AWS", "a variable never reaches it", "", env{forStreams: aws}, "AWS_ENDPOINT_URL_DYNAMODB_STREAMS=" + isAWS},
		{"tables of AWS, streams not", "one of two is too many", "", env{forTables: aws, forStreams: ok}, "AWS_ENDPOINT_URL_DYNAMODB=" + isAWS},
		{"streams of AWS, tables not", "one of two is too many", "", env{forTables: ok, forStreams: aws}, "AWS_ENDPOINT_URL_DYNAMODB_STREAMS=" + isAWS},
		{"variable without a scheme", "it is no URL", "", env{both: "localhost:8000"},
			"AWS_ENDPOINT_URL=localhost:8000: not a URL (try http://127.0.0.1:8000)"},
		{"tables variable with a name", "names are for the flag", "", env{forTables: "local"},
			"AWS_ENDPOINT_URL_DYNAMODB=local: not a URL (try http://127.0.0.1:8000)"},
		{"streams variable that is a path", "it is no URL", "", env{forTables: ok, forStreams: "/x"},
			"AWS_ENDPOINT_URL_DYNAMODB_STREAMS=/x: not a URL (try http://127.0.0.1:8000)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Resolve(test.flag, test.env.get)
			if fmt.Sprint(err) != test.want {
				t.Errorf("Resolve(%q, %v) = %+v, %v, want %s (%s)", test.flag, test.env, got, err, test.want, test.reason)
			}
		})
	}
}

// However AWS is written, only the name "aws" reaches it.
func TestResolveKnowsAWS(t *testing.T) {
	for _, test := range []struct{ name, reason, url string }{
		{"regional", "the plain address", "https://dynamodb.us-east-1.amazonaws.com"},
		{"streams", "the other service", "https://streams.dynamodb.us-east-1.amazonaws.com"},
		{"http", "AWS answers without TLS too", "http://dynamodb.us-east-1.amazonaws.com"},
		{"bare", "the domain itself", "https://amazonaws.com"},
		{"upper case", "hosts know no case", "HTTPS://DYNAMODB.US-EAST-1.AMAZONAWS.COM"},
		{"mixed case", "hosts know no case", "https://dynamodb.us-east-1.AmazonAWS.com"},
		{"trailing dot", "a rooted name is the same name", "https://dynamodb.us-east-1.amazonaws.com."},
		{"port", "a port is no part of the host", "https://dynamodb.us-east-1.amazonaws.com:443"},
		{"dot, port and case", "all at once", "https://DynamoDB.us-east-1.amazonaws.COM.:443/"},
		{"slash", "a path is no part of the host", "https://dynamodb.us-east-1.amazonaws.com/"},
		{"user", "what is before @ is no host", "https://127.0.0.1:8000@dynamodb.us-east-1.amazonaws.com"},
		{"account", "an account's own address", "https://123456789012.ddb.us-east-1.amazonaws.com"},
		{"private link", "the way in from a VPC", "https://vpce-0a-1b.dynamodb.us-east-1.vpce.amazonaws.com"},
		{"fips", "another address of the same", "https://dynamodb-fips.us-gov-west-1.amazonaws.com"},
		{"dual stack", "IPv6 has another domain", "https://dynamodb.us-east-1.api.aws"},
		{"dual stack, case and dot", "hosts know no case", "https://dynamodb.us-east-1.API.AWS."},
		{"China", "another partition", "https://dynamodb.cn-north-1.amazonaws.com.cn"},
		{"China, dual stack", "another partition's IPv6", "https://dynamodb.cn-north-1.api.amazonwebservices.com.cn"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := " is AWS itself: say -endpoint aws if you mean it"
			if got, err := Resolve(test.url, env(nil).get); fmt.Sprint(err) != "-endpoint="+test.url+want {
				t.Errorf("Resolve(%q) = %+v, %v, want an error that says it is AWS (%s)", test.url, got, err, test.reason)
			}
			for _, name := range []string{both, forTables, forStreams} {
				e := env{name: test.url}
				if got, err := Resolve("", e.get); fmt.Sprint(err) != name+"="+test.url+want {
					t.Errorf("Resolve(%q, %v) = %+v, %v, want an error that says it is AWS (%s)", "", e, got, err, test.reason)
				}
			}
		})
	}
}

// The SDK knows every partition of AWS: so must Resolve.
func TestResolveKnowsThePartitions(t *testing.T) {
	for _, region := range []string{
		"us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1",
		"us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
	} {
		for _, dualStack := range []bool{false, true} {
			e, err := dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), dynamodb.EndpointParameters{
				Region: &region, UseDualStack: &dualStack, UseFIPS: aws.Bool(false),
			})
			if err != nil {
				t.Errorf("%s, dual stack %v: %v", region, dualStack, err)
				continue
			}
			url := e.URI.String()
			if got, err := Resolve(url, env(nil).get); err == nil {
				t.Errorf("Resolve(%q) = %+v, want an error: the SDK calls it for region %s", url, got, region)
			}
		}
	}
}

func TestString(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		in           Endpoint
		want         string
	}{
		{"local", "the URL says more than the name", Endpoint{tables: LocalURL, streams: LocalURL}, "http://127.0.0.1:8000"},
		{"two", "both are named", Endpoint{tables: "http://t", streams: "http://s"}, "http://t, streams at http://s"},
		{"aws", "its region is not known yet", Endpoint{aws: true}, "aws"},
		{"aws with a region", "the region is the server", Endpoint{aws: true, region: "eu-west-1"}, "aws, region eu-west-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.in.String(); got != test.want {
				t.Errorf("%+v.String() = %q, want %q (%s)", test.in, got, test.want, test.reason)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		in           Endpoint
		want         string
	}{
		{"local", "Docker starts it", Endpoint{tables: LocalURL, streams: LocalURL},
			"nothing answers at http://127.0.0.1:8000: start one:\n  docker compose up -d --wait\n  bash .ci/dynamodb-local/run (without Docker)\n  go run ./internal/embedded/serve in another terminal\nor leave out -endpoint: the embedded DynamoDB needs no server"},
		{"from a variable", "whoever reads it may have forgotten the variable", Endpoint{tables: "http://127.0.0.1:9", streams: "http://127.0.0.1:9", tablesFrom: "AWS_ENDPOINT_URL"},
			"nothing answers at http://127.0.0.1:9, which the variable AWS_ENDPOINT_URL names: start that server, for example with go run ./internal/embedded/serve in another terminal, or unset AWS_ENDPOINT_URL"},
		{"other", "we can't know how that is started", Endpoint{tables: "http://127.0.0.1:9", streams: "http://127.0.0.1:9"},
			"nothing answers at http://127.0.0.1:9: start that server or give another -endpoint"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.in.Unreachable().Error(); got != test.want {
				t.Errorf("%+v.Unreachable() = %q, want %q (%s)", test.in, got, test.want, test.reason)
			}
		})
	}
}
