package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/naive"
	"dynamostreamer/internal/stream"
)

// A mistake is put into a reader that is otherwise right. What is nil is right.
type mistake struct {
	api     func(stream.API) stream.API
	options func(*stream.Options)
	http    func(*awshttp.BuildableClient) *awshttp.BuildableClient
	event   func(stream.Event) (stream.Event, bool) // false: it is not handled
	line    func(*line)
	print   func(text []byte) error
	puts    bool // in place of print, into the table handled
	term    func(context.Context) context.Context
	end     func(error) error
}

// A line is an event as the reader prints it.
type line struct {
	ID       string          `json:"id,omitempty"`
	Sequence string          `json:"sequence,omitempty"`
	Kind     stream.Kind     `json:"kind"`
	New      json.RawMessage `json:"new,omitempty"`
	Old      json.RawMessage `json:"old,omitempty"`
	Lost     string          `json:"lost,omitempty"`
}

// runRight reads as the step's own reader does, with a mistake.
func runRight(ctx context.Context, m mistake) error {
	client := awshttp.NewBuildableClient().WithTimeout(time.Second)
	if m.http != nil {
		client = m.http(client)
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return err
	}
	options := stream.Options{
		Checkpoints: stream.FileCheckpoints(filepath.Join(os.Getenv("DIR"), "checkpoint")), CheckpointEvery: 50 * time.Millisecond,
		OnGap: stream.SkipGaps, Pace: stream.Unbounded, Poll: 300 * time.Millisecond, Look: 200 * time.Millisecond,
	}
	if os.Getenv("START") == "LATEST" {
		options.Start = stream.Latest
	}
	if m.options != nil {
		m.options(&options)
	}
	var api stream.API = dynamodbstreams.NewFromConfig(cfg)
	if m.api != nil {
		api = m.api(api)
	}
	if m.term != nil {
		ctx = m.term(ctx)
	}
	if m.print == nil {
		m.print = func(text []byte) error { _, err := os.Stdout.Write(text); return err }
	}
	if m.puts {
		m.print = putter(ctx, dynamodb.NewFromConfig(cfg))
	}
	reader, err := stream.Open(ctx, api, os.Getenv("STREAM_ARN"), options)
	if err == nil {
		err = errors.Join(reader.Run(ctx, m.handle), reader.Close())
	}
	if m.end != nil {
		err = m.end(err)
	}
	return err
}

func (m mistake) handle(_ context.Context, e stream.Event) error {
	if m.event != nil {
		var handled bool
		if e, handled = m.event(e); !handled {
			return nil
		}
	}
	l := line{Kind: e.Kind, Sequence: e.Sequence}
	if e.Kind == stream.Lost {
		l.Lost = e.Gap.Error()
	} else {
		var key struct {
			ID string `dynamodbav:"id"`
		}
		text, err := json.Marshal(e)
		if err := errors.Join(err, json.Unmarshal(text, &l), e.Keys.Decode(&key)); err != nil {
			return err
		}
		l.ID = key.ID
	}
	if m.line != nil {
		m.line(&l)
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return m.print(append(text, '\n'))
}

// putter returns a print that puts a line into the table handled.
func putter(ctx context.Context, db *dynamodb.Client) func([]byte) error {
	return func(text []byte) error {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return err
		}
		item, err := l.item()
		if err == nil {
			_, err = db.PutItem(context.WithoutCancel(ctx), &dynamodb.PutItemInput{TableName: aws.String("handled"), Item: item})
		}
		return err
	}
}

// item is what is put for a line. Each loss is an item for itself.
func (l line) item() (map[string]types.AttributeValue, error) {
	fields := map[string]any{"id": text(l.ID), "sequence": text(l.Sequence), "kind": text(string(l.Kind))}
	if l.Lost != "" {
		fields = map[string]any{"id": text(rand.Text()), "lost": text(l.Lost)}
	}
	for name, image := range map[string]json.RawMessage{"new": l.New, "old": l.Old} {
		if image != nil {
			fields[name] = map[string]any{"M": image}
		}
	}
	coded, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return attributevalue.UnmarshalMapJSON(coded)
}

func text(s string) map[string]any { return map[string]any{"S": s} }

// runNaive lets a naive reader print what it handles.
func runNaive(ctx context.Context, id string) error {
	reader, found := naive.Named(id)
	if !found {
		return fmt.Errorf("there is no naive reader %s", id)
	}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(time.Second)),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} })) // it repeats calls by itself
	if err != nil {
		return err
	}
	var mu sync.Mutex
	return reader.Read(ctx, naive.Input{
		API: dynamodbstreams.NewFromConfig(cfg), Stream: os.Getenv("STREAM_ARN"),
		Handle: func(_ string, records []streamtypes.Record) {
			mu.Lock()
			defer mu.Unlock()
			for _, r := range records {
				kind := string(r.EventName)
				if r.UserIdentity != nil {
					kind = "expired"
				} else if r.EventName == streamtypes.OperationTypeRemove {
					kind = "deleted"
				}
				text, _ := json.Marshal(line{
					ID: r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value, Sequence: *r.Dynamodb.SequenceNumber, Kind: stream.Kind(kind),
				})
				os.Stdout.Write(append(text, '\n'))
			}
		},
	})
}
