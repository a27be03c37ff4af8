package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Guard refuses requests of web pages of another origin, which run on this machine too. A
// browser sends Origin and Sec-Fetch-Site with a page's requests. Other
// clients send neither. Unless exposed, it also refuses requests to another machine's
// name.
func Guard(next http.Handler, exposed bool) http.Handler {
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

// logged prints a line for each request, or unless all only for the calls of a lab that
// change something. The line of a refused request ends with its error.
func logged(next http.Handler, w io.Writer, all bool) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if !all && (!isLab(r) || r.Method == http.MethodGet) {
			next.ServeHTTP(out, r)
			return
		}
		began := time.Now()
		answer := &watched{ResponseWriter: out, status: http.StatusOK}
		done := false
		defer func() {
			outcome := "no answer"
			if done {
				outcome = fmt.Sprintf("%d, %d bytes", answer.status, answer.size)
			}
			fmt.Fprintf(w, "%s %q %s in %v%s\n", began.Format("15:04:05.000"), nameOf(r), outcome,
				time.Since(began).Round(time.Microsecond), answer.details())
		}()
		next.ServeHTTP(answer, r)
		done = true
	})
}

// nameOf returns the operation of a request, or its method and path.
func nameOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndex(target, ".")+1:]
	}
	return r.Method + " " + r.URL.Path
}

// maxDetail is the maximum size of a note or an error in a line of the log.
const maxDetail = 1000

// A watched writer notes the status and the size of an answer, and an error in it.
type watched struct {
	http.ResponseWriter
	status, size int
	note         string // about the request
	refusal      []byte // the answer, if it is an error
}

func (w *watched) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.size += n
	if w.status >= http.StatusBadRequest {
		w.refusal = append(w.refusal, b[:min(n, 64<<10-len(w.refusal))]...)
	}
	return n, err
}

// details are the note and the error, for the end of a line.
func (w *watched) details() (text string) {
	if w.note != "" {
		text = ": " + quoted(w.note)
	}
	if w.status < http.StatusBadRequest {
		return text
	}
	var body struct {
		Type    string `json:"__type"`
		Message string // message too
		Error   string
	}
	_ = json.Unmarshal(w.refusal, &body) // it may be plain text
	message := body.Message + body.Error
	if body.Type == "" && message == "" {
		message = strings.TrimSpace(string(w.refusal))
	}
	if code := body.Type[strings.LastIndex(body.Type, "#")+1:]; code != "" {
		text += ": " + code
	}
	if message != "" {
		text += ": " + quoted(message)
	}
	return text
}

// quoted keeps a text in its line of the log.
func quoted(text string) string {
	if len(text) > maxDetail {
		text = text[:maxDetail] + "…"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
