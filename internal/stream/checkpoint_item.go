package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Attributes of a checkpoint's item. The key is reader and place.
const (
	attrReader     = "reader"
	attrPlace      = "place" // stream and shard, or generationPlace
	attrGeneration = "generation"
	attrSequence   = "sequence"
)

// generationPlace is the place of the item that counts the readers.
const generationPlace = "generation"

func (t *Table) key(place string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		attrReader: &types.AttributeValueMemberS{Value: t.name},
		attrPlace:  &types.AttributeValueMemberS{Value: place},
	}
}

func (t *Table) mine() types.AttributeValue { return number(t.generation) }

// place is the checkpoint's sort key. An ARN holds no "#".
func (c Checkpoint) place() string { return c.Stream + "#" + c.Shard }

// item is the checkpoint with this reader's generation.
func (t *Table) item(c Checkpoint) map[string]types.AttributeValue {
	item := t.key(c.place())
	item[attrGeneration] = t.mine()
	item["version"] = number(checkpointVersion)
	if c.OfCopy() {
		item["version"] = number(copyVersion)
	}
	for name, value := range map[string]string{
		"stream": c.Stream, "shard": c.Shard, "parent": c.Parent, "state": string(c.State),
		attrSequence: c.Sequence, "above": c.Above,
		"row": c.Row, "since": timeText(c.Since), "notBefore": timeText(c.NotBefore),
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

// query returns the item at a place, or all of the reader's where it is empty.
func (t *Table) query(ctx context.Context, place string) (items []map[string]types.AttributeValue, err error) {
	in := &dynamodb.QueryInput{
		TableName:                &t.table,
		ConsistentRead:           aws.Bool(true),
		KeyConditionExpression:   aws.String("#reader = :reader"),
		ExpressionAttributeNames: map[string]string{"#reader": attrReader},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":reader": &types.AttributeValueMemberS{Value: t.name},
		},
	}
	if place != "" {
		in.KeyConditionExpression = aws.String("#reader = :reader AND #place = :place")
		in.ExpressionAttributeNames["#place"] = attrPlace
		in.ExpressionAttributeValues[":place"] = &types.AttributeValueMemberS{Value: place}
	}
	pages := dynamodb.NewQueryPaginator(t.db, in)
	for pages.HasMorePages() {
		var page *dynamodb.QueryOutput
		err := t.do(ctx, func(ctx context.Context) (err error) {
			page, err = pages.NextPage(ctx, tryWriteOnce)
			return err
		})
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

// read returns the checkpoint at a place, or all of them where place is empty,
// and the generation of the last item that was read.
func (t *Table) read(ctx context.Context, place string) (found []Checkpoint, generation int64, err error) {
	items, err := t.query(ctx, place)
	for _, item := range items {
		if generation, err = t.generationOf(item); err != nil {
			return nil, 0, err
		}
		if textOf(item[attrPlace]) == generationPlace {
			continue
		}
		c, err := t.checkpointOf(item)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, c)
	}
	return found, generation, err
}

// altered is the error of an item that no reader wrote so.
func (t *Table) altered(item map[string]types.AttributeValue, what string) error {
	return &AlteredError{Name: fmt.Sprintf("%s at place %q", t.title(), textOf(item[attrPlace])), What: what}
}

func (t *Table) generationOf(item map[string]types.AttributeValue) (int64, error) {
	generation, err := numberOf(item[attrGeneration])
	if err != nil {
		return 0, t.altered(item, "has no generation")
	}
	return generation, nil
}

// checkpointOf reads an item.
func (t *Table) checkpointOf(item map[string]types.AttributeValue) (c Checkpoint, err error) {
	c = Checkpoint{
		Stream: textOf(item["stream"]), Shard: textOf(item["shard"]), Parent: textOf(item["parent"]),
		Position: Position{Sequence: textOf(item[attrSequence]), Above: textOf(item["above"])},
		State:    State(textOf(item["state"])), Row: textOf(item["row"]),
	}
	times := map[string]*time.Time{"since": &c.Since, "notBefore": &c.NotBefore}
	version, bad := numberOf(item["version"])
	switch {
	case bad != nil || version < 1:
		return c, t.altered(item, "has no version")
	case version > copyVersion:
		return c, laterVersion(t.title(), version)
	case c.place() != textOf(item[attrPlace]):
		return c, t.altered(item, "is one of another place")
	case c.State != "" && !c.State.Ended():
		return c, t.altered(item, "has an unknown state")
	}
	var old checkpoint1
	if version == 1 {
		times = map[string]*time.Time{"since": &c.Since, "floor": &old.Floor}
	}
	for name, into := range times {
		if s := textOf(item[name]); s != "" {
			if *into, err = time.Parse(time.RFC3339Nano, s); err != nil {
				return c, t.altered(item, "has a "+name+" that is not a time")
			}
		}
	}
	if version == 1 {
		for name, into := range map[string]*bool{"ended": &old.Ended, "gone": &old.Gone, "last": &old.Last} {
			if v, ok := item[name].(*types.AttributeValueMemberBOOL); ok {
				*into = v.Value
			}
		}
		old.upgrade(&c)
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

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func numberOf(v types.AttributeValue) (int64, error) {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0, errors.New("not a number")
	}
	return strconv.ParseInt(n.Value, 10, 64)
}
