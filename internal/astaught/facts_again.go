package main

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/table"
)

const (
	aboutAgain = "A table that was made again"
	aboutNew   = "A new table has a new stream"
)

// generations are the ARNs of the streams that one table had: at first, after its stream
// was switched off and on, and after it was made again.
type generations struct{ first, second, third string }

var againFacts = []fact{
	{aboutAgain, "a stream that was switched off is still read, to its end", func(w *world) {
		name := w.againTable()
		_, d, err := w.create(name)
		w.must(err)
		w.again.first = *d.LatestStreamArn
		w.putInto(name, "before", nil)
		w.switchStream(name, &types.StreamSpecification{StreamEnabled: aws.Bool(false)})
		w.putInto(name, "off", nil)
		w.wantRows(w.again.first, "before")
	}},
	{aboutOpen, "a closed shard has an ending sequence number", func(w *world) {
		for _, shard := range w.shards(w.again.first) {
			w.want(shard.SequenceNumberRange.EndingSequenceNumber != nil, "none for %s", *shard.ShardId)
		}
	}},
	{aboutAgain, "switched on, the table has another stream", func(w *world) {
		w.again.second = *w.switchStream(w.againTable(), stream(types.StreamViewTypeNewAndOldImages)).LatestStreamArn
		w.want(w.again.second != w.again.first, "%s twice", w.again.first)
	}},
	{aboutAgain, "no stream has what was written while it was off", func(w *world) {
		w.putInto(w.againTable(), "on", nil)
		l := w.logOf(w.again.second)
		w.want(w.eventually(func() bool { l.read(); return len(l.of("on")) > 0 }), "no record")
		w.want(len(l.of("off")) == 0, "it is in the second one")
	}},
	{aboutAgain, "ListStreams has both", func(w *world) {
		w.lists(w.againTable(), w.again.first, w.again.second)
	}},
	{aboutNew, "a table that was made again has another stream", func(w *world) {
		name := w.againTable()
		w.must(deleteTable(w.ctx, w.db, name))
		_, d, err := w.create(name)
		w.must(err)
		w.again.third = *d.LatestStreamArn
		w.want(w.again.third != w.again.second && w.again.third != w.again.first, "%s once more", w.again.third)
	}},
	{aboutAgain, "the stream of the deleted table is still read", func(w *world) {
		w.wantRows(w.again.second, "on")
	}},
	{aboutNew, "the new stream has nothing of the old table", func(w *world) {
		w.putInto(w.againTable(), "new", nil)
		l := w.logOf(w.again.third)
		w.want(w.eventually(func() bool { l.read(); return len(l.of("new")) > 0 }), "no record")
		w.want(len(l.records) == 1, "%d records", len(l.records))
	}},
}

// switchStream changes a table's stream, and returns the table once it is active.
func (w *world) switchStream(name string, spec *types.StreamSpecification) types.TableDescription {
	_, err := w.db.UpdateTable(w.ctx, &dynamodb.UpdateTableInput{TableName: &name, StreamSpecification: spec})
	w.must(err)
	var d types.TableDescription
	w.want(w.eventually(func() bool {
		d, err = w.active(name)
		w.must(err)
		is := d.StreamSpecification
		return (is != nil && aws.ToBool(is.StreamEnabled)) == *spec.StreamEnabled
	}), "the stream did not change")
	return d
}

// wantRows wants a stream that ends, and has one record of each row.
func (w *world) wantRows(arn string, rows ...string) {
	_, err := w.streams.DescribeStream(w.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	w.accepted(err)
	l := w.logOf(arn)
	w.want(w.eventually(l.read), "no end")
	var got []string
	for _, r := range l.records {
		got = append(got, text(r.Dynamodb.Keys[table.PartitionKey]))
	}
	w.want(slices.Equal(got, rows), "the rows %q, not %q", got, rows)
}

// lateFacts are seen last, so that TTL has had time.
var lateFacts = []fact{
	{aboutWho, "TTL's removal is a REMOVE with an identity and the old image", func(w *world) {
		removed := func() []record {
			return slices.DeleteFunc(w.log.of(expires), func(r record) bool { return r.Dynamodb.NewImage != nil })
		}
		if !w.wait(func() bool { w.log.read(); return len(removed()) > 0 }) {
			w.unseen("no row was removed within %v: DynamoDB may take days", w.ttlWait)
		}
		r := removed()[0]
		who := r.UserIdentity
		w.want(r.EventName == streamtypes.OperationTypeRemove && who != nil && aws.ToString(who.Type) == "Service" &&
			aws.ToString(who.PrincipalId) == "dynamodb.amazonaws.com" && r.Dynamodb.OldImage != nil,
			"%s with %+v and the old image %v", r.EventName, who, r.Dynamodb.OldImage)
		w.note("removed %v after its ttl, by the record's time", r.Dynamodb.ApproximateCreationDateTime.Sub(w.expiry))
	}},
	{aboutExpired, "a row whose ttl was moved in time is kept", func(w *world) { w.kept(prolonged) }},
	{aboutTTL, "a ttl that is a String never expires", func(w *world) { w.kept(textTTL) }},
	{aboutTTL, "neither does one in milliseconds", func(w *world) { w.kept(milliTTL) }},
	{aboutTTL, "neither does one more than five years past", func(w *world) { w.kept(longAgo) }},
}

func (w *world) kept(id string) { w.want(w.get(id) != nil, "it was removed") }
