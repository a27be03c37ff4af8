package stream

import "time"

// A world is a stream's life, what goes wrong, and what its readers do. It
// is drawn as a whole before any of it happens, so that its seed plays it
// again.
type world struct {
	Slow    bool // hours pass
	Late    bool // the first reader comes in the middle
	Disable bool // the stream is disabled at the end
	Roots   int
	Steps   []worldStep
	Faults  []worldFault
	Runs    []worldRun

	// What the service is like.
	ShardsAPage  int
	RecordsAPage int
	NoTimestamps bool          // AT_TIMESTAMP is refused
	NoFilter     bool          // ShardFilter is ignored
	NoDate       bool          // answers have no Date
	Skew         time.Duration // the service's clock minus this machine's
	StaleFor     time.Duration // vanished shards stay listed for that long
	EmptyRuns    int           // picks the shards that begin with empty pages; 0: none does

	// What all readers have in common.
	Start    startKind // of the first reader
	StartAgo time.Duration
	Pace     float64
}

// A startKind is the kind of a Start.
type startKind int

const (
	startTrimHorizon startKind = iota
	startLatest
	startAt    // StartAgo before the first Open, by the service's clock
	startAfter // the middle of the newest stream
	startKinds
)

// A worldStep is a change of the stream some time after the one before.
type worldStep struct {
	After  time.Duration
	Kind   stepKind
	Item   int           // for writes; it also picks the shard to roll or split
	Count  int           // of records
	Hidden time.Duration // until a new shard is listed
	Open   bool          // its parent is listed as open though it has ended
	Jump   time.Duration // of the service's clock
}

type stepKind int

const (
	stepWrite stepKind = iota
	stepRoll
	stepSplit
	stepRecreate  // the table is deleted and made again
	stepSwitchOff // the table has no stream; what is written meanwhile is in none
	stepSwitchOn  // it has a new one
	stepJump      // the service's clock is set ahead
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
	Mode        runMode
	OnGap       GapPolicy
	PageSize    int           // 0: as DynamoDB gives them
	CommitEvery int           // with modeCommit, every so many pages are committed
	Unanswered  int           // and every so many commits have no answer; 0: none
	Bisect      bool          // pages that fail are halved
	Parallel    int           // with modeRun, items of a shard at a time
	InWork      int           // and its MaxInWork
	ToTheEnd    bool          // it reads all there is, and After and End don't count
	After       int           // events that it handles before it ends
	End         runEnd        // how
	Delay       time.Duration // of handling, at every Every-th event
	Every       int
	Fails       int // so often, its handler fails at its Fail-th event
	Fail        int
	How         failKind
	Letters     bool          // what is given up is a dead letter
	SaveBy      time.Duration // CheckpointEvery
	Saves       int           // the so-many-th save fails; 0: none
	Pause       time.Duration // before the next run
}

type runMode int

const (
	modeEvents runMode = iota
	modeRun
	modePages
	modeCommit // pages, some of which the handler commits itself
	modeFeeds  // several pages of a shard at once, handled item by item
	runModes
)

type failKind int

const (
	failError failKind = iota
	failHang           // until the attempt's time is over
	failPanic          // where it is a failed attempt
	failNamed          // with a FailedEvent
	failKinds
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

// emptyRun is with how many empty pages a shard begins, by its stream and
// its number in it.
func (w *world) emptyRun(stream, shard int) int {
	if w.EmptyRuns == 0 {
		return 0
	}
	hash := uint32(w.EmptyRuns)
	for _, n := range []int{stream, shard} {
		hash = (hash ^ uint32(n+1)) * 2654435761
		hash ^= hash >> 15
	}
	longest := closedEmpties
	if w.Slow {
		longest = slowEmpties
	}
	if hash%3 != 0 {
		return 0
	}
	return int(hash/3) % (longest + 1)
}

const (
	closedEmpties = 300
	// slowEmpties is less since a slow world's reader waits for 20 minutes
	// once an open shard gave 65 empty pages.
	slowEmpties = 60
)
