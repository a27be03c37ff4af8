package mapping

import (
	"cmp"
	"strings"
	"time"
)

// Conditions of a FailureRecord.
const (
	RetryAttemptsExhausted = "RetryAttemptsExhausted"
	// RecordAgeExceeded is also the condition of records that expired while
	// they were retried without a bound.
	RecordAgeExceeded = "RecordAgeExceeded"
)

// A FailureRecord is what Lambda sends to the on-failure destination: where the
// records are that were given up, not what they hold. As JSON it is the body of
// the message to SQS (Developer Guide, "Retain discarded records for a DynamoDB
// event source in Lambda").
type FailureRecord struct {
	RequestContext RequestContext `json:"requestContext"`
	// ResponseContext is nil where the records were given up before they were
	// sent to the function.
	ResponseContext *ResponseContext `json:"responseContext,omitempty"`
	Version         string           `json:"version"`   // 1.0
	Timestamp       string           `json:"timestamp"` // when they were given up
	Batch           BatchInfo        `json:"DDBStreamBatchInfo"`
}

// A RequestContext is about the last invocation with the records, and why there
// was no other.
type RequestContext struct {
	RequestID   string `json:"requestId"`
	FunctionARN string `json:"functionArn"`
	Condition   string `json:"condition"`
	// ApproximateInvokeCount is how often the records were sent, not counting
	// those as part of a batch that was bisected.
	ApproximateInvokeCount int `json:"approximateInvokeCount"`
}

// A ResponseContext is about the last invocation's answer.
type ResponseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	// FunctionError is empty where the function succeeded, and its answer
	// reported the failure.
	FunctionError string `json:"functionError,omitempty"`
}

// A BatchInfo tells where the records are. Times are cut to the second.
type BatchInfo struct {
	ShardID                         string `json:"shardId"`
	StartSequenceNumber             string `json:"startSequenceNumber"`
	EndSequenceNumber               string `json:"endSequenceNumber"`
	ApproximateArrivalOfFirstRecord string `json:"approximateArrivalOfFirstRecord"`
	ApproximateArrivalOfLastRecord  string `json:"approximateArrivalOfLastRecord"`
	BatchSize                       int    `json:"batchSize"`
	StreamARN                       string `json:"streamArn"`
}

// localFunction is the ARN of a function in the region and the account of a
// stream.
func localFunction(streamARN string) string {
	parts := append(strings.SplitN(streamARN, ":", 6), make([]string, 6)...)
	return strings.Join([]string{"arn", cmp.Or(parts[1], "aws"), "lambda", parts[3], parts[4], "function", "local"}, ":")
}

const (
	secondsUTC = "2006-01-02T15:04:05Z"
	millisUTC  = "2006-01-02T15:04:05.000Z"
)

// failureRecord is about records that were given up at a time.
func (m *Mapping) failureRecord(p *part, records []record, condition string, at time.Time) *FailureRecord {
	first, last := records[0], records[len(records)-1]
	f := &FailureRecord{
		RequestContext: RequestContext{
			RequestID: cmp.Or(p.requestID, newRequestID()), Condition: condition, ApproximateInvokeCount: p.invocations,
			FunctionARN: cmp.Or(m.options.FunctionARN, localFunction(first.stream)),
		},
		Version: "1.0", Timestamp: at.UTC().Format(millisUTC),
		Batch: BatchInfo{
			ShardID: first.shard, StreamARN: first.stream, BatchSize: len(records),
			StartSequenceNumber: first.sequence, EndSequenceNumber: last.sequence,
			ApproximateArrivalOfFirstRecord: first.at.UTC().Format(secondsUTC),
			ApproximateArrivalOfLastRecord:  last.at.UTC().Format(secondsUTC),
		},
	}
	if p.invocations > 0 {
		f.ResponseContext = &ResponseContext{StatusCode: 200, ExecutedVersion: "$LATEST", FunctionError: functionError(p.err)}
	}
	return f
}
