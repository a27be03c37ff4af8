//go:build !lambda.norpc

package main

import (
	"strings"
	"testing"

	"dynamostreamer/internal/lambda/mapping"
)

// TestResultIsOneLine: an invocation has one line, whatever its function says.
func TestResultIsOneLine(t *testing.T) {
	for _, test := range []struct{ name, kind, message, want string }{
		{"a traceback", "KeyError", "id\nline 2", "failed in 0s: KeyError: id"},
		{"a type of two lines", "E\nbatch 9, succeeded", "x", "failed in 0s: E: x"},
		{"what moves the cursor", "E", "a\r\x1b[2Kb", "failed in 0s: E: a  [2Kb"},
		{"a long message", "E", strings.Repeat("é", 5000), "failed in 0s: E: " + strings.Repeat("é", 300) + "…"},
	} {
		got := result(mapping.Invocation{Err: &mapping.FunctionError{Type: test.kind, Message: test.message}})
		if got != test.want {
			t.Errorf("%s: result = %.60q, want %.60q", test.name, got, test.want)
		}
	}
}
