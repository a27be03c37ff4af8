package mapping

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if any test has left a goroutine behind.
func TestMain(m *testing.M) {
	flag.Parse()
	// A seed plays a failure again; no files are left for it.
	flag.Set("rapid.nofailfile", "true")
	goleak.VerifyTestMain(m)
}
