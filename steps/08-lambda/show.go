//go:build !lambda.norpc

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
)

// A show prints what the mapping does, and keeps what it gives up.
type show struct {
	step *cli.Step
	file string // of what is given up; empty: none

	mu  sync.Mutex
	err error // the first of printing
}

func newShow(step *cli.Step, file string) *show { return &show{step: step, file: file} }

// print prints an invocation's line, or one below it.
func (s *show) print(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = cmp.Or(s.err, s.step.Printf(format+"\n", args...))
}

// invocation prints a line for an invocation. A retry or a half is indented below
// what it comes from.
func (s *show) invocation(i mapping.Invocation) {
	where := fmt.Sprintf("batch %d of shard %s", i.Batch, short(i.Shard, "-"))
	indent := i.Depth
	switch {
	case i.Attempt > 1:
		indent++
		where = fmt.Sprintf("batch %d, retry %d", i.Batch, i.Attempt-1)
	case i.Depth > 0:
		where = fmt.Sprintf("batch %d, half", i.Batch)
	}
	s.print("%s%s: %s %s to %s, %s", strings.Repeat("  ", indent), where,
		cli.Count(i.Size, "record"), short(i.First, ""), short(i.Last, ""), result(i))
}

// short is the end of an id that tells it apart: what is behind the last
// separator, or the last digits.
func short(id, separator string) string {
	if separator != "" {
		return id[strings.LastIndex(id, separator)+1:]
	}
	const digits = 5
	if len(id) <= digits {
		return id
	}
	return "…" + id[len(id)-digits:]
}

// sequence is a sequence number in a message.
var sequence = regexp.MustCompile(`\b\d{20,40}\b`)

// result is how an invocation ended, and how long it took.
func result(i mapping.Invocation) string {
	took := i.Took.Round(time.Millisecond).String()
	failed := (*mapping.FunctionError)(nil)
	partial := (*mapping.ItemFailure)(nil)
	switch {
	case i.Err == nil:
		return "succeeded in " + took
	case errors.As(i.Err, &failed):
		message := oneLine(failed.Message)
		if _, after, ok := strings.Cut(message, " Error: "); ok && strings.HasPrefix(message, "RequestId: ") {
			message = after
		}
		message = sequence.ReplaceAllStringFunc(message, func(id string) string { return short(id, "") })
		return "failed in " + took + ": " + oneLine(failed.Type) + ": " + message
	case errors.As(i.Err, &partial) && partial.Sequence != "":
		return "reported " + short(partial.Sequence, "") + " in " + took
	}
	return "failed in " + took + ": " + i.Err.Error()
}

// oneLine is the first line of what a function says, without what would move the
// terminal's cursor, and not all of it where it is long.
func oneLine(said string) string {
	const most = 300
	said, _, _ = strings.Cut(said, "\n")
	said = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, said)
	if runes := []rune(said); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return said
}

// givenUp keeps what would go to the on-failure destination.
func (s *show) givenUp(_ context.Context, f *mapping.FailureRecord) error {
	if err := s.keep(f); err != nil {
		return err
	}
	s.print("  gave up %s %s to %s: %s", cli.Count(f.Batch.BatchSize, "record"),
		short(f.Batch.StartSequenceNumber, ""), short(f.Batch.EndSequenceNumber, ""), f.RequestContext.Condition)
	return nil
}

// keep appends a line to the file of what is given up.
func (s *show) keep(f *mapping.FailureRecord) (err error) {
	if s.file == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	file, err := openOnFailure(s.file)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if size := info.Size(); size > 0 && info.Mode().IsRegular() {
		// A line that a full disk or a crash cut short would take this one with it.
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil // a pipe can't be synced
	}
	return file.Sync()
}

// openOnFailure opens the file of -on-failure, and makes it where there is none.
func openOnFailure(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("-on-failure: %w", err)
	}
	return file, nil
}

// summary says on stderr what was done, and why it ended. It returns the error of
// what could not be printed.
func (s *show) summary(ctx context.Context, t mapping.Totals, processes int, reader *stream.Reader, idle time.Duration) error {
	for _, line := range []struct {
		name string
		n    int64
	}{
		{"delivered", t.Delivered}, {"filtered", t.Filtered}, {"given up", t.GivenUp},
		{"invocations", t.Invocations}, {"retried", t.Retries}, {"halves", t.Halves}, {"processes", int64(processes)},
	} {
		s.step.Notef("%-12s %6d", line.name, line.n)
	}
	if t.Gaps > 0 {
		s.step.Notef("%-12s %6d: records were lost before they were read", "gaps", t.Gaps)
	}
	s.step.Notef("%-12s %6v", "iterator age", t.IteratorAge.Round(time.Second))
	shards, ended := reader.Shards()
	switch {
	case ctx.Err() != nil:
		s.step.Notef("stopped (%d of %d shards still open)", shards-ended, shards)
	case ended == shards:
		s.step.Notef("the end of the stream: %s consumed", cli.Count(shards, "shard"))
	default:
		s.step.Notef("stopped: no new records for %v (%d of %d shards still open)", idle, shards-ended, shards)
	}
	return s.err
}
