package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// lambdaRecord is a record as a Lambda function gets it ("Using AWS Lambda with
// Amazon DynamoDB" in the Lambda Developer Guide). It is that of the Streams API
// but for the spelling of the identity's members, where encoding/json takes
// capitals for small letters and the reverse, and for the stream's ARN.
type lambdaRecord struct {
	EventName    types.OperationType `json:"eventName"`
	AwsRegion    *string             `json:"awsRegion"`
	UserIdentity *types.Identity     `json:"userIdentity"`
	Dynamodb     *lambdaChange       `json:"dynamodb"`
	Stream       string              `json:"eventSourceARN"`
}

type lambdaChange struct {
	// CreatedAt is in Unix seconds, which some senders write as 1.4E9.
	CreatedAt      float64         `json:"ApproximateCreationDateTime"`
	SequenceNumber *string         `json:"SequenceNumber"`
	Keys           json.RawMessage `json:"Keys"`
	OldImage       json.RawMessage `json:"OldImage"`
	NewImage       json.RawMessage `json:"NewImage"`
}

// LambdaEvent makes the event of a record that a Lambda function gets: an
// element of its input's Records. It is the one that a Reader would deliver,
// except for what such a record does not tell: Shard is empty, Generation and
// Copy are 0, and Seen is zero, which is the caller's to set. With an error, the
// event has the record's Sequence, if any.
func LambdaEvent(record []byte) (Event, error) {
	var in lambdaRecord
	if err := json.Unmarshal(record, &in); err != nil {
		return Event{}, fmt.Errorf("reading a record of a Lambda event: %w", err)
	}
	if in.Dynamodb == nil {
		return Event{}, errors.New("the Lambda event has a record that is not DynamoDB's")
	}
	at := time.UnixMilli(int64(in.Dynamodb.CreatedAt * 1000)).UTC()
	change := &types.StreamRecord{SequenceNumber: in.Dynamodb.SequenceNumber, ApproximateCreationDateTime: &at}
	r := types.Record{EventName: in.EventName, AwsRegion: in.AwsRegion, UserIdentity: in.UserIdentity, Dynamodb: change}
	for _, image := range []struct {
		text json.RawMessage
		to   *map[string]types.AttributeValue
		name string
	}{
		{in.Dynamodb.Keys, &change.Keys, "Keys"},
		{in.Dynamodb.OldImage, &change.OldImage, "OldImage"},
		{in.Dynamodb.NewImage, &change.NewImage, "NewImage"},
	} {
		values, err := unmarshalImage(image.text)
		if err != nil {
			return Event{Sequence: sequence(r)}, fmt.Errorf("record %s has %s that can't be read: %w", sequence(r), image.name, err)
		}
		*image.to = values
	}
	e, err := newEvent("", r)
	if err != nil {
		return Event{Sequence: sequence(r)}, err
	}
	e.Stream = in.Stream
	return e, nil
}
