// Plain is a function of aws-lambda-go alone: it prints each record's event name
// and keys.
package main

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(e events.DynamoDBEvent) error {
		for _, record := range e.Records {
			keys, err := json.Marshal(record.Change.Keys)
			if err != nil {
				return err
			}
			fmt.Println(record.EventName, string(keys))
		}
		return nil
	})
}
