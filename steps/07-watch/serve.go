package main

import (
	"bytes"
	"context"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"time"

	"dynamostreamer/internal/watch"
)

//go:embed page/index.html page/*.js page/*.css
var files embed.FS

var index = template.Must(template.ParseFS(files, "page/index.html"))

// policy lets the page load what is served here, and nothing else:
// no script that stands in the HTML or in a row would run.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// handler serves the page. The token is what its own requests carry:
// a page of another origin can't read it.
func (a *app) handler(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.index(token))
	mux.HandleFunc("GET /scene/{id}", a.index(token))
	mux.HandleFunc("GET /page/{file}", serveFile)
	mux.Handle("GET /watch/events", a.hub)
	mux.HandleFunc("GET /watch/record/{seq}", a.record)

	posts := http.NewServeMux()
	handle(posts, "/watch/write", a.postWrite)
	handle(posts, "/watch/rows", func(ctx context.Context, _ *http.Request, in rowAction) (string, error) { return a.writer.act(ctx, in) })
	handle(posts, "/watch/rate", a.postRate)
	handle(posts, "/watch/readers/{id}", a.postReader)
	handle(posts, "/watch/lab/{call}", a.postLab)
	handle(posts, "/watch/scenes/{id}", a.postScene)
	mux.Handle("POST /watch/", withToken(token, posts))
	return secured(mux)
}

// secured adds the headers that keep a page to itself.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// withToken refuses requests that don't carry the token.
func withToken(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("X-Watch-Token")
		if subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			answer(w, "", &refusal{http.StatusForbidden, "The token is not this server's: reload the page."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *app) index(token string) http.HandlerFunc {
	known := scenes()
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if id != "" && !slices.ContainsFunc(known, func(s scene) bool { return s.ID == id }) {
			http.Error(w, "there is no scene "+id, http.StatusNotFound)
			return
		}
		var page bytes.Buffer
		if err := index.Execute(&page, struct{ Token string }{token}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page.Bytes())
	}
}

var contentTypes = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

func serveFile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	kind, served := contentTypes[path.Ext(name)]
	text, err := fs.ReadFile(files, "page/"+name)
	if err != nil || !served {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Write(text)
}

// A refusal is an error whose message says what to do. The page
// shows it.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func refusef(format string, args ...any) error {
	return &refusal{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// answer says what was done, or why it was not.
func answer(w http.ResponseWriter, said string, err error) {
	status, out := http.StatusOK, map[string]string{"said": said}
	if err != nil {
		status, out = http.StatusInternalServerError, map[string]string{"error": err.Error()}
		if own := (*refusal)(nil); errors.As(err, &own) {
			status = own.status
		}
	}
	writeJSON(w, status, out)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

const (
	maxBody      = 64 << 10         // bytes of a request's body
	answerWithin = 30 * time.Second // of a POST; a scene's step waits for readers
)

// handle has POSTs to a path, whose body is an In in JSON, answered
// by what do says.
func handle[In any](mux *http.ServeMux, path string, do func(context.Context, *http.Request, In) (said string, err error)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var in In
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			err = json.Unmarshal(text, &in)
		}
		if err != nil {
			answer(w, "", &refusal{http.StatusBadRequest, fmt.Sprintf("The body is not what %s takes: %v.", r.URL.Path, err)})
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		said, err := do(ctx, r, in)
		if ctx.Err() == context.DeadlineExceeded {
			err = &refusal{http.StatusGatewayTimeout, fmt.Sprintf("It was not done within %v. Does the endpoint still answer?", answerWithin)}
		}
		answer(w, said, err)
	})
}

// record shows one record as DynamoDB sent it, and explains it.
func (a *app) record(w http.ResponseWriter, r *http.Request) {
	known, raw, found := a.model.Record(r.PathValue("seq"))
	if !found {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "The page no longer keeps this record: it keeps the newest ones."})
		return
	}
	notes, err := notesOn(known, raw)
	if err != nil {
		answer(w, "", err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		watch.Record
		Raw   json.RawMessage `json:"record"`
		Notes []recordNote    `json:"notes"`
	}{known, raw, notes})
}
