package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"dynamostreamer/internal/table"
)

// A world is the DynamoDB that is looked at, and the tables that were made in it.
type world struct {
	options
	ctx      context.Context // of each call
	db       *dynamodb.Client
	streams  *dynamodbstreams.Client
	out      io.Writer
	poll     time.Duration // between two calls of GetRecords for a shard
	within   time.Duration // what the service does in its own time is waited for
	idle     time.Duration // the -idle of step 03
	rate     string        // the -rate of steps that write
	noted    string        // of the fact that is looked at
	folder   string        // for the files of the steps
	fullName string        // of the table that most facts are about; the other names begin with it

	created types.TableStatus      // that CreateTable answered for that table
	table   types.TableDescription // once it was active
	log     *log                   // the records of its stream
	expiry  time.Time              // the ttl of the rows that TTL is to remove
	again   generations            // of the table that is made again
}

// newWorld looks at nothing yet.
func newWorld(o options, onAWS bool, db *dynamodb.Client, streams *dynamodbstreams.Client, out io.Writer) *world {
	w := &world{
		options: o, db: db, streams: streams, out: out,
		poll: 20 * time.Millisecond, within: 2 * time.Minute, idle: 500 * time.Millisecond, rate: "50",
		fullName: "astaught-" + strings.ToLower(rand.Text()[:10]),
	}
	if onAWS { // it throttles, and records take longer
		w.poll, w.idle, w.rate = 300*time.Millisecond, 3*time.Second, "1"
	}
	return w
}

// tables are the names of all tables that this run may make.
func (w *world) tables() []string {
	return []string{w.fullName, w.againTable(), w.stepsTable(), w.supervisedTable(), w.supervisedTable() + "-reader"}
}

func (w *world) againTable() string      { return w.fullName + "-again" }
func (w *world) stepsTable() string      { return w.fullName + "-steps" }
func (w *world) supervisedTable() string { return w.fullName + "-supervised" }

// prepare makes the table that most facts are about.
func (w *world) prepare() (err error) {
	if w.created, w.table, err = w.create(w.fullName); err != nil {
		return err
	}
	w.log = w.logOf(*w.table.LatestStreamArn)
	return nil
}

// create makes a table with the keys and the stream of step 01, billed by use, waits until
// both can be used, and returns the status that the table had at first.
func (w *world) create(name string) (first types.TableStatus, d types.TableDescription, err error) {
	out, err := w.db.CreateTable(w.ctx, &dynamodb.CreateTableInput{
		TableName: &name,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(table.PartitionKey), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(table.SortKey), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(table.PartitionKey), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(table.SortKey), KeyType: types.KeyTypeRange},
		},
		BillingMode:         types.BillingModePayPerRequest,
		StreamSpecification: stream(types.StreamViewTypeNewAndOldImages),
	})
	if err != nil {
		return "", d, fmt.Errorf("creating table %s: %w", name, err)
	}
	if d, err = w.active(name); err == nil {
		err = w.listed(aws.ToString(d.LatestStreamArn))
	}
	return out.TableDescription.TableStatus, d, err
}

func stream(view types.StreamViewType) *types.StreamSpecification {
	return &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}
}

// active waits until a table is active.
func (w *world) active(name string) (types.TableDescription, error) {
	for {
		out, err := w.db.DescribeTable(w.ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err == nil && out.Table.TableStatus == types.TableStatusActive {
			return *out.Table, nil
		}
		if err != nil && !table.IsMissing(err) { // a table that was just made may not be known yet
			return types.TableDescription{}, fmt.Errorf("waiting for table %s: %w", name, err)
		}
		if err := w.sleep(w.poll); err != nil {
			return types.TableDescription{}, err
		}
	}
}

// listed waits until a stream has shards.
func (w *world) listed(arn string) error {
	for {
		out, err := w.streams.DescribeStream(w.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
		var unknown *streamtypes.ResourceNotFoundException
		switch {
		case err == nil && len(out.StreamDescription.Shards) > 0:
			return nil
		case err != nil && !errors.As(err, &unknown):
			return fmt.Errorf("waiting for stream %s: %w", arn, err)
		}
		if err := w.sleep(w.poll); err != nil {
			return err
		}
	}
}

// sleep waits, or returns the error of the time limit or of Ctrl-C.
func (w *world) sleep(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}

// eventually waits until something has happened that the service does in its own time, and
// reports whether it has.
func (w *world) eventually(happened func() bool) bool {
	for end := time.Now().Add(w.within); !happened(); w.must(w.sleep(w.poll)) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// wait waits for what TTL does, for the time of -ttl-wait after the rows expired, and
// reports whether it happened.
func (w *world) wait(happened func() bool) bool {
	for end := w.expiry.Add(w.ttlWait); !happened(); w.must(w.sleep(10 * w.poll)) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// refusal is the code of the error by which a call was refused, or "accepted".
func (w *world) refusal(err error) string {
	if err == nil {
		return "accepted"
	}
	var refused smithy.APIError
	if !errors.As(err, &refused) || w.ctx.Err() != nil {
		w.must(err)
	}
	return refused.ErrorCode()
}

// refused wants a call to be refused with one of these codes.
func (w *world) refused(err error, codes ...string) {
	got := w.refusal(err)
	w.want(slices.Contains(codes, got), "%s, not %s", got, strings.Join(codes, " or "))
}

// accepted wants a call to be carried out.
func (w *world) accepted(err error) { w.refused(err, "accepted") }
