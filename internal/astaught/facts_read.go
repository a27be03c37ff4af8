package main

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const (
	aboutIterators = "Stage 1: one shard"
	aboutEmpty     = "Stage 2: an empty page is not the end"
	aboutOpen      = "An open shard has no end"
	aboutShards    = "Stage 4: new shards"
	aboutLog       = "What a stream is"
	aboutDay       = "You have 24 hours"
)

// read reads a shard from an iterator of a kind until there are records, and returns their
// sequence numbers.
func (w *world) read(in *dynamodbstreams.GetShardIteratorInput) (sequences []string) {
	iterator := w.iterator(w.log.arn, in)
	w.want(w.eventually(func() bool {
		out, err := w.streams.GetRecords(w.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		w.must(err)
		for _, r := range out.Records {
			sequences = append(sequences, *r.Dynamodb.SequenceNumber)
		}
		iterator = out.NextShardIterator
		return len(sequences) > 0 || iterator == nil
	}), "no record")
	return sequences
}

// from is a request for an iterator in the shard of a record.
func from(r record, kind types.ShardIteratorType) *dynamodbstreams.GetShardIteratorInput {
	in := &dynamodbstreams.GetShardIteratorInput{ShardId: &r.shard, ShardIteratorType: kind}
	if kind == types.ShardIteratorTypeAtSequenceNumber || kind == types.ShardIteratorTypeAfterSequenceNumber {
		in.SequenceNumber = r.Dynamodb.SequenceNumber
	}
	return in
}

// threeChanges makes three records of a row.
func (w *world) threeChanges(id string) []record {
	records := w.changes(id, func() {
		for _, v := range []string{"1", "2", "3"} {
			w.put(id, attributes{"v": n(v)})
		}
	})
	w.want(len(records) == 3, "%d records of three puts", len(records))
	return records
}

var iteratorFacts = []fact{
	{aboutIterators, "AT_SEQUENCE_NUMBER begins with that record", func(w *world) {
		r := w.threeChanges("at")[1]
		got := w.read(from(r, types.ShardIteratorTypeAtSequenceNumber))
		w.want(got[0] == *r.Dynamodb.SequenceNumber, "%s, not %s", got[0], *r.Dynamodb.SequenceNumber)
	}},
	{aboutIterators, "AFTER_SEQUENCE_NUMBER begins with the record after it", func(w *world) {
		records := w.threeChanges("after")
		got := w.read(from(records[0], types.ShardIteratorTypeAfterSequenceNumber))
		w.want(got[0] == *records[1].Dynamodb.SequenceNumber, "%s, not %s", got[0], *records[1].Dynamodb.SequenceNumber)
	}},
	{aboutIterators, "LATEST misses what is older", func(w *world) {
		old := w.threeChanges("latest")
		iterator := w.iterator(w.log.arn, from(old[0], types.ShardIteratorTypeLatest))
		recent := w.changes("latest", func() { w.put("latest", nil) })[len(old)+1:]
		w.want(w.eventually(func() bool {
			out, err := w.streams.GetRecords(w.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
			w.must(err)
			for _, r := range out.Records {
				w.want(*r.Dynamodb.SequenceNumber != *old[2].Dynamodb.SequenceNumber, "an older record")
			}
			iterator = out.NextShardIterator
			return slices.ContainsFunc(out.Records, func(r types.Record) bool { return *r.Dynamodb.SequenceNumber == *recent[0].Dynamodb.SequenceNumber })
		}), "no record")
	}},
	{aboutThree, "AT_TIMESTAMP begins at a time", func(w *world) {
		in := from(w.threeChanges("timestamp")[0], types.ShardIteratorTypeAtTimestamp)
		in.StreamArn, in.Timestamp = &w.log.arn, aws.Time(time.Now().Add(-time.Minute))
		_, err := w.streams.GetShardIterator(w.ctx, in)
		w.accepted(err)
	}},
	{aboutLog, "reading takes nothing out of a stream", func(w *world) {
		in := from(w.log.records[0], types.ShardIteratorTypeTrimHorizon)
		first, second := w.read(in), w.read(in)
		w.want(first[0] == second[0], "it begins with %s, and then with %s", first[0], second[0])
	}},
	{aboutEmpty, "a page of an open shard has a next iterator, also where it is empty", func(w *world) {
		iterator := w.iterator(w.log.arn, from(w.log.records[0], types.ShardIteratorTypeLatest))
		w.want(w.eventually(func() bool {
			out, err := w.streams.GetRecords(w.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
			w.must(err)
			iterator = out.NextShardIterator
			w.want(iterator != nil, "none, with %d records", len(out.Records))
			return len(out.Records) == 0
		}), "no empty page")
	}},
	{aboutOpen, "an open shard has no ending sequence number", func(w *world) {
		w.log.read()
		open := 0
		for _, shard := range w.shards(w.log.arn) {
			if w.log.next[*shard.ShardId] != nil {
				open++
				w.want(shard.SequenceNumberRange.EndingSequenceNumber == nil, "%s", aws.ToString(shard.SequenceNumberRange.EndingSequenceNumber))
			}
		}
		w.want(open > 0, "no open shard")
		w.note("%d open shards", open)
	}},
}

var limitFacts = []fact{
	{aboutIterators, "GetRecords gives 1,000 records at most", func(w *world) {
		w.accepted(w.page(1000))
		w.refused(w.page(1001), "ValidationException")
	}},
	{aboutShards, "DescribeStream lists 100 shards at most", func(w *world) {
		w.accepted(w.describe(w.log.arn, 100))
		w.refused(w.describe(w.log.arn, 101), "ValidationException")
	}},
}

// page asks for a page of a limit.
func (w *world) page(limit int32) error {
	iterator := w.iterator(w.log.arn, from(w.log.records[0], types.ShardIteratorTypeTrimHorizon))
	_, err := w.streams.GetRecords(w.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator, Limit: &limit})
	return err
}

// describe asks for a stream's shards, with a limit.
func (w *world) describe(arn string, limit int32) error {
	_, err := w.streams.DescribeStream(w.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn, Limit: &limit})
	return err
}

var refusalFacts = []fact{
	{aboutCreating, "a table that does not exist is not found", func(w *world) {
		_, err := w.db.DescribeTable(w.ctx, &dynamodb.DescribeTableInput{TableName: aws.String(w.fullName + "-none")})
		w.refused(err, "ResourceNotFoundException")
	}},
	{aboutDay, "a stream that does not exist is not found", func(w *world) {
		arn := *w.table.TableArn + "/stream/2020-01-02T03:04:05.678"
		w.refused(w.describe(arn, 1), "ResourceNotFoundException")
	}},
	{aboutDay, "a shard that does not exist is not found", func(w *world) {
		_, err := w.streams.GetShardIterator(w.ctx, &dynamodbstreams.GetShardIteratorInput{
			StreamArn: &w.log.arn, ShardId: aws.String("shardId-00000001577934245678-deadbeef"), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		w.refused(err, "ResourceNotFoundException")
	}},
	{aboutIterators, "GetRecords refuses what is not an iterator", func(w *world) {
		_, err := w.streams.GetRecords(w.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String("not an iterator")})
		w.refused(err, "ValidationException")
	}},
}
