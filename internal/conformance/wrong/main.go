// Wrong is a reader of a stream with a mistake, for the tests of 09-conformance, which has
// to find it out:
//
//	go run ./steps/09-conformance -- go run ./internal/conformance/wrong all-twice
//
// The names of the mistakes are in mistakes.go. Those of package naive begin with naive-.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"dynamostreamer/internal/naive"
)

func main() {
	if len(os.Args) != 2 || !slices.Contains(names(), os.Args[1]) {
		fmt.Fprintf(os.Stderr, "usage: wrong MISTAKE, one of %s\n", strings.Join(names(), ", "))
		os.Exit(2)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	if id, ok := strings.CutPrefix(name, naivePrefix); ok {
		return runNaive(ctx, id)
	}
	return runRight(ctx, mistakes[name])
}

const naivePrefix = "naive-"

// names lists the mistakes.
func names() []string {
	all := slices.Sorted(maps.Keys(mistakes))
	for _, r := range naive.Readers {
		all = append(all, naivePrefix+r.ID)
	}
	return all
}
