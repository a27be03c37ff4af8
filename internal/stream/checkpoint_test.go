package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func (m *memory) grip() *grip { return &grip{memory: m} }

func f21(n int) string { return (&fakeStream{}).number(n) }

func nameOf(e Event) string { return name(e) }

var someCheckpoints = []Checkpoint{
	{Stream: arn, Shard: "a", Position: Position{Sequence: f21(7), NotBefore: time.Unix(1795508718, 5).UTC()}},
	{Stream: arn, Shard: "b", Parent: "a", Position: Position{Since: time.Unix(1795508718, 0).UTC()}},
	{Stream: arn, Shard: "c", Parent: "a", Position: Position{Above: "12"}, State: Vanished},
	{Stream: arn, Shard: "d"},
}

// testCheckpoints is what all Checkpoints must do. reload gives another
// reader's hold of the same ones.
func testCheckpoints(t *testing.T, open func() Checkpoints) {
	t.Helper()
	ctx := t.Context()
	first := open()
	got, err := first.Load(ctx)
	if len(got) != 0 || err != nil {
		t.Fatalf("Load = %v, %v of what is new, want nothing", got, err)
	}
	if err := first.Save(ctx, someCheckpoints, nil); err != nil {
		t.Fatal(err)
	}
	moved := someCheckpoints[1]
	moved.Sequence, moved.Since = f21(9), time.Time{}
	if err := first.Save(ctx, []Checkpoint{moved}, someCheckpoints[3:]); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open()
	got, err = second.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "loaded", got, []Checkpoint{someCheckpoints[0], moved, someCheckpoints[2]})
	var taken *FencedError
	if err := first.Save(ctx, someCheckpoints, nil); !errors.As(err, &taken) {
		t.Errorf("Save of the older reader = %v, want a *FencedError", err)
	}
	if err := second.Save(ctx, someCheckpoints[:1], nil); err != nil {
		t.Errorf("Save of the newer reader = %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFileCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint")
	testCheckpoints(t, func() Checkpoints { return FileCheckpoints(path) })
}

func TestACheckpointFileHasOneReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint")
	first := FileCheckpoints(path)
	if _, err := first.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var taken *FencedError
	if _, err := FileCheckpoints(path).Load(t.Context()); !errors.As(err, &taken) || !strings.Contains(err.Error(), path) {
		t.Errorf("Load = %v, want a *FencedError that names the file", err)
	}
}

// TestOneValueHasOneReader: the second Open with it must not end the first
// one's possession.
func TestOneValueHasOneReader(t *testing.T) {
	f := newFakeStream(&fakeShard{id: "s"})
	path := filepath.Join(t.TempDir(), "place")
	o := Options{Checkpoints: FileCheckpoints(path)}
	r := mustOpen(t, f, o)
	defer r.Close()
	for _, c := range []Checkpoints{o.Checkpoints, FileCheckpoints(path)} {
		if _, err := Open(t.Context(), f, arn, Options{Checkpoints: c, NoStandby: true}); !errors.As(err, new(*FencedError)) {
			t.Errorf("Open = %v, want a *FencedError", err)
		}
	}
}

// TestAnOpenThatFailsTakesNothing from the reader that is at work.
func TestAnOpenThatFailsTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		m := newMemory()
		o := drain
		o.Checkpoints = m.grip()
		r := mustOpen(t, f, o)
		denied := errors.New("denied")
		f.faults["DescribeStream"] = []error{denied}
		if _, err := Open(t.Context(), f, arn, Options{Checkpoints: m.grip()}); !errors.Is(err, denied) {
			t.Errorf("Open = %v, want %v", err, denied)
		}
		f.put(f.shards[0], "1")
		check(t, "events", mustRead(t, r), []string{"s/1"})
		check(t, "error", r.Close(), nil)
	})
}

func TestABadCheckpointFile(t *testing.T) {
	tests := map[string]struct{ content, want string }{
		"no JSON":       {"hello", "is not a checkpoint file"},
		"empty":         {"", "is not a checkpoint file"},
		"another JSON":  {`{"name":"x"}`, "is not a checkpoint file"},
		"a later one's": {`{"version":4,"checkpoints":[]}`, "has version 4"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "checkpoint")
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			c := FileCheckpoints(path)
			if _, err := c.Load(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Load = %v, want an error with %q", err, test.want)
			}
			if got, _ := os.ReadFile(path); string(got) != test.content {
				t.Errorf("the file is %q after it, want it untouched", got)
			}
		})
	}
}

func TestAnotherTablesCheckpoint(t *testing.T) {
	m := newMemory()
	m.kept[checkpointKey{"x", "y"}] = Checkpoint{Stream: "arn:aws:dynamodb:eu-west-1:1:table/other/stream/1", Shard: "y"}
	_, err := Open(t.Context(), newFakeStream(), arn, Options{Checkpoints: m.grip()})
	if err == nil || !strings.Contains(err.Error(), "table/other") {
		t.Errorf("Open = %v, want an error that names the other table", err)
	}
}

// TestLatestResumes: a shard that was idle from the start on keeps the
// place where the start found it.
func TestLatestResumes(t *testing.T) {
	for _, timestamps := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(&fakeShard{id: "s"})
			f.noTimestamps = !timestamps
			f.put(f.shards[0], "long before")
			time.Sleep(time.Hour)
			m := newMemory()
			o := Options{Start: Latest, Idle: 3 * time.Second, Checkpoints: m.grip()}
			r := mustOpen(t, f, o)
			check(t, "events", len(mustRead(t, r)), 0)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			f.put(f.shards[0], "between the readers")
			time.Sleep(time.Hour)
			o.Checkpoints = m.grip()
			check(t, "events", mustRead(t, mustOpen(t, f, o)), []string{"s/between the readers"})
		})
	}
}

func TestSaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		g := newMemory().grip()
		r := mustOpen(t, f, Options{Checkpoints: g})
		g.fails = 1
		_, err := read(t, r)
		if err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("Events = %v, want the error of Save", err)
		}
		g.fails = 1
		if err := r.Close(); err == nil {
			t.Error("Close = nil, want the error of Save")
		}
	})
}

// TestAnOlderStreamsARN: a program that was given the ARN of a stream which
// has been replaced goes on from its checkpoints, which are the newer one's.
func TestAnOlderStreamsARN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(world{Roots: 1, ShardsAPage: 100, RecordsAPage: 100})
		p.step(worldStep{Kind: stepWrite, Item: 0, Count: 3})
		time.Sleep(time.Second)
		p.step(worldStep{Kind: stepRecreate})
		m := newMemory()
		// Before the last of these rounds the older stream goes.
		for round, wait := range []time.Duration{0, 20 * time.Hour, 5 * time.Hour} {
			time.Sleep(wait)
			p.step(worldStep{Kind: stepWrite, Item: 0, Count: 2})
			r, err := Open(t.Context(), p, p.arns[0], Options{Checkpoints: m.grip(), Idle: 3 * time.Second, OnGap: SkipGaps, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "events, the gap among them", len(mustRead(t, r)), []int{6, 2, 2}[round])
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAStreamThatWasReadToItsEnd leaves no doubt: once it is gone, nothing
// of it was lost.
func TestAStreamThatWasReadToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(world{Roots: 1, ShardsAPage: 100, RecordsAPage: 100})
		p.step(worldStep{Kind: stepWrite, Item: 0, Count: 3})
		p.disable()
		m := newMemory()
		for round, want := range []int{3, 3} { // the second has the gap between both
			r, err := Open(t.Context(), p, p.arns[round], Options{Checkpoints: m.grip(), OnGap: SkipGaps, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "events", len(readToTheEnd(t, r)), want)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(48 * time.Hour)
			p.newStream()
			p.step(worldStep{Kind: stepWrite, Item: 0, Count: 2})
			p.disable()
		}
	})
}

// TestATakenCheckpointIsToldOnce: Close has nothing to add to the error that
// ended the reading, and that Reader reads no more.
func TestATakenCheckpointIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		m := newMemory()
		r := mustOpen(t, f, Options{Checkpoints: m.grip()})
		must(m.grip().Load(t.Context()))
		if _, err := read(t, r); !errors.As(err, new(*FencedError)) {
			t.Errorf("Events = %v, want a *FencedError", err)
		}
		f.put(f.shards[0], "2")
		err := r.Run(t.Context(), func(context.Context, Event) error { t.Error("an event was handed over"); return nil })
		if !errors.As(err, new(*FencedError)) {
			t.Errorf("another Run = %v, want a *FencedError", err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close = %v after it", err)
		}
	})
}

// TestNotBefore: what a shard holds is later than what its parents hold.
func TestNotBefore(t *testing.T) {
	l := newLineage()
	l.insert("p", "trimmed").handled.NotBefore = time.Unix(1795508718, 0)
	l.insert("c", "p")
	known := make(map[*shard]time.Time)
	got := []time.Time{l.notBefore(l.insert("x", "c"), known), l.notBefore(l.insert("y", "unknown"), known)}
	check(t, "not before", got, []time.Time{time.Unix(1795508718, 0), {}})
}

// TestOldCheckpointsGo: readers that live for a moment remove what is no
// longer needed, too.
func TestOldCheckpointsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s0"})
		f.retains = true
		m := newMemory()
		for i := range 20 {
			r := mustOpen(t, f, Options{Checkpoints: m.grip(), Idle: 3 * time.Second})
			f.put(f.shards[i], "1")
			check(t, "events", len(mustRead(t, r)), 1)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			f.set(func() {
				f.close(f.shards[i])
				f.shards = append(f.shards, &fakeShard{id: fmt.Sprint("s", i+1), parent: f.shards[i].id})
			})
			time.Sleep(4 * time.Hour)
		}
		if n := len(m.kept); n > 9 {
			t.Errorf("%d checkpoints are kept of some 7 shards that are listed", n)
		}
	})
}

// TestAStreamThatListsNothingYet has no checkpoints: those of the one before
// stay until it has.
func TestAStreamThatListsNothingYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(world{Roots: 1, ShardsAPage: 100, RecordsAPage: 100})
		p.step(worldStep{Kind: stepWrite, Item: 0, Count: 3})
		time.Sleep(time.Second)
		p.step(worldStep{Kind: stepRecreate})
		p.streams[1].shards[0].listedAt = time.Now().Add(time.Minute)
		m := newMemory()
		for round, want := range []int{4, 2} { // the gap is the last that the first one reads
			ctx, cancel := context.WithTimeout(t.Context(), 2*lateChildren)
			r := must(Open(ctx, p, p.arns[round], Options{Start: []Start{TrimHorizon, Latest}[round], OnGap: SkipGaps, Checkpoints: m.grip(), Logger: slog.New(slog.DiscardHandler)}))
			n := 0
			for _, err := range r.Events(ctx) {
				if err == nil {
					n++
				}
			}
			check(t, "events", n, want)
			cancel()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			p.step(worldStep{Kind: stepWrite, Item: 0, Count: 2})
			time.Sleep(2 * time.Minute)
		}
	})
}

// TestWhatIsLeftOfAnOlderStream: a reader that was killed while it removed
// the older stream's checkpoints has read that to its end.
func TestWhatIsLeftOfAnOlderStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(world{Roots: 1, ShardsAPage: 100, RecordsAPage: 100})
		p.step(worldStep{Kind: stepWrite, Item: 0, Count: 3})
		time.Sleep(time.Second)
		p.step(worldStep{Kind: stepRecreate})
		p.step(worldStep{Kind: stepWrite, Item: 0, Count: 2})
		m := newMemory()
		for _, c := range []Checkpoint{{Stream: p.arns[0], Shard: "0-r0"}, {Stream: p.arns[1], Shard: "1-r0"}} {
			m.kept[c.key()] = c
		}
		r := must(Open(t.Context(), p, p.arns[1], Options{Checkpoints: m.grip(), Idle: time.Second}))
		check(t, "events", mustRead(t, r), []string{"1-r0/i0", "1-r0/i0"})
		if err := r.Close(); err != nil || len(m.kept) != 1 {
			t.Errorf("Close = %v, and %d checkpoints are left, want that of the newer stream", err, len(m.kept))
		}
	})
}

// TestTheMarkOfASwitchStays while the reader is between its handler's commit
// and the stream that it turns to.
func TestTheMarkOfASwitchStays(t *testing.T) {
	s := newSaver(newMemory().grip())
	mark := Checkpoint{Stream: nextARN, State: Switched}
	before, now := Checkpoint{Stream: arn, Shard: "before"}, Checkpoint{Stream: arn, Shard: "a"}
	for _, c := range []Checkpoint{mark, before, now} {
		s.holds[c.key()] = c
	}
	changed, removed := s.difference(func() []Checkpoint { return []Checkpoint{now} })
	check(t, "changed, removed", [][]Checkpoint{changed, removed}, [][]Checkpoint{nil, {before}})
	changed, removed = s.difference(func() []Checkpoint { return []Checkpoint{mark} })
	slices.SortFunc(removed, func(a, b Checkpoint) int { return strings.Compare(a.Shard, b.Shard) })
	check(t, "changed, removed once it has turned", [][]Checkpoint{changed, removed}, [][]Checkpoint{nil, {now, before}})
}

// TestCloseBesideASaveThatHangs waits for its part of Grace, and no longer.
func TestCloseBesideASaveThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		r := mustOpen(t, f, Options{Checkpoints: newMemory().grip()})
		r.saver.turn <- struct{}{} // held by one that ignores its context
		began := time.Now()
		if err := r.Close(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v, want that it took too long", err)
		}
		check(t, "time it took", time.Since(began), 10*time.Second)
	})
}
