package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/supervise"
)

// A run whose reader is not done in time has proved nothing. What is missing
// then is no fault: the next run reads it.
func TestRunWithoutCatchingUp(t *testing.T) {
	catchUpWithin = time.Nanosecond
	defer func() { catchUpWithin = time.Minute }()
	dir := t.TempDir()
	step := cli.New("05-supervise", "", "")
	o := newOptions(step)
	if err := step.Parse([]string{"-endpoint", "embedded:" + dir, "-journals", filepath.Join(dir, "journals"), "-for", "200ms"}); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), step, o); err == nil || !strings.Contains(err.Error(), "the reader did not catch up with the writes within 1ns\nnot audited") {
		t.Errorf("run() = %v, want it to say that the reader did not catch up", err)
	}
	names, err := audit.Find(o.journals)
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Reconcile(names, nil)
	if err != nil || len(report.Unfinished) != 1 {
		t.Errorf("the audit of it is\n%v%v, want it unfinished", report, err)
	}
}

// A reader that is taken over just as it stops did not stop cleanly.
func TestStopTakenOver(t *testing.T) {
	step := cli.New("05-supervise", "", "")
	if err := step.Parse([]string{"-endpoint", "embedded:" + t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	db, streams, err := step.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := makeTables(t.Context(), step, db); err != nil {
		t.Fatal(err)
	}
	rows := activity.NewGenerator(time.Hour, step.Now).Rows(1)
	if err := (&activity.Writer{API: db, Table: step.Table}).Insert(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	journal, err := audit.OpenEventJournal(filepath.Join(t.TempDir(), "events"), "r")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	ctx, stop := context.WithCancel(t.Context())
	counts := &counts{db: db, table: step.Table + "-reader", reader: "r"}
	progress := supervise.NewProgress(step.Live())
	r := &reader{
		db: db, streams: streams, table: step.Table, counts: counts, journal: journal,
		progress: progress, live: step.Live(),
		crash: func() {
			// Another reader takes what seems to be released.
			_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: &counts.table,
				Key: map[string]types.AttributeValue{
					"reader": &types.AttributeValueMemberS{Value: "r"},
					"place":  &types.AttributeValueMemberS{Value: "generation"},
				},
				UpdateExpression:          aws.String("SET released = :yes"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":yes": &types.AttributeValueMemberBOOL{Value: true}},
			})
			if err == nil {
				_, err = stream.TableCheckpoints(db, counts.table, "r").Load(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
			stop()
		},
	}
	if err := r.Serve(ctx); !errors.As(err, new(*stream.FencedError)) {
		t.Errorf("Serve() = %v, want that another reader took over", err)
	}
}
