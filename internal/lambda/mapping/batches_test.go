package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

// sizes notes how many records each invocation has, and when it came.
type sizes struct {
	mu    sync.Mutex
	begun time.Time
	lines []string
}

func (s *sizes) invoke(t *testing.T) Invoke {
	s.begun = time.Now()
	return func(_ context.Context, payload []byte) ([]byte, error) {
		if len(payload) > MaxPayload {
			t.Errorf("a payload has %d bytes, and may have %d", len(payload), MaxPayload)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, fmt.Sprintf("%d", len(sequences(t, payload))))
		return nil, nil
	}
}

func TestBatchSize(t *testing.T) {
	for _, c := range []struct {
		name, why string
		records   int
		size      int
		window    time.Duration
		want      string
	}{
		{"as it comes", "without a window, a page is sent at once", 5, 100, 0, "5"},
		{"full batches", "a page is cut", 25, 10, 0, "10 10 5"},
		{"one by one", "1 is the least", 3, 1, 0, "1 1 1"},
		{"across pages", "with a window, a batch is gathered across pages", 2500, 10_000, 5 * time.Second, "2500"},
		{"full before the window ends", "it is sent at once, and the rest waits", 2500, 2000, 5 * time.Second, "2000 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(1)
				for range c.records {
					f.write(0, nil) // of one item: they share batches
				}
				o := Defaults()
				o.BatchSize, o.MaximumBatchingWindow = c.size, c.window
				var s sizes
				f.run(t, o, s.invoke(t))
				if got := strings.Join(s.lines, " "); got != c.want {
					t.Errorf("batches of %s records, want %s: %s", got, c.want, c.why)
				}
			})
		})
	}
}

// TestPayloadLimit: a batch ends where the next record would make it larger than
// 6 MB.
func TestPayloadLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.recordsAPage = 3
		large := &types.AttributeValueMemberS{Value: strings.Repeat("x", 390_000)}
		for range 40 {
			f.write(0, func(r *types.Record) {
				r.Dynamodb.NewImage = map[string]types.AttributeValue{"a": large}
				r.Dynamodb.OldImage = r.Dynamodb.NewImage
			})
		}
		o := Defaults()
		o.MaximumBatchingWindow = 10 * time.Second
		var s sizes
		f.run(t, o, s.invoke(t))
		if got, want := strings.Join(s.lines, " "), "8 8 8 8 8"; got != want { // 8 of 780 KB are 6.24 MB
			t.Errorf("batches of %s records, want %s", got, want)
		}
	})
}

// TestWindow: the first record of a batch waits for the window and no longer, and
// at the shard's end not at all.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		o := Defaults()
		o.MaximumBatchingWindow = 30 * time.Second
		begun := time.Now()
		var got []string
		m, err := New(o, func(_ context.Context, payload []byte) ([]byte, error) {
			got = append(got, fmt.Sprintf("%s at %v", names(sequences(t, payload)), time.Since(begun).Round(10*time.Second)))
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx, r) }()
		time.Sleep(10 * time.Second)
		f.write(0, nil) // joins at 10 s
		time.Sleep(20 * time.Second)
		f.write(0, nil) // at 30 s: sent with the first at 40 s
		time.Sleep(70 * time.Second)
		f.write(0, nil) // at 100 s
		time.Sleep(10 * time.Second)
		f.divide() // at 110 s: the third is sent with the shard's end
		time.Sleep(10 * time.Second)
		f.write(0, nil) // at 120 s, in the child: sent at 150 s
		time.Sleep(time.Minute)
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the context's end", err)
		}
		if want := []string{"ab at 40s", "c at 1m50s", "d at 2m30s"}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	})
}

// TestAWindowIsNoStall: a batch that waits for its window is not taken for a
// handler that hangs.
func TestAWindowIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.write(0, nil)
		o := Defaults()
		o.MaximumBatchingWindow = 200 * time.Second
		m, err := New(o, func(context.Context, []byte) ([]byte, error) {
			time.Sleep(time.Minute)
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding, Grace: 5 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx, r) }()
		time.Sleep(150 * time.Second)
		if err := r.Health(time.Now()); err != nil {
			t.Errorf("while a batch is gathered, Health = %v, want nil", err)
		}
		time.Sleep(90 * time.Second)
		if err := r.Health(time.Now()); err == nil || !strings.Contains(err.Error(), "is handling") {
			t.Errorf("40 s into an invocation, Health = %v, want what handles", err)
		}
		stop()
		<-ended
	})
}
