package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// gapHint adds to a gap what can be done about it.
func gapHint(err error) error {
	var gap *stream.Gap
	if errors.As(err, &gap) {
		return fmt.Errorf("%v\nread the whole table if you need what was lost, "+
			"then give -on-gap skip to continue after it", gap)
	}
	return err
}

// summary says on stderr what was read and why reading ended.
func summary(ctx context.Context, step *cli.Step, reader *stream.Reader, counts map[stream.Kind]int, idle time.Duration) {
	for _, kind := range stream.Kinds {
		step.Notef("%-8s %6d", kind, counts[kind])
	}
	if n := counts[stream.Lost]; n > 0 {
		step.Notef("%-8s %6d gaps", stream.Lost, n)
	}
	shards, ended := reader.Shards()
	switch {
	case ctx.Err() != nil:
		step.Notef("stopped: %d of %d shards have ended", ended, shards)
	case ended == shards:
		step.Notef("the end: all %d shards have ended", shards)
	default:
		step.Notef("the end as far as one can tell: %d of %d shards are open and had nothing new for %v",
			shards-ended, shards, idle)
	}
}
