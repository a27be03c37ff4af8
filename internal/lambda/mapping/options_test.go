package mapping

import (
	"context"
	"strings"
	"testing"
	"time"

	"dynamostreamer/internal/stream"
)

func TestOptions(t *testing.T) {
	invoke := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	for _, c := range []struct {
		name string
		set  func(*Options)
		want string // of the error; empty: nil
	}{
		{"Lambda's defaults", func(*Options) {}, ""},
		{"the most", func(o *Options) {
			o.BatchSize, o.MaximumBatchingWindow, o.ParallelizationFactor = 10_000, 300*time.Second, 10
			o.MaximumRetryAttempts, o.MaximumRecordAge = 10_000, 604_800*time.Second
		}, ""},
		{"the least", func(o *Options) { o.BatchSize, o.MaximumRetryAttempts, o.MaximumRecordAge = 1, 0, time.Minute }, ""},
		{"no batch size", func(o *Options) { o.BatchSize = 0 }, "BatchSize 0: give 1 to 10,000"},
		{"too large a batch", func(o *Options) { o.BatchSize = 10_001 }, "BatchSize 10001: give 1 to 10,000"},
		{"too long a window", func(o *Options) { o.MaximumBatchingWindow = 301 * time.Second }, "MaximumBatchingWindow 5m1s: give 0s to 300s"},
		{"no factor", func(o *Options) { o.ParallelizationFactor = 0 }, "ParallelizationFactor 0: give 1 to 10"},
		{"too high a factor", func(o *Options) { o.ParallelizationFactor = 11 }, "ParallelizationFactor 11: give 1 to 10"},
		{"too few attempts", func(o *Options) { o.MaximumRetryAttempts = -2 }, "MaximumRetryAttempts -2: give 0 to 10,000"},
		{"too many attempts", func(o *Options) { o.MaximumRetryAttempts = 10_001 }, "MaximumRetryAttempts 10001"},
		{"no age", func(o *Options) { o.MaximumRecordAge = 0 }, "MaximumRecordAge 0s: give 60s to 168h"},
		{"too low an age", func(o *Options) { o.MaximumRecordAge = 59 * time.Second }, "MaximumRecordAge 59s"},
		{"too high an age", func(o *Options) { o.MaximumRecordAge = 604_801 * time.Second }, "MaximumRecordAge 168h0m1s"},
		{"a negative wait", func(o *Options) { o.Backoff = -1 }, "Backoff -1ns"},
		{"a pattern", func(o *Options) { o.Filters = []string{`{"eventName": "INSERT"}`} }, "filter 1 is invalid: eventName"},
	} {
		o := Defaults()
		c.set(&o)
		_, err := New(o, invoke)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: New = %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := New(Defaults(), nil); err == nil {
		t.Error("New without a function succeeds")
	}
}

func TestStartingPosition(t *testing.T) {
	for name, want := range map[string]stream.Start{"TRIM_HORIZON": stream.TrimHorizon, "LATEST": stream.Latest} {
		if got, err := StartingPosition(name); got != want || err != nil {
			t.Errorf("StartingPosition(%s) = %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := StartingPosition("latest"); err == nil || !strings.Contains(err.Error(), "give TRIM_HORIZON or LATEST") {
		t.Errorf("StartingPosition(latest) = %v, want an error", err)
	}
}
