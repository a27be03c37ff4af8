package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

// A record is one that waits for the function or is with it.
type record struct {
	page  *stream.Page // with index, what is told of its handling
	index int

	stream, shard, sequence string
	at                      time.Time // when it was made, by DynamoDB's clock
	joined                  time.Time // when it began to wait, by this machine's
	item                    uint64    // a hash of its whole primary key
	json                    []byte    // as the function gets it
}

// newRecord makes the record of a page's event.
func newRecord(p *stream.Page, index int) (record, error) {
	e, raw := p.Events[index], p.Record(index)
	if raw == nil {
		return record{}, fmt.Errorf("an event of the kind %s has no record that a function could get: open the reader without a Copy", e.Kind)
	}
	text, err := recordJSON(e, raw)
	if err != nil {
		return record{}, fmt.Errorf("record %s of shard %s: %w", e.Sequence, e.Shard, err)
	}
	return record{
		page: p, index: index, stream: e.Stream, shard: e.Shard, sequence: e.Sequence,
		at: e.At, joined: time.Now(), item: hash(e.Item()), json: text,
	}, nil
}

// lambdaRecord is a record in Lambda's event (Developer Guide, "Using AWS Lambda
// with Amazon DynamoDB").
type lambdaRecord struct {
	EventID      string          `json:"eventID"`
	EventName    string          `json:"eventName"`
	EventVersion string          `json:"eventVersion"`
	EventSource  string          `json:"eventSource"`
	Region       string          `json:"awsRegion"`
	Change       lambdaChange    `json:"dynamodb"`
	Identity     *lambdaIdentity `json:"userIdentity,omitempty"`
	Stream       string          `json:"eventSourceARN"`
}

type lambdaChange struct {
	At        json.Number     `json:"ApproximateCreationDateTime"` // Unix seconds
	Keys      json.RawMessage `json:"Keys,omitempty"`
	NewImage  json.RawMessage `json:"NewImage,omitempty"`
	OldImage  json.RawMessage `json:"OldImage,omitempty"`
	Sequence  string          `json:"SequenceNumber"`
	SizeBytes int64           `json:"SizeBytes"`
	View      string          `json:"StreamViewType"`
}

// lambdaIdentity has Lambda's spelling. The Streams API spells it Type and
// PrincipalId.
type lambdaIdentity struct {
	Type      string `json:"type"`
	Principal string `json:"principalId"`
}

// eventNames are Lambda's. A removal by TTL is told by its userIdentity.
var eventNames = map[stream.Kind]string{
	stream.Inserted: "INSERT", stream.Modified: "MODIFY", stream.Deleted: "REMOVE", stream.Expired: "REMOVE",
}

// recordJSON is the JSON of a record as it is in Lambda's event. The event name and
// the identity of a removal by TTL are the service's also where DynamoDB Local gives
// others.
func recordJSON(e stream.Event, raw *types.Record) ([]byte, error) {
	change := lambdaChange{
		At: seconds(e.At), Sequence: e.Sequence,
		SizeBytes: aws.ToInt64(raw.Dynamodb.SizeBytes), View: string(raw.Dynamodb.StreamViewType),
	}
	var errs [3]error
	change.Keys, errs[0] = e.Keys.DynamoDBJSON()
	change.NewImage, errs[1] = e.New.DynamoDBJSON()
	change.OldImage, errs[2] = e.Old.DynamoDBJSON()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(lambdaRecord{
		EventID: aws.ToString(raw.EventID), EventName: eventNames[e.Kind],
		EventVersion: cmp.Or(aws.ToString(raw.EventVersion), "1.1"),
		EventSource:  cmp.Or(aws.ToString(raw.EventSource), "aws:dynamodb"),
		Region:       aws.ToString(raw.AwsRegion), Change: change, Identity: identity(e, raw), Stream: e.Stream,
	})
	return bytes.TrimSpace(out.Bytes()), err
}

// identity is who made the change, where the record says so.
func identity(e stream.Event, raw *types.Record) *lambdaIdentity {
	switch who := raw.UserIdentity; {
	case e.Expired():
		return &lambdaIdentity{"Service", "dynamodb.amazonaws.com"}
	case who != nil:
		return &lambdaIdentity{aws.ToString(who.Type), aws.ToString(who.PrincipalId)}
	}
	return nil
}

// seconds are Unix seconds, with a fraction where there is one.
func seconds(t time.Time) json.Number {
	if t.Nanosecond() == 0 {
		return json.Number(strconv.FormatInt(t.Unix(), 10))
	}
	return json.Number(strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64))
}
