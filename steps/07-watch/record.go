package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/watch"
)

// A wireRecord is a record as the API's JSON has it.
type wireRecord struct {
	EventID      *string             `json:"eventID,omitempty"`
	EventName    types.OperationType `json:"eventName"`
	EventVersion *string             `json:"eventVersion,omitempty"`
	EventSource  *string             `json:"eventSource,omitempty"`
	AWSRegion    *string             `json:"awsRegion,omitempty"`
	UserIdentity *wireIdentity       `json:"userIdentity,omitempty"`
	Dynamodb     wireChange          `json:"dynamodb"`
}

type wireIdentity struct {
	Type        *string
	PrincipalID *string `json:"PrincipalId"`
}

type wireChange struct {
	ApproximateCreationDateTime float64 // Unix seconds
	Keys                        json.RawMessage
	OldImage                    json.RawMessage `json:",omitempty"`
	NewImage                    json.RawMessage `json:",omitempty"`
	SequenceNumber              *string
	SizeBytes                   *int64
	StreamViewType              types.StreamViewType
}

// recordJSON is a record as DynamoDB sent it.
func recordJSON(r types.Record) ([]byte, error) {
	out := wireRecord{
		EventID: r.EventID, EventName: r.EventName, EventVersion: r.EventVersion,
		EventSource: r.EventSource, AWSRegion: r.AwsRegion,
	}
	if who := r.UserIdentity; who != nil {
		out.UserIdentity = &wireIdentity{who.Type, who.PrincipalId}
	}
	d := r.Dynamodb
	out.Dynamodb = wireChange{
		SequenceNumber: d.SequenceNumber, SizeBytes: d.SizeBytes, StreamViewType: d.StreamViewType,
	}
	if at := d.ApproximateCreationDateTime; at != nil {
		out.Dynamodb.ApproximateCreationDateTime = float64(at.UnixMilli()) / 1000
	}
	var errs [3]error
	out.Dynamodb.Keys, errs[0] = stream.Image(d.Keys).DynamoDBJSON()
	out.Dynamodb.OldImage, errs[1] = stream.Image(d.OldImage).DynamoDBJSON()
	out.Dynamodb.NewImage, errs[2] = stream.Image(d.NewImage).DynamoDBJSON()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// A recordNote says what a part of a record means.
type recordNote struct {
	Of   string `json:"of"`
	Text string `json:"text"`
}

var eventNames = map[string]string{
	"INSERT": "INSERT: there was no such item before. A put over an item is a MODIFY.",
	"MODIFY": "MODIFY: the item was there, and changed. A write that changes nothing makes no record.",
	"REMOVE": "REMOVE: the item left the table. Who removed it is in userIdentity alone.",
}

// notesOn explains a record.
func notesOn(r watch.Record, raw []byte) ([]recordNote, error) {
	var record wireRecord
	if err := json.Unmarshal(raw, &record); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	what, known := eventNames[string(record.EventName)]
	if !known {
		what = fmt.Sprintf("%s: DynamoDB Local 3 calls a removal by TTL so.", record.EventName)
	}
	notes := []recordNote{{"eventName", what}}
	switch who := record.UserIdentity; {
	case who != nil && r.Kind == "expired":
		notes = append(notes, recordNote{"userIdentity", "DynamoDB itself removed the item, since its ttl had passed. No other removal has this identity."})
	case who != nil:
		notes = append(notes, recordNote{"userIdentity", "Another service of AWS made this change, not DynamoDB's TTL."})
	case r.Kind == "deleted":
		notes = append(notes, recordNote{"userIdentity", "There is none: a program deleted the item, even if its ttl had passed."})
	case r.Kind != "expired":
		notes = append(notes, recordNote{"userIdentity", "There is none: a program made this change."})
	}
	notes = append(notes, recordNote{"SequenceNumber", "It orders the changes of an item. Compare it as a number, since as text 9 is more than 10."})
	at := time.UnixMilli(r.At).UTC()
	rounded := "Rounded down to the second"
	if at.Second() == 0 && record.AWSRegion != nil && *record.AWSRegion == "ddblocal" {
		rounded = "Rounded down to the minute"
	}
	notes = append(notes, recordNote{"ApproximateCreationDateTime", fmt.Sprintf("%s. %s: never order changes by it.", at.Format("2006-01-02 15:04:05 UTC"), rounded)})
	return notes, nil
}
