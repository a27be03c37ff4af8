package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// guarded refuses requests of web pages, which run on this machine too. A
// browser sends Origin and Sec-Fetch-Site with a page's requests. Other
// clients send neither.
func guarded(next http.Handler, exposed bool) http.Handler {
	if !exposed {
		next = hereOnly(next)
	}
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := *r
		asked.Method = http.MethodPost // so that reads are checked too
		if err := origin.Check(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hereOnly refuses requests whose host is not a name of this machine. A web
// page can make its domain resolve to this machine, and then the browser
// would allow its requests.
func hereOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
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
		request := r.Method + " " + r.URL.Path
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			request = target[strings.LastIndex(target, ".")+1:]
		}
		fmt.Fprintf(w, "%s %q %d, %d bytes in %v\n", began.Format("15:04:05.000"), request, answer.status, answer.size,
			time.Since(began).Round(time.Microsecond))
	})
}

// A watched writer notes the status and the size of an answer.
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
