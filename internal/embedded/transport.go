package embedded

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
)

// transport passes requests to a handler without a connection.
type transport struct{ handler http.Handler }

// RoundTrip answers as a server would. If the handler aborts its answer, the connection
// seems to break.
func (t transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.WithContext(r.Context()) // a copy, in the form that a server would read
	if served.Body == nil {
		served.Body = http.NoBody
	}
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if r.URL.Path == "" {
		served.URL = r.URL.JoinPath("/")
	}
	defer served.Body.Close()
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			resp, err = nil, cmp.Or(r.Context().Err(), fmt.Errorf("reading the answer: %w", io.ErrUnexpectedEOF))
		} else if p != nil {
			panic(p)
		}
	}()
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(w, served)
	if err := r.Context().Err(); err != nil && w.status == http.StatusInternalServerError {
		return nil, err // the context is why it failed
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(bytes.NewReader(w.body.Bytes())),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}, nil
}

// recorder records a handler's answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
