package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// What a function's answer says with ReportBatchItemFailures ("Configuring
// partial batch response with DynamoDB and Lambda").
//
//	{"batchItemFailures": [{"itemIdentifier": "<sequence number>"}]}
//
// The lowest sequence number counts: the records before it are handled, it and
// all behind it are sent again. An answer that is empty, null or an object
// without the list, and a list that is empty or null, are a complete success. An
// identifier that is empty, null, missing or misspelled is a complete failure. So
// are, as the guide says of SQS alone, one that is not of the batch, and an answer
// that is not such JSON.

// An ItemFailure is a failure that the function's answer reports, or that makes
// the answer useless.
type ItemFailure struct {
	// Sequence is the lowest one that is reported; empty: the whole batch
	// failed, and Reason is what is wrong with the answer.
	Sequence, Reason string
}

func (f *ItemFailure) Error() string {
	if f.Sequence != "" {
		return "batchItemFailures from " + f.Sequence + " on"
	}
	return "the whole batch failed: " + f.Reason
}

// judge is what an invocation came to: how many of its records are handled, and
// why others are not. An answer that is too large fails here, whatever calls the
// function, with the Runtime API's error.
func judge(records []record, answer []byte, err error, reports bool) (handled int, _ error) {
	switch {
	case err != nil:
		return 0, err
	case len(answer) > MaxAnswer:
		return 0, &FunctionError{
			Type:    "Function.ResponseSizeTooLarge",
			Message: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxAnswer),
		}
	case !reports:
		return len(records), nil
	}
	identifiers, wrong := itemFailures(answer)
	first := len(records)
	for _, id := range identifiers {
		at := slices.IndexFunc(records, func(r record) bool { return r.sequence == id })
		if at < 0 {
			wrong = fmt.Sprintf("itemIdentifier %q is not a sequence number of the batch", id)
			break
		}
		first = min(first, at)
	}
	switch {
	case wrong != "":
		return 0, &ItemFailure{Reason: wrong}
	case first < len(records):
		return first, &ItemFailure{Sequence: records[first].sequence}
	}
	return len(records), nil
}

// itemFailures are the identifiers of an answer, or what is wrong with it. Names
// are told apart by case, which encoding/json would not do in a struct.
func itemFailures(answer []byte) (identifiers []string, wrong string) {
	if len(bytes.TrimSpace(answer)) == 0 {
		return nil, ""
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return nil, "the answer is not a JSON object"
	}
	list := members["batchItemFailures"]
	if list == nil {
		return nil, ""
	}
	var failures []map[string]json.RawMessage
	if err := json.Unmarshal(list, &failures); err != nil {
		return nil, "batchItemFailures is not a list of objects"
	}
	for _, f := range failures {
		var id string
		if json.Unmarshal(f["itemIdentifier"], &id) != nil || id == "" {
			return nil, "batchItemFailures has an element without an itemIdentifier"
		}
		identifiers = append(identifiers, id)
	}
	return identifiers, ""
}
