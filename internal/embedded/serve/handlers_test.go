package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGuarded(t *testing.T) {
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
			guarded(reached, c.exposed).ServeHTTP(w, r)
			if w.Code != c.want || (w.Body.String() == "reached") != (c.want == 200) {
				t.Errorf("%s, %s: %d %q, want %d", c.name, method, w.Code, w.Body, c.want)
			}
		}
	}
}

func TestLogged(t *testing.T) {
	var log strings.Builder
	handler := logged(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte("four"))
	}), &log)
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.Put\nItem")
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if line := log.String(); !strings.Contains(line, ` "Put\nItem" 400, 4 bytes in `) || strings.Count(line, "\n") != 1 {
		t.Errorf("logged %q, want one line with the operation, the status and the size", line)
	}
}
