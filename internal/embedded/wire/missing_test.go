package wire_test

import (
	"strings"
	"testing"
)

// TestMissing: a request for what the engine does not have is refused in one form, with
// what to do instead, whether it is an operation or a parameter that would change what
// the request means.
func TestMissing(t *testing.T) {
	w := newWorld(t).withTable()
	const does = "the embedded engine does not have "
	for operation, want := range map[string]string{
		"BatchExecuteStatement":             "PartiQL (BatchExecuteStatement): use GetItem, ",
		"CreateBackup":                      "backups, exports and imports (CreateBackup): copy the database's folder",
		"ListImports":                       "backups, exports and imports (ListImports): copy the database's folder",
		"ListGlobalTables":                  "global tables (ListGlobalTables): it has only one region: use AWS",
		"ListContributorInsights":           "contributor insights (ListContributorInsights): use AWS",
		"EnableKinesisStreamingDestination": "Kinesis streams of a table (EnableKinesisStreamingDestination): use the table's own stream, or AWS",
		"PutResourcePolicy":                 "resource policies (PutResourcePolicy): it accepts any credentials: use AWS",
		"SearchVectors":                     "vector indexes (SearchVectors): use AWS",
		"StartBulkPutItems":                 "bulk operations (StartBulkPutItems): use BatchWriteItem, or AWS",
	} {
		if got, want := refused(t, w.send(operation, `{}`)), "UnknownOperationException: "+does+want; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", operation, got, want)
		}
	}
	for _, parameter := range []string{"ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates"} {
		w.expectRefusal("UpdateTable", `{"TableName":"tab","`+parameter+`":"STRONG"}`,
			"ValidationException: "+does+"global tables ("+parameter+"): it has only one region: use AWS")
	}
	w.expectRefusal("UpdateTable", `{"TableName":"tab","VectorIndexUpdates":[]}`, "ValidationException: "+does+"vector indexes (VectorIndexUpdates): use AWS")
	w.expectRefusal("CreateTable", strings.Replace(theTable, `{`, `{"GlobalTableSourceArn":"arn:x",`, 1),
		"ValidationException: "+does+"global tables (GlobalTableSourceArn): it has only one region: use AWS")
	w.expectRefusal("NoSuchOperation", `{}`, "UnknownOperationException: An unknown operation was requested.")
}
