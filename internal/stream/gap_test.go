package stream

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// gapStream has five records, of which a reader handled the first.
func gapStream(t *testing.T) (*fakeStream, *memory) {
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], "1", "2", "3", "4", "5")
	m := newMemory()
	r := mustOpen(t, f, Options{Checkpoints: m.grip()})
	for e, err := range r.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if name(e) == "s/2" {
			break
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return f, m
}

func TestGaps(t *testing.T) {
	tests := map[string]struct {
		why    string
		change func(*fakeStream)
		gap    *Gap
		rest   []string // with SkipGaps
	}{
		"perhaps none": {"the record itself is trimmed: numbers have holes, so others may be",
			func(f *fakeStream) { f.shards[0].trimmed = 1 },
			&Gap{Stream: arn, Shard: "s", Last: f21(1), Oldest: f21(2)}, []string{"lost", "s/2", "s/3", "s/4", "s/5"}},
		"some lost": {"two were trimmed unread",
			func(f *fakeStream) { f.shards[0].trimmed = 3 },
			&Gap{Stream: arn, Shard: "s", Last: f21(1), Oldest: f21(4)}, []string{"lost", "s/4", "s/5"}},
		"all lost": {"the shard is there, and empty",
			func(f *fakeStream) { f.shards[0].trimmed = 5 },
			&Gap{Stream: arn, Shard: "s", Last: f21(1)}, []string{"lost"}},
		"shard gone": {"its child is there",
			func(f *fakeStream) {
				f.shards[0].closed, f.shards[0].gone = true, true
				f.shards = append(f.shards, &fakeShard{id: "c", parent: "s"})
				f.put(f.shards[1], "6")
			}, &Gap{Stream: arn, Shard: "s", Last: f21(1)}, []string{"lost", "c/6"}},
		"stream gone": {"an old ARN is kept for a day",
			func(f *fakeStream) {
				f.shards[0].closed, f.shards[0].gone = true, true
				f.status = "DISABLED"
			}, &Gap{Stream: arn, Shard: "s", Last: f21(1)}, []string{"lost"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, m := gapStream(t)
				test.change(f)
				for _, policy := range []GapPolicy{StopAtGap, SkipGaps} {
					o := drain
					o.OnGap, o.Checkpoints = policy, m.grip()
					r := mustOpen(t, f, o)
					var got []string
					var gap *Gap
					for e, err := range r.Events(t.Context()) {
						if err != nil && !errors.As(err, &gap) {
							t.Fatal(err)
						}
						switch {
						case err != nil:
						case e.Kind == Lost:
							gap = e.Gap
							got = append(got, "lost")
						default:
							got = append(got, nameOf(e))
						}
					}
					if gap != nil {
						gap = &Gap{Stream: gap.Stream, Shard: gap.Shard, Last: gap.Last, Oldest: gap.Oldest}
					}
					check(t, test.why+": gap", gap, test.gap)
					counted := int64(0)
					for _, shard := range r.Stats().Shards {
						counted += shard.Gaps
					}
					check(t, test.why+": gaps in the statistics", counted, int64(1))
					want := test.rest
					if policy == StopAtGap {
						want = nil
					}
					check(t, test.why+": events", got, want)
					if err := r.Close(); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}

// TestALateChildIsAGap: a child that waited for its parent for a minute
// more than a day has lost its oldest records, though reading from the trim
// horizon does not fail. Neither does it help that the parent is listed as
// open.
func TestALateChildIsAGap(t *testing.T) {
	for _, looksOpen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { checkLateChild(t, looksOpen) })
	}
}

func checkLateChild(t *testing.T, looksOpen bool) {
	f := newFakeStream(&fakeShard{id: "p", closed: true, looksOpen: looksOpen}, &fakeShard{id: "c", parent: "p"})
	f.retains, f.recordsAPage = true, 1
	f.put(f.shards[0], "1")
	f.put(f.shards[1], "2")
	time.AfterFunc(20*time.Hour, func() { f.put(f.shards[1], "3") })
	var gap *Gap
	o := drain
	o.OnGap = SkipGaps
	var got []string
	for e, err := range mustOpen(t, f, o).Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == Lost {
			gap = e.Gap
			continue
		}
		got = append(got, name(e))
		if name(e) == "p/1" {
			time.Sleep(retention + time.Minute)
		}
	}
	check(t, "events", got, []string{"p/1", "c/3"})
	check(t, "gap", gap, &Gap{Stream: arn, Shard: "c", Oldest: f21(3)})
}

// TestALineThatEndedUnseen: a shard and its child went away between two
// readers. The second goes on with what is left, and neither asks for
// children of the first again and again nor warns of it.
func TestALineThatEndedUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := gapStream(t)
		f.shards[0].closed, f.shards[0].gone = true, true
		f.shards = append(f.shards, &fakeShard{id: "d", parent: "c"})
		f.put(f.shards[1], "8")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var log bytes.Buffer
		before := f.counted("DescribeStream")
		r := mustOpen(t, f, Options{Checkpoints: m.grip(), OnGap: SkipGaps, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		got := make(map[Kind]int)
		for e, err := range r.Events(ctx) {
			if err == nil {
				got[e.Kind]++
			}
		}
		check(t, "events", got, map[Kind]int{Lost: 2, Inserted: 1}) // s and c
		if n := f.counted("DescribeStream") - before; n > 160 {
			t.Errorf("%d calls of DescribeStream in 600 s, want about one in 4 s", n)
		}
		if strings.Contains(log.String(), "stalls") {
			t.Errorf("the log has %q, want no warning of a stall", log.String())
		}
	})
}

// TestALineThatBroke: the parent of what is there was never seen.
func TestALineThatBroke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := gapStream(t)
		f.shards[0].closed = true
		r := mustOpen(t, f, Options{Idle: 3 * time.Second, Checkpoints: m.grip()})
		check(t, "events", mustRead(t, r), []string{"s/2", "s/3", "s/4", "s/5"})
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		f.shards = append(f.shards, &fakeShard{id: "c", parent: "s", closed: true, gone: true}, &fakeShard{id: "d", parent: "c"})
		f.put(f.shards[2], "8")
		for range 2 { // also after a reader whose checkpoints have d
			_, err := read(t, mustOpen(t, f, Options{Idle: 3 * time.Second, Checkpoints: m.grip()}))
			var gap *Gap
			if !errors.As(err, &gap) || gap.Shard != "c" || gap.Oldest != f21(6) {
				t.Errorf("Events = %v, want a gap of c before %s", err, f21(6))
			}
		}
	})
}

// TestWhatOpenFoundIsMissed: records that the stream held at the first Open
// are trimmed before anybody handles them.
func TestWhatOpenFoundIsMissed(t *testing.T) {
	tests := map[string]func(*testing.T, *fakeStream, Options){
		"the handler fails": func(t *testing.T, f *fakeStream, o Options) {
			r := mustOpen(t, f, o)
			failing := errors.New("it fails")
			if err := r.Run(t.Context(), func(context.Context, Event) error { return failing }); !errors.Is(err, failing) {
				t.Fatalf("Run = %v, want the handler's error", err)
			}
			r.Close()
			time.Sleep(10 * time.Hour)
		},
		"the stream fails": func(t *testing.T, f *fakeStream, o Options) {
			r := mustOpen(t, f, o)
			failing := errors.New("denied")
			f.faults["GetRecords"] = []error{failing}
			if err := r.Run(t.Context(), new(collector).handle); !errors.Is(err, failing) {
				t.Fatalf("Run = %v, want DynamoDB's error", err)
			}
			r.Close()
			time.Sleep(10 * time.Hour)
		},
		"nothing is read": func(t *testing.T, f *fakeStream, o Options) {
			mustOpen(t, f, o).Close()
			time.Sleep(10 * time.Hour)
		},
		"all is throttled": func(t *testing.T, f *fakeStream, o Options) {
			begun := time.Now()
			f.onCall = func(_ context.Context, operation, _ string) error {
				if operation == "GetRecords" && time.Since(begun) < 10*time.Hour {
					return throttleError
				}
				return nil
			}
		},
	}
	for name, before := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "s"})
				f.retains = true
				for range 20 {
					f.put(f.shards[0], "1")
					time.Sleep(time.Hour)
				}
				m := newMemory()
				o := drain
				o.OnGap, o.Logger, o.Checkpoints = SkipGaps, slog.New(slog.DiscardHandler), m.grip()
				before(t, f, o)
				o.Checkpoints = m.grip()
				r := mustOpen(t, f, o)
				r.Run(t.Context(), func(context.Context, Event) error { return errors.New("it fails at the gap") })
				r.Close()
				o.Checkpoints = m.grip()
				got := mustRead(t, mustOpen(t, f, o))
				if len(got) < 2 || got[0] != "s/lost" || got[1] != "s/1" {
					t.Errorf("Events = %v, want a gap and then the records that are left", got)
				}
			})
		})
	}
}

// TestAQuietShardIsNoGap: it is looked into so seldom that each iterator
// has expired.
func TestAQuietShardIsNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.retains = true
		time.AfterFunc(3*24*time.Hour, func() { f.put(f.shards[0], "1") })
		ctx, cancel := context.WithTimeout(t.Context(), 4*24*time.Hour)
		defer cancel()
		for e, err := range mustOpen(t, f, Options{Poll: 20 * time.Minute, OnGap: SkipGaps}).Events(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			check(t, "event", name(e), "s/1")
			break
		}
	})
}

// TestAGapIsToldOnce in a reader's life, however long its handler takes and
// however often the iterator expires meanwhile.
func TestAGapIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := gapStream(t)
		f.shards[0].trimmed = 5
		time.Sleep(25 * time.Hour)
		r := mustOpen(t, f, Options{Checkpoints: m.grip(), OnGap: SkipGaps})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour)
		defer cancel()
		lost := 0
		r.Run(ctx, func(_ context.Context, e Event) error {
			if e.Kind == Lost {
				lost++
				time.Sleep(20 * time.Minute) // it copies the table anew
			}
			return nil
		})
		check(t, "gaps told", lost, 1)
	})
}

func TestGapsWords(t *testing.T) {
	for _, c := range []struct {
		name string
		gap  Gap
		want string
	}{
		{"both ends", Gap{Shard: "s", Last: "1", Oldest: "4"}, "records of shard s may have been lost after 1 and before 4"},
		{"nothing was read", Gap{Shard: "s", Oldest: "4"}, "records of shard s may have been lost before 4"},
		{"nothing is left", Gap{Shard: "s", Last: "1", Certain: true}, "records of shard s were lost after 1, and none are left"},
	} {
		if got := c.gap.Error(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
