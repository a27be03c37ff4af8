package mapping

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/go-json-experiment/json/jsontext"

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
	r := record{page: p, index: index, stream: e.Stream, shard: e.Shard, sequence: e.Sequence, at: e.At, joined: time.Now()}
	var err error
	r.json, r.item, err = appendRecord(make([]byte, 0, 512+2*aws.ToInt64(raw.Dynamodb.SizeBytes)), e, raw)
	return r, err
}

// eventNames are Lambda's. A removal by TTL is told by its userIdentity.
var eventNames = map[stream.Kind]string{
	stream.Inserted: "INSERT", stream.Modified: "MODIFY", stream.Deleted: "REMOVE", stream.Expired: "REMOVE",
}

// appendRecord appends the JSON of a record as it is in Lambda's event
// (Developer Guide, "Using AWS Lambda with Amazon DynamoDB"), and returns the
// hash of its key. The event name and the identity of a removal by TTL are the
// service's also where DynamoDB Local gives others. They spell an identity
// type and principalId; the Streams API spells it Type and PrincipalId.
func appendRecord(b []byte, e stream.Event, raw *types.Record) (_ []byte, item uint64, err error) {
	version, source := "1.1", "aws:dynamodb"
	if raw.EventVersion != nil {
		version = *raw.EventVersion
	}
	if raw.EventSource != nil {
		source = *raw.EventSource
	}
	b = append(b, '{')
	b = appendMember(b, "eventID", aws.ToString(raw.EventID))
	b = appendMember(b, "eventName", eventNames[e.Kind])
	b = appendMember(b, "eventVersion", version)
	b = appendMember(b, "eventSource", source)
	b = appendMember(b, "awsRegion", aws.ToString(raw.AwsRegion))
	b = append(b, `"dynamodb":{"ApproximateCreationDateTime":`...)
	b = append(appendSeconds(b, e.At), ',')
	keys := len(b) + len(`"Keys":`)
	for _, image := range []struct {
		name   string
		values stream.Image
	}{{"Keys", e.Keys}, {"NewImage", e.New}, {"OldImage", e.Old}} {
		if image.values == nil {
			continue
		}
		if b, err = appendMap(appendName(b, image.name), image.values); err != nil {
			return nil, 0, fmt.Errorf("record %s of shard %s: %w", e.Sequence, e.Shard, err)
		}
		if image.name == "Keys" {
			item = hash(b[keys:])
		}
		b = append(b, ',')
	}
	b = appendMember(b, "SequenceNumber", e.Sequence)
	b = append(b, `"SizeBytes":`...)
	b = append(strconv.AppendInt(b, aws.ToInt64(raw.Dynamodb.SizeBytes), 10), ',')
	b = appendMember(b, "StreamViewType", string(raw.Dynamodb.StreamViewType))
	b[len(b)-1] = '}'
	b = append(b, ',')
	if kind, principal := identity(e, raw); kind != "" || principal != "" {
		b = append(b, `"userIdentity":{`...)
		b = appendMember(b, "type", kind)
		b = appendMember(b, "principalId", principal)
		b[len(b)-1] = '}'
		b = append(b, ',')
	}
	b = appendMember(b, "eventSourceARN", e.Stream)
	b[len(b)-1] = '}'
	return b, item, nil
}

// identity is who made the change, where the record says so.
func identity(e stream.Event, raw *types.Record) (kind, principal string) {
	switch {
	case e.Expired():
		return "Service", "dynamodb.amazonaws.com"
	case raw.UserIdentity != nil:
		return aws.ToString(raw.UserIdentity.Type), aws.ToString(raw.UserIdentity.PrincipalId)
	}
	return "", ""
}

// appendMember appends a member that is a string, and a comma.
func appendMember(b []byte, name, value string) []byte {
	return append(appendString(appendName(b, name), value), ',')
}

// appendName appends the name of a member, which is Lambda's, and a colon.
func appendName(b []byte, name string) []byte {
	return append(append(append(b, '"'), name...), '"', ':')
}

// appendString appends a JSON string. A byte that is not UTF-8 becomes U+FFFD, as
// in any JSON; DynamoDB's strings have none.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// appendSeconds appends Unix seconds, with a fraction where there is one.
func appendSeconds(b []byte, t time.Time) []byte {
	if t.Nanosecond() == 0 {
		return strconv.AppendInt(b, t.Unix(), 10)
	}
	return strconv.AppendFloat(b, float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// appendMap appends values by name, sorted.
func appendMap(b []byte, values map[string]types.AttributeValue) (_ []byte, err error) {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		if b, err = appendValue(b, values[name]); err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return append(b, '}'), nil
}

// appendValue appends DynamoDB's JSON of a value: a number is a string, with all
// its digits.
func appendValue(b []byte, value types.AttributeValue) (_ []byte, err error) {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		b = appendString(append(b, `{"S":`...), v.Value)
	case *types.AttributeValueMemberN:
		b = appendString(append(b, `{"N":`...), v.Value)
	case *types.AttributeValueMemberB:
		b = appendBinary(append(b, `{"B":`...), v.Value)
	case *types.AttributeValueMemberBOOL:
		b = strconv.AppendBool(append(b, `{"BOOL":`...), v.Value)
	case *types.AttributeValueMemberNULL:
		b = strconv.AppendBool(append(b, `{"NULL":`...), v.Value)
	case *types.AttributeValueMemberSS:
		b = appendList(append(b, `{"SS":`...), v.Value, appendString)
	case *types.AttributeValueMemberNS:
		b = appendList(append(b, `{"NS":`...), v.Value, appendString)
	case *types.AttributeValueMemberBS:
		b = appendList(append(b, `{"BS":`...), v.Value, appendBinary)
	case *types.AttributeValueMemberM:
		b, err = appendMap(append(b, `{"M":`...), v.Value)
	case *types.AttributeValueMemberL:
		b = appendList(append(b, `{"L":`...), v.Value, func(b []byte, element types.AttributeValue) []byte {
			if b, err = appendValue(b, element); err != nil {
				return nil
			}
			return b
		})
	default:
		err = fmt.Errorf("its type is unknown: %T", value)
	}
	if err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

func appendList[T any](b []byte, list []T, appendElement func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, element := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendElement(b, element)
	}
	return append(b, ']')
}

func appendBinary(b, data []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"')
}
