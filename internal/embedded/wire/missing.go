package wire

import (
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/engine"
)

// missing are the parameters that the engine does not have, and what to use
// instead; empty is nothing.
var missing = map[string]string{
	"Expected":            "ConditionExpression",
	"ConditionalOperator": "an expression",
	"AttributeUpdates":    "UpdateExpression",
	"AttributesToGet":     "ProjectionExpression",
	"KeyConditions":       "KeyConditionExpression",
	"QueryFilter":         "FilterExpression",
	"ScanFilter":          "FilterExpression",
	"ReplicaUpdates":      "",
	"ResourcePolicy":      "",
}

// other passes over a field that the operation's reader does not know. Those of
// DynamoDB that the engine lacks are an error; the rest is ignored, as by the
// service.
func (d *decoder) other(name string) error {
	instead, lacks := missing[name]
	if lacks && d.Kind() != 'n' && d.unsupported == nil {
		message := fmt.Sprintf("The embedded engine does not have the parameter %s", name)
		if instead != "" {
			message += ": use " + instead + ", or DynamoDB Local or AWS"
		} else {
			message += ": AWS does"
		}
		d.unsupported = &engine.Error{Code: engine.ValidationException, Message: message}
	}
	return d.Skip()
}

// elsewhere are DynamoDB's operations that are no part of the engine, and what to
// do instead.
var elsewhere = []struct{ operations, instead string }{
	{"ExecuteStatement BatchExecuteStatement ExecuteTransaction",
		"it has no PartiQL: use GetItem, Query, PutItem, UpdateItem, DeleteItem and the Batch and Transact operations, or DynamoDB Local"},
	{`CreateBackup DeleteBackup DescribeBackup ListBackups RestoreTableFromBackup RestoreTableToPointInTime
		DescribeContinuousBackups UpdateContinuousBackups ExportTableToPointInTime DescribeExport ListExports
		ImportTable DescribeImport ListImports`,
		"copy the database's folder while nobody writes, or use AWS"},
	{`CreateGlobalTable UpdateGlobalTable DescribeGlobalTable ListGlobalTables DescribeGlobalTableSettings
		UpdateGlobalTableSettings DescribeTableReplicaAutoScaling UpdateTableReplicaAutoScaling`,
		"it is one region: use AWS"},
	{`DescribeContributorInsights ListContributorInsights UpdateContributorInsights DescribeKinesisStreamingDestination
		EnableKinesisStreamingDestination DisableKinesisStreamingDestination UpdateKinesisStreamingDestination
		GetResourcePolicy PutResourcePolicy DeleteResourcePolicy`,
		"use AWS"},
}

func unknown(name string) error {
	for _, e := range elsewhere {
		if slices.Contains(strings.Fields(e.operations), name) {
			return &engine.Error{
				Code:    engine.UnknownOperationException,
				Message: name + " is not part of the embedded engine: " + e.instead,
			}
		}
	}
	return &engine.Error{Code: engine.UnknownOperationException, Message: "An unknown operation was requested."}
}
