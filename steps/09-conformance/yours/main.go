// Yours is where your reader begins.
//
//	go build -o yours ./steps/09-conformance/yours
//	go run ./steps/09-conformance -only one-shard -- ./yours
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx) // the test's variables
	if err != nil {
		log.Fatal(err)
	}
	arn := os.Getenv("STREAM_ARN")
	out, err := dynamodbstreams.NewFromConfig(cfg).DescribeStream(ctx,
		&dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		log.Fatal(err)
	}
	var records []types.Record // get them from the shards
	for _, r := range records {
		fmt.Printf("{\"id\": %q, \"sequence\": %q}\n",
			r.Dynamodb.Keys["id"].(*types.AttributeValueMemberS).Value,
			*r.Dynamodb.SequenceNumber)
	}
	log.Fatalf("shards that were not read: %d", len(out.StreamDescription.Shards))
}
