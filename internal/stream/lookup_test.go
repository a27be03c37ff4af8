package stream

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestStreamOf(t *testing.T) {
	db, _ := inMemory(t)
	create := func(name string, stream *dbtypes.StreamSpecification) string {
		out := must(db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: &name, BillingMode: dbtypes.BillingModePayPerRequest,
			AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dbtypes.ScalarAttributeTypeS}},
			KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dbtypes.KeyTypeHash}},
			StreamSpecification:  stream,
		}))
		return aws.ToString(out.TableDescription.LatestStreamArn)
	}
	want := create("with", &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dbtypes.StreamViewTypeKeysOnly})
	create("without", nil)
	got, err := StreamOf(t.Context(), db, "with")
	check(t, "with a stream", []any{got, err}, []any{want, error(nil)})
	if _, err := StreamOf(t.Context(), db, "without"); err == nil || !strings.Contains(err.Error(), "table without has no stream") {
		t.Errorf("without a stream: %v", err)
	}
	var missing *dbtypes.ResourceNotFoundException
	if _, err := StreamOf(t.Context(), db, "none"); !errors.As(err, &missing) || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("without a table: %v", err)
	}
}
