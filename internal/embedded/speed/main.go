// speed measures the embedded engine, in this process and served, beside
// DynamoDB Local, with the same client in one run, and prints a table:
//
//	go run ./internal/embedded/speed
//
// Run it from the module's root, on an idle machine. It starts the servers
// itself; DynamoDB Local needs Java 17 and Maven. The contestants take
// turns, so that the state of the machine affects all of them equally. The
// best of three turns counts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

var (
	records      = flag.Int("records", 1_000_000, "rows of the large table, and records of its stream")
	localRecords = flag.Int("local-records", 10_000, "the same for DynamoDB Local, which is slow to fill")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

const turns = 3

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "speed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, err := start(ctx, dir)
	defer func() {
		for _, c := range all {
			c.stop()
		}
	}()
	if err != nil {
		return err
	}
	fmt.Println("| | in process | served | DynamoDB Local | in process is | served is |")
	fmt.Println("|---|---:|---:|---:|---:|---:|")
	starts := make([]time.Duration, len(all))
	for i, c := range all {
		starts[i] = c.started
	}
	row("start to first answer", starts)
	for _, l := range lines {
		best := make([]time.Duration, len(all))
		for range turns {
			for i, c := range all {
				took, err := each(ctx, c, l.workers, l.calls, func(ctx context.Context, n int64) error { return l.call(c, ctx, n) })
				if err != nil {
					return fmt.Errorf("%s, %s: %w", c.name, l.name, err)
				}
				if best[i] == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
		row(l.name, best)
	}
	return grow(ctx, all)
}

// grow fills a table, reads its stream, and measures how much slower writes
// have become.
func grow(ctx context.Context, all []*contestant) error {
	var fill, read, put []time.Duration
	slower := ""
	for _, c := range all {
		n := *records
		if c.name == dynamoDBLocal {
			n = *localRecords
		}
		before, err := c.putsInto(ctx, small, 1000)
		if err != nil {
			return err
		}
		filled, err := c.fill(ctx, n)
		if err != nil {
			return err
		}
		got, err := c.readStream(ctx, n)
		if err != nil {
			return err
		}
		after, err := c.putsInto(ctx, large, n)
		if err != nil {
			return err
		}
		fill, read, put = append(fill, filled), append(read, got), append(put, after)
		slower += fmt.Sprintf(" %.2fx |", float64(after)/float64(before))
	}
	row("fill, a row", fill)
	row("stream, a record", read)
	row("put into the large table", put)
	fmt.Printf("| the same beside 1,000 rows |%s | |\n", slower)
	opened, err := all[0].reopen(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("| open a folder with the large table | %s | | | | |\n", duration(opened))
	fmt.Printf("| most memory resident | | %s | %s | | |\n", all[1].memory(), all[2].memory())
	fmt.Printf("\nThe large table has %d rows, in DynamoDB Local %d.\n", *records, *localRecords)
	return nil
}

// row prints times, and the ratio of the last time to the first and to the
// second.
func row(name string, took []time.Duration) {
	last := float64(took[len(took)-1])
	fmt.Printf("| %s | %s | %s | %s | %.1fx | %.1fx |\n", name,
		duration(took[0]), duration(took[1]), duration(took[2]), last/float64(took[0]), last/float64(took[1]))
}

func duration(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000)
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
