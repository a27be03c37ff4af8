package mapping

import (
	"context"
	"fmt"
	"time"

	"dynamostreamer/internal/stream"
)

// Infinite is a MaximumRetryAttempts or MaximumRecordAge without a bound: a
// batch that fails is retried until its records expire, 24 hours after they
// were made.
const Infinite = -1

// Options are the mapping's parameters, by Lambda's names. Begin with Defaults:
// a zero is a value like others.
type Options struct {
	// BatchSize is the maximum number of records of an invocation, 1 to 10,000.
	BatchSize int
	// MaximumBatchingWindow is how long a batch that is not full waits for
	// more records, 0 to 300 s.
	MaximumBatchingWindow time.Duration
	// ParallelizationFactor is how many batches of a shard are in work at a
	// time, 1 to 10. An item's changes stay in order.
	ParallelizationFactor int
	// MaximumRetryAttempts is how often a batch is retried whose invocation
	// failed, 0 to 10,000, or Infinite.
	MaximumRetryAttempts int
	// MaximumRecordAge is the age from which on a record is given up, 60 s to
	// 7 days, or Infinite.
	MaximumRecordAge time.Duration
	// BisectBatchOnFunctionError halves a batch whose invocation failed.
	BisectBatchOnFunctionError bool
	// ReportBatchItemFailures lets the function's answer say which records
	// failed. Without it, the answer is ignored.
	ReportBatchItemFailures bool
	// Filters are patterns of the records that the function gets, at most
	// MaxFilters: a record that matches one of them. None: all records.
	Filters []string

	// OnFailure, if set, gets what Lambda would send to the on-failure
	// destination, before the checkpoint moves past those records: after a
	// crash between the two, it may come again. It is called for several
	// batches at a time. Its error ends Run. Nil: what is given up is only
	// counted.
	OnFailure func(context.Context, *FailureRecord) error
	// Trace, if set, is told of each invocation after it, one at a time.
	Trace func(Invocation)

	// FunctionARN is the function's in on-failure records. Empty: one of a
	// function "local" in the stream's region and account.
	FunctionARN string
	// Backoff is the maximum wait before a retry; the first is about 100 ms,
	// each about twice the one before. Lambda's is not documented. Zero: 5 s.
	Backoff time.Duration
}

// Defaults are Lambda's (Developer Guide, "Lambda parameters for Amazon
// DynamoDB event source mappings").
func Defaults() Options {
	return Options{BatchSize: 100, ParallelizationFactor: 1, MaximumRetryAttempts: Infinite, MaximumRecordAge: Infinite}
}

// StartingPosition is the Reader's Start for a mapping's StartingPosition:
// TRIM_HORIZON or LATEST. Where there are checkpoints, they take precedence.
func StartingPosition(name string) (stream.Start, error) {
	switch name {
	case "TRIM_HORIZON":
		return stream.TrimHorizon, nil
	case "LATEST":
		return stream.Latest, nil
	}
	return stream.Start{}, fmt.Errorf("StartingPosition %q: give TRIM_HORIZON or LATEST", name)
}

// check refuses what CreateEventSourceMapping refuses.
func (o Options) check() error {
	age := o.MaximumRecordAge
	for _, c := range []struct {
		wrong      bool
		name, want string
		value      any
	}{
		{o.BatchSize < 1 || o.BatchSize > 10_000, "BatchSize", "1 to 10,000", o.BatchSize},
		{o.MaximumBatchingWindow < 0 || o.MaximumBatchingWindow > 300*time.Second, "MaximumBatchingWindow", "0s to 300s", o.MaximumBatchingWindow},
		{o.ParallelizationFactor < 1 || o.ParallelizationFactor > 10, "ParallelizationFactor", "1 to 10", o.ParallelizationFactor},
		{o.MaximumRetryAttempts < Infinite || o.MaximumRetryAttempts > 10_000, "MaximumRetryAttempts", "0 to 10,000, or -1 for no bound", o.MaximumRetryAttempts},
		{age != Infinite && (age < time.Minute || age > 7*24*time.Hour), "MaximumRecordAge", "60s to 168h, or -1 for no bound", age},
		{o.Backoff < 0, "Backoff", "a duration of 0 or more", o.Backoff},
	} {
		if c.wrong {
			return fmt.Errorf("%s %v: give %s", c.name, c.value, c.want)
		}
	}
	return nil
}
