package mapping

import (
	"flag"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// worldsWanted is how many worlds TestWorlds plays. A failing world's seed, as
// rapid prints it, plays it again:
//
//	go test ./internal/lambda/mapping -run Worlds -rapid.seed=SEED
var worldsWanted = flag.Int("worlds", 400, "number of `worlds` to play")

// A world is a stream's life, a mapping's options and what becomes of its
// invocations. It is drawn before any of it happens, so that its seed plays it
// again.
type world struct {
	Roots, Items  int
	RecordsAPage  int
	ThrottleEvery int
	Steps         []worldStep
	Options       Options // without what is told of them
	Filter        bool    // leaves out the items of odd numbers
	Outcomes      []outcome
	Takes         time.Duration // an invocation
	Runs          []worldRun
}

// A worldStep is what happens some time after the step before.
type worldStep struct {
	After  time.Duration
	Divide bool // all shards, in place of a write
	Item   int
	Count  int // of records
	Poison bool
	Age    time.Duration // of the records
}

// An outcome is what becomes of an invocation, if no record in it is poison.
type outcome struct {
	Kind outcomeKind
	At   int // the record that a partial failure names
}

type outcomeKind int

const (
	succeeds   outcomeKind = iota
	fails                  // with the function's error
	dies                   // half way
	hangs                  // until its timeout
	partly                 // names a record in its answer
	nonsense               // is answered
	notInvoked             // the function can't be reached
	outcomeKinds
)

// A worldRun is one mapping's life, but for the last one's, which reads to the
// end.
type worldRun struct {
	For   time.Duration
	Crash bool // nothing is saved after half of it
	Pause time.Duration
}

func drawWorld(t *rapid.T) world {
	durations := []time.Duration{0, 100 * time.Millisecond, time.Second, 10 * time.Second, 40 * time.Second}
	w := world{
		Roots: rapid.IntRange(1, 3).Draw(t, "roots"), Items: rapid.IntRange(1, 8).Draw(t, "items"),
		RecordsAPage:  rapid.SampledFrom([]int{1, 3, 7, 1000}).Draw(t, "records a page"),
		ThrottleEvery: rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "throttle every"),
		Filter:        rapid.Bool().Draw(t, "filter"),
		Takes:         rapid.SampledFrom([]time.Duration{0, 10 * time.Millisecond, 3 * time.Second}).Draw(t, "takes"),
		Options: Options{
			BatchSize:                  rapid.SampledFrom([]int{1, 2, 5, 16, 100}).Draw(t, "batch size"),
			MaximumBatchingWindow:      rapid.SampledFrom([]time.Duration{0, 0, time.Second, 20 * time.Second}).Draw(t, "window"),
			ParallelizationFactor:      rapid.SampledFrom([]int{1, 1, 2, 3, 10}).Draw(t, "factor"),
			MaximumRetryAttempts:       rapid.SampledFrom([]int{Infinite, 0, 1, 3}).Draw(t, "attempts"),
			MaximumRecordAge:           rapid.SampledFrom([]time.Duration{Infinite, Infinite, time.Minute, 10 * time.Minute}).Draw(t, "age"),
			BisectBatchOnFunctionError: rapid.Bool().Draw(t, "bisect"),
			ReportBatchItemFailures:    rapid.Bool().Draw(t, "report"),
			Backoff:                    rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second, time.Hour}).Draw(t, "backoff"),
		},
	}
	w.Steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) worldStep {
		return worldStep{
			After:  rapid.SampledFrom(durations).Draw(t, "after"),
			Divide: rapid.IntRange(0, 5).Draw(t, "divide") == 5,
			Item:   rapid.IntRange(0, w.Items-1).Draw(t, "item"),
			Count:  rapid.SampledFrom([]int{1, 1, 2, 5, 20}).Draw(t, "count"),
			Poison: rapid.IntRange(0, 9).Draw(t, "poison") == 9,
			Age:    rapid.SampledFrom([]time.Duration{0, 0, 0, 50 * time.Second, 5 * time.Minute}).Draw(t, "record age"),
		}
	}), 1, 25).Draw(t, "steps")
	w.Outcomes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) outcome {
		return outcome{
			Kind: outcomeKind(rapid.IntRange(0, int(outcomeKinds)-1).Draw(t, "outcome")),
			At:   rapid.IntRange(0, 20).Draw(t, "at"),
		}
	}), 0, 25).Draw(t, "outcomes")
	w.Runs = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) worldRun {
		return worldRun{
			For:   rapid.SampledFrom(durations).Draw(t, "for"),
			Crash: rapid.Bool().Draw(t, "crash"),
			Pause: rapid.SampledFrom(durations).Draw(t, "pause"),
		}
	}), 0, 3).Draw(t, "runs")
	return w
}

// TestWorlds plays mappings whose functions fail, hang, die and answer partially,
// which stop, crash and come back. In each world, every record is delivered,
// filtered or in the on-failure records; a record is sent after those before it
// of its item; nothing is sent that was given up while its mapping lives; and no
// two invocations have an item at the same time.
func TestWorlds(t *testing.T) {
	flag.Set("rapid.checks", strconv.Itoa(*worldsWanted))
	var sum Totals
	rapid.Check(t, func(rt *rapid.T) {
		p := played{world: drawWorld(rt)}
		synctest.Test(t, func(t *testing.T) { p.play() })
		for _, v := range p.violations {
			rt.Error(v)
		}
		sum.Delivered += p.sum.Delivered
		sum.Filtered += p.sum.Filtered
		sum.GivenUp += p.sum.GivenUp
		sum.Invocations += p.sum.Invocations
		sum.Failed += p.sum.Failed
		sum.Retries += p.sum.Retries
		sum.Halves += p.sum.Halves
	})
	t.Logf("%d worlds: %+v", *worldsWanted, sum)
	if min(sum.Delivered, sum.Filtered, sum.GivenUp, sum.Failed, sum.Retries, sum.Halves) == 0 {
		t.Errorf("the worlds lack something: %+v", sum)
	}
}
