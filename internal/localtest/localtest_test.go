package localtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/localtest"
)

func TestMissing(t *testing.T) {
	db, err := embedded.OpenMemory(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	served, other := httptest.NewServer(db.Handler()), httptest.NewServer(http.NotFoundHandler())
	defer served.Close()
	defer other.Close()
	for _, c := range []struct{ name, url, want string }{
		{"the engine, served", served.URL, " is not DynamoDB Local: "},
		{"another server", other.URL, " is not DynamoDB Local: "},
		{"nothing", "http://127.0.0.1:1", "nothing answers at "},
	} {
		if got := localtest.Missing(c.url); !strings.Contains(got, c.want) {
			t.Errorf("%s: Missing(%s) = %q, want it to say %q", c.name, c.url, got, c.want)
		}
	}
}

// The steps and the tests must mean the same server.
func TestURL(t *testing.T) {
	if localtest.URL != endpoint.LocalURL {
		t.Errorf("URL = %s, want endpoint.LocalURL, %s", localtest.URL, endpoint.LocalURL)
	}
}
