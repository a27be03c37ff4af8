package stream

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Unbounded is a Pace without a bound, for endpoints that don't throttle.
const Unbounded = math.MaxFloat64

// Options are a Reader's choices. The zero value reads everything, at a pace
// that DynamoDB allows, until it is stopped.
type Options struct {
	Start Start
	// Copy has the table copied before its stream is read. Nil: it isn't.
	Copy *Copy
	// OnGap is what happens where records were lost. Zero: StopAtGap.
	OnGap GapPolicy
	// Idle, where it is more than zero, lets reading end once each shard has
	// ended or has given only empty answers for so long. That is a guess:
	// nothing in the API says that all of an open shard was read.
	Idle time.Duration

	// Poll is the maximum wait between polls of an idle shard; an idle
	// shard costs a call in each Poll. The first 65 polls after a record
	// come sooner, a second apart at most. Zero: a second. It is no longer
	// than Idle, if that is set.
	Poll time.Duration
	// Look is the maximum wait between two calls that look for new shards and
	// for the end of the stream. Zero: 4 seconds. With less, the reader also
	// waits less long for children that are not listed yet of a stream that
	// was switched off: 7.5 looks, 30 seconds at most.
	Look time.Duration
	// Pace bounds the calls of GetRecords a second for each shard. Zero: 4,
	// as Lambda does. DynamoDB allows 5, for all readers of a shard
	// together: give each of two readers 2.
	Pace float64
	// Limit bounds the records of a page. Zero: as many as DynamoDB gives,
	// 1,000 or 1 MB at most.
	Limit int32

	// Checkpoints keep the position beyond this Reader, which closes them.
	// Nil: a Reader's position is lost with it. While another Reader owns
	// them, Open stands by; with NoStandby it returns a *FencedError, once it
	// has found that out.
	Checkpoints Checkpoints
	NoStandby   bool
	// CheckpointEvery is how often they are saved. Zero: every second.
	CheckpointEvery time.Duration

	// Parallel is how many items of a shard Run handles at a time. Zero: 1.
	// Changes of one item are handled in their order, one at a time.
	Parallel int
	// MaxInWork bounds a shard's events from the oldest one that is not
	// handled on, where Parallel is more than 1: beyond it, Run waits. After
	// a crash, up to as many are redelivered although they were handled.
	// Zero: 100.
	MaxInWork int
	// Retry is what Run and RunPages do where a handler fails.
	Retry Retry
	// DeadLetter, if set, gets the events that are given up, also several
	// at a time, with a context like a handler's. If it returns nil, the
	// event counts as handled; after a crash, it may come again. If it returns an error, reading ends
	// with both errors. Without a DeadLetter, reading ends with the handler's
	// error. If ctx ends before the event is given up, DeadLetter is not
	// called and the event is redelivered.
	DeadLetter func(context.Context, Failure) error
	// PageSize bounds the events that RunPages hands over at once. Zero:
	// as many as DynamoDB gave.
	PageSize int
	// Bisect has RunPages halve a page that fails, at the first failure and
	// until the event that fails stands alone. Retry and DeadLetter are for
	// that one, and begin when it does.
	Bisect bool
	// Grace is how long a shutdown may take from the end of Run's context
	// on: handlers have seven tenths of it before their own context ends,
	// the last save may take until nine tenths, and Close has the rest.
	// Zero: 10 seconds.
	Grace time.Duration

	// Logger gets the warnings. Nil: slog's default.
	Logger *slog.Logger

	rhythm rhythm // for tests; zero: the usual one
}

// check refuses what is a mistake.
func (o Options) check(arn string) error {
	if tableOf(arn) == arn {
		return fmt.Errorf("%q is not the ARN of a stream: use the table's LatestStreamArn, which it has if it has a stream", arn)
	}
	for name, wrong := range map[string]bool{
		"Idle": o.Idle < 0, "Poll": o.Poll < 0, "Look": o.Look < 0, "CheckpointEvery": o.CheckpointEvery < 0, "Grace": o.Grace < 0,
		"Parallel": o.Parallel < 0, "MaxInWork": o.MaxInWork < 0,
		"Retry.Attempts": o.Retry.Attempts < 0, "Retry.Age": o.Retry.Age < 0,
		"Retry.Timeout": o.Retry.Timeout < 0, "Retry.Backoff": o.Retry.Backoff < 0, "PageSize": o.PageSize < 0, "Pace": !(o.Pace >= 0),
		"Limit": o.Limit < 0 || o.Limit > 1000, "OnGap": o.OnGap != StopAtGap && o.OnGap != SkipGaps,
	} {
		if wrong {
			return fmt.Errorf("option %s is out of its range", name)
		}
	}
	return o.Copy.check(o.Start)
}

// withDefaults puts the documented values in the place of zeros.
func (o Options) withDefaults() Options {
	if o.Copy != nil {
		o.Start = Latest
	}
	set(&o.Poll, time.Second)
	if o.Idle > 0 {
		o.Poll = min(o.Poll, o.Idle)
	}
	set(&o.Pace, 4)

	set(&o.CheckpointEvery, time.Second)

	set(&o.Parallel, 1)
	set(&o.MaxInWork, 100)
	o.Retry = o.Retry.withDefaults()
	set(&o.PageSize, math.MaxInt)
	set(&o.Grace, 10*time.Second)

	set(&o.rhythm, usual)
	if o.Look > 0 {
		o.rhythm.look = o.Look
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// set gives an option that is zero its default.
func set[T comparable](option *T, value T) {
	if *option == *new(T) {
		*option = value
	}
}
