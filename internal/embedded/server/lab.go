package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/embedded/engine"
)

// labPath is the path under which a lab answers.
const labPath = "/lab/"

// maxLabBody is the maximum size of a call's body.
const maxLabBody = 64 << 10

// A lab answers the calls that move the served engine. The package comment describes
// them.
type lab struct {
	db    *embedded.DB
	clock *embedded.ScaledClock // nil: the machine's, which can't be moved
}

// withLab answers the calls under labPath and leaves the other requests to next.
func withLab(l *lab, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isLab(r) {
			l.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLab(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, labPath) || r.URL.Path == strings.TrimSuffix(labPath, "/")
}

// ServeHTTP answers one call.
func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := l.answer(w, r)
	status := http.StatusOK
	if err != nil {
		refused := asRefusal(err)
		answer, status = struct {
			Error string `json:"error"`
		}{refused.message}, refused.status
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // no page shows it
	_ = out.Encode(answer)
}

func (l *lab) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	name := strings.TrimPrefix(r.URL.Path, labPath)
	i := slices.IndexFunc(calls, func(c call) bool { return c.name == name })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "unknown call %s: the calls are %s", r.URL.Path, callNames())
	}
	c := calls[i]
	if r.Method != c.method {
		w.Header().Set("Allow", c.method)
		return nil, refuse(http.StatusMethodNotAllowed, "%s can't be a %s: send %s", r.URL.Path, r.Method, c.usage())
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLabBody))
	if log, ok := w.(*watched); ok {
		log.note = string(body)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body can't be read: %v", err)
	}
	return c.run(l, r, body)
}

// A refusal is an error of a call. Its message says what to do.
type refusal struct {
	status  int
	message string
}

func (e *refusal) Error() string { return e.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// asRefusal converts the engine's errors.
func asRefusal(err error) *refusal {
	var own *refusal
	var state engine.LabError
	var api *engine.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &state):
		return &refusal{http.StatusConflict, state.Error()}
	case !errors.As(err, &api) || api.Code == engine.InternalServerError:
		return &refusal{http.StatusInternalServerError, err.Error()}
	}
	return &refusal{http.StatusConflict, api.Message}
}

// A call is a call of the lab.
type call struct {
	name, method string
	example      string // of a body
	run          func(l *lab, r *http.Request, body []byte) (any, error)
}

func (c call) usage() string {
	return strings.TrimSpace(c.method + " " + labPath + c.name + " " + c.example)
}

func callNames() string {
	var all []string
	for _, c := range calls {
		all = append(all, c.method+" "+labPath+c.name)
	}
	return strings.Join(all, ", ")
}

// callOf makes a call whose body is an In in JSON. An empty body is {}.
func callOf[In any](method, name, example string, run func(*lab, *http.Request, In) (any, error)) call {
	c := call{name: name, method: method, example: example}
	c.run = func(l *lab, r *http.Request, body []byte) (any, error) {
		var in In
		if err := decode(body, &in); err != nil {
			return nil, refuse(http.StatusBadRequest, "%v: send %s", err, c.usage())
		}
		answer, err := run(l, r, in)
		var own *refusal
		if errors.As(err, &own) && own.status == http.StatusBadRequest {
			own.message += ": send " + c.usage()
		}
		return answer, err
	}
	return c
}

// decode reads the only JSON value of a body. Its errors don't name Go's types.
func decode(body []byte, in any) error {
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	err := d.Decode(in)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("the body is a JSON %s, not an object", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("%s can't be a JSON %s", kind.Field, kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the body's JSON is not complete")
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	case err != nil:
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("the body has more than one JSON object")
	}
	return nil
}
