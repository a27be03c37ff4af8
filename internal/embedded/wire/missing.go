package wire

import (
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/engine"
)

// missing maps each parameter that the engine does not have to the one to use instead,
// empty if there is none.
var missing = map[string]string{
	"Expected":            "ConditionExpression",
	"ConditionalOperator": "an expression",
	"AttributeUpdates":    "UpdateExpression",
	"AttributesToGet":     "ProjectionExpression",
	"KeyConditions":       "KeyConditionExpression",
	"QueryFilter":         "FilterExpression",
	"ScanFilter":          "FilterExpression",
	"ResourcePolicy":      "",
	// These belong to global tables and vector indexes.
	"ReplicaUpdates":                     "",
	"MultiRegionConsistency":             "",
	"GlobalTableSourceArn":               "",
	"GlobalTableSettingsReplicationMode": "",
	"GlobalTableWitnessUpdates":          "",
	"VectorIndexes":                      "",
	"VectorIndexUpdates":                 "",
}

// other skips a field that the operation's shape does not have. A parameter that the
// engine lacks is an error. Any other field is ignored, as in the service.
func (d *decoder) other(name string) {
	instead, lacks := missing[name]
	if instead != "" {
		d.see(name)
	}
	if lacks && d.Kind() != 'n' && d.unsupported == nil {
		advice := "AWS does"
		if instead != "" {
			advice = "use " + instead + ", or DynamoDB Local or AWS"
		}
		d.unsupported = refusal("The embedded engine does not have the parameter %s: %s", name, advice)
	}
	d.Skip()
}

// These parameters exclude each other. They are in the order of the service's message
// (dynalite, updateItem and query; dynamodb-conformance, error-messages).
var (
	legacyParameters = []string{"AttributeUpdates", "Expected", "AttributesToGet", "QueryFilter", "ScanFilter",
		"ConditionalOperator", "KeyConditions"}
	expressionParameters = []string{"UpdateExpression", "ConditionExpression", "ProjectionExpression",
		"FilterExpression", "KeyConditionExpression"}
)

// see notes that the request has a parameter, unless it is null.
func (d *decoder) see(name string) {
	if d.Kind() != 'n' {
		d.seen = append(d.seen, name)
	}
}

// mixed refuses a request that has both expressions and legacy parameters. Only
// KeyConditions may be combined with expressions other than KeyConditionExpression.
func (d *decoder) mixed() error {
	unseen := func(name string) bool {
		return !slices.Contains(d.seen, name) || name == "KeyConditions" && !slices.Contains(d.seen, "KeyConditionExpression")
	}
	legacy := slices.DeleteFunc(slices.Clone(legacyParameters), unseen)
	expressions := slices.DeleteFunc(slices.Clone(expressionParameters), unseen)
	if len(legacy) == 0 || len(expressions) == 0 {
		return nil
	}
	return refusal("Can not use both expression and non-expression parameters in the same request: "+
		"Non-expression parameters: {%s} Expression parameters: {%s}", strings.Join(legacy, ", "), strings.Join(expressions, ", "))
}

// elsewhere lists DynamoDB's operations that the engine does not have, and what to do
// instead.
var elsewhere = []struct{ operations, instead string }{
	{"ExecuteStatement BatchExecuteStatement ExecuteTransaction",
		"it has no PartiQL: use GetItem, Query, PutItem, UpdateItem, DeleteItem and the Batch and Transact operations, or DynamoDB Local"},
	{`CreateBackup DeleteBackup DescribeBackup ListBackups RestoreTableFromBackup RestoreTableToPointInTime
		DescribeContinuousBackups UpdateContinuousBackups ExportTableToPointInTime DescribeExport ListExports
		ImportTable DescribeImport ListImports`,
		"copy the database's folder while nothing writes to it, or use AWS"},
	{`CreateGlobalTable UpdateGlobalTable DescribeGlobalTable ListGlobalTables DescribeGlobalTableSettings
		UpdateGlobalTableSettings DescribeTableReplicaAutoScaling UpdateTableReplicaAutoScaling`,
		"it has only one region: use AWS"},
	{`DescribeContributorInsights ListContributorInsights UpdateContributorInsights DescribeKinesisStreamingDestination
		EnableKinesisStreamingDestination DisableKinesisStreamingDestination UpdateKinesisStreamingDestination
		GetResourcePolicy PutResourcePolicy DeleteResourcePolicy`,
		"use AWS"},
}

func unknown(name string) error {
	message := "An unknown operation was requested."
	for _, e := range elsewhere {
		if slices.Contains(strings.Fields(e.operations), name) {
			message = name + " is not part of the embedded engine: " + e.instead
		}
	}
	return &engine.Error{Code: engine.UnknownOperationException, Message: message}
}
