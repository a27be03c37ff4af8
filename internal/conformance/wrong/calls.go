package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"dynamostreamer/internal/stream"
)

// callers change some of an API's calls.
type callers struct {
	stream.API
	describe func(context.Context, *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error)
	iterator func(context.Context, *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error)
	records  func(context.Context, *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error)
}

func calls(change func(*callers)) func(stream.API) stream.API {
	return func(api stream.API) stream.API {
		c := &callers{API: api}
		change(c)
		return c
	}
}

func once(o *dynamodbstreams.Options) { o.Retryer = aws.NopRetryer{} }

func (c *callers) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	if c.describe == nil {
		return c.API.DescribeStream(ctx, in, once)
	}
	return c.describe(ctx, in)
}

func (c *callers) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	if c.iterator == nil {
		return c.API.GetShardIterator(ctx, in, once)
	}
	return c.iterator(ctx, in)
}

func (c *callers) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	if c.records == nil {
		return c.API.GetRecords(ctx, in, once)
	}
	return c.records(ctx, in)
}

// lists changes what DescribeStream lists.
func lists(change func([]types.Shard) []types.Shard) func(stream.API) stream.API {
	return calls(func(c *callers) {
		c.describe = func(ctx context.Context, in *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error) {
			out, err := c.API.DescribeStream(ctx, in, once)
			if err == nil {
				out.StreamDescription.Shards = change(out.StreamDescription.Shards)
			}
			return out, err
		}
	})
}

// renews takes iterators of another type once one has expired.
func renews(kind types.ShardIteratorType) func(stream.API) stream.API {
	return calls(func(c *callers) {
		var expired atomic.Bool
		c.records = func(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
			out, err := c.API.GetRecords(ctx, in, once)
			if old := (*types.ExpiredIteratorException)(nil); errors.As(err, &old) {
				expired.Store(true)
			}
			return out, err
		}
		c.iterator = func(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error) {
			if expired.Swap(false) {
				in = &dynamodbstreams.GetShardIteratorInput{StreamArn: in.StreamArn, ShardId: in.ShardId, ShardIteratorType: kind}
			}
			return c.API.GetShardIterator(ctx, in, once)
		}
	})
}

// ofCode returns a function that reports whether an error has one of some codes.
func ofCode(codes ...string) func(error) bool {
	return func(err error) bool {
		var api smithy.APIError
		return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
	}
}

// fails makes some errors be such that no reader tries again.
func fails(fatal func(error) bool) func(stream.API) stream.API {
	check := func(err error) error {
		if err != nil && fatal(err) {
			return errors.New("gave up: " + err.Error())
		}
		return err
	}
	return calls(func(c *callers) {
		c.describe = func(ctx context.Context, in *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error) {
			out, err := c.API.DescribeStream(ctx, in, once)
			return out, check(err)
		}
		c.iterator = func(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error) {
			out, err := c.API.GetShardIterator(ctx, in, once)
			return out, check(err)
		}
		c.records = func(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
			out, err := c.API.GetRecords(ctx, in, once)
			return out, check(err)
		}
	})
}
