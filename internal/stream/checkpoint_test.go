package stream

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func newMemory() *memory { return &memory{kept: make(map[checkpointKey]Checkpoint)} }

func (m *memory) grip() *grip { return &grip{memory: m} }

func f21(n int) string { return (&fakeStream{}).number(n) }

func nameOf(e Event) string { return name(e) }

var someCheckpoints = []Checkpoint{
	{Stream: arn, Shard: "a", Sequence: f21(7), Floor: time.Unix(1795508718, 5).UTC()},
	{Stream: arn, Shard: "b", Parent: "a", Since: time.Unix(1795508718, 0).UTC()},
	{Stream: arn, Shard: "c", Parent: "a", Above: "12", Ended: true, Gone: true, Last: true},
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
	var taken *TakenError
	if err := first.Save(ctx, someCheckpoints, nil); !errors.As(err, &taken) {
		t.Errorf("Save of the older reader = %v, want a *TakenError", err)
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
	var taken *TakenError
	if _, err := FileCheckpoints(path).Load(t.Context()); !errors.As(err, &taken) || !strings.Contains(err.Error(), path) {
		t.Errorf("Load = %v, want a *TakenError that names the file", err)
	}
}

func TestABadCheckpointFile(t *testing.T) {
	tests := map[string]struct{ content, want string }{
		"no JSON":       {"hello", "is no checkpoint file"},
		"empty":         {"", "is no checkpoint file"},
		"another JSON":  {`{"name":"x"}`, "is no checkpoint file"},
		"a later one's": {`{"version":2,"checkpoints":[]}`, "has version 2"},
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
			r, err := Open(t.Context(), p, p.arns[0], Options{Checkpoints: m.grip(), Idle: 3 * time.Second, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "events", len(mustRead(t, r)), []int{5, 2, 2}[round])
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
		for round, want := range []int{3, 2} {
			r, err := Open(t.Context(), p, p.arns[round], Options{Checkpoints: m.grip(), Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "events", len(mustRead(t, r)), want)
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
// ended the reading.
func TestATakenCheckpointIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		m := newMemory()
		r := mustOpen(t, f, Options{Checkpoints: m.grip()})
		must(m.grip().Load(t.Context()))
		if _, err := read(t, r); !errors.As(err, new(*TakenError)) {
			t.Errorf("Events = %v, want a *TakenError", err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close = %v after it", err)
		}
	})
}

// TestFloor: what a shard holds is later than what its parents hold.
func TestFloor(t *testing.T) {
	tree := newShardTree()
	tree.insert("p", "trimmed").pos.floor = time.Unix(1795508718, 0)
	tree.insert("c", "p")
	got := []time.Time{tree.floor(tree.insert("x", "c")), tree.floor(tree.insert("y", "unknown"))}
	check(t, "floors", got, []time.Time{time.Unix(1795508718, 0), {}})
}
