package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// staleLineage lists some generations that have vanished, and an open shard
// with the records 1 and 2.
func staleLineage(generations int) *fakeStream {
	f := newFakeStream()
	f.created = f.now().Add(-100 * time.Hour)
	parent := ""
	for i := range generations {
		s := &fakeShard{id: fmt.Sprint("v", i), parent: parent, closed: true, gone: true, staleUntil: f.now().Add(48 * time.Hour)}
		parent = s.id
		f.shards = append(f.shards, s)
	}
	open := &fakeShard{id: "open", parent: parent}
	f.shards = append(f.shards, open)
	f.put(open, "1", "2")
	return f
}

// TestStaleListsAreNoGap for a reader that begins: it has missed nothing, also
// where it begins to read some minutes after Open.
func TestStaleListsAreNoGap(t *testing.T) {
	for _, generations := range []int{1, 2, 5} {
		for name, start := range map[string]Start{"trim-horizon": TrimHorizon, "ago": Ago(time.Hour), "latest": Latest, "after": After(f21(1))} {
			for _, wait := range []time.Duration{0, openGrace - time.Second} {
				t.Run(fmt.Sprint(generations, name, wait), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := staleLineage(generations)
						o := quiet(drain)
						o.Start = start
						r := mustOpen(t, f, o)
						time.Sleep(wait)
						got := mustRead(t, r)
						want := map[string][]string{"latest": nil, "after": {"open/2"}}
						if w, ok := want[name]; ok {
							check(t, "events", got, w)
						} else {
							check(t, "events", got, []string{"open/1", "open/2"})
						}
						check(t, "gaps", r.Stats().Totals.Gaps, int64(0))
					})
				})
			}
		}
	}
}

// TestAVanishedLineageTakesItsTime: each generation is asked for within a
// minute of the one before.
func TestAVanishedLineageTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := staleLineage(30)
		f.onCall = func(ctx context.Context, operation, shard string) error {
			if operation == "GetShardIterator" && shard != "open" {
				return sleep(ctx, 40*time.Second/8) // 30 of them take longer than two minutes
			}
			return nil
		}
		r := mustOpen(t, f, quiet(drain))
		time.Sleep(openGrace - 10*time.Second)
		check(t, "events", mustRead(t, r), []string{"open/1", "open/2"})
	})
}

// TestWhatVanishesLaterIsAGap: its records were there at Open, or it had been
// read before. Nobody knows whether it had more.
func TestWhatVanishesLaterIsAGap(t *testing.T) {
	tests := map[string]func(t *testing.T, f *fakeStream, m *memory) *Reader{
		"unread": func(t *testing.T, f *fakeStream, m *memory) *Reader {
			r := mustOpen(t, f, quiet(drain))
			time.Sleep(openGrace + time.Second)
			f.set(func() { f.shards[0].gone = true })
			return r
		},
		"read before": func(t *testing.T, f *fakeStream, m *memory) *Reader {
			r := mustOpen(t, f, quiet(Options{Checkpoints: m.grip()}))
			for e := range r.Events(t.Context()) {
				if name(e) == "v/2" {
					break
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			f.set(func() { f.shards[0].gone = true })
			o := quiet(drain)
			o.Checkpoints = m.grip()
			return mustOpen(t, f, o)
		},
	}
	for how, open := range tests {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &fakeShard{id: "v", closed: true}
				f := newFakeStream(v, &fakeShard{id: "c", parent: "v"})
				f.created = f.now().Add(-100 * time.Hour)
				f.staleFor = time.Hour
				f.put(v, "1", "2", "3")
				_, err := read(t, open(t, f, newMemory()))
				var gap *Gap
				if !errors.As(err, &gap) || gap.Shard != "v" || gap.Certain {
					t.Errorf("Events = %v, want a *Gap of v that is not certain", err)
				}
			})
		})
	}
}

// TestWhatIsTrimmedSoonAfterOpen is not missed: the second shard of a lineage
// vanishes three minutes later, while the first one is still handled.
func TestWhatIsTrimmedSoonAfterOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, third := &fakeShard{id: "1"}, &fakeShard{id: "2", parent: "1"}, &fakeShard{id: "3", parent: "2"}
		f := newFakeStream(first)
		f.retains = true
		follow := func(s, by *fakeShard) {
			time.Sleep(time.Minute)
			f.set(func() { f.close(s); f.shards = append(f.shards, by) })
		}
		f.put(first, "a", "b", "c", "d", "e", "f")
		follow(first, second)
		f.put(second, "g")
		follow(second, third)
		time.Sleep(retention - 3*time.Minute)
		f.put(third, "h")
		var got []string
		for e, err := range mustOpen(t, f, quiet(drain)).Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, name(e))
			time.Sleep(45 * time.Second)
		}
		check(t, "events", got, []string{"1/a", "1/b", "1/c", "1/d", "1/e", "1/f", "3/h"})
	})
}

// TestARecordThatWasFetched and not handled is surely lost once it is trimmed.
func TestARecordThatWasFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1", "2", "3")
		r := mustOpen(t, f, quiet(drain))
		for e := range r.Events(t.Context()) {
			if name(e) == "s/2" {
				break
			}
		}
		f.set(func() { f.shards[0].trimmed = 3 })
		f.put(f.shards[0], "4")
		_, err := read(t, r)
		var gap *Gap
		if !errors.As(err, &gap) || !gap.Certain || gap.Oldest != f21(4) || gap.Last != f21(1) {
			t.Errorf("Events = %v, want a certain *Gap between 1 and 4", err)
		}
		if trimmed := (*types.TrimmedDataAccessException)(nil); !errors.As(err, &trimmed) {
			t.Errorf("Events = %v, want what DynamoDB said in it", err)
		}
	})
}

// TestNothingButVanishedShards: the list of a stream that is enabled may have
// none but such, for a while. With Idle, reading ends if that lasts for as long.
func TestNothingButVanishedShards(t *testing.T) {
	for idle, want := range map[time.Duration][]string{
		time.Minute: nil, 5 * time.Minute: {"open/1", "open/2"},
	} {
		t.Run(fmt.Sprint("idle ", idle), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := staleLineage(2)
				f.shards[2].listedAt = f.now().Add(3 * time.Minute)
				check(t, "events", mustRead(t, mustOpen(t, f, Options{Idle: idle})), want)
			})
		})
	}
}

// TestAForgottenShardIsListedAgain by a list that is stale: it was read.
func TestAForgottenShardIsListedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
		f.put(f.shards[0], "1")
		f.put(f.shards[1], "2")
		r := mustOpen(t, f, Options{OnGap: SkipGaps})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Hour)
		defer cancel()
		time.AfterFunc(25*time.Hour, func() { f.set(func() { f.shards[0].gone = true }) })
		time.AfterFunc(25*time.Hour+time.Minute, func() { f.set(func() { f.shards[0].staleUntil = f.now().Add(time.Minute) }) })
		var got []string
		for e, err := range r.Events(ctx) {
			if err == nil {
				got = append(got, name(e))
			}
		}
		check(t, "events", got, []string{"p/1", "c/2"})
	})
}
