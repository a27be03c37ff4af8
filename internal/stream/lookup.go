package stream

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// A Describer describes tables; *dynamodb.Client does.
type Describer interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
}

// StreamOf is the ARN of a table's newest stream, for Open. Look it up each time
// that a program starts: a table that was recreated, or whose stream was switched
// off and on, has another one. A stream that was disabled counts, as it can be
// read for 24 hours.
func StreamOf(ctx context.Context, db Describer, table string) (arn string, err error) {
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return "", fmt.Errorf("finding the stream of table %q: %w", table, err)
	}
	if out.Table.LatestStreamArn == nil {
		return "", fmt.Errorf("table %s has no stream: enable one, with the view type that the service needs", table)
	}
	return *out.Table.LatestStreamArn, nil
}
