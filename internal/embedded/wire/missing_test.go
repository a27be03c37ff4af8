package wire_test

import (
	"strings"
	"testing"
)

// TestMissingParameters: a parameter that would change what the request means is
// not passed over.
func TestMissingParameters(t *testing.T) {
	w := newWorld(t).withTable()
	const want = "ValidationException: The embedded engine does not have the parameter "
	w.expectRefusal("UpdateTable", `{"TableName":"tab","MultiRegionConsistency":"STRONG"}`, want+"MultiRegionConsistency: AWS does")
	w.expectRefusal("CreateTable", strings.Replace(theTable, `{`, `{"GlobalTableSourceArn":"arn:x",`, 1), want+"GlobalTableSourceArn: AWS does")
}
