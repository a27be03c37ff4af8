package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// printer returns a function that prints an event in the format that was
// chosen, if its kind is one of the comma-separated ones. No kinds are
// all of them.
func printer(step *cli.Step, format, kinds string) (func(stream.Event) error, error) {
	all := append(slices.Clone(stream.Kinds), stream.Copied)
	wanted := all
	if kinds != "" {
		wanted = nil
		for kind := range strings.SplitSeq(kinds, ",") {
			if !slices.Contains(all, stream.Kind(kind)) {
				return nil, cli.Usagef("-only %s is unknown: give inserted, modified, deleted or expired, or copied", kind)
			}
			wanted = append(wanted, stream.Kind(kind))
		}
	}
	formats := map[string]func(stream.Event) (string, error){
		"text": func(e stream.Event) (string, error) { return step.EventText(e), nil },
		"json": cli.EventJSON,
	}
	line, ok := formats[format]
	if !ok {
		return nil, cli.Usagef("-format %s is unknown: give text or json", format)
	}
	return func(e stream.Event) error {
		// What was lost may have been of any kind, and what a copy ends
		// with is of none.
		if e.Kind != stream.Lost && e.Kind != stream.CopyDone && !slices.Contains(wanted, e.Kind) {
			return nil
		}
		if warning := cli.TTLProblem(e); warning != "" {
			step.Notef("%s", warning)
		}
		text, err := line(e)
		if err != nil {
			return err
		}
		return step.Printf("%s\n", text)
	}, nil
}

// gapHint adds to a gap what can be done about it.
func gapHint(err error) error {
	var gap *stream.Gap
	if errors.As(err, &gap) {
		return fmt.Errorf("%v\nread the whole table if you need what was lost; "+
			"with -on-gap skip, reading continues after it", gap)
	}
	return err
}

// summary says on stderr what was read and why reading ended.
func summary(ctx context.Context, step *cli.Step, reader *stream.Reader, counts map[stream.Kind]int, idle time.Duration) {
	if n := counts[stream.Copied]; n > 0 {
		step.Notef("%-8s %6d", stream.Copied, n)
	}
	for _, kind := range stream.Kinds {
		step.Notef("%-8s %6d", kind, counts[kind])
	}
	if n := counts[stream.Lost]; n > 0 {
		step.Notef("%-8s %6d (gaps)", stream.Lost, n)
	}
	shards, ended := reader.Shards()
	switch {
	case ctx.Err() != nil:
		step.Notef("stopped (%d of %d shards still open)", shards-ended, shards)
	case ended == shards:
		step.Notef("the end of the stream: %s consumed", cli.Count(shards, "shard"))
	default:
		step.Notef("stopped: no new records for %v (%d of %d shards still open)",
			idle, shards-ended, shards)
	}
}
