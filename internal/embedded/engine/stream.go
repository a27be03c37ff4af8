package engine

import (
	"regexp"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// A StreamSpecification turns a table's stream on or off.
type StreamSpecification struct {
	StreamEnabled  *bool   `api:",required"`
	StreamViewType *string `api:",one of NEW_IMAGE OLD_IMAGE NEW_AND_OLD_IMAGES KEYS_ONLY"`
}

// check refuses an enabled stream without a view type, with the message enabled, and a
// disabled stream with one, with the message disabled.
func (s *StreamSpecification) check(enabled, disabled string) error {
	switch {
	case s == nil:
		return nil
	case *s.StreamEnabled && s.StreamViewType == nil:
		return invalid("%s", badValues+enabled)
	case !*s.StreamEnabled && s.StreamViewType != nil:
		return invalid("%s", badValues+disabled)
	}
	return nil
}

func (c *catalog) streamByARN(tx *store.Tx, arn string) (*stream, error) {
	if s := c.findStream(tx, arn); s != nil {
		return s, nil
	}
	if !streamARN.MatchString(arn) {
		return nil, invalid("Invalid StreamArn")
	}
	return nil, fail(ResourceNotFoundException, "Requested resource not found: Stream: %s not found", arn)
}

var streamARN = regexp.MustCompile("^arn:[^:]+:dynamodb:[^:]*:[^:]*:table/[^/]+/stream/.+$")

func shardNotFound(id string, s *stream) error {
	return fail(ResourceNotFoundException, "Requested resource not found: Shard: %s in Stream: %s not found", id, s.arn)
}

// streamPart is between a table's ARN and the label of its stream in the stream's ARN.
const streamPart = "/stream/"

// openStream makes a table's stream with its first shard. The caller must store the
// table's definition.
func (e *Engine) openStream(tx *store.Tx, t *table, view string) {
	now := e.clock.Now()
	label, arn := "", ""
	for exists := true; exists; now = now.Add(time.Millisecond) {
		label = now.UTC().Format("2006-01-02T15:04:05.000")
		arn = e.tableARN(t.name) + streamPart + label
		_, exists = tx.Stream(arn)
	}
	t.StreamLabel, t.StreamARN = label, arn
	t.stream = &stream{arn: arn, streamDefinition: streamDefinition{Table: t.name, Label: label, View: view, Created: now, Key: t.Key}}
	t.stream.id = tx.InsertStream(store.StreamRow{Table: t.id, ARN: arn, Definition: encode(t.stream.streamDefinition)})
	e.addShard(tx, t.stream.id, store.Shard{}, 0, allHashes)
}

// closeStream disables a stream. Its shards close without children and stay readable
// until they are trimmed.
func (e *Engine) closeStream(tx *store.Tx, s *stream) {
	now := e.nowMilli()
	for _, sh := range openShards(tx, s) {
		tx.CloseShard(sh.ID, now)
	}
	tx.EndStream(s.id, now)
}
