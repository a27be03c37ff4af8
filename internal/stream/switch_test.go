package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// nextARN is the stream that comes after arn.
const nextARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-11-24T08:00:00.000"

// laterARN is one more.
const laterARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-11-25T08:00:00.000"

// twoStreams are those of a table, the second once it was switched on. What
// ListStreams answers may be changed.
type twoStreams struct {
	mu      sync.Mutex
	first   *fakeStream // its shards are a...
	next    *fakeStream // its shards are b...; nil: it is off
	nextARN string
	lists   []string // streams that are listed too
	fails   error    // of ListStreams
	asked   int
}

// newTwoStreams has a first stream with the record 1.
func newTwoStreams() *twoStreams {
	s := &twoStreams{first: newFakeStream(&fakeShard{id: "a"}), nextARN: nextARN}
	s.first.put(s.first.shards[0], "1")
	return s
}

func (s *twoStreams) off() {
	s.first.set(func() {
		s.first.status = types.StreamStatusDisabled
		for _, shard := range s.first.shards {
			s.first.close(shard)
		}
	})
}

// on begins the second stream with the record 2.
func (s *twoStreams) on() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = newFakeStream(&fakeShard{id: "b"})
	s.next.put(s.next.shards[0], "2")
}

func (s *twoStreams) of(name string) *fakeStream {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case name == s.nextARN || strings.HasPrefix(name, "b"):
		return s.next
	case tableOf(name) == tableOf(arn) && name != arn: // it has vanished
		return nil
	}
	return s.first
}

func (s *twoStreams) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	f := s.of(*in.StreamArn)
	if f == nil {
		return nil, &types.ResourceNotFoundException{}
	}
	return f.DescribeStream(ctx, in, o...)
}

func (s *twoStreams) ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	out := &dynamodbstreams.ListStreamsOutput{Streams: []types.Stream{{StreamArn: aws.String(arn)}}}
	for _, other := range s.lists {
		out.Streams = append(out.Streams, types.Stream{StreamArn: &other})
	}
	if s.next != nil {
		out.Streams = append(out.Streams, types.Stream{StreamArn: aws.String(s.nextARN)})
	}
	return out, s.fails
}

func (s *twoStreams) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	return s.of(*in.StreamArn).GetShardIterator(ctx, in, o...)
}

func (s *twoStreams) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	return s.of(*in.ShardIterator).GetRecords(ctx, in, o...)
}

// open opens a reader that ends five minutes after the last record.
func (s *twoStreams) open(t *testing.T, o Options) *Reader {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r, err := Open(t.Context(), s, arn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// inWords is an event, or the gap of a switch.
func inWords(e Event) string {
	if e.Gap != nil && e.Gap.Next != "" {
		return fmt.Sprintf("gap %s to %s, certain %v, in %s", short(e.Gap.Stream), short(e.Gap.Next), e.Gap.Certain, short(e.Stream)+e.Shard)
	}
	return name(e) + " of " + short(e.Stream)
}

func short(stream string) string { return map[string]string{arn: "first", nextARN: "next"}[stream] }

var switched = []string{"a/1 of first", "gap first to next, certain false, in next", "b/2 of next"}

// TestASwitchIsOneEvent, in its place, whichever way one reads.
func TestASwitchIsOneEvent(t *testing.T) {
	ways := map[string]func(context.Context, *Reader) ([]string, error){
		"Events": func(ctx context.Context, r *Reader) (got []string, err error) {
			for e, err := range r.Events(ctx) {
				if err != nil {
					return got, err
				}
				got = append(got, inWords(e))
			}
			return got, nil
		},
		"Run": func(ctx context.Context, r *Reader) (got []string, err error) {
			err = r.Run(ctx, func(_ context.Context, e Event) error { got = append(got, inWords(e)); return nil })
			return got, err
		},
		"RunPages": func(ctx context.Context, r *Reader) (got []string, err error) {
			err = r.RunPages(ctx, func(_ context.Context, p *Page) error {
				for _, e := range p.Events {
					got = append(got, inWords(e))
				}
				if p.Shard == "" && len(p.Events) != 1 {
					err = errors.New("the switch shares its page")
				}
				return err
			})
			return got, err
		},
	}
	for way, read := range ways {
		for _, policy := range []GapPolicy{StopAtGap, SkipGaps} {
			t.Run(fmt.Sprint(way, policy), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newTwoStreams()
					time.AfterFunc(time.Minute, s.off)
					time.AfterFunc(time.Minute+time.Second, s.on)
					r := s.open(t, Options{OnGap: policy, Idle: 5 * time.Minute})
					got, err := read(t.Context(), r)
					var gap *Gap
					if policy == StopAtGap {
						if !errors.As(err, &gap) || gap.Stream != arn || gap.Next != nextARN {
							t.Errorf("reading ended with %v, want the *Gap between both streams", err)
						}
						err, switched := error(nil), switched[:1]
						check(t, "events", got, switched)
						check(t, "error", err, nil)
						return
					}
					check(t, "error", err, nil)
					check(t, "events", got, switched)
					check(t, "gaps counted", r.Stats().Totals.Gaps, int64(1))
					check(t, "stream", r.Stream(), nextARN)
				})
			})
		}
	}
}

// TestASwitchIsNotRedelivered once its checkpoint is saved, and is before:
// whenever the reader ends.
func TestASwitchIsNotRedelivered(t *testing.T) {
	for after, want := range map[string][]string{
		"a/1 of first": switched[1:],
		switched[1]:    switched[2:],
		switched[2]:    nil,
	} {
		for _, saved := range []bool{true, false} {
			t.Run(fmt.Sprint("after ", after, ", saved ", saved), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newTwoStreams()
					s.off()
					s.on()
					m := newMemory()
					g := m.grip()
					// Nothing but Close saves before a day is over.
					o := Options{OnGap: SkipGaps, Idle: 5 * time.Minute, Checkpoints: g, CheckpointEvery: 24 * time.Hour}
					r := s.open(t, o)
					ctx, cancel := context.WithCancel(t.Context())
					r.Run(ctx, func(_ context.Context, e Event) error {
						if inWords(e) == after {
							if cancel(); !saved {
								g.kill() // the process
							}
						}
						return nil
					})
					r.Close()
					o.Checkpoints = m.grip()
					var got []string
					r = s.open(t, o)
					if err := r.Run(t.Context(), func(_ context.Context, e Event) error { got = append(got, inWords(e)); return nil }); err != nil {
						t.Fatal(err)
					}
					r.Close()
					switch {
					case saved:
					case after == switched[2]:
						want = switched[2:] // the switch itself is saved at once
					default:
						want = switched
					}
					check(t, "events of the next reader", got, want)
				})
			})
		}
	}
}

// TestLateChildrenComeBeforeASwitch: they are listed up to 30 seconds late.
func TestLateChildrenComeBeforeASwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		late := &fakeShard{id: "a2", parent: "a", closed: true, listedAt: time.Now().Add(25 * time.Second)}
		s.first.shards = append(s.first.shards, late)
		s.first.put(late, "late")
		s.off()
		s.on()
		var got []string
		for e, err := range s.open(t, Options{OnGap: SkipGaps, Idle: 5 * time.Minute}).Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, inWords(e))
		}
		check(t, "events", got, []string{"a/1 of first", "a2/late of first", switched[1], switched[2]})
	})
}

// TestLook: a reader that looks often is soon at the next stream. One that looks seldom
// waits no longer for late children.
func TestLook(t *testing.T) {
	for _, c := range []struct{ look, least, most time.Duration }{
		{0, lateChildren, lateChildren + 10*time.Second},
		{200 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second},
		{time.Minute, lateChildren, lateChildren + 2*time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newTwoStreams()
			s.off()
			s.on()
			began := time.Now()
			for e, err := range s.open(t, Options{OnGap: SkipGaps, Look: c.look}).Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Kind == Lost {
					break
				}
			}
			if took := time.Since(began); took < c.least || took > c.most {
				t.Errorf("with a Look of %v the switch came after %v, want %v to %v", c.look, took, c.least, c.most)
			}
		})
	}
}

// TestTheNextStreamIsNamedSoon: within 5 seconds of its being listed, whatever
// a handler or a long Poll waits for, and with no warning of a stall.
func TestTheNextStreamIsNamedSoon(t *testing.T) {
	for _, busy := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newTwoStreams()
			var log bytes.Buffer
			r := s.open(t, Options{OnGap: SkipGaps, Poll: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- r.Run(ctx, func(context.Context, Event) error {
					if busy {
						time.Sleep(15 * time.Second)
					}
					return nil
				})
			}()
			time.Sleep(2 * time.Second)
			s.off()
			time.Sleep(7 * time.Second)
			check(t, "next, before", r.Stats().Next, "")
			s.on()
			time.Sleep(5 * time.Second)
			check(t, "next", r.Stats().Next, nextARN)
			cancel()
			<-done
			if !strings.Contains(log.String(), nextARN) || strings.Contains(log.String(), "stalls") {
				t.Errorf("the log has %q, want the next stream and no stall", log.String())
			}
		})
	}
}

// TestAReaderThatBeginsKnowsNoSwitch: nothing was asked of the older stream.
func TestAReaderThatBeginsKnowsNoSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		s.off()
		s.on()
		r, err := Open(t.Context(), s, nextARN, quiet(drain))
		if err != nil {
			t.Fatal(err)
		}
		check(t, "events", mustRead(t, r), []string{"b/2"})
	})
}

// TestOnlyTheSameTableSucceeds: ListStreams goes by the table's name, which
// another account or region may have too.
func TestOnlyTheSameTableSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		s.lists = []string{
			strings.Replace(nextARN, "123456789012", "999999999999", 1),
			strings.Replace(nextARN, "eu-west-1", "us-east-1", 1),
			strings.Replace(arn, "2026", "2025", 1), // an older one of its own
		}
		s.off()
		got, err := read(t, s.open(t, Options{OnGap: SkipGaps}))
		var ended *EndedError
		if !errors.As(err, &ended) || ended.Stream != arn || ended.Err != nil {
			t.Errorf("Events = %v, want an *EndedError of %s", err, arn)
		}
		check(t, "events", got, []string{"a/1"})
	})
}

// TestListStreamsIsDenied, as a policy for another account may: the reading
// ends and says why, unless Open was given the newer stream.
func TestListStreamsIsDenied(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform: dynamodb:ListStreams"}
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		s.fails = denied
		s.off()
		m := newMemory()
		o := Options{OnGap: SkipGaps, Checkpoints: m.grip()}
		r := s.open(t, o)
		got, err := read(t, r)
		if !errors.As(err, new(*EndedError)) || !errors.Is(err, denied) || !strings.Contains(err.Error(), "ListStreams") {
			t.Errorf("Events = %v, want an *EndedError that says why", err)
		}
		check(t, "events", got, []string{"a/1"})
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		s.on()
		o.Checkpoints, o.Idle = m.grip(), time.Minute
		r, err = Open(t.Context(), s, nextARN, quiet(o))
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for e, err := range r.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, inWords(e))
		}
		check(t, "events of the next reader", words, switched[1:])
	})
}

// TestTheEndOfAStream: only Idle ends with nil.
func TestTheEndOfAStream(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Minute} {
		for way, read := range map[string]func(*testing.T, *Reader) error{
			"Events": func(t *testing.T, r *Reader) error { _, err := read(t, r); return err },
			"Run": func(t *testing.T, r *Reader) error {
				return r.Run(t.Context(), func(context.Context, Event) error { return nil })
			},
			"RunPages": func(t *testing.T, r *Reader) error {
				return r.RunPages(t.Context(), func(context.Context, *Page) error { return nil })
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				s := newTwoStreams()
				s.off()
				err := read(t, s.open(t, Options{Idle: idle}))
				if ended := errors.As(err, new(*EndedError)); ended != (idle == 0) || idle > 0 && err != nil {
					t.Errorf("%s with an Idle of %v ends with %v", way, idle, err)
				}
			})
		}
	}
}

// TestANextStreamThatVanished is passed by for the one after it.
func TestANextStreamThatVanished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		s.off()
		s.on()
		s.nextARN, s.lists = laterARN, []string{nextARN}
		r := s.open(t, Options{OnGap: SkipGaps, Idle: time.Minute})
		check(t, "events", mustRead(t, r), []string{"a/1", "/lost", "b/2"})
		check(t, "stream", r.Stream(), laterARN)
	})
}
