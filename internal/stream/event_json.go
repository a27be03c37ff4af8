package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// jsonEvent is an event as JSON. Its images are DynamoDB's own JSON, which
// keeps types, sets and all digits.
type jsonEvent struct {
	Kind     Kind      `json:"kind"`
	Stream   string    `json:"stream,omitempty"`
	Shard    string    `json:"shard,omitempty"`
	Sequence string    `json:"sequence,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Seen     time.Time `json:"seen,omitzero"`

	Generation int64 `json:"generation,omitempty"`
	Copy       int64 `json:"copy,omitempty"`

	Keys json.RawMessage `json:"keys,omitempty"`
	Old  json.RawMessage `json:"old,omitempty"`
	New  json.RawMessage `json:"new,omitempty"`
	Gap  *jsonGap        `json:"gap,omitempty"`
}

type jsonGap struct {
	Stream  string `json:"stream,omitempty"`
	Shard   string `json:"shard,omitempty"`
	Next    string `json:"next,omitempty"`
	Last    string `json:"last,omitempty"`
	Oldest  string `json:"oldest,omitempty"`
	Certain bool   `json:"certain,omitempty"`
	Err     string `json:"error,omitempty"`
}

// MarshalJSON writes all of the event, so that it can be stored, such as a
// dead letter, and handled later. Of a Gap's Err it keeps the text.
func (e Event) MarshalJSON() ([]byte, error) {
	j := jsonEvent{Kind: e.Kind, Stream: e.Stream, Shard: e.Shard, Sequence: e.Sequence, At: e.At, Seen: e.Seen, Generation: e.Generation, Copy: e.Copy}
	var errs [3]error
	j.Keys, errs[0] = e.Keys.DynamoDBJSON()
	j.Old, errs[1] = e.Old.DynamoDBJSON()
	j.New, errs[2] = e.New.DynamoDBJSON()
	if g := e.Gap; g != nil {
		j.Gap = &jsonGap{g.Stream, g.Shard, g.Next, g.Last, g.Oldest, g.Certain, ""}
		if g.Err != nil {
			j.Gap.Err = g.Err.Error()
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("writing event %s as JSON: %w", e.Sequence, err)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(text []byte) error {
	var j jsonEvent
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*e = Event{Kind: j.Kind, Stream: j.Stream, Shard: j.Shard, Sequence: j.Sequence, At: j.At, Seen: j.Seen, Generation: j.Generation, Copy: j.Copy}
	var errs [3]error
	e.Keys, errs[0] = unmarshalImage(j.Keys)
	e.Old, errs[1] = unmarshalImage(j.Old)
	e.New, errs[2] = unmarshalImage(j.New)
	if g := j.Gap; g != nil {
		e.Gap = &Gap{Stream: g.Stream, Shard: g.Shard, Next: g.Next, Last: g.Last, Oldest: g.Oldest, Certain: g.Certain}
		if g.Err != "" {
			e.Gap.Err = errors.New(g.Err)
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("reading event %s from JSON: %w", j.Sequence, err)
	}
	return nil
}

// DynamoDBJSON writes the image as DynamoDB's API does, such as
// {"id":{"S":"7"}}: with the types, and with all digits of numbers. Its attributes
// are in no particular order. It is nil for a nil image.
func (i Image) DynamoDBJSON() (json.RawMessage, error) {
	if i == nil {
		return nil, nil
	}
	values, err := attributevalue.FromDynamoDBStreamsMap(i)
	if err != nil {
		return nil, err
	}
	return attributevalue.MarshalMapJSON(values)
}

func unmarshalImage(text json.RawMessage) (Image, error) {
	if len(text) == 0 {
		return nil, nil
	}
	values, err := attributevalue.UnmarshalMapJSON(text)
	if err != nil {
		return nil, err
	}
	return toStreams(values)
}

// toStreams gives the values of package dynamodb the types of package
// dynamodbstreams.
func toStreams(values map[string]dbtypes.AttributeValue) (out map[string]types.AttributeValue, err error) {
	out = make(map[string]types.AttributeValue, len(values))
	for name, value := range values {
		if out[name], err = toStream(value); err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return out, nil
}

func toStream(value dbtypes.AttributeValue) (types.AttributeValue, error) {
	switch v := value.(type) {
	case *dbtypes.AttributeValueMemberS:
		return &types.AttributeValueMemberS{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberN:
		return &types.AttributeValueMemberN{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberB:
		return &types.AttributeValueMemberB{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberBOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberNULL:
		return &types.AttributeValueMemberNULL{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberSS:
		return &types.AttributeValueMemberSS{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberNS:
		return &types.AttributeValueMemberNS{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberBS:
		return &types.AttributeValueMemberBS{Value: v.Value}, nil
	case *dbtypes.AttributeValueMemberM:
		values, err := toStreams(v.Value)
		return &types.AttributeValueMemberM{Value: values}, err
	case *dbtypes.AttributeValueMemberL:
		list := make([]types.AttributeValue, len(v.Value))
		for i, element := range v.Value {
			var err error
			if list[i], err = toStream(element); err != nil {
				return nil, err
			}
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	}
	return nil, fmt.Errorf("its type is unknown: %T", value)
}

type jsonFailure struct {
	Event    Event     `json:"event"`
	Err      string    `json:"error"`
	Attempts int       `json:"attempts"`
	First    time.Time `json:"first"`
}

// MarshalJSON writes all of the failure, and of Err its text.
func (f Failure) MarshalJSON() ([]byte, error) {
	j := jsonFailure{Event: f.Event, Attempts: f.Attempts, First: f.First}
	if f.Err != nil {
		j.Err = f.Err.Error()
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Failure) UnmarshalJSON(text []byte) error {
	var j jsonFailure
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("reading a failure from JSON: %w", err)
	}
	*f = Failure{Event: j.Event, Err: errors.New(j.Err), Attempts: j.Attempts, First: j.First}
	return nil
}
