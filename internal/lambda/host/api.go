package host

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"dynamostreamer/internal/lambda/mapping"
)

// The headers of the Runtime API.
const (
	headerRequestID = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline  = "Lambda-Runtime-Deadline-Ms"
	headerTrace     = "Lambda-Runtime-Trace-Id"
	headerARN       = "Lambda-Runtime-Invoked-Function-Arn"
	headerErrorType = "Lambda-Runtime-Function-Error-Type"
	headerErrorBody = "Lambda-Runtime-Function-Error-Body"
)

// handler is the Runtime API of a process.
func (e *environment) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", e.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", e.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", e.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", e.initError)
	return mux
}

// next answers with the next invocation, however long that takes. Asking for it
// ends the invocation before.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	if !e.finish() {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation has no response and no error yet")
		return
	}
	select {
	case i := <-e.work:
		e.begin(i)
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set(headerRequestID, i.id)
		header.Set(headerDeadline, strconv.FormatInt(i.began.Add(e.limit).UnixMilli(), 10))
		header.Set(headerTrace, fmt.Sprintf("Root=1-%08x-%s;Sampled=0", i.began.Unix(), traceOf(i.id)))
		header.Set(headerARN, i.arn)
		w.Write(i.payload)
	case <-r.Context().Done(): // the process has exited, or asks anew
	}
}

// traceOf is the 24 hexadecimal digits of a trace, made of a request's id.
func traceOf(id string) (digits string) {
	for _, c := range id {
		if c != '-' && len(digits) < 24 {
			digits += string(c)
		}
	}
	return digits
}

func (e *environment) begin(i *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i.began = time.Now()
	e.current = i
}

// finish lets the current invocation end. It reports whether there is none that
// lacks an answer.
func (e *environment) finish() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil {
		return true
	}
	if !e.current.answered {
		return false
	}
	close(e.current.done)
	e.current = nil
	return true
}

// response takes an answer.
func (e *environment) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mapping.MaxAnswer))
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooLarge):
		if e.answers(w, r, nil, &mapping.FunctionError{
			Type:    "Function.ResponseSizeTooLarge",
			Message: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", mapping.MaxAnswer),
		}) {
			refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", mapping.MaxAnswer))
		}
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	// A runtime that streams its answer reports an error amid it in a trailer.
	var failed error
	if kind := r.Trailer.Get(headerErrorType); kind != "" {
		text, _ := base64.StdEncoding.DecodeString(r.Trailer.Get(headerErrorBody))
		failed = functionError(text, kind)
	}
	if e.answers(w, r, body, failed) {
		accept(w)
	}
}

// failure takes an error of the function.
func (e *environment) failure(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mapping.MaxAnswer))
	if err != nil {
		body = []byte("its error could not be read: " + err.Error()) // it failed all the same
	}
	if e.answers(w, r, nil, functionError(body, r.Header.Get(headerErrorType))) {
		accept(w)
	}
}

// initError takes an error of the start of a process, which then exits.
func (e *environment) initError(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, mapping.MaxAnswer))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed == nil {
		close(e.failing)
	}
	e.failed = functionError(body, r.Header.Get(headerErrorType))
	accept(w)
}

// answers settles the current invocation, if the request is about it. Else it
// refuses the request and returns false.
func (e *environment) answers(w http.ResponseWriter, r *http.Request, answer []byte, err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch i := e.current; {
	case i == nil || i.id != r.PathValue("id"):
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return false
	case i.answered:
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation has a response or an error already")
		return false
	default:
		i.answered, i.answer, i.err = true, answer, err
		return true
	}
}

// functionError reads an error as a function reports it: errorType and
// errorMessage, of which the header may tell the first.
func functionError(body []byte, header string) *mapping.FunctionError {
	var said mapping.FunctionError
	if json.Unmarshal(body, &said) != nil {
		said = mapping.FunctionError{Message: string(body)}
	}
	said.Type = cmp.Or(said.Type, header, "Runtime.UnknownReason")
	return &said
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"OK"}`+"\n")
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(mapping.FunctionError{Type: kind, Message: message})
}
