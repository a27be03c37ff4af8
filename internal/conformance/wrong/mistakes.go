package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"dynamostreamer/internal/stream"
)

// mistakes are those of wrong readers, by the readers' ids.
var mistakes = map[string]mistake{
	"right":          {}, // none
	"right-in-table": {puts: true},
	"right-refuses-late": {
		options: func(o *stream.Options) { o.NoStandby = true },
		end: func(err error) error {
			if errors.As(err, new(*stream.FencedError)) {
				time.Sleep(3 * time.Second)
			}
			return err
		},
	},
	"right-slow": {event: func(e stream.Event) (stream.Event, bool) {
		time.Sleep(20 * time.Millisecond)
		return e, true
	}},

	// What is said.
	"silent": {event: func(e stream.Event) (stream.Event, bool) { return e, false }},
	"all-twice": {print: func(text []byte) error {
		_, err := os.Stdout.Write(append(text, text...))
		return err
	}},
	"losses-untold": {event: func(e stream.Event) (stream.Event, bool) { return e, e.Kind != stream.Lost }},
	"changes-as-inserts": {line: func(l *line) {
		if l.Kind == stream.Modified {
			l.Kind = stream.Inserted
		}
	}},
	"ttl-ignored": {line: func(l *line) {
		if l.Kind == stream.Expired {
			l.Kind = stream.Deleted
		}
	}},
	"ttl-by-the-clock": {event: func(e stream.Event) (stream.Event, bool) {
		if e.ExpiredElsewhere("ttl") {
			e.Kind = stream.Expired
		}
		return e, true
	}},
	"numbers-as-floats": {line: func(l *line) { l.New, l.Old = floats(l.New), floats(l.Old) }},

	// Shards.
	"first-page-of-shards": {api: calls(func(c *callers) {
		c.describe = func(ctx context.Context, in *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error) {
			out, err := c.API.DescribeStream(ctx, in, once)
			if err == nil {
				out.StreamDescription.LastEvaluatedShardId = nil
			}
			return out, err
		}
	})},
	"one-child": {api: lists(func(shards []types.Shard) (kept []types.Shard) {
		seen := make(map[string]bool)
		for _, s := range shards {
			if parent := aws.ToString(s.ParentShardId); parent == "" || !seen[parent] {
				seen[parent] = true
				kept = append(kept, s)
			}
		}
		return kept
	})},
	"sorts-for-a-second": {print: sorter(time.Second), api: lists(func(shards []types.Shard) []types.Shard {
		for i := range shards {
			shards[i].ParentShardId = nil
		}
		return shards
	})},
	"grandchildren-early": {api: lists(func(shards []types.Shard) []types.Shard {
		parents := make(map[string]string)
		for i, s := range shards {
			parents[*s.ShardId] = aws.ToString(s.ParentShardId)
			if parents[aws.ToString(s.ParentShardId)] != "" {
				shards[i].ParentShardId = nil
			}
		}
		return shards
	})},
	"ends-with-the-list": {api: lists(func(shards []types.Shard) []types.Shard {
		for _, s := range shards {
			if s.SequenceNumberRange.EndingSequenceNumber == nil {
				return shards
			}
		}
		os.Exit(0)
		return nil
	})},
	"later-shards-at-latest": {api: calls(func(c *callers) {
		var mu sync.Mutex
		var first map[string]bool // the shards of the first list
		c.describe = func(ctx context.Context, in *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error) {
			out, err := c.API.DescribeStream(ctx, in, once)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && first == nil {
				first = make(map[string]bool)
				for _, s := range out.StreamDescription.Shards {
					first[*s.ShardId] = true
				}
			}
			return out, err
		}
		c.iterator = func(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error) {
			mu.Lock()
			defer mu.Unlock()
			if changed := *in; !first[*in.ShardId] && in.ShardIteratorType == types.ShardIteratorTypeTrimHorizon {
				changed.ShardIteratorType = types.ShardIteratorTypeLatest
				in = &changed
			}
			return c.API.GetShardIterator(ctx, in, once)
		}
	})},
	"vanished-for-ever": {api: calls(func(c *callers) {
		c.iterator = func(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error) {
			for {
				out, err := c.API.GetShardIterator(ctx, in, once)
				if missing := (*types.ResourceNotFoundException)(nil); !errors.As(err, &missing) || ctx.Err() != nil {
					return out, err
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	})},

	// Pages.
	"one-change-a-row": {api: calls(func(c *callers) {
		c.records = func(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
			out, err := c.API.GetRecords(ctx, in, once)
			if err == nil {
				out.Records = newestOfRows(out.Records)
			}
			return out, err
		}
	})},

	// Iterators.
	"expired-starts-over": {api: renews(types.ShardIteratorTypeTrimHorizon)},
	"expired-skips":       {api: renews(types.ShardIteratorTypeLatest)},

	// Failures.
	"throttled-dies": {api: fails(ofCode("ProvisionedThroughputExceededException", "LimitExceededException"))},
	"failed-dies":    {api: fails(ofCode("InternalServerError"))},
	"broken-dies": {api: fails(func(err error) bool {
		return !errors.As(err, new(smithy.APIError)) && !errors.Is(err, context.Canceled)
	})},
	"no-timeout": {
		http: func(c *awshttp.BuildableClient) *awshttp.BuildableClient { return c.WithTimeout(time.Hour) },
		api: calls(func(c *callers) {
			c.records = func(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
				return c.API.GetRecords(context.WithoutCancel(ctx), in, once)
			}
		}),
	},
	"one-shard-at-a-time": {api: calls(func(c *callers) {
		var mu sync.Mutex
		c.records = func(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
			mu.Lock()
			defer mu.Unlock()
			for {
				out, err := c.API.GetRecords(ctx, in, once)
				if err == nil || !stream.Retryable(err) || ctx.Err() != nil {
					return out, err
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	})},
	"hammers": {api: calls(func(c *callers) {
		c.records = func(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (out *dynamodbstreams.GetRecordsOutput, err error) {
			for range 10 {
				if out, err = c.API.GetRecords(ctx, in, once); err == nil && len(out.Records) > 0 {
					break
				}
			}
			return out, err
		}
	})},

	// Positions.
	"no-checkpoint":  {options: func(o *stream.Options) { o.Checkpoints = nil }},
	"saves-seldom":   {options: func(o *stream.Options) { o.CheckpointEvery = 10 * time.Second }},
	"no-lease":       {options: func(o *stream.Options) { o.Checkpoints = unleased{} }},
	"idle-forgotten": {options: func(o *stream.Options) { o.Checkpoints = newOfRecords(o.Checkpoints) }},
	"handled-too-early": {print: func(text []byte) error {
		later.once.Do(func() {
			go func() {
				for text := range later.lines {
					os.Stdout.Write(text)
				}
			}()
		})
		later.lines <- text
		return nil
	}},

	// The end.
	"never-ends": {term: context.WithoutCancel},
	"ends-badly": {end: func(err error) error {
		if errors.Is(err, context.Canceled) {
			return errors.New("it was stopped")
		}
		return err
	}},
}

// later are lines that are printed beside the reading.
var later = struct {
	once  sync.Once
	lines chan []byte
}{lines: make(chan []byte, 10_000)}

// sorter returns a print that takes lines for some time after the first, and then prints
// them in the order of the stream.
func sorter(over time.Duration) func([]byte) error {
	var mu sync.Mutex
	var lines []line
	flush := func() {
		mu.Lock()
		defer mu.Unlock()
		slices.SortFunc(lines, func(a, b line) int {
			return cmp.Or(cmp.Compare(len(a.Sequence), len(b.Sequence)), cmp.Compare(a.Sequence, b.Sequence))
		})
		encoder := json.NewEncoder(os.Stdout)
		for _, l := range lines {
			encoder.Encode(l)
		}
		lines = nil
	}
	return func(text []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if len(lines) == 0 {
			time.AfterFunc(over, flush)
		}
		lines = append(lines, line{})
		return json.Unmarshal(text, &lines[len(lines)-1])
	}
}

// newestOfRows keeps the last record of each row.
func newestOfRows(records []types.Record) (kept []types.Record) {
	newest := make(map[string]int)
	id := func(r types.Record) string { return r.Dynamodb.Keys["id"].(*types.AttributeValueMemberS).Value }
	for i, r := range records {
		newest[id(r)] = i
	}
	for i, r := range records {
		if newest[id(r)] == i {
			kept = append(kept, r)
		}
	}
	return kept
}

// floats rounds the numbers of an image as many languages do.
func floats(image json.RawMessage) json.RawMessage {
	var attributes map[string]map[string]any
	if json.Unmarshal(image, &attributes) != nil {
		return image
	}
	for _, value := range attributes {
		if n, ok := value["N"].(string); ok {
			f, _ := strconv.ParseFloat(n, 64)
			value["N"] = strings.ToUpper(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return image
	}
	return text
}
