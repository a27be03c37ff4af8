package stream

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// itemVersion is the version of the items' form.
const itemVersion = "1"

func (t *Table) key(place string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		attrReader: &types.AttributeValueMemberS{Value: t.name},
		attrPlace:  &types.AttributeValueMemberS{Value: place},
	}
}

// place is the checkpoint's sort key. An ARN holds no "#".
func (c Checkpoint) place() string { return c.Stream + "#" + c.Shard }

// item is the checkpoint with this reader's generation.
func (t *Table) item(c Checkpoint) map[string]types.AttributeValue {
	item := t.key(c.place())
	item[attrGeneration] = t.mine()
	item["version"] = &types.AttributeValueMemberN{Value: itemVersion}
	item["ended"] = &types.AttributeValueMemberBOOL{Value: c.Ended}
	item["gone"] = &types.AttributeValueMemberBOOL{Value: c.Gone}
	item["last"] = &types.AttributeValueMemberBOOL{Value: c.Last}
	for name, value := range map[string]string{
		"stream": c.Stream, "shard": c.Shard, "parent": c.Parent,
		attrSequence: c.Sequence, "above": c.Above,
		"since": timeText(c.Since), "floor": timeText(c.Floor),
	} {
		if value != "" {
			item[name] = &types.AttributeValueMemberS{Value: value}
		}
	}
	return item
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// checkpointOf reads an item.
func checkpointOf(item map[string]types.AttributeValue) (c Checkpoint, err error) {
	if v, ok := item["version"].(*types.AttributeValueMemberN); !ok || v.Value != itemVersion {
		return c, fmt.Errorf("item %s is no checkpoint of a version that this reader knows", textOf(item[attrPlace]))
	}
	c = Checkpoint{
		Stream: textOf(item["stream"]), Shard: textOf(item["shard"]), Parent: textOf(item["parent"]),
		Sequence: textOf(item[attrSequence]), Above: textOf(item["above"]),
	}
	for name, into := range map[string]*bool{"ended": &c.Ended, "gone": &c.Gone, "last": &c.Last} {
		if v, ok := item[name].(*types.AttributeValueMemberBOOL); ok {
			*into = v.Value
		}
	}
	for name, into := range map[string]*time.Time{"since": &c.Since, "floor": &c.Floor} {
		if s := textOf(item[name]); s != "" {
			if *into, err = time.Parse(time.RFC3339Nano, s); err != nil {
				return c, fmt.Errorf("checkpoint of shard %s: its %s: %w", c.Shard, name, err)
			}
		}
	}
	return c, nil
}

// textOf is the value of a String, or empty.
func textOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
