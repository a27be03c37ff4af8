package activity

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// MaxBatch is the number of rows that Insert takes at most, DynamoDB's
// limit for BatchWriteItem.
const MaxBatch = 25

// ChangeKind is what a write does to a row.
type ChangeKind string

const (
	Inserted ChangeKind = "inserted"
	Modified ChangeKind = "modified"
	Deleted  ChangeKind = "deleted"
)

// A Change is one write to the table.
type Change struct {
	Kind ChangeKind
	Row  UserActivity // as it is afterwards; for Deleted, as it was before
}

// A Journal is told of each write before it is tried and again once
// DynamoDB has acknowledged it. If it fails, so does the write, which
// was then not tried or is done.
type Journal interface {
	Intent([]Change) error
	Done([]Change) error
}

// API is what a Writer calls; *dynamodb.Client has it.
type API interface {
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Counts says what a Writer has done so far.
type Counts struct {
	Inserted, Modified, Deleted int
	// Missed counts changes of rows that were no longer there.
	Missed int
	// Retries counts calls that were repeated since they failed, or left
	// part of a batch unprocessed.
	Retries int
}

// Writes is the number of writes that took effect.
func (c Counts) Writes() int { return c.Inserted + c.Modified + c.Deleted }

// A Writer writes changes to one table. Throttled writes are repeated
// with backoff until they succeed or the context ends, and those that the
// server or the network failed for half a minute; a call that is under way is
// let finish, so that its outcome is known. Any other error ends the write, and
// whether it took effect is then unknown. A Writer is not safe for concurrent
// use.
type Writer struct {
	API     API
	Table   string
	Journal Journal // nil: no journal
	Counts  Counts
}

// Insert puts at most MaxBatch rows, in one call if DynamoDB takes them
// all at once. A row that was there already is replaced.
func (w *Writer) Insert(ctx context.Context, rows []UserActivity) error {
	changes := make([]Change, len(rows))
	requests := make([]types.WriteRequest, len(rows))
	for i, row := range rows {
		item, err := attributevalue.MarshalMap(row)
		if err != nil {
			return fmt.Errorf("encoding row %s: %w", row.ID, err)
		}
		changes[i] = Change{Inserted, row}
		requests[i].PutRequest = &types.PutRequest{Item: item}
	}
	if err := w.intent(ctx, changes); err != nil {
		return err
	}
	var failing time.Time
	for try := 0; len(requests) > 0; try++ {
		if err := w.backoff(ctx, try); err != nil {
			return err
		}
		out, err := w.API.BatchWriteItem(context.WithoutCancel(ctx), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{w.Table: requests},
		})
		switch {
		case repeats(err, &failing):
			continue
		case err != nil:
			return fmt.Errorf("writing %d rows: %w", len(requests), err)
		}
		// What the answer does not give back is written: journal it
		// now, since the next try may not come to its end.
		requests = out.UnprocessedItems[w.Table]
		var done []Change
		done, changes = split(changes, requests)
		w.Counts.Inserted += len(done)
		if err := w.done(done); err != nil {
			return err
		}
	}
	return nil
}

// split parts changes into those that are written and those that are
// among the unprocessed requests.
func split(changes []Change, unprocessed []types.WriteRequest) (done, left []Change) {
	again := make(map[string]bool, len(unprocessed))
	for _, r := range unprocessed {
		if id, ok := r.PutRequest.Item[table.PartitionKey].(*types.AttributeValueMemberS); ok {
			again[id.Value] = true
		}
	}
	for _, c := range changes {
		if again[c.Row.ID] {
			left = append(left, c)
		} else {
			done = append(done, c)
		}
	}
	return done, left
}

// Change makes a change of kind Modified, which writes the row's activity
// over the one that is stored, or Deleted. Where the row was removed
// it counts as missed and stays removed: a blind update would bring back a row
// that TTL took, without its ttl, to live for ever.
func (w *Writer) Change(ctx context.Context, c Change) error {
	if err := w.intent(ctx, []Change{c}); err != nil {
		return err
	}
	var failing time.Time
	for try := 0; ; try++ {
		if err := w.backoff(ctx, try); err != nil {
			return err
		}
		err := w.call(context.WithoutCancel(ctx), c)
		var removed *types.ConditionalCheckFailedException
		switch {
		case repeats(err, &failing):
			continue
		case errors.As(err, &removed):
			w.Counts.Missed++
			return nil
		case err != nil:
			return fmt.Errorf("writing row %s (%s): %w", c.Row.ID, c.Kind, err)
		}
		if c.Kind == Deleted {
			w.Counts.Deleted++
		} else {
			w.Counts.Modified++
		}
		return w.done([]Change{c})
	}
}

//weave:condition

// rowExists is the condition of every change.
var rowExists = aws.String("attribute_exists(" + table.PartitionKey + ")")

//weave:end

func (w *Writer) call(ctx context.Context, c Change) error {
	if c.Kind == Deleted {
		_, err := w.API.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &w.Table, Key: c.Row.Key(), ConditionExpression: rowExists,
		})
		return err
	}
	activity, err := attributevalue.Marshal(c.Row.Activity)
	if err != nil {
		return err
	}
	_, err = w.API.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &w.Table,
		Key:                       c.Row.Key(),
		UpdateExpression:          aws.String("SET activity = :activity"),
		ConditionExpression:       rowExists,
		ExpressionAttributeValues: map[string]types.AttributeValue{":activity": activity},
	})
	return err
}

// intent tells the journal, unless ctx has ended: what is announced is
// then tried.
func (w *Writer) intent(ctx context.Context, changes []Change) error {
	if err := ctx.Err(); err != nil || w.Journal == nil {
		return err
	}
	return w.Journal.Intent(changes)
}

func (w *Writer) done(changes []Change) error {
	if w.Journal == nil || len(changes) == 0 {
		return nil
	}
	return w.Journal.Done(changes)
}

// backoff waits before the given try: not at all before the first, then
// from 50 ms up to 5 s, half of it at random so that writers that were
// throttled together don't come back together.
func (w *Writer) backoff(ctx context.Context, try int) error {
	if try == 0 {
		return nil
	}
	full := min(50*time.Millisecond<<min(try, 10), 5*time.Second)
	select {
	case <-time.After(full/2 + rand.N(full/2)):
		w.Counts.Retries++
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outage is for how long the server or the network may fail a write.
const outage = 30 * time.Second

// repeats reports whether a call that failed is made again. failing is since
// when the server or the network fails a write. The SDK has then retried it a few
// times already. A row that is there no longer may have been removed by the call
// before.
func repeats(err error, failing *time.Time) bool {
	switch {
	case retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary:
		*failing = time.Time{}
		return true
	case !stream.Retryable(err):
		return false
	case failing.IsZero():
		*failing = time.Now()
	}
	return time.Since(*failing) < outage
}
