package server

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("reached")) })
	for _, c := range []struct {
		name    string
		exposed bool
		host    string
		header  string
		value   string
		want    int
	}{
		{"an SDK has no Origin", false, "127.0.0.1:8000", "", "", 200},
		{"any port", false, "localhost:1", "", "", 200},
		{"names have no case", false, "LocalHost:1", "", "", 200},
		{"no port", false, "localhost", "", "", 200},
		{"version 6", false, "[::1]:8000", "", "", 200},
		{"all of 127.0.0.0/8 is this machine", false, "127.0.0.2:8000", "", "", 200},
		{"a page whose name was made to mean this machine", false, "evil.example:8000", "", "", 403},
		{"a name that begins like this machine", false, "localhost.evil.example", "", "", 403},
		{"another machine's address", false, "192.168.1.7:8000", "", "", 403},
		{"no host", false, "", "", "", 403},
		{"a page from elsewhere", false, "127.0.0.1:8000", "Origin", "https://evil.example", 403},
		{"a page of this machine's, of another program", false, "127.0.0.1:8000", "Origin", "http://127.0.0.1:3000", 403},
		{"a page that hides its origin", false, "127.0.0.1:8000", "Origin", "null", 403},
		{"a browser says it", false, "127.0.0.1:8000", "Sec-Fetch-Site", "cross-site", 403},
		{"exposed, by the machine's name", true, "build-7:8000", "", "", 200},
		{"exposed, a page from elsewhere", true, "build-7:8000", "Origin", "https://evil.example", 403},
		{"typed into a browser", false, "127.0.0.1:8000", "Sec-Fetch-Site", "none", 200},
	} {
		for _, method := range []string{"POST", "GET"} {
			r := httptest.NewRequest(method, "/", strings.NewReader("{}"))
			r.Host = c.host
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			w := httptest.NewRecorder()
			Guard(reached, c.exposed).ServeHTTP(w, r)
			if w.Code != c.want || (w.Body.String() == "reached") != (c.want == 200) {
				t.Errorf("%s, %s: %d %q, want %d", c.name, method, w.Code, w.Body, c.want)
			}
		}
	}
}

func TestLogged(t *testing.T) {
	for _, c := range []struct {
		name, path, target string
		all                bool
		status             int
		body, want         string
	}{
		{"an operation", "/", "DynamoDB_20120810.PutItem", true, 200, `{"Item":{}}`, ` "PutItem" 200, 11 bytes in X`},
		{"a refused one has its code and message", "/", "DynamoDB_20120810.PutItem", true, 400,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"it says \"no\""}`,
			` "PutItem" 400, 85 bytes in X: ValidationException: it says "no"`},
		{"some spell Message with a capital letter", "/", "DynamoDB_20120810.PutItem", true, 400,
			`{"__type":"com.amazon.coral.service#SerializationException","Message":"bad"}`,
			` "PutItem" 400, 76 bytes in X: SerializationException: bad`},
		{"one without a message", "/", "DynamoDB_20120810.PutItem", true, 400,
			`{"__type":"com.amazon.coral.service#SerializationException"}`, ` "PutItem" 400, 60 bytes in X: SerializationException`},
		{"a message of several lines stays in one", "/", "DynamoDB_20120810.PutItem", true, 400,
			`{"__type":"a#B","message":"two\nlines"}`, ` "PutItem" 400, 39 bytes in X: B: "two\nlines"`},
		{"an operation of several lines too", "/", "DynamoDB_20120810.Put\nItem", true, 200, "", ` "Put\nItem" 200, 0 bytes in X`},
		{"an error that is not JSON", "/", "", true, 403, "Host \"x\" is not\n", ` "POST /" 403, 16 bytes in X: Host "x" is not`},
		{"a call of the lab", "/lab/split", "", false, 404, `{"error":"no table"}`, ` "POST /lab/split" 404, 20 bytes in X: no table`},
		{"no answer", "/", "DynamoDB_20120810.PutItem", true, 0, "", ` "PutItem" no answer in X`},
		{"without -v", "/", "DynamoDB_20120810.PutItem", false, 400, `{}`, ``},
	} {
		var log strings.Builder
		handler := logged(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(c.status)
			w.Write([]byte(c.body))
		}), &log, c.all)
		r := httptest.NewRequest("POST", c.path, nil)
		if c.target != "" {
			r.Header.Set("X-Amz-Target", c.target)
		}
		func() {
			defer func() { recover() }() // as the server does
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}()
		line := regexp.MustCompile(`^[0-9:.]+( .* in )[^ :\n]+`).ReplaceAllString(log.String(), "${1}X")
		if want := strings.TrimPrefix(c.want+"\n", "\n"); line != want {
			t.Errorf("%s: logged %q, want %q", c.name, line, want)
		}
	}
}
