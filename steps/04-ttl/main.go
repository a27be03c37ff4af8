// 04-ttl shows TTL at work: it writes rows that expire in seconds,
// deletes one by hand, lets another live longer, and watches in the
// stream how each of them goes.
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

func main() {
	step := cli.New("04-ttl",
		"shows how rows expire, and how that differs from a delete.",
		"go run ./steps/04-ttl -n 5 -ttl 3s")
	n := step.Int("n", 3, "`rows` that are left to expire")
	ttl := step.Duration("ttl", 2*time.Second,
		"the `time` after which they expire")
	timeout := step.Duration("timeout", time.Minute,
		"give up after this `time`; on aws a removal may take days")
	seed := step.Uint64("seed", 0,
		"make the same rows again for the same `number`")

	step.Main(func(ctx context.Context) error {
		switch {
		case *n < 1:
			return cli.Usagef("-n %d is less than 1", *n)
		case *ttl < time.Second:
			return cli.Usagef("-ttl %v is less than 1s: a TTL counts whole seconds", *ttl)
		case *timeout <= 0:
			return cli.Usagef("-timeout %v must be more than 0", *timeout)
		}
		db, streams, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		t, err := table.Describe(ctx, db, step.Table)
		switch {
		case err != nil:
			return err
		case t.StreamARN == "":
			return step.NoStreamError()
		case !t.TTLEnabled() || t.TTLAttribute != table.TTLAttribute:
			return step.NoTTLError()
		}
		rows := activity.NewGenerator(*ttl, time.Now)
		if step.Given("seed") {
			rows = activity.NewSeededGenerator(*seed, *ttl, time.Now)
		}

		// Mark the place in the stream first, then write: whatever
		// happens to the rows comes after it.
		reader, err := stream.Open(ctx, streams, t.StreamARN,
			stream.Options{Start: stream.Latest})
		if err != nil {
			return err
		}
		expected, kept, err := play(ctx, step, db, rows.Rows(*n+2))
		if err != nil {
			return err
		}
		step.Notef("waiting until %d rows are gone; DynamoDB looks for expired rows now and then", len(expected))

		waiting, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		total := len(expected)
		err = watch(waiting, step, reader, expected)
		if errors.Is(err, context.Canceled) {
			step.Notef("stopped: %d of %d rows were seen to go",
				total-len(expected), total)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%d rows were not seen to go within %v: DynamoDB removes a row some time after it expired, "+
				"on AWS within a few days; give a longer -timeout to wait on, and see that the rows' attribute is the table's", len(expected), *timeout)
		}
		if err != nil {
			return err
		}
		return stillThere(ctx, step, db, kept)
	})
}

// play writes the rows, deletes the first of them by hand and has the
// last one live an hour longer. It returns the ids of those that will go
// and the one that stays.
func play(ctx context.Context, step *cli.Step, db *dynamodb.Client, rows []activity.UserActivity) (
	expected map[string]bool, kept activity.UserActivity, err error,
) {
	expected = make(map[string]bool)
	for _, row := range rows {
		item, err := attributevalue.MarshalMap(row)
		if err != nil {
			return nil, kept, err
		}
		_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &step.Table, Item: item,
		})
		if err != nil {
			return nil, kept, err
		}
		expected[row.ID] = true
	}

	// A delete removes the row at once.
	_, err = db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &step.Table, Key: rows[0].Key(),
	})
	if err != nil {
		return nil, kept, err
	}

	// A later TTL keeps the row, even one that has expired but
	// was not removed yet. "ttl" is one of DynamoDB's reserved
	// words: an expression must call it by another name.
	kept = rows[len(rows)-1]
	later := time.Unix(kept.TTL, 0).Add(time.Hour).Unix()
	_, err = db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &step.Table, Key: kept.Key(),
		//weave:prolong
		UpdateExpression: aws.String("SET #ttl = :later"),
		ConditionExpression: aws.String(
			"attribute_exists(" + table.PartitionKey + ")"),
		ExpressionAttributeNames: map[string]string{
			"#ttl": table.TTLAttribute,
		},
		//weave:end
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":later": &types.AttributeValueMemberN{
				Value: strconv.FormatInt(later, 10),
			},
		},
	})
	delete(expected, kept.ID)
	return expected, kept, err
}

// watch prints how the expected rows go, and takes each off the list. It
// returns when all are gone.
func watch(ctx context.Context, step *cli.Step, reader *stream.Reader, expected map[string]bool) error {
	for event, err := range reader.Events(ctx) {
		if err != nil {
			return err
		}
		var row activity.UserActivity
		if event.New != nil || event.Old.Decode(&row) != nil {
			continue // no removal, or not of a row like ours
		}
		if !expected[row.ID] {
			continue // somebody else's
		}
		// The record's own time is rounded, to the minute on
		// DynamoDB Local: take the time from our clock.
		seen := row.Lateness(time.Now()).Round(100 * time.Millisecond)
		when := fmt.Sprintf("%v after its ttl", seen)
		if seen < 0 {
			when = fmt.Sprintf("%v before its ttl", -seen)
		}
		err := step.Printf("%s %s %-23s %s\n",
			step.Kind(string(event.Kind)), row.ID, row.Email, when)
		if err != nil {
			return err
		}
		delete(expected, row.ID)
		if len(expected) == 0 {
			return nil
		}
	}
	return errors.New("the stream ended before all rows were gone")
}

// stillThere makes sure that the row whose TTL was moved was not removed.
func stillThere(ctx context.Context, step *cli.Step, db *dynamodb.Client, kept activity.UserActivity) error {
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &step.Table, Key: kept.Key(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return err
	}
	if out.Item == nil {
		return fmt.Errorf("row %s is gone, though its ttl was moved an hour ahead", kept.ID)
	}
	return step.Printf("%s %s %-23s its ttl was moved an hour ahead\n",
		step.Kind("kept"), kept.ID, kept.Email)
}
