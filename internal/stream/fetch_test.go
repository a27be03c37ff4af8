package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func TestFaultsThatPass(t *testing.T) {
	several := func(err error, n int) []error {
		errs := make([]error, n)
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	faults := map[string][]error{
		"throttled":          several(&types.LimitExceededException{}, 50),
		"throttled by rate":  several(&smithy.GenericAPIError{Code: "ProvisionedThroughputExceededException"}, 50),
		"internal error":     several(&types.InternalServerError{}, 9),
		"no connection":      several(&net.OpError{Op: "dial", Err: errors.New("refused")}, 9),
		"a mix, on and on":   {&types.LimitExceededException{}, &types.InternalServerError{}, nil, &types.LimitExceededException{}},
		"not sent":           several(&smithyhttp.RequestSendError{Err: errors.New("the connection was closed")}, 3),
		"a server's 503":     several(&smithy.GenericAPIError{Code: "X", Fault: smithy.FaultServer}, 3),
		"throttled in SDK's": several(&smithy.GenericAPIError{Code: "ThrottlingException"}, 3),
	}
	for name, errs := range faults {
		for _, operation := range []string{"DescribeStream", "GetShardIterator", "GetRecords"} {
			t.Run(operation+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFakeStream(&fakeShard{id: "s"})
					f.recordsAPage = 1
					f.put(f.shards[0], "1", "2", "3")
					f.faults[operation] = errs
					check(t, "events", mustRead(t, mustOpen(t, f, drain)), []string{"s/1", "s/2", "s/3"})
				})
			})
		}
	}
}

func TestFaultsThatLast(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Fault: smithy.FaultClient}
	tests := map[string]struct {
		fault error
		times int
		calls int // of GetRecords, until it gives up
	}{
		"refused":            {denied, 1, 1},
		"iterators all dead": {&types.ExpiredIteratorException{}, 1000, maxRenewals},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "s"})
				f.put(f.shards[0], "1")
				for range test.times {
					f.faults["GetRecords"] = append(f.faults["GetRecords"], test.fault)
				}
				_, err := read(t, mustOpen(t, f, drain))
				if !errors.Is(err, test.fault) {
					t.Errorf("Events = %v, want %v", err, test.fault)
				}
				if err != nil && !strings.Contains(err.Error(), "shard s") {
					t.Errorf("Events = %v, which does not name the shard", err)
				}
				check(t, "calls", f.counted("GetRecords"), test.calls)
			})
		})
	}
}

// TestOutages: a server that is away for half a minute ends the reading.
func TestOutages(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	refuses := func(context.Context) error { return refused }
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, test := range map[string]struct {
		lasts  time.Duration
		answer func(context.Context) error
		err    error
		least  time.Duration
		most   time.Duration
	}{
		"short":    {25 * time.Second, refuses, nil, 0, time.Minute},
		"refuses":  {time.Hour, refuses, refused, 30 * time.Second, 36 * time.Second},
		"is quiet": {time.Hour, silent, noAnswer{2 * callTimeout}, 45 * time.Second, 46 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "s"})
				f.put(f.shards[0], "1")
				begun := time.Now()
				f.onCall = func(ctx context.Context, operation, _ string) error {
					if operation == "GetRecords" && time.Since(begun) < test.lasts {
						return test.answer(ctx)
					}
					return nil
				}
				_, err := read(t, mustOpen(t, f, drain))
				if took := time.Since(begun); !errors.Is(err, test.err) || took < test.least || took > test.most {
					t.Errorf("Events = %v after %v, want %v after %v to %v", err, took, test.err, test.least, test.most)
				}
			})
		})
	}
}

func TestAnExpiredIteratorIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.recordsAPage = 1
		f.put(f.shards[0], "1", "2", "3", "4")
		var got []string
		r := mustOpen(t, f, drain)
		for e, err := range r.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, name(e))
			time.Sleep(20 * time.Minute) // longer than an iterator lives
		}
		check(t, "events", got, []string{"s/1", "s/2", "s/3", "s/4"})
		if n := f.counted("GetShardIterator"); n < 2 {
			t.Errorf("%d iterators were taken: none expired, so this test shows nothing", n)
		} else {
			check(t, "renewals", r.Stats().Shards[0].Renewals, int64(n-1))
		}
	})
}

func TestTrimmedRecordsAreAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.recordsAPage = 1
		f.put(f.shards[0], "1", "2")
		f.put(f.shards[0], "3", "4")
		r := mustOpen(t, f, drain)
		var got []string
		var err error
		for e, e2 := range r.Events(t.Context()) {
			if err = e2; err != nil {
				break
			}
			got = append(got, name(e))
			time.Sleep(time.Minute) // in which the next one is fetched
			f.set(func() { f.shards[0].trimmed = 3 })
			time.Sleep(20 * time.Minute)
		}
		var trimmed *types.TrimmedDataAccessException
		if !errors.As(err, &trimmed) {
			t.Errorf("Events = %v, %v; want a TrimmedDataAccessException", got, err)
		}
		check(t, "events", got, []string{"s/1", "s/2"}) // the second was fetched ahead
		var gap *Gap
		if !errors.As(err, &gap) {
			t.Fatalf("Events = %v, want a *Gap", err)
		}
		gap.Err = nil
		check(t, "gap", *gap, Gap{Stream: arn, Shard: "s",
			Last: "000000000000000000002", Oldest: "000000000000000000004"})
	})
}

// TestTrimmedBeforeTheFirstRecord: the oldest record may be trimmed
// between an iterator and its use, and DynamoDB Local says the same of a
// shard that was empty. Nothing that was asked for is lost.
func TestTrimmedBeforeTheFirstRecord(t *testing.T) {
	for _, start := range []Start{TrimHorizon, Latest} {
		t.Run(start.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "s"})
				r := mustOpen(t, f, Options{Start: start, Idle: time.Second})
				f.put(f.shards[0], "1", "2")
				f.faults["GetRecords"] = []error{&types.TrimmedDataAccessException{}}
				check(t, "events", mustRead(t, r), []string{"s/1", "s/2"})
			})
		})
	}
}

func TestLatest(t *testing.T) {
	open := func(t *testing.T) (*fakeStream, *Reader) {
		f := newFakeStream(
			&fakeShard{id: "old", closed: true},
			&fakeShard{id: "now", parent: "old"},
			&fakeShard{id: "next", parent: "now", hidden: true})
		f.put(f.shards[0], "before")
		f.put(f.shards[1], "before")
		time.Sleep(time.Hour)
		return f, mustOpen(t, f, Options{Start: Latest, Idle: time.Minute})
	}
	t.Run("only later changes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f, r := open(t)
			f.put(f.shards[1], "after")
			check(t, "events", mustRead(t, r), []string{"now/after"})
		})
	})
	t.Run("a later shard from its beginning", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f, r := open(t)
			f.put(f.shards[1], "after")
			f.put(f.shards[2], "first")
			f.set(func() { f.shards[1].closed, f.shards[2].hidden = true, false })
			check(t, "events", mustRead(t, r), []string{"now/after", "next/first"})
		})
	})
	t.Run("its iterator expires unused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f, r := open(t)
			f.put(f.shards[1], "after")
			time.Sleep(time.Hour)
			f.put(f.shards[1], "later")
			check(t, "events", mustRead(t, r), []string{"now/after", "now/later"})
		})
	})
}

// TestAStreamThatEndsWhileItIsDescribed: a child is made, and the stream
// disabled, after the page that would have listed the child.
func TestAStreamThatEndsWhileItIsDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, q := &fakeShard{id: "p"}, &fakeShard{id: "q", closed: true}
		f := newFakeStream(p, q)
		f.shardsAPage = 1
		f.put(p, "1")
		time.AfterFunc(5*time.Second, func() { f.set(func() { p.closed = true }) })
		f.onCall = func(_ context.Context, operation, after string) error {
			f.set(func() {
				if operation == "DescribeStream" && after == "p" && p.closed && len(f.shards) == 2 {
					f.shards = append([]*fakeShard{{id: "c", parent: "p", closed: true}}, f.shards...)
					f.shards[0].records = p.records
					f.status = types.StreamStatusDisabled
				}
			})
			return nil
		}
		check(t, "events", readToTheEnd(t, mustOpen(t, f, Options{})), []string{"p/1", "c/1"})
	})
}

// TestABusyShardIsReadAtOnce: no wait comes between pages that hold records.
func TestABusyShardIsReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.recordsAPage = 1
		for range 100 {
			f.put(f.shards[0], "1")
		}
		n, began := 0, time.Now()
		for range mustOpen(t, f, drain).Events(t.Context()) {
			if n++; n == 100 {
				check(t, "time for 100 pages", time.Since(began), time.Duration(0))
			}
		}
		check(t, "events", n, 100)
	})
}

// TestAThrottledShardSlowsDown: DynamoDB allows 5 reads a second. Without a
// Pace, the reader finds that out, loses little of them and does not hammer.
func TestAThrottledShardSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.recordsAPage = 1
		const pages = 300
		for range pages {
			f.put(f.shards[0], "1")
		}
		var allowed []time.Time
		refused := 0
		f.onCall = func(_ context.Context, operation, _ string) error {
			n := len(allowed)
			switch {
			case operation != "GetRecords":
			case n >= 5 && time.Since(allowed[n-5]) < time.Second:
				refused++
				return throttleError
			default:
				allowed = append(allowed, time.Now())
			}
			return nil
		}
		began := time.Now()
		check(t, "events", len(mustRead(t, mustOpen(t, f, drain))), pages)
		if took, least := time.Since(began)-drain.Idle, pages/5*time.Second; took > least*2 {
			t.Errorf("%d pages took %v, want %v at most: twice what is allowed", pages, took, least*2)
		}
		if refused > pages/2 {
			t.Errorf("%d calls were refused for %d pages, want half as many at most", refused, pages)
		}
	})
}

// TestHundredsOfShards: a table of many partitions, whose shards rolled a
// few times.
func TestHundredsOfShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream()
		const lines, rolls = 150, 4
		for line := range lines {
			parent := ""
			for roll := range rolls {
				s := &fakeShard{id: fmt.Sprint(line, ".", roll), parent: parent, closed: roll < rolls-1}
				parent = s.id
				f.put(s, fmt.Sprint(roll))
				f.shards = append([]*fakeShard{s}, f.shards...)
			}
		}
		next := make(map[string]int)
		for _, got := range mustRead(t, mustOpen(t, f, drain)) {
			var line, roll, item int
			fmt.Sscanf(got, "%d.%d/%d", &line, &roll, &item)
			if key := fmt.Sprint(line); next[key] != item {
				t.Errorf("line %d: the record of roll %d came, want %d", line, item, next[key])
			}
			next[fmt.Sprint(line)]++
		}
		for line := range lines {
			check(t, fmt.Sprint("records of line ", line), next[fmt.Sprint(line)], rolls)
		}
	})
}

// TestShardsAreFetchedSideBySide: where calls take their time, four shards
// take as long as one.
func TestShardsAreFetchedSideBySide(t *testing.T) {
	const pages, perCall = 20, 100 * time.Millisecond
	took := make(map[int]time.Duration)
	for _, shards := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream()
			f.recordsAPage = 1
			for i := range shards {
				s := &fakeShard{id: fmt.Sprint("s", i)}
				f.shards = append(f.shards, s)
				for range pages {
					f.put(s, "1")
				}
			}
			f.onCall = func(ctx context.Context, operation, _ string) error {
				if operation == "GetRecords" {
					return sleep(ctx, perCall)
				}
				return nil
			}
			began := time.Now()
			n := 0
			for _, err := range mustOpen(t, f, drain).Events(t.Context()) {
				if n++; err != nil {
					t.Fatal(err)
				}
				took[shards] = time.Since(began)
			}
			check(t, "events", n, shards*pages)
		})
	}
	if took[4] > took[1]+perCall {
		t.Errorf("four shards took %v and one took %v, want about the same", took[4], took[1])
	}
}
