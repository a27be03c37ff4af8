// Lambda is a function that puts each change into the table handled, where
// 09-conformance learns of it. Step 08 runs it as Lambda would.
package main

import (
	"context"
	"errors"
	"log"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	ours "dynamostreamer/internal/lambda"
	"dynamostreamer/internal/stream"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	db := dynamodb.NewFromConfig(cfg)
	lambda.Start(ours.Handler(func(ctx context.Context, e stream.Event) error {
		item, err := handled(e)
		if err != nil {
			return err
		}
		_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("handled"), Item: item})
		return err
	}, ours.ReportBatchItemFailures))
}

// handled is the item for an event.
func handled(e stream.Event) (map[string]types.AttributeValue, error) {
	item, err := attributevalue.FromDynamoDBStreamsMap(e.Keys)
	if err != nil {
		return nil, err
	}
	item["sequence"] = &types.AttributeValueMemberS{Value: e.Sequence}
	item["kind"] = &types.AttributeValueMemberS{Value: string(e.Kind)}
	var errs []error
	for name, image := range map[string]stream.Image{"new": e.New, "old": e.Old} {
		if image != nil {
			value, err := attributevalue.FromDynamoDBStreamsMap(image)
			item[name], errs = &types.AttributeValueMemberM{Value: value}, append(errs, err)
		}
	}
	return item, errors.Join(errs...)
}
