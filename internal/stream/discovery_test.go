package stream

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/smithy-go"
)

// lineages are n shards: many lineages of ten generations, of which all but
// some have vanished but for what is listed of them.
func lineages(n, open int) (shards []*fakeShard) {
	for i := range open {
		shards = append(shards, &fakeShard{id: fmt.Sprintf("open%d", i)})
	}
	for i := range n - open {
		s := &fakeShard{id: fmt.Sprintf("s%05d", i), closed: true}
		if i%10 > 0 {
			s.parent = fmt.Sprintf("s%05d", i-1)
		}
		shards = append(shards, s)
	}
	return shards
}

// TestManyListedShards take few calls of DescribeStream, which bounds its
// callers together, whatever the endpoint makes of ShardFilter.
func TestManyListedShards(t *testing.T) {
	childless := func(n int) (shards []*fakeShard) {
		for i := range n {
			shards = append(shards, &fakeShard{id: fmt.Sprintf("s%05d", i), closed: i < n-10})
		}
		return shards
	}
	for _, test := range []struct {
		n    int
		most float64 // calls a second
	}{{100, 0.3}, {1000, 1}, {manyShards, 2}} {
		for what, shards := range map[string][]*fakeShard{"lineages": lineages(test.n, 10), "childless": childless(test.n)} {
			for _, filter := range []string{"", "ignored", "refused"} {
				if filter != "" && test.n > 1000 {
					continue // it takes its time
				}
				t.Run(fmt.Sprintf("%d %s, filter %s", test.n, what, cmp.Or(filter, "used")), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := newFakeStream(shards...)
						f.noFilter = filter == "ignored"
						api := API(f)
						if filter == "refused" {
							api = withoutFilter{f}
						}
						r := must(Open(t.Context(), api, arn, quiet(Options{Start: Latest})))
						ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
						defer cancel()
						var before atomic.Int64
						time.AfterFunc(2*time.Minute, func() { before.Store(int64(f.counted("DescribeStream"))) })
						r.Run(ctx, func(context.Context, Event) error { return nil })
						if rate := float64(f.counted("DescribeStream")-int(before.Load())) / 600; rate >= test.most {
							t.Errorf("%.2f calls of DescribeStream a second, want less than %v", rate, test.most)
						}
					})
				})
			}
		}
	}
}

// TestNewShardsAreFound: a child of a shard that was read within 15 seconds of
// being listed, any other within two minutes, whatever the endpoint makes of
// ShardFilter.
func TestNewShardsAreFound(t *testing.T) {
	for _, n := range []int{20, 1000, manyShards} {
		for _, filter := range []string{"", "ignored", "refused"} {
			for _, late := range []time.Duration{0, 20 * time.Second} {
				if n > 1000 && (late > 0 || filter == "refused") {
					continue // it takes its time
				}
				t.Run(fmt.Sprint(n, " filter ", filter, " late ", late), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { findShards(t, n, filter, late) })
				})
			}
		}
	}
}

func findShards(t *testing.T, n int, filter string, late time.Duration) {
	f := newFakeStream(lineages(n, 4)...)
	f.noFilter = filter == "ignored"
	var calls []time.Time
	f.onCall = func(_ context.Context, operation, after string) error {
		if operation != "DescribeStream" {
			return nil
		}
		calls = append(calls, time.Now())
		if k := len(calls) - 11; k >= 0 && time.Since(calls[k]) < time.Second {
			t.Errorf("11 calls of DescribeStream in %v", time.Since(calls[k]))
		}
		return nil
	}
	api := API(f)
	if filter == "refused" {
		api = withoutFilter{f}
	}
	r, err := Open(t.Context(), api, arn, quiet(Options{Start: Latest, Pace: Unbounded}))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]time.Duration)
	made := make(map[string]time.Time)
	add := func(id, parent string) {
		f.set(func() {
			child := &fakeShard{id: id, parent: parent, listedAt: f.now().Add(late)}
			made[id] = child.listedAt
			f.shards = append([]*fakeShard{child}, f.shards...)
			if p := f.shard(parent); p != nil && !p.closed {
				f.close(p)
			}
		})
		f.put(f.shard(id), id)
	}
	time.AfterFunc(5*time.Minute, func() { add("child", "open0") })
	time.AfterFunc(9*time.Minute, func() { add("other", "") })
	ctx, cancel := context.WithTimeout(t.Context(), 13*time.Minute)
	defer cancel()
	r.Run(ctx, func(_ context.Context, e Event) error {
		found[e.Shard] = time.Since(made[e.Shard])
		return nil
	})
	for id, most := range map[string]time.Duration{"child": 15 * time.Second, "other": 2 * time.Minute} {
		if after, ok := found[id]; !ok || after > most {
			t.Errorf("%s was read %v after it was listed (read: %v), want %v at most", id, after, ok, most)
		}
	}
}

// withoutFilter refuses ShardFilter, as an older endpoint may.
type withoutFilter struct{ *fakeStream }

func (w withoutFilter) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	if in.ShardFilter != nil {
		return nil, &smithy.GenericAPIError{Code: "ValidationException"}
	}
	return w.fakeStream.DescribeStream(ctx, in, o...)
}

// TestAChildIsAskedForByItself where that takes fewer calls than the list.
func TestAChildIsAskedForByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(lineages(1000, 4)...)
		r := mustOpen(t, f, Options{Start: Latest, Pace: Unbounded})
		time.AfterFunc(5*time.Minute, func() {
			f.set(func() {
				f.close(f.shard("open0"))
				f.shards = append(f.shards, &fakeShard{id: "child", parent: "open0"})
			})
			f.put(f.shard("child"), "1")
		})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		var before atomic.Int64
		time.AfterFunc(5*time.Minute, func() { before.Store(int64(f.counted("DescribeStream"))) })
		r.Run(ctx, func(context.Context, Event) error {
			if n := f.counted("DescribeStream") - int(before.Load()); n > 4 {
				t.Errorf("%d calls of DescribeStream until the child was found, want one to four", n)
			}
			cancel()
			return nil
		})
	})
}
