package wire

import (
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/engine"
)

// A lack is a feature of DynamoDB that the engine does not have.
type lack struct {
	feature                string
	operations, parameters string // that belong to it: names, separated by spaces
	instead                string // what to do
}

// lacking lists all that the engine does not have. A request for it is refused.
var lacking = []lack{
	{"PartiQL", "ExecuteStatement BatchExecuteStatement ExecuteTransaction", "",
		"use GetItem, Query, PutItem, UpdateItem, DeleteItem and the Batch and Transact operations, or DynamoDB Local"},
	{"backups, exports and imports", `CreateBackup DeleteBackup DescribeBackup ListBackups
		RestoreTableFromBackup RestoreTableToPointInTime DescribeContinuousBackups UpdateContinuousBackups
		ExportTableToPointInTime DescribeExport ListExports ImportTable DescribeImport ListImports`, "",
		"copy the database's folder while nothing writes to it, or use AWS"},
	{"global tables", `CreateGlobalTable UpdateGlobalTable DescribeGlobalTable ListGlobalTables DescribeGlobalTableSettings
		UpdateGlobalTableSettings DescribeTableReplicaAutoScaling UpdateTableReplicaAutoScaling`,
		`ReplicaUpdates MultiRegionConsistency GlobalTableSourceArn GlobalTableSettingsReplicationMode
		GlobalTableWitnessUpdates`, "it has only one region: use AWS"},
	{"contributor insights", "DescribeContributorInsights ListContributorInsights UpdateContributorInsights", "", "use AWS"},
	{"Kinesis streams of a table", `DescribeKinesisStreamingDestination EnableKinesisStreamingDestination
		DisableKinesisStreamingDestination UpdateKinesisStreamingDestination`, "", "use the table's own stream, or AWS"},
	{"resource policies", "GetResourcePolicy PutResourcePolicy DeleteResourcePolicy", "ResourcePolicy",
		"it accepts any credentials: use AWS"},
	{"vector indexes", "SearchVectors", "VectorIndexes VectorIndexUpdates", "use AWS"},
	{"bulk operations", "StartBulkPutItems CancelBulkOperation DescribeBulkOperation ListBulkOperations", "",
		"use BatchWriteItem, or AWS"},
}

// lacks returns the message about an operation or a parameter that the engine does not
// have, or "" if it is not one of those.
func lacks(name string, names func(lack) string) string {
	for _, l := range lacking {
		if slices.Contains(strings.Fields(names(l)), name) {
			return fmt.Sprintf("the embedded engine does not have %s (%s): %s", l.feature, name, l.instead)
		}
	}
	return ""
}

// other skips a field that the operation's shape does not have. A parameter that the
// engine lacks is an error. Any other field is ignored, as in the service.
func (d *decoder) other(name string) {
	if message := lacks(name, func(l lack) string { return l.parameters }); message != "" && d.Kind() != 'n' && d.unsupported == nil {
		d.unsupported = refusal("%s", message)
	}
	d.Skip()
}

func unknown(name string) error {
	message := lacks(name, func(l lack) string { return l.operations })
	if message == "" {
		message = "An unknown operation was requested."
	}
	return &engine.Error{Code: engine.UnknownOperationException, Message: message}
}
