package lambda_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/lambda"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// TestReporting shows what becomes of a batch whose second event fails once,
// where the function reports it and where the mapping looks at that.
func TestReporting(t *testing.T) {
	e, err := endpoint.Resolve("embedded:"+t.TempDir(), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	db, streams, err := e.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	described, _, err := table.Ensure(t.Context(), db, table.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	rows := activity.NewGenerator(time.Hour, time.Now).Rows(3)
	if err := (&activity.Writer{API: db, Table: table.DefaultName}).Insert(t.Context(), rows); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name                   string
		function, mapping      bool
		handled                []int // how often each event was
		delivered, invocations int64
		why                    string
	}{
		{"neither", false, false, []int{2, 1, 1}, 3, 2, "the whole batch comes again"},
		{"both", true, true, []int{1, 1, 1}, 3, 2, "what was handled does not come again"},
		{"the mapping alone", false, true, []int{2, 1, 1}, 3, 2, "an error is an error"},
		{"the function alone", true, false, []int{1, 0, 0}, 3, 1, "two events are lost: Lambda takes the invocation for a success"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var order []string
			handled := make(map[string]int)
			failed := false
			var options []lambda.Option
			if test.function {
				options = append(options, lambda.ReportBatchItemFailures)
			}
			function := lambda.Handler(func(_ context.Context, e stream.Event) error {
				if !slices.Contains(order, e.Sequence) {
					order = append(order, e.Sequence)
				}
				if len(order) == 2 && !failed {
					failed = true
					return errors.New("boom")
				}
				handled[e.Sequence]++
				return nil
			}, options...)
			o := mapping.Defaults()
			o.ReportBatchItemFailures = test.mapping
			mapped, err := mapping.New(o, function.Invoke)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := stream.Open(t.Context(), streams, described.StreamARN, stream.Options{Idle: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(mapped.Run(t.Context(), reader), reader.Close()); err != nil {
				t.Fatal(err)
			}
			got := make([]int, len(rows))
			for i, sequence := range order {
				got[i] = handled[sequence]
			}
			totals := mapped.Totals()
			if !slices.Equal(got, test.handled) || totals.Delivered != test.delivered || totals.Invocations != test.invocations {
				t.Errorf("the events were handled %v times in %d invocations, and %d of them count as delivered; want %v, %d and %d: %s",
					got, totals.Invocations, totals.Delivered, test.handled, test.invocations, test.delivered, test.why)
			}
		})
	}
}
