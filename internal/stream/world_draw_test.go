package stream

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

var (
	shortTimes = []time.Duration{0, time.Millisecond, 100 * time.Millisecond, time.Second, time.Second, 10 * time.Second}
	longTimes  = append(slices.Clone(shortTimes), 10*time.Minute, 5*time.Hour, 30*time.Hour)

	// skews are of a service's clock.
	skews = []time.Duration{
		0, 0, 0, 6 * time.Minute, -6 * time.Minute, 10 * time.Minute, -10 * time.Minute,
		time.Hour, -time.Hour, 30 * time.Hour, -30 * time.Hour, 120 * time.Hour, -120 * time.Hour,
	}

	stepKinds = []stepKind{
		stepWrite, stepWrite, stepWrite, stepWrite, stepWrite, stepWrite, stepWrite, stepWrite,
		stepRoll, stepRoll, stepRoll, stepRoll, stepSplit, stepSplit, stepRecreate,
		stepSwitchOff, stepSwitchOn, stepSwitchOn,
	}
	slowStepKinds = append(slices.Clone(stepKinds), stepJump, stepJump)
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
		Slow:         slow,
		Roots:        rapid.IntRange(1, 3).Draw(t, "roots"),
		ShardsAPage:  rapid.SampledFrom([]int{1, 2, 100}).Draw(t, "shards a page"),
		RecordsAPage: rapid.SampledFrom([]int{1, 2, 3, 1000}).Draw(t, "records a page"),
		NoTimestamps: rapid.Bool().Draw(t, "no timestamps"),
		NoFilter:     rapid.Bool().Draw(t, "no filter"),
		Start:        startKind(rapid.IntRange(0, int(startKinds)-1).Draw(t, "start")),
		Pace:         rapid.SampledFrom([]float64{0, 0, 5}).Draw(t, "pace"),
		Disable:      rapid.Bool().Draw(t, "disable"),
		Late:         rapid.Bool().Draw(t, "late"),
	}
	w.StaleFor = rapid.SampledFrom([]time.Duration{0, 0, time.Hour, 5 * time.Hour}).Draw(t, "stale for")
	if rapid.IntRange(0, 3).Draw(t, "empty runs") == 3 {
		w.EmptyRuns = rapid.IntRange(1, 1<<20).Draw(t, "which shards are empty first")
	}
	w.StartAgo = 3 * time.Second
	if w.Start == startAt {
		w.StartAgo = rapid.SampledFrom([]time.Duration{3 * time.Second, 3 * time.Second, time.Hour, -time.Minute}).Draw(t, "start ago")
	}
	w.Skew = rapid.SampledFrom(skews).Draw(t, "skew")
	drawStep := func(t *rapid.T) worldStep { return drawStep(t, w.Slow) }
	drawRun := func(t *rapid.T) worldRun { return drawRun(t, w.Slow) }
	w.Steps = rapid.SliceOfN(rapid.Custom(drawStep), 1, 30).Draw(t, "steps")
	w.Faults = rapid.SliceOfN(rapid.Custom(drawFault), 0, 8).Draw(t, "faults")
	w.Runs = rapid.SliceOfN(rapid.Custom(drawRun), 0, 4).Draw(t, "runs")
	jumps := slices.ContainsFunc(w.Steps, func(s worldStep) bool { return s.Kind == stepJump })
	if w.Skew == 0 && !jumps { // else nothing would tell the service's time
		w.NoDate = rapid.IntRange(0, 7).Draw(t, "no date") == 7
	}
	return w
}

func drawStep(t *rapid.T, slow bool) worldStep {
	kinds := stepKinds
	if slow {
		kinds = slowStepKinds
	}
	s := worldStep{
		After: drawDuration(t, slow, "after"),
		Kind:  rapid.SampledFrom(kinds).Draw(t, "kind"),
		Item:  rapid.IntRange(0, items-1).Draw(t, "item"),
		Count: rapid.IntRange(1, 4).Draw(t, "count"),
	}
	switch s.Kind {
	case stepRoll, stepSplit:
		s.Hidden = min(drawDuration(t, slow, "hidden"), 20*time.Second)
		s.Open = rapid.Bool().Draw(t, "open")
	case stepJump:
		s.Jump = time.Duration(rapid.IntRange(0, 120).Draw(t, "jump")) * time.Minute
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
	r := worldRun{
		Mode:     runMode(rapid.IntRange(0, int(runModes)-1).Draw(t, "mode")),
		OnGap:    rapid.SampledFrom([]GapPolicy{SkipGaps, StopAtGap}).Draw(t, "on gap"),
		PageSize: rapid.IntRange(0, 6).Draw(t, "page size"),
		After:    rapid.IntRange(0, 12).Draw(t, "events"),
		End:      runEnd(rapid.IntRange(0, int(runEnds)-1).Draw(t, "end")),
		Delay:    drawDuration(t, slow, "delay"),
		Every:    rapid.IntRange(1, 5).Draw(t, "every"),
		Fails:    rapid.SampledFrom([]int{0, 0, 1, 2, 3, 8}).Draw(t, "fails"),
		Fail:     rapid.IntRange(0, 6).Draw(t, "fail"),
		How:      failKind(rapid.IntRange(0, int(failKinds)-1).Draw(t, "how it fails")),
		Letters:  rapid.Bool().Draw(t, "dead letters"),
		SaveBy:   rapid.SampledFrom([]time.Duration{100 * time.Millisecond, time.Second, time.Minute}).Draw(t, "save by"),
		Saves:    rapid.IntRange(0, 30).Draw(t, "saves"),
		Pause:    drawDuration(t, slow, "pause"),
	}
	if r.Mode == modeRun {
		r.Parallel = rapid.SampledFrom([]int{0, 2, 4}).Draw(t, "parallel")
		r.InWork = rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "in work")
	}
	if r.Mode == modeFeeds {
		r.Parallel = 2 // for the verdict: events are handled out of their order
	}
	if r.Mode == modePages || r.Mode == modeCommit {
		r.Bisect = rapid.Bool().Draw(t, "bisect")
	}
	if r.Mode == modeCommit {
		r.CommitEvery = rapid.IntRange(1, 3).Draw(t, "commit every")
		if r.CommitEvery == 1 { // else the next attempt may not be a transaction, which would tell
			r.Unanswered = rapid.SampledFrom([]int{0, 1, 2, 3}).Draw(t, "unanswered")
		}
	}
	return r
}
