package main

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/table"
)

// A log is the records of a stream, as DynamoDB sends them, as far as they were read.
type log struct {
	w       *world
	arn     string
	next    map[string]*string // each shard's next iterator; nil: it was read to its end
	records []record
}

// A record is one with its shard.
type record struct {
	streamtypes.Record
	shard string
}

func (w *world) logOf(arn string) *log { return &log{w: w, arn: arn, next: make(map[string]*string)} }

// shards lists all shards of a stream.
func (w *world) shards(arn string) []streamtypes.Shard {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}
	var shards []streamtypes.Shard
	for {
		out, err := w.streams.DescribeStream(w.ctx, in)
		w.must(err)
		shards = append(shards, out.StreamDescription.Shards...)
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return shards
		}
	}
}

// read takes the next page of each shard whose parent was read to its end, and reports
// whether all shards were.
func (l *log) read() (ended bool) {
	w := l.w
	shards := w.shards(l.arn)
	ended = len(shards) > 0
	for _, s := range shards {
		id := *s.ShardId
		if parent, known := l.next[aws.ToString(s.ParentShardId)]; known && parent != nil {
			ended = false
			continue
		}
		if _, known := l.next[id]; !known {
			l.next[id] = w.iterator(l.arn, &dynamodbstreams.GetShardIteratorInput{
				ShardId: &id, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
			})
		}
		if l.next[id] == nil {
			continue
		}
		out, err := w.streams.GetRecords(w.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: l.next[id]})
		w.must(err)
		for _, r := range out.Records {
			l.records = append(l.records, record{r, id})
		}
		l.next[id] = out.NextShardIterator
		ended = ended && out.NextShardIterator == nil
	}
	return ended
}

// of lists the records of the row called id, in their order.
func (l *log) of(id string) (records []record) {
	for _, r := range l.records {
		if text(r.Dynamodb.Keys[table.PartitionKey]) == id {
			records = append(records, r)
		}
	}
	return records
}

// text is the value of a String.
func text(v streamtypes.AttributeValue) string {
	if s, ok := v.(*streamtypes.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// iterator gets an iterator in a shard of a stream.
func (w *world) iterator(arn string, in *dynamodbstreams.GetShardIteratorInput) *string {
	in.StreamArn = &arn
	out, err := w.streams.GetShardIterator(w.ctx, in)
	w.must(err)
	return out.ShardIterator
}

// end is an attribute of the last change of a story.
const end = "end"

// changes lists the records that a story makes of the row called id. One more change of
// that row, which comes after them in the stream, tells that there is none to come.
func (w *world) changes(id string, story func()) []record {
	story()
	w.put(id, attributes{end: &types.AttributeValueMemberBOOL{Value: true}})
	var all []record
	w.want(w.eventually(func() bool {
		w.log.read()
		all = w.log.of(id)
		return len(all) > 0 && all[len(all)-1].Dynamodb.NewImage[end] != nil
	}), "no record of a row")
	return all[:len(all)-1]
}

// attributes are some of a row's.
type attributes map[string]types.AttributeValue

func s(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
func n(value string) types.AttributeValue { return &types.AttributeValueMemberN{Value: value} }

// key is the key of the row called id.
func key(id string) attributes {
	return attributes{table.PartitionKey: s(id), table.SortKey: s(id + "@example.com")}
}

// item is the whole row called id.
func item(id string, more attributes) attributes {
	row := key(id)
	maps.Copy(row, more)
	return row
}

// put puts a row into the table that most facts are about.
func (w *world) put(id string, more attributes) *dynamodb.PutItemOutput {
	return w.putInto(w.fullName, id, more)
}

func (w *world) putInto(name, id string, more attributes) *dynamodb.PutItemOutput {
	out, err := w.db.PutItem(w.ctx, &dynamodb.PutItemInput{TableName: &name, Item: item(id, more)})
	w.must(err)
	return out
}

// delete deletes a row, which may be missing.
func (w *world) delete(id string) {
	_, err := w.db.DeleteItem(w.ctx, &dynamodb.DeleteItemInput{TableName: &w.fullName, Key: key(id)})
	w.must(err)
}

// update changes a row. The expression calls the value :v, and may call ttl #ttl.
func (w *world) update(id, expression, condition string, value types.AttributeValue) error {
	in := &dynamodb.UpdateItemInput{TableName: &w.fullName, Key: key(id), UpdateExpression: &expression}
	if value != nil {
		in.ExpressionAttributeValues = attributes{":v": value}
	}
	if condition != "" {
		in.ConditionExpression = &condition
	}
	if strings.Contains(expression, "#ttl") {
		in.ExpressionAttributeNames = map[string]string{"#ttl": table.TTLAttribute}
	}
	_, err := w.db.UpdateItem(w.ctx, in)
	return err
}

// get reads a row consistently.
func (w *world) get(id string) attributes {
	out, err := w.db.GetItem(w.ctx, &dynamodb.GetItemInput{TableName: &w.fullName, Key: key(id), ConsistentRead: aws.Bool(true)})
	w.must(err)
	return out.Item
}
