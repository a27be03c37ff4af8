package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	ours "dynamostreamer/internal/lambda"
	"dynamostreamer/internal/stream"
)

// What a deployed function is told, by variables: template.yaml sets
// REPORT_BATCH_ITEM_FAILURES, and this step all of them by its flags.
const (
	reportVariable = "REPORT_BATCH_ITEM_FAILURES" // true: the mapping reads the answer
	poisonVariable = "POISON"                     // about one row in this number fails
	slowVariable   = "SLOW"                       // how long each event takes
)

//weave:function

// function handles the changes that Lambda invokes it with, and
// never returns. handle is what stream.Reader's Run would take.
func function() {
	var options []ours.Option
	if os.Getenv(reportVariable) == "true" {
		// The mapping's FunctionResponseTypes must say so too.
		options = append(options, ours.ReportBatchItemFailures)
	}
	lambda.Start(ours.Handler(handle, options...))
}

// handle does the function's work for one change.
func handle(_ context.Context, e stream.Event) error {
	if err := trouble(e); err != nil {
		return err
	}
	key, err := json.Marshal(e.Keys)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%-8s %s\n", e.Kind, key)
	return err
}

//weave:end

// trouble takes its time and fails, as the variables say. A poisonous row always
// fails: its key says so.
func trouble(e stream.Event) error {
	slow, _ := time.ParseDuration(os.Getenv(slowVariable))
	time.Sleep(slow) // whatever the deadline
	n, _ := strconv.ParseUint(os.Getenv(poisonVariable), 10, 32)
	if n == 0 {
		return nil
	}
	hash := fnv.New32a()
	hash.Write([]byte(e.Item()))
	if hash.Sum32()%uint32(n) == 0 {
		return errors.New("the row is poison")
	}
	return nil
}
