package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/activity"
)

// Other pages can't use the page, the engine or its lab.
func TestOtherPages(t *testing.T) {
	b := open(t, "-rate", "0")
	ask := func(method, path, body string, headers ...string) int {
		t.Helper()
		r, err := http.NewRequest(method, b.address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Host" {
				r.Host = headers[i+1]
			}
			r.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	for _, path := range []string{"GET /", "GET /scene/empty-page", "GET /page/main.js", "GET /watch/events", "GET /lab/state", "POST /lab/sweep", "POST /watch/write", "POST /"} {
		method, path, _ := strings.Cut(path, " ")
		for _, header := range [][]string{
			{"Host", "evil.example:8007"}, {"Origin", "https://evil.example"}, {"Origin", "http://127.0.0.1:1"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
		} {
			if got := ask(method, path, `{"n":1}`, append(header, "X-Watch-Token", b.token)...); got != http.StatusForbidden {
				t.Errorf("%s %s with %s = %d, want 403", method, path, header, got)
			}
		}
	}
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		want                     int
	}{
		{"the page itself", "POST", "/watch/write", `{"n":1}`, []string{"X-Watch-Token", b.token, "Origin", b.address, "Sec-Fetch-Site", "same-origin"}, 200},
		{"without the token", "POST", "/watch/write", `{"n":1}`, nil, 403},
		{"with another token", "POST", "/watch/write", `{"n":1}`, []string{"X-Watch-Token", strings.ToLower(b.token)}, 403},
		{"a form has no such header", "POST", "/watch/readers/ours", `{"do":"kill"}`, []string{"Content-Type", "text/plain"}, 403},
		{"what changes something is a POST", "GET", "/watch/write", ``, []string{"X-Watch-Token", b.token}, 405},
		{"too large", "POST", "/watch/write", strings.Repeat(" ", maxBody+1), []string{"X-Watch-Token", b.token}, 400},
		{"not JSON", "POST", "/watch/write", `n=1`, []string{"X-Watch-Token", b.token}, 400},
		{"too many", "POST", "/watch/write", `{"n":1001}`, []string{"X-Watch-Token", b.token}, 400},
		{"an unknown path", "POST", "/watch/other", `{}`, []string{"X-Watch-Token", b.token}, 404},
		{"a scene that there is not", "GET", "/scene/none", ``, nil, 404},
		{"no other files", "GET", "/page/index.html", ``, nil, 404},
		{"no files above", "GET", "/page/..%2fmain.go", ``, nil, 404},
		{"a scene", "GET", "/scene/last-page", ``, nil, 200},
		{"another program, of the lab", "GET", "/lab/state", ``, nil, 200},
	} {
		if got := ask(c.method, c.path, c.body, c.headers...); got != c.want {
			t.Errorf("%s: %s %s = %d, want %d", c.name, c.method, c.path, got, c.want)
		}
	}
}

// The page loads nothing from elsewhere and runs no script but its own.
func TestHeaders(t *testing.T) {
	b := open(t, "-rate", "0")
	for _, path := range []string{"/", "/scene/latest", "/page/main.js", "/page/style.css"} {
		answer, err := http.Get(b.address + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		csp := answer.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s has the policy %q, want %s in it", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has the headers %v", path, answer.Header)
		}
	}
	html := b.get("/", 200)
	if inline := regexp.MustCompile(`<script[^>]*>[^<]|\son\w+=|\sstyle=|https?://`).FindString(html); inline != "" {
		t.Errorf("the page has %q, want nothing inline and nothing from elsewhere", inline)
	}
	if len(b.token) < 20 || b.token == open(t, "-rate", "0").token {
		t.Errorf("the token is %q, want another for each run", b.token)
	}
}

// What rows say is data: it arrives in JSON, with < escaped.
func TestScriptInARow(t *testing.T) {
	b := open(t, "-rate", "0")
	row := activity.UserActivity{ID: "<script>alert(1)</script>", Email: `"><img src=x onerror=alert(1)>`, TTL: b.app.model.Now().Unix() + 3600}
	item, err := attributevalue.MarshalMap(row)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.writer.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.app.step.Table, Item: item}); err != nil {
		t.Fatal(err)
	}
	b.until("the row is there", func() bool { return len(b.rows) == 1 && len(b.records) == 1 })
	for seq := range b.records {
		if text := b.get("/watch/record/"+seq, 200); strings.Contains(text, "<") || !strings.Contains(text, `\u003cscript`) {
			t.Errorf("the record is %s, want < escaped", text)
		}
	}
	b.post("/watch/rows", body{"do": "delete", "key": row.ID + "|" + row.Email})
	b.until("it is gone", func() bool { return len(b.rows) == 0 && len(b.records) == 2 })
}
