package mapping

import (
	"errors"
	"strings"
	"testing"
)

// TestAnswers are the shapes of an answer with ReportBatchItemFailures.
func TestAnswers(t *testing.T) {
	records := []record{{sequence: "111"}, {sequence: "222"}, {sequence: "333"}}
	const all = -1
	for _, c := range []struct {
		name, answer string
		handled      int    // all: a complete success
		reason       string // of a complete failure
	}{
		{"empty list", `{"batchItemFailures": []}`, all, ""},
		{"null list", `{"batchItemFailures": null}`, all, ""},
		{"empty response", `{}`, all, ""},
		{"null response", `null`, all, ""},
		{"no answer", ``, all, ""},
		{"blank answer", " \n", all, ""},
		{"without the list", `{"statusCode": 200}`, all, ""},
		{"another spelling of the list", `{"BatchItemFailures": [{"itemIdentifier": "222"}]}`, all, ""},

		{"the first", `{"batchItemFailures": [{"itemIdentifier": "111"}]}`, 0, ""},
		{"the last", `{"batchItemFailures": [{"itemIdentifier": "333"}]}`, 2, ""},
		{"the lowest of several", `{"batchItemFailures": [{"itemIdentifier": "333"}, {"itemIdentifier": "222"}]}`, 1, ""},
		{"more members", `{"batchItemFailures": [{"itemIdentifier": "222", "why": 1}], "count": 1}`, 1, ""},

		{"empty identifier", `{"batchItemFailures": [{"itemIdentifier": ""}]}`, 0, "without an itemIdentifier"},
		{"null identifier", `{"batchItemFailures": [{"itemIdentifier": null}]}`, 0, "without an itemIdentifier"},
		{"bad key", `{"batchItemFailures": [{"ItemIdentifier": "222"}]}`, 0, "without an itemIdentifier"},
		{"number", `{"batchItemFailures": [{"itemIdentifier": 222}]}`, 0, "without an itemIdentifier"},
		{"null element", `{"batchItemFailures": [null]}`, 0, "without an itemIdentifier"},
		{"one of them is bad", `{"batchItemFailures": [{"itemIdentifier": "333"}, {"itemIdentifier": ""}]}`, 0, "without an itemIdentifier"},
		{"not of the batch", `{"batchItemFailures": [{"itemIdentifier": "333"}, {"itemIdentifier": "444"}]}`, 0, `"444" is not a sequence number of the batch`},
		{"identifiers alone", `{"batchItemFailures": ["222"]}`, 0, "not a list of objects"},
		{"not a list", `{"batchItemFailures": {"itemIdentifier": "222"}}`, 0, "not a list of objects"},
		{"a string", `"ok"`, 0, "not a JSON object"},
		{"a list", `[]`, 0, "not a JSON object"},
		{"nonsense", `<html>`, 0, "not a JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			handled, err := judge(records, []byte(c.answer), nil, true)
			var failure *ItemFailure
			switch {
			case c.handled == all:
				if handled != len(records) || err != nil {
					t.Errorf("judge(%s) = %d, %v, want a complete success", c.answer, handled, err)
				}
			case !errors.As(err, &failure) || handled != c.handled:
				t.Errorf("judge(%s) = %d, %v, want %d and an ItemFailure", c.answer, handled, err, c.handled)
			case c.reason == "" && failure.Sequence != records[handled].sequence, !strings.Contains(failure.Reason, c.reason):
				t.Errorf("judge(%s) fails with %+v, want %q", c.answer, failure, c.reason)
			}
			if handled, err := judge(records, []byte(c.answer), nil, false); handled != len(records) || err != nil {
				t.Errorf("without ReportBatchItemFailures, judge(%s) = %d, %v, want a success", c.answer, handled, err)
			}
		})
	}
}
