package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// maxCounts is the number of counts that one transaction may change: it
// has 100 items at most, and one of them is the checkpoint. A page of as
// many events can't change more.
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
// followed, so that a redelivered page can't count twice.
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
			ExpressionAttributeValues: map[string]types.AttributeValue{":more": &types.AttributeValueMemberN{Value: strconv.FormatInt(changes[key], 10)}},
		}})
	}
	//weave:end
	_, err := c.db.TransactWriteItems(ctx, in)
	return err
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
			continue // another program's row
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
		var some []struct {
			Place string `dynamodbav:"place"`
			N     int64  `dynamodbav:"n"`
		}
		if err := attributevalue.UnmarshalListOfMaps(out.Items, &some); err != nil {
			return nil, fmt.Errorf("reading the counts in table %s: %w", c.table, err)
		}
		for _, count := range some {
			all[count.Place] = count.N
		}
	}
	return all, nil
}

// end notes in the journal what the counts are when the run is over.
func (c *counts) end(journal *audit.EventJournal) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	have, err := c.load(ctx)
	if err != nil {
		return c.explain(err)
	}
	return journal.End(have)
}

// key is the key of a count, apart from the reader's checkpoints.
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
		"run again: the table is made again and the stream is read from its oldest record", c.table)
}
