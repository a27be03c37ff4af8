package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"
)

const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-11-24T00:00:00.000"

// drain reads up a stream as fast as that can be.
var drain = Options{Idle: 3 * time.Second, Pace: Unbounded}

func mustOpen(t *testing.T, f *fakeStream, o Options) *Reader {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r, err := Open(t.Context(), f, arn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() }) // else its lease is renewed for ever
	return r
}

// read collects "shard/item" of all events until reading ends.
func read(t *testing.T, r *Reader) ([]string, error) {
	t.Helper()
	var got []string
	for e, err := range r.Events(t.Context()) {
		if err != nil {
			return got, err
		}
		got = append(got, name(e))
	}
	return got, nil
}

func mustRead(t *testing.T, r *Reader) []string {
	t.Helper()
	got, err := read(t, r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// readToTheEnd is mustRead of a stream that ends.
func readToTheEnd(t *testing.T, r *Reader) []string {
	t.Helper()
	got, err := read(t, r)
	if !errors.As(err, new(*EndedError)) {
		t.Fatalf("Events ended with %v, want an *EndedError", err)
	}
	return got
}

func name(e Event) string {
	if e.Kind == Lost {
		return e.Shard + "/lost"
	}
	return e.Shard + "/" + e.Keys["id"].(*types.AttributeValueMemberS).Value
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestEveryRecordIsRead(t *testing.T) {
	chain := func() []*fakeShard {
		return []*fakeShard{{id: "p", closed: true}, {id: "c1", parent: "p"}, {id: "c2", parent: "p"}}
	}
	tests := map[string]struct {
		why    string
		shards []*fakeShard
		shape  func(*fakeStream)
		want   []string // in order
	}{
		"many pages": {
			why:    "a page holds 1,000 records at most",
			shards: []*fakeShard{{id: "s"}},
			shape: func(f *fakeStream) {
				f.recordsAPage = 2
				f.put(f.shards[0], "1", "2", "3", "4", "5")
			},
			want: []string{"s/1", "s/2", "s/3", "s/4", "s/5"},
		},
		"last page": {
			why:    "the page without a next iterator may carry records",
			shards: []*fakeShard{{id: "s", closed: true}},
			shape: func(f *fakeStream) {
				f.status = types.StreamStatusDisabled
				f.put(f.shards[0], "1", "2")
			},
			want: []string{"s/1", "s/2"},
		},
		"pages of shards": {
			why:    "a description lists 100 shards at most",
			shards: []*fakeShard{{id: "a"}, {id: "b"}, {id: "c"}},
			shape: func(f *fakeStream) {
				f.shardsAPage = 1
				f.put(f.shards[2], "1")
			},
			want: []string{"c/1"},
		},
		"parent before children": {
			why:    "an item's changes continue in a child",
			shards: chain(),
			shape: func(f *fakeStream) {
				f.recordsAPage = 1
				f.put(f.shards[0], "1", "2")
				f.put(f.shards[1], "3")
			},
			want: []string{"p/1", "p/2", "c1/3"},
		},
		"children listed first": {
			why:    "nothing orders the shards of a description",
			shards: []*fakeShard{{id: "c", parent: "p"}, {id: "p", closed: true}},
			shape: func(f *fakeStream) {
				f.put(f.shards[1], "1")
				f.put(f.shards[0], "2")
			},
			want: []string{"p/1", "c/2"},
		},
		"trimmed parent": {
			why:    "a parent goes 24 hours after its last record",
			shards: []*fakeShard{{id: "c", parent: "gone"}},
			shape:  func(f *fakeStream) { f.put(f.shards[0], "1") },
			want:   []string{"c/1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(test.shards...)
				test.shape(f)
				check(t, test.why, mustRead(t, mustOpen(t, f, drain)), test.want)
			})
		})
	}
}

// TestChildWaitsForHandling: not only must the parent's last record come
// first, the caller must also have asked for the next event.
func TestChildWaitsForHandling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
		f.put(f.shards[0], "1")
		f.put(f.shards[1], "2")
		for e, err := range mustOpen(t, f, drain).Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if name(e) == "p/1" {
				time.Sleep(time.Minute) // handling takes a while
				if n := f.counted("GetRecords c"); n != 0 {
					t.Errorf("the child was read %d times before its parent's last record was handled", n)
				}
			}
		}
		if f.counted("GetRecords c") == 0 {
			t.Error("the child was never read")
		}
	})
}

func TestEmptyPagesAreNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		time.AfterFunc(2500*time.Millisecond, func() { f.put(f.shards[0], "1") })
		time.AfterFunc(5*time.Second, func() { f.put(f.shards[0], "2") })
		began := time.Now()
		check(t, "events", mustRead(t, mustOpen(t, f, drain)), []string{"s/1", "s/2"})
		if took := time.Since(began); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("reading ended after %v, want about 3s after the last record at 5s", took)
		}
	})
}

// TestIdleNeedsAllShards: one quiet shard does not end the reading of
// another.
func TestIdleNeedsAllShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "quiet"}, &fakeShard{id: "busy"})
		for i := range 10 {
			time.AfterFunc(time.Duration(i)*time.Second, func() { f.put(f.shards[1], fmt.Sprint(i)) })
		}
		time.AfterFunc(10*time.Second, func() { f.put(f.shards[0], "late") })
		got := mustRead(t, mustOpen(t, f, drain))
		check(t, "events", len(got), 11)
	})
}

func TestAnIdleShardIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		for range mustOpen(t, f, Options{}).Events(ctx) {
		}
		if n := f.counted("GetRecords"); n < 590 || n > 610 {
			t.Errorf("%d calls of GetRecords in 600 s, want about one a second", n)
		}
		if n := f.counted("DescribeStream"); n < 140 || n > 160 {
			t.Errorf("%d calls of DescribeStream in 600 s, want about one in 4 s", n)
		}
	})
}

func TestShardsThatAppearLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := &fakeShard{id: "p"}, &fakeShard{id: "c", parent: "p", hidden: true}
		f := newFakeStream(p, c)
		f.put(p, "1")
		// The parent closes; its child is listed only a while later,
		// when it holds a record already.
		time.AfterFunc(10*time.Second, func() { f.set(func() { p.closed = true }) })
		time.AfterFunc(15*time.Second, func() { f.put(c, "2") })
		time.AfterFunc(18*time.Second, func() { f.set(func() { c.hidden = false }) })
		got := mustRead(t, mustOpen(t, f, Options{Idle: 12 * time.Second}))
		check(t, "events", got, []string{"p/1", "c/2"})
	})
}

// TestADisabledStreamEnds: reading ends without any guess once all shards
// of a disabled stream are read.
func TestADisabledStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		time.AfterFunc(time.Hour, func() {
			f.put(f.shards[0], "2")
			f.set(func() { f.status, f.shards[0].closed = types.StreamStatusDisabled, true })
		})
		r := mustOpen(t, f, Options{})
		check(t, "events", readToTheEnd(t, r), []string{"s/1", "s/2"})
		known, ended := r.Shards()
		check(t, "shards known, ended", []int{known, ended}, []int{1, 1})
	})
}

func TestAnEventIsHandledWhenTheNextIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
		f.put(f.shards[0], "1", "2")
		f.put(f.shards[1], "3", "4")
		r := mustOpen(t, f, drain)
		var got []string
		for { // each loop handles one event and breaks off at the next
			n := 0
			for e, err := range r.Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n > 1 {
					break
				}
				got = append(got, name(e))
			}
			if n <= 1 {
				break
			}
		}
		check(t, "events", got, []string{"p/1", "p/2", "c/3", "c/4"})
	})
}

// TestNothingIsLeftBehind: synctest.Test fails while a goroutine of its
// bubble lives.
func TestNothingIsLeftBehind(t *testing.T) {
	ends := map[string]func(context.CancelFunc){
		"break":  nil,
		"cancel": func(cancel context.CancelFunc) { cancel() },
		"panic":  func(context.CancelFunc) { panic("in the loop") },
	}
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "a"}, &fakeShard{id: "b"})
				f.recordsAPage = 1
				f.put(f.shards[0], "1", "2", "3")
				f.put(f.shards[1], "4", "5", "6")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				defer func() { recover() }()
				var err error
				for _, err = range mustOpen(t, f, Options{}).Events(ctx) {
					if err != nil || end == nil {
						break
					}
					end(cancel)
				}
				if how == "cancel" && !errors.Is(err, context.Canceled) {
					t.Errorf("Events = %v, want context.Canceled", err)
				}
			})
		})
	}
}

func TestOpenNamesTheStream(t *testing.T) {
	f := newFakeStream()
	f.faults["DescribeStream"] = []error{&types.ResourceNotFoundException{}}
	_, err := Open(t.Context(), f, arn, Options{})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), arn) {
		t.Errorf("Open = %v, want a ResourceNotFoundException that names %s", err, arn)
	}
}

func TestOpenRefusesMistakes(t *testing.T) {
	tests := map[string]struct {
		arn     string
		options Options
	}{
		"not the ARN of a stream":  {"", Options{}},
		"Poll is out":              {arn, Options{Poll: -1}},
		"PageSize is out":          {arn, Options{PageSize: -1}},
		"OnGap is out":             {arn, Options{OnGap: 2}},
		"Retry.Attempts is out":    {arn, Options{Retry: Retry{Attempts: -1}}},
		"not the ARN of a  stream": {"arn:aws:dynamodb:eu-west-1:123456789012:table/t", Options{}},
	}
	for want, test := range tests {
		want = strings.ReplaceAll(want, "  ", " ")
		if _, err := Open(t.Context(), newFakeStream(), test.arn, test.options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %v, want an error with %q", err, want)
		}
	}
}

func TestAClosedReaderReadsNothing(t *testing.T) {
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], "1")
	r := mustOpen(t, f, drain)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, r); err == nil || got != nil {
		t.Errorf("Events after Close = %v, %v, want an error", got, err)
	}
	err := r.Run(t.Context(), func(context.Context, Event) error { t.Error("an event was handed over"); return nil })
	if err == nil {
		t.Error("Run after Close = nil")
	}
}

// TestAShardThatIsMissedForAMoment: a description that lacks a shard is no
// reason to take it for new in the next one, and to read it again.
func TestAShardThatIsMissedForAMoment(t *testing.T) {
	for _, grandparent := range []string{"", "g"} {
		synctest.Test(t, func(t *testing.T) {
			p, c := &fakeShard{id: "p", parent: grandparent, closed: true}, &fakeShard{id: "c", parent: "p"}
			f := newFakeStream(p, c)
			f.put(p, "1", "2")
			f.put(c, "3")
			hide := func(hidden bool) func() { return func() { f.set(func() { p.hidden = hidden }) } }
			time.AfterFunc(15*time.Second, hide(true))
			time.AfterFunc(25*time.Minute, hide(false))
			time.AfterFunc(30*time.Minute, hide(true))
			time.AfterFunc(25*time.Hour, func() { f.put(c, "4") })
			r := mustOpen(t, f, Options{Idle: 25 * time.Hour})
			check(t, "events", mustRead(t, r), []string{"p/1", "p/2", "c/3", "c/4"})
			// After a day it is gone.
			known, _ := r.Shards()
			check(t, "shards known, checkpoints wanted", []int{known, len(r.wanted())}, []int{1, 1})
		})
	}
}

func TestChildrenAreFoundSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := &fakeShard{id: "p"}, &fakeShard{id: "c", parent: "p", hidden: true}
		f := newFakeStream(p, c)
		f.put(c, "1")
		time.AfterFunc(time.Minute, func() { f.set(func() { p.closed, c.hidden = true, false }) })
		began := time.Now()
		for e, err := range mustOpen(t, f, Options{}).Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if after := time.Since(began) - time.Minute; after > 3*time.Second {
				t.Errorf("%s came %v after its shard was made, want at most 3s", name(e), after)
			}
			break
		}
	})
}

// TestShardsAreWaitedFor: a new stream may list no shard yet.
func TestShardsAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s", hidden: true})
		f.put(f.shards[0], "1")
		time.AfterFunc(2*time.Second, func() { f.set(func() { f.shards[0].hidden = false }) })
		check(t, "events", mustRead(t, mustOpen(t, f, drain)), []string{"s/1"})
	})
}

// TestACancelledPageIsNotHandled: the context ends within the last page of
// a shard. What was not yielded of it comes with the next reader.
func TestACancelledPageIsNotHandled(t *testing.T) {
	for range 20 { // of two ends of a wait, either may win
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(&fakeShard{id: "a", closed: true}, &fakeShard{id: "b", closed: true})
			f.status = types.StreamStatusDisabled
			f.put(f.shards[0], "1", "2", "3")
			f.put(f.shards[1], "4", "5", "6")
			m := newMemory()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := mustOpen(t, f, Options{Checkpoints: m.grip()})
			n := 0
			for range r.Events(ctx) {
				if n++; n == 4 {
					cancel()
					continue
				}
				time.Sleep(time.Second) // the other shard's page waits for its turn
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			got := readToTheEnd(t, mustOpen(t, f, Options{Checkpoints: m.grip()}))
			check(t, "how many are left", len(got), 2)
		})
		if t.Failed() {
			return
		}
	}
}
