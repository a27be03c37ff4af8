// Package localtest finds the DynamoDB Local that tests run on.
package localtest

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// URL is where docker-compose.yml publishes DynamoDB Local.
const URL = "http://127.0.0.1:8000"

// Need skips a test where DynamoDB Local does not answer, and says what to
// start; under CI=true it fails.
func Need(t testing.TB) {
	t.Helper()
	missing := Missing(URL)
	switch {
	case missing == "":
	case os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// Missing says why DynamoDB Local doesn't answer at the address and what to
// do, or nothing if it does. It is the only one that refuses a request
// without a signature in these words: to the others that is a health check.
// What else may answer there would be compared with itself, or be given
// expected outputs that are not its own.
func Missing(url string) string {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return "nothing answers at " + url + ": run docker compose up -d --wait"
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil || !strings.Contains(string(body), "v20120810#MissingAuthenticationToken") {
		return "what answers at " + url + " is not DynamoDB Local: stop it, then run docker compose up -d --wait"
	}
	return ""
}
