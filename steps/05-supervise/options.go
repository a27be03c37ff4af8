package main

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

// options are the values of the flags.
type options struct {
	length, crash, ttl, idle time.Duration
	rate                     float64
	reader, journals         string
	metrics                  string
}

func newOptions(step *cli.Step) *options {
	o := &options{}
	step.StopsWell = true
	step.DurationVar(&o.length, "for", 0,
		"stop after this `time`; without it, at Ctrl-C")
	step.DurationVar(&o.crash, "crash", 0,
		"make a service panic about once in this `time`")
	step.Float64Var(&o.rate, "rate", 50,
		"`writes` a second at most; 0 is as fast as it can;\non aws, the default is 1: one write unit")
	step.DurationVar(&o.ttl, "ttl", 10*time.Second,
		"the `time` after which a row expires")
	step.DurationVar(&o.idle, "idle", time.Second,
		"when stopping: the `time` that the stream is given to\nshow the last writes")
	step.StringVar(&o.reader, "reader", "05-supervise",
		"the reader's `name`: its checkpoints and counts go by it")
	step.StringVar(&o.journals, "journals", filepath.Join(".dynamodb", "journals"),
		"keep the journals in this `folder`; they are never\nremoved")
	step.StringVar(&o.metrics, "metrics", "",
		"serve /metrics, for Prometheus, and /healthz at this\n`address`, such as 127.0.0.1:9090")
	return o
}

func (o *options) check() error {
	switch {
	case o.reader == "":
		return cli.Usagef("-reader needs a name")
	case strings.HasSuffix(o.reader, countsOf("")):
		return cli.Usagef("-reader %q is reserved: names that end in %q are for the counts of readers", o.reader, countsOf(""))
	case o.journals == "":
		return cli.Usagef("-journals needs a folder")
	}
	if _, _, err := net.SplitHostPort(o.metrics); o.metrics != "" && err != nil {
		return cli.Usagef("-metrics %s: not an address with a port (try 127.0.0.1:9090)", o.metrics)
	}
	return nil
}

// readersTable is the table of the reader's checkpoints and counts.
func readersTable(step *cli.Step) string { return step.Table + "-reader" }

// makeTables makes the step's table if it is missing, as 01-create-table
// does, and returns its stream. The reader makes the table of its checkpoints.
func makeTables(ctx context.Context, step *cli.Step, db *dynamodb.Client) (stream string, err error) {
	t, done, err := table.Ensure(ctx, db, step.Table)
	if err != nil {
		return "", err
	}
	if done == table.Created {
		step.Notef("created table %s", step.Table)
	}
	return t.StreamARN, table.CheckCheckpoints(ctx, db, readersTable(step))
}
