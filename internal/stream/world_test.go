package stream

import (
	"time"

	"pgregory.net/rapid"
)

// A world is a stream's life, what goes wrong, and what its readers do.
// It is drawn as a whole before any of it happens, so that its seed plays
// it again.
type world struct {
	Roots        int
	ShardsAPage  int
	RecordsAPage int
	NoTimestamps bool
	Steps        []worldStep
	Faults       []worldFault
	Runs         []worldRun
	Start        int // kind of start of the first reader
	Pace         float64
	Disable      bool // at the end
	Slow         bool // hours pass
	Late         bool // the first reader comes in the middle
}

// A worldStep is a change of the stream some time after the one before.
type worldStep struct {
	After  time.Duration
	Kind   stepKind
	Item   int           // for writes; it also picks the shard to roll or split
	Count  int           // of records
	Hidden time.Duration // until a new shard is listed
	Open   bool          // its parent is listed as open though it has ended
}

type stepKind int

const (
	stepWrite stepKind = iota
	stepRoll
	stepSplit
	stepRecreate
)

// A worldFault befalls some calls of an operation.
type worldFault struct {
	Operation string
	From, N   int // the From-th call and N-1 after it
	Kind      faultKind
}

type faultKind int

const (
	faultThrottle faultKind = iota
	faultLimit
	faultServer
	faultNetwork
	faultExpired
	faultEmpty
	faultSlow
	faultHangs
	faultKinds
)

// A worldRun is one reader's life.
type worldRun struct {
	Mode   runMode
	After  int // events that it handles before it ends
	End    runEnd
	Delay  time.Duration // of handling, at every Every-th event
	Every  int
	Fails  int // so often, its handler fails at its Fail-th event
	Fail   int
	SaveBy time.Duration // CheckpointEvery
	Saves  int           // after so many saves, one fails
	Pause  time.Duration // before the next run
}

type runMode int

const (
	modeEvents runMode = iota
	modeRun
	modePages
	modeCommit // pages that commit their checkpoints themselves
	runModes
)

type runEnd int

const (
	endClose  runEnd = iota // the reader is closed
	endBreak                // the loop is left and begun again, then closed
	endCancel               // the context ends
	endPanic                // the handler panics
	endCrash                // nothing more is saved, the event was handled
	endCrashBefore
	runEnds
)

var (
	shortTimes = []time.Duration{0, time.Millisecond, 100 * time.Millisecond, time.Second, time.Second, 10 * time.Second}
	longTimes  = append(shortTimes, 10*time.Minute, 5*time.Hour, 30*time.Hour)
)

// drawDuration draws a time of up to 30 seconds or, in a slow world, of
// up to 90 hours.
func drawDuration(t *rapid.T, slow bool, name string) time.Duration {
	units := shortTimes
	if slow {
		units = longTimes
	}
	unit := rapid.SampledFrom(units).Draw(t, name+" unit")
	return unit * time.Duration(rapid.IntRange(0, 3).Draw(t, name))
}

func drawWorld(t *rapid.T, slow bool) world {
	w := world{
		Roots:        rapid.IntRange(1, 3).Draw(t, "roots"),
		ShardsAPage:  rapid.SampledFrom([]int{1, 2, 100}).Draw(t, "shards a page"),
		RecordsAPage: rapid.SampledFrom([]int{1, 2, 3, 1000}).Draw(t, "records a page"),
		NoTimestamps: rapid.Bool().Draw(t, "no timestamps"),
		Start:        rapid.IntRange(0, 3).Draw(t, "start"),
		Pace:         rapid.SampledFrom([]float64{0, 0, 5}).Draw(t, "pace"),
		Disable:      rapid.Bool().Draw(t, "disable"),
		Late:         rapid.Bool().Draw(t, "late"),
		Slow:         slow,
	}
	drawStep := func(t *rapid.T) worldStep { return drawStep(t, w.Slow) }
	drawRun := func(t *rapid.T) worldRun { return drawRun(t, w.Slow) }
	w.Steps = rapid.SliceOfN(rapid.Custom(drawStep), 1, 30).Draw(t, "steps")
	w.Faults = rapid.SliceOfN(rapid.Custom(drawFault), 0, 8).Draw(t, "faults")
	w.Runs = rapid.SliceOfN(rapid.Custom(drawRun), 0, 4).Draw(t, "runs")
	return w
}

func drawStep(t *rapid.T, slow bool) worldStep {
	s := worldStep{
		After: drawDuration(t, slow, "after"),
		Kind: rapid.SampledFrom([]stepKind{
			stepWrite, stepWrite, stepWrite, stepWrite, stepRoll, stepRoll, stepSplit, stepRecreate,
		}).Draw(t, "kind"),
		Item:  rapid.IntRange(0, 5).Draw(t, "item"),
		Count: rapid.IntRange(1, 4).Draw(t, "count"),
	}
	if s.Kind == stepRoll || s.Kind == stepSplit {
		s.Hidden = min(drawDuration(t, slow, "hidden"), 20*time.Second)
		s.Open = rapid.Bool().Draw(t, "open")
	}
	return s
}

func drawFault(t *rapid.T) worldFault {
	return worldFault{
		Operation: rapid.SampledFrom([]string{"DescribeStream", "GetShardIterator", "GetRecords", "GetRecords"}).Draw(t, "operation"),
		From:      rapid.IntRange(0, 40).Draw(t, "from"),
		N:         rapid.IntRange(1, 4).Draw(t, "n"),
		Kind:      faultKind(rapid.IntRange(0, int(faultKinds)-1).Draw(t, "fault")),
	}
}

func drawRun(t *rapid.T, slow bool) worldRun {
	return worldRun{
		Mode:   runMode(rapid.IntRange(0, int(runModes)-1).Draw(t, "mode")),
		After:  rapid.IntRange(0, 12).Draw(t, "events"),
		End:    runEnd(rapid.IntRange(0, int(runEnds)-1).Draw(t, "end")),
		Delay:  drawDuration(t, slow, "delay"),
		Every:  rapid.IntRange(1, 5).Draw(t, "every"),
		Fails:  rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "fails"),
		Fail:   rapid.IntRange(0, 6).Draw(t, "fail"),
		SaveBy: rapid.SampledFrom([]time.Duration{100 * time.Millisecond, time.Second, time.Minute}).Draw(t, "save by"),
		Saves:  rapid.IntRange(0, 30).Draw(t, "saves"),
		Pause:  drawDuration(t, slow, "pause"),
	}
}
