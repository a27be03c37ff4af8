package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// guarded keeps web pages out: they run on this machine too. A browser
// says where a page comes from, in Origin and Sec-Fetch-Site; other
// clients send neither.
func guarded(next http.Handler, exposed bool) http.Handler {
	if !exposed {
		next = hereOnly(next)
	}
	return http.NewCrossOriginProtection().Handler(next)
}

// hereOnly refuses requests to a host by any name but this machine's own.
// A web page can make its own name mean this machine, and would then be
// no stranger to the browser.
func hereOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, fmt.Sprintf("Host %q is not this machine: use 127.0.0.1 or localhost", r.Host), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// logged prints a line for each request.
func logged(next http.Handler, w io.Writer) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := &watched{ResponseWriter: out, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		what := r.Method + " " + r.URL.Path
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			what = target[strings.LastIndex(target, ".")+1:]
		}
		fmt.Fprintf(w, "%s %q %d, %d bytes in %v\n", began.Format("15:04:05.000"), what, answer.status, answer.size,
			time.Since(began).Round(time.Microsecond))
	})
}

// A watched writer knows what was answered.
type watched struct {
	http.ResponseWriter
	status, size int
}

func (w *watched) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.size += n
	return n, err
}
