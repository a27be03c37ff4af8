package conformance

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// readerEnv makes the test's own program a reader: the one that it names.
const readerEnv = "CONFORMANCE_READER"

func TestMain(m *testing.M) {
	if id := os.Getenv(readerEnv); id != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		code := runReader(ctx, id)
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}
