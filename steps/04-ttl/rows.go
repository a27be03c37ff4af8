package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

// ready describes the table and makes sure that it has what this step
// needs. With -clock, DynamoDB is empty, so the table is made first.
func ready(ctx context.Context, step *cli.Step, db *dynamodb.Client) (table.Description, error) {
	if step.Clock > 0 {
		t, _, err := table.Ensure(ctx, db, step.Table)
		return t, err
	}
	t, err := table.Describe(ctx, db, step.Table)
	switch {
	case err != nil:
		return t, err
	case t.StreamARN == "" && t.OtherKeys() == "":
		return t, step.NoStreamError(t)
	case t.Mismatch() != nil:
		return t, t.Mismatch()
	case !t.TTLEnabled():
		return t, step.NoTTLError()
	}
	return t, nil
}

// play writes the rows, deletes the first of them by hand and lets the
// last one live a day longer. It returns the ttl of those that will be
// removed, by id, and the one that stays.
func play(ctx context.Context, step *cli.Step, db *dynamodb.Client, rows []activity.UserActivity) (
	expected map[string]time.Time, kept activity.UserActivity, err error,
) {
	expected = make(map[string]time.Time)
	for i, row := range rows {
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
		expected[row.ID] = time.Unix(row.TTL, 0)
		if i > 0 {
			continue
		}
		// A delete removes the row at once: before the others
		// are written, or TTL might be faster.
		_, err = db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &step.Table, Key: row.Key(),
		})
		if err != nil {
			return nil, kept, err
		}
	}

	// A later TTL keeps the row, even one that has expired but
	// was not removed yet. "ttl" is one of DynamoDB's reserved
	// words: an expression must call it by another name.
	kept = rows[len(rows)-1]
	later := time.Unix(kept.TTL, 0).Add(24 * time.Hour).Unix()
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

// stillThere makes sure that the row whose TTL was moved was not removed.
func stillThere(ctx context.Context, step *cli.Step, db *dynamodb.Client, kept activity.UserActivity) error {
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &step.Table, Key: kept.Key(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return err
	}
	if out.Item == nil {
		return fmt.Errorf("row %s was removed, though its ttl was extended by a day", kept.ID)
	}
	return step.Printf("%s %s %-23s its ttl was extended by a day\n",
		step.Kind("kept"), cli.ID(kept.ID), kept.Email)
}
