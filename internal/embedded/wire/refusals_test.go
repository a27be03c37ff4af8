package wire_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// A refusalCase is a request and its error, empty if it succeeds.
type refusalCase struct {
	name, operation, body, want string
}

// runRefusals runs cases on a table with one item.
func runRefusals(t *testing.T, cases []refusalCase) {
	w := newWorld(t).withTable()
	w.must("PutItem", `{"TableName":"tab","Item":{"p":{"S":"there"},"q":{"N":"1"},"a":{"S":"x"}}}`)
	w.refuse(t, cases)
}

// refuse sends requests and compares their errors.
func (w *world) refuse(t *testing.T, cases []refusalCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.operation+"/"+c.name, func(t *testing.T) {
			if got := refused(t, w.send(c.operation, c.body)); got != c.want {
				t.Errorf("%s %s\n got %s\nwant %s", c.operation, c.body, got, c.want)
			}
		})
	}
}

const (
	v  = "ValidationException: "
	vi = v + "One or more parameter values were invalid: "
)

// expectRefusal sends a request whose error must begin with want.
func (w *world) expectRefusal(operation, body, want string) {
	w.t.Helper()
	if got := refused(w.t, w.send(operation, body)); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
		w.t.Errorf("%s %s: %q, want %q", operation, body, got, want)
	}
}

// refused returns an answer's error as "Type: message", empty for a success.
func refused(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code == 200 {
		return ""
	}
	v := parse(t, rec.Body.String())
	message := v["message"]
	if message == nil {
		message = v["Message"]
	}
	_, name, _ := strings.Cut(v["__type"].(string), "#")
	return fmt.Sprintf("%s: %v", name, message)
}

// enveloped is the error in the form that PutItem, UpdateItem and DeleteItem have for what
// they find before they look at the table: dynamodb-conformance, October 2026.
func enveloped(want string) string {
	return strings.Replace(want, "ValidationException: ", "ValidationException: 1 validation error detected: ", 1)
}
