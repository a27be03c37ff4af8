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
	"Expected":                  "ConditionExpression",
	"ConditionalOperator":       "an expression",
	"AttributeUpdates":          "UpdateExpression",
	"AttributesToGet":           "ProjectionExpression",
	"KeyConditions":             "KeyConditionExpression",
	"QueryFilter":               "FilterExpression",
	"ScanFilter":                "FilterExpression",
	"ReplicaUpdates":            "",
	"SSESpecification":          "",
	"Tags":                      "",
	"TableClass":                "",
	"DeletionProtectionEnabled": "",
	"ResourcePolicy":            "",
	"OnDemandThroughput":        "",
	"WarmThroughput":            "",
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
			message += ": DynamoDB Local and AWS do"
		}
		d.unsupported = &engine.Error{Code: engine.ValidationException, Message: message}
	}
	return d.Skip()
}

// operationsElsewhere names DynamoDB's operations that are no part of the engine,
// to tell them from those that do not exist.
var operationsElsewhere = strings.Fields(`
	BatchExecuteStatement CreateBackup CreateGlobalTable DeleteBackup DeleteResourcePolicy DescribeBackup
	DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints DescribeExport DescribeGlobalTable
	DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination DescribeLimits
	DescribeTableReplicaAutoScaling DisableKinesisStreamingDestination EnableKinesisStreamingDestination
	ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetResourcePolicy ImportTable ListBackups
	ListContributorInsights ListExports ListGlobalTables ListImports ListTagsOfResource PutResourcePolicy
	RestoreTableFromBackup RestoreTableToPointInTime TagResource UntagResource UpdateContinuousBackups
	UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateKinesisStreamingDestination
	UpdateTableReplicaAutoScaling`)

func unknown(name string) error {
	e := &engine.Error{Code: engine.UnknownOperationException, Message: "An unknown operation was requested."}
	if slices.Contains(operationsElsewhere, name) {
		e.Message = name + " is not part of the embedded engine: DynamoDB Local or AWS has it"
	}
	return e
}
