// Package table makes, describes and deletes the table that the tutorial
// is about. Its shape stands here and nowhere else.
package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	DefaultName  = "user-activities"
	PartitionKey = "id"
	SortKey      = "email"

	// TTLAttribute is the attribute that DynamoDB reads a row's expiry
	// from: a Number of Unix seconds. The rows (package activity) write
	// the same name, which a test holds: with two spellings nothing would
	// ever expire.
	TTLAttribute = "ttl"

	// StreamViewType is what a record of the stream holds: here the item
	// before the change and after it.
	StreamViewType = types.StreamViewTypeNewAndOldImages
)

// waitFor bounds each wait for AWS to make or remove a table.
const waitFor = 5 * time.Minute

// Create makes the table called name and returns once it is active, or
// returns false if a table of that name is there already, whatever its
// shape: see Description.Differences. One that is being deleted is waited
// for, and then made again.
func Create(ctx context.Context, db *dynamodb.Client, name string) (created bool, err error) {
	_, err = db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(PartitionKey), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(SortKey), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(PartitionKey), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(SortKey), KeyType: types.KeyTypeRange},
		},
		ProvisionedThroughput: &types.ProvisionedThroughput{
			ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1),
		},
		//weave:stream
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled:  aws.Bool(true),
			StreamViewType: StreamViewType,
		},
		//weave:end
	})
	var inUse *types.ResourceInUseException
	if err != nil && !errors.As(err, &inUse) {
		return false, fmt.Errorf("creating table %s: %w", name, err)
	}
	if inUse != nil {
		was, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if IsMissing(err) || err == nil && was.Table.TableStatus == types.TableStatusDeleting {
			if err := awaitDeleted(ctx, db, name); err != nil {
				return false, err
			}
			return Create(ctx, db, name)
		}
	}
	waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 5*time.Second
	})
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, waitFor); err != nil {
		return false, fmt.Errorf("waiting for table %s to become active: %w", name, err)
	}
	return inUse == nil, nil
}

// EnableTTL has DynamoDB remove rows whose TTLAttribute lies in the past.
// The service may take an hour to begin, and refuses a second change
// within an hour of the first. Where another program was faster, that is
// not an error.
func EnableTTL(ctx context.Context, db *dynamodb.Client, name string) error {
	_, err := db.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(TTLAttribute), Enabled: aws.Bool(true),
		},
	})
	if err != nil {
		if d, err := Describe(ctx, db, name); err == nil && d.TTLEnabled() && d.TTLAttribute == TTLAttribute {
			return nil
		}
		return fmt.Errorf("enabling TTL on table %s: %w", name, err)
	}
	return nil
}

// Delete removes the table with all its rows and returns once it is deleted.
// A missing table is an error (types.ResourceNotFoundException).
func Delete(ctx context.Context, db *dynamodb.Client, name string) error {
	if _, err := db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
		return fmt.Errorf("deleting table %s: %w", name, err)
	}
	return awaitDeleted(ctx, db, name)
}

func awaitDeleted(ctx context.Context, db *dynamodb.Client, name string) error {
	waiter := dynamodb.NewTableNotExistsWaiter(db, func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 5*time.Second
	})
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, waitFor); err != nil {
		return fmt.Errorf("waiting for the deletion of table %s: %w", name, err)
	}
	return nil
}

// IsMissing reports whether err says that there is no such table.
func IsMissing(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}
