package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// maxCounts is the number of counts that one transaction may change: it
// holds 100 items, and one of them is the checkpoint. No page of so many
// events can change more.
const maxCounts = 99

// counts are the numbers of activities by page and task. They live in the
// table of the reader's checkpoints, so that both can be written at once.
type counts struct {
	db     *dynamodb.Client
	table  string
	reader string
}

// commit writes what a page of events changes in the counts, and the
// checkpoint that says so, in one transaction: both or none. Its
// condition is that the checkpoint is still the one that the page
// followed, so that a page that comes again can't count twice.
func (c *counts) commit(ctx context.Context, checkpoints *stream.Table, page *stream.Page) error {
	//weave:commit
	in := &dynamodb.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{checkpoints.TransactItem(page)},
	}
	changes := countInserts(page.Events)
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Update: &types.Update{
			TableName:                 &c.table,
			Key:                       c.key(key),
			UpdateExpression:          aws.String("ADD #n :more"),
			ExpressionAttributeNames:  map[string]string{"#n": "n"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":more": number(changes[key])},
		}})
	}
	//weave:end
	for try := 0; ; try++ {
		_, err := c.db.TransactWriteItems(ctx, in)
		if !calledOff(err) || try == 20 {
			return err
		}
		select {
		case <-time.After(rand.N(50 * time.Millisecond << min(try, 5))):
		case <-ctx.Done():
			return err
		}
	}
}

// calledOff reports whether a transaction was called off for what passes:
// another one changed the same item just then, that of another shard, or
// the writes came too fast.
func calledOff(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	passes := false
	for _, reason := range canceled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			passes = true
		case "", "None":
		default:
			return false
		}
	}
	return passes
}

// countInserts counts the activities that events begin with.
func countInserts(events []stream.Event) map[string]int64 {
	changes := make(map[string]int64)
	for _, e := range events {
		if e.Kind != stream.Inserted {
			continue
		}
		var row struct {
			Activity activity.Activity `dynamodbav:"activity"`
		}
		if e.New.Decode(&row) != nil {
			continue // somebody else's row
		}
		if key, ok := audit.CountKey(row.Activity.Page, row.Activity.Task); ok {
			changes[key]++
		}
	}
	return changes
}

// load reads the counts.
func (c *counts) load(ctx context.Context) (map[string]int64, error) {
	all := make(map[string]int64)
	pages := dynamodb.NewQueryPaginator(c.db, &dynamodb.QueryInput{
		TableName:                 &c.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("#reader = :counts"),
		ExpressionAttributeNames:  map[string]string{"#reader": "reader"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":counts": c.key("")["reader"]},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the counts: %w", err)
		}
		for _, item := range out.Items {
			place, ok := item["place"].(*types.AttributeValueMemberS)
			n, isNumber := item["n"].(*types.AttributeValueMemberN)
			if !ok || !isNumber {
				return nil, fmt.Errorf("table %s has a count that is none", c.table)
			}
			if all[place.Value], err = strconv.ParseInt(n.Value, 10, 64); err != nil {
				return nil, fmt.Errorf("count %s in table %s: %w", place.Value, c.table, err)
			}
		}
	}
	return all, nil
}

// key is that of a count: beside the reader's checkpoints, and apart from
// them.
func (c *counts) key(count string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"reader": &types.AttributeValueMemberS{Value: countsOf(c.reader)},
		"place":  &types.AttributeValueMemberS{Value: count},
	}
}

func countsOf(reader string) string { return reader + " counts" }

// explain tells a missing table apart from that of the rows.
func (c *counts) explain(err error) error {
	if !table.IsMissing(err) {
		return err
	}
	return fmt.Errorf("table %s, which held the checkpoints and counts, was deleted: "+
		"run again, which makes it anew and reads the stream from its oldest record on", c.table)
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
