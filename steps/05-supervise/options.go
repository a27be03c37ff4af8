package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

// options are the values of the flags.
type options struct {
	step                     *cli.Step
	length, crash, ttl, idle time.Duration
	rate                     float64
	reader, journals         string
	audit                    bool
}

func newOptions(step *cli.Step) *options {
	o := &options{step: step}
	step.TakesFiles, step.StopsWell = true, true
	step.DurationVar(&o.length, "for", 0,
		"stop after this `time`; without it, at Ctrl-C")
	step.DurationVar(&o.crash, "crash", 0,
		"have a service panic about once in this `time`")
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
	step.BoolVar(&o.audit, "audit", false,
		"run nothing, but audit the journals that are named after\nthe flags: files, or folders of them")
	return o
}

func (o *options) check() error {
	switch {
	case o.audit && o.step.NArg() == 0:
		return cli.Usagef("-audit wants journals: name files or folders, such as %s", o.journals)
	case !o.audit && o.step.NArg() > 0:
		return cli.Usagef("unexpected argument %q: only -audit takes files", o.step.Arg(0))
	case o.length < 0:
		return cli.Usagef("-for %v is less than 0", o.length)
	case o.crash < 0:
		return cli.Usagef("-crash %v is less than 0", o.crash)
	case !(o.rate >= 0):
		return cli.Usagef("-rate %v is less than 0", o.rate)
	case o.ttl < 0:
		return cli.Usagef("-ttl %v is less than 0", o.ttl)
	case o.idle < 0:
		return cli.Usagef("-idle %v is less than 0", o.idle)
	case o.reader == "":
		return cli.Usagef("-reader wants a name")
	case strings.HasSuffix(o.reader, countsOf("")):
		return cli.Usagef("-reader %q is where the counts of another reader are: leave out %q", o.reader, countsOf(""))
	case o.journals == "":
		return cli.Usagef("-journals wants a folder")
	}
	return nil
}

// readersTable is the table of the reader's checkpoints and counts.
func readersTable(step *cli.Step) string { return step.Table + "-reader" }

// makeTable makes the step's table if it is missing, as 01-create-table
// does, and returns its stream.
func makeTable(ctx context.Context, step *cli.Step, db *dynamodb.Client) (stream string, err error) {
	created, err := table.Create(ctx, db, step.Table)
	if err != nil {
		return "", err
	}
	t, err := table.Describe(ctx, db, step.Table)
	if err != nil {
		return "", err
	}
	if diffs := t.Differences(); len(diffs) > 0 {
		return "", fmt.Errorf("table %s is there, but another one: %s; use another -table",
			step.Table, strings.Join(diffs, "; "))
	}
	// The reader makes the table of its checkpoints, if it is missing.
	r, err := table.Describe(ctx, db, readersTable(step))
	if err == nil && !r.HoldsCheckpoints() {
		return "", fmt.Errorf("table %s, for the reader's checkpoints, is there, but has other keys than reader, place; use another -table",
			r.Name)
	} else if err != nil && !table.IsMissing(err) {
		return "", err
	}
	if created {
		step.Notef("created table %s", step.Table)
	}
	if t.TTLEnabled() {
		return t.StreamARN, nil
	}
	return t.StreamARN, table.EnableTTL(ctx, db, step.Table)
}

// journals are those of one run.
type journals struct {
	dir    string
	began  time.Time
	names  []string
	writes *audit.Journal
	events *audit.EventJournal
}

// openJournals opens those of a run whose reader is to read the stream.
func openJournals(dir, reader, stream string) (*journals, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("the journals can't be kept: %w", err)
	}
	j := &journals{dir: dir, began: time.Now()}
	run := fmt.Sprintf("%s-%d", j.began.UTC().Format("20060102T150405.000"), os.Getpid())
	j.names = []string{filepath.Join(dir, run+"-writes.jsonl"), filepath.Join(dir, run+"-events.jsonl")}
	var err error
	if j.writes, err = audit.OpenJournal(j.names[0]); err != nil {
		return nil, err
	}
	if j.events, err = audit.OpenEventJournal(j.names[1], reader); err != nil {
		j.writes.Close()
		return nil, err
	}
	if err := j.events.Begin(stream); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *journals) Close() {
	j.writes.Close()
	j.events.Close()
}
