package wire

import (
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/engine"
)

// missing are the parameters that the engine does not have.
var missing = []string{
	"ResourcePolicy",
	// These belong to global tables and vector indexes.
	"ReplicaUpdates", "MultiRegionConsistency", "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode",
	"GlobalTableWitnessUpdates", "VectorIndexes", "VectorIndexUpdates",
}

// other skips a field that the operation's shape does not have. A parameter that the
// engine lacks is an error. Any other field is ignored, as in the service.
func (d *decoder) other(name string) {
	if slices.Contains(missing, name) && d.Kind() != 'n' && d.unsupported == nil {
		d.unsupported = refusal("The embedded engine does not have the parameter %s: AWS does", name)
	}
	d.Skip()
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
		GetResourcePolicy PutResourcePolicy DeleteResourcePolicy SearchVectors`,
		"use AWS"},
	{"StartBulkPutItems CancelBulkOperation DescribeBulkOperation ListBulkOperations",
		"use BatchWriteItem, or AWS"},
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
