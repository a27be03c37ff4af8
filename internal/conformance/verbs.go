package conformance

import (
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/embedded"
)

// These are the verbs of a World that few points need.

type duration = time.Duration

const (
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
)

// Passes lets time pass on the engine's clock, and DynamoDB does nothing meanwhile.
func (w *World) Passes(d time.Duration) { w.service.clock.Jump(d) }

// EmptyPages makes the reader's next n calls of GetRecords answer nothing.
func (w *World) EmptyPages(n int) { w.Fails("GetRecords", n, embedded.EmptyPage) }

// HidesChildren leaves open children out of the next n lists of shards.
func (w *World) HidesChildren(n int) { w.Fails("DescribeStream", n, embedded.HiddenChildren) }

// ShardPagesOf makes a page of DescribeStream list n shards at most.
func (w *World) ShardPagesOf(n int) { w.shape(func(s *shaping) { s.shardsPage = n }) }

// StillLists makes DescribeStream list the present shards for ever.
func (w *World) StillLists() {
	arn, err := w.streamARN()
	w.must(err)
	var out struct {
		StreamDescription struct{ Shards []shard }
	}
	w.must(w.service.ask("DescribeStream", map[string]any{"StreamArn": arn}, &out))
	w.shape(func(s *shaping) { s.ghosts = out.StreamDescription.Shards })
}

// Throttles refuses the records of a shard, and waits until the reader has met that.
func (w *World) Throttles(shard string) {
	seen := len(w.service.noted())
	w.shape(func(s *shaping) { s.throttled = shard })
	w.until(func() bool {
		return slices.ContainsFunc(w.service.noted()[seen:], func(c call) bool { return c.shard == shard && c.code != "" })
	}, func() string { return "it stopped reading shard " + w.judge.letter(shard) })
}

// NoLongerThrottles ends what Throttles began.
func (w *World) NoLongerThrottles() { w.shape(func(s *shaping) { s.throttled = "" }) }

// AnswersSlowly makes each page of a shard take slowness.
func (w *World) AnswersSlowly(shard string) { w.shape(func(s *shaping) { s.slow = shard }) }

// Limits refuses calls beyond the rates that the service allows.
func (w *World) Limits() { w.shape(func(s *shaping) { s.limited = true }) }

// RefusedAtMost fails a reader of which more calls were refused.
func (w *World) RefusedAtMost(n int) {
	w.service.mu.Lock()
	refused := w.service.refused
	w.service.mu.Unlock()
	if refused > n {
		w.ends(Fail, "%d calls were one too many: %d of DescribeStream a second are allowed, and %d of GetRecords for a shard",
			refused, describesASecond, recordsASecond)
	}
}

// StartsAtLatest lets the reader begin with what is new. What is written before it does
// must not be handled.
func (w *World) StartsAtLatest() {
	w.start = "LATEST"
	w.Expect(0, 0)
	w.Permit(func(p *permits) { p.anew = true })
}

// StartAnother starts another reader beside the first, which may refuse to run. It gives it
// as long as the first took to start.
func (w *World) StartAnother() *process {
	startup := w.service.noted()[0].at.Sub(w.processes[0].began)
	p := w.standby()
	w.Lasts(startup + w.saves)
	return p
}

func (w *World) standby() *process {
	p := w.Start()
	p.mayEnd = true
	return p
}

// TakesOver waits until a standby has handled all changes. One that refused to run is
// restarted after a second, as a supervisor does.
func (w *World) TakesOver(p *process) {
	w.until(func() bool {
		if p.hasEnded() && time.Since(p.began) > time.Second {
			p = w.standby()
		}
		return w.judge.missing("") == nil
	}, func() string { return w.unhandled("") })
}

// ReadsAndStops starts a reader, and stops it once it has handled all changes and saved its
// position.
func (w *World) ReadsAndStops() {
	p := w.Start()
	w.Handles()
	w.Settles()
	w.Stop(p)
}

// StopsWell stops the reader, which has to end by itself, and well.
func (w *World) StopsWell(p *process) {
	switch cleanly := w.Stop(p); {
	case !cleanly:
		w.ends(Fail, "it did not end within %v of SIGTERM, and was killed", grace)
	case !p.endedWell():
		w.ends(Fail, "on SIGTERM it %s", p.how())
	}
}

// lacks reports whether the reader is without an ability.
func (w *World) lacks(ability string) bool { return slices.Contains(w.without, ability) }

// LongRows makes up n ids that are so long that a pipe has no room for them all.
func (w *World) LongRows(n int) (ids []string) {
	for _, id := range w.Rows(n) {
		ids = append(ids, id+strings.Repeat("·", 500))
	}
	return ids
}

// TakesOnly makes the reader wait once it has handled n more events.
func (w *World) TakesOnly(n int) { w.sink.stopAfter(n) }

// Waits waits until the reader does.
func (w *World) Waits() {
	w.until(w.sink.hasStopped, func() string { return w.unhandled("") })
}

// Loses lets what was not handled be lost by what it does, which the reader may tell.
func (w *World) Loses(do func()) {
	w.Permit(func(p *permits) { p.loss = true })
	do()
	w.Forgives()
}

// TellsLoss waits until the reader has told a loss, after it handled all that it could.
func (w *World) TellsLoss(what string) {
	w.Permit(func(p *permits) { p.exit = true })
	w.Handles()
	w.until(w.judge.toldLoss, func() string { return what + ", and no loss was told" })
}

// Switch switches the table's stream on or off.
func (w *World) Switch(on bool) {
	specification := map[string]any{"StreamEnabled": on}
	if on {
		specification["StreamViewType"] = "NEW_AND_OLD_IMAGES"
	}
	w.wrote(w.ask("UpdateTable", map[string]any{"TableName": tableName, "StreamSpecification": specification}))
}

// MakesAgain deletes the table and makes another one of its name.
func (w *World) MakesAgain() {
	w.must(w.ask("DeleteTable", map[string]any{"TableName": tableName}))
	w.wrote(w.createTable(tableName))
}
