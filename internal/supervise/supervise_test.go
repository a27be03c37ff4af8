package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/thejerf/suture/v4"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

var refused = &smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}

func TestWhatIsRestarted(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		err          error
		want         bool
	}{
		{"no server", "it may come back", fmt.Errorf("writing: %w", refused), true},
		{"throttled", "that passes", &types.ProvisionedThroughputExceededException{}, true},
		{"timeout", "the next answer may come in time", context.DeadlineExceeded, true},
		{"no table", "it won't come back by itself", &types.ResourceNotFoundException{}, false},
		{"refused by AWS", "the next call would be too", &smithy.GenericAPIError{Code: "AccessDeniedException"}, false},
		{"invalid", "so would be the next call", &smithy.GenericAPIError{Code: "ValidationException"}, false},
		{"taken over", "another reader goes on", &stream.FencedError{Name: "c"}, false},
		{"full disk", "nothing can be journaled", &fs.PathError{Op: "write", Path: "j", Err: syscall.ENOSPC}, false},
		{"unheard of", "what nobody foresaw is shown, not hidden", errors.New("what?"), false},
		{"throttled transaction", "that passes", fmt.Errorf("handling: %w", canceled("None", "ThrottlingError")), true},
		{"collided twenty times", "so does that", canceled("None", "TransactionConflict"), true},
		{"none", "a service that returns has nothing left to do", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := stream.Retryable(test.err); got != test.want {
				t.Errorf("stream.Retryable(%v) = %v, want %v (%s)", test.err, got, test.want, test.reason)
			}
		})
	}
}

type serve func(context.Context) error

func (f serve) Serve(ctx context.Context) error { return f(ctx) }

// hanging is a server that takes calls and never answers.
type hanging struct{ stream.API }

func (hanging) DescribeStream(ctx context.Context, _ *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A server that does not answer may answer the next reader.
func TestRestartWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := stream.Options{Logger: slog.New(slog.DiscardHandler)}
		_, err := stream.Open(t.Context(), hanging{}, "arn:aws:dynamodb:r:0:table/t/stream/1", options)
		if err == nil || !stream.Retryable(err) {
			t.Errorf("stream.Retryable(%v) = false, want true: the server may be back", err)
		}
	})
}

// A service that fails again and again without getting anything done ends
// the program once that takes too long. One that gets on may go on.
func TestServiceIsRestarted(t *testing.T) {
	t.Run("errors", func(t *testing.T) { testRestarts(t, func(context.Context) error { return refused }) })
	t.Run("panics", func(t *testing.T) { testRestarts(t, func(context.Context) error { panic("a bug") }) })
}

func testRestarts(t *testing.T, fails serve) {
	synctest.Test(t, func(t *testing.T) {
		done := 0
		s := &service{Service: fails, name: "reader", done: func() int { return done }}
		serve := func() (err error) {
			defer func() {
				if v := recover(); v != nil && v != "a bug" {
					t.Errorf("it panics with %v, want the service's own value", v)
				}
			}()
			return s.Serve(t.Context())
		}
		for range 100 {
			time.Sleep(5 * time.Second)
			done++
			if err := serve(); errors.Is(err, suture.ErrTerminateSupervisorTree) {
				t.Fatalf("a service that gets on ended with %v", err)
			}
		}
		began := time.Now()
		for !errors.Is(serve(), suture.ErrTerminateSupervisorTree) {
			if time.Since(began) > time.Hour {
				t.Fatal("a service that does nothing is started again for ever")
			}
			time.Sleep(5 * time.Second)
		}
		if took := time.Since(began); took < RestartFor || took > RestartFor+10*time.Second {
			t.Errorf("a service that does nothing ended after %v, want %v", took, RestartFor)
		}
	})
}

func TestServiceEnds(t *testing.T) {
	s := &service{
		Service: serve(func(context.Context) error { return &streamtypes.ResourceNotFoundException{} }),
		name:    "reader", done: func() int { return 0 },
	}
	err := s.Serve(t.Context())
	var gone *streamtypes.ResourceNotFoundException
	if !errors.Is(err, suture.ErrTerminateSupervisorTree) || !errors.As(err, &gone) {
		t.Errorf("Serve() of a stream that is gone = %v, want the end of the supervisor and the reason", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Serve(ctx); err != context.Canceled || s.stopped == nil {
		t.Errorf("Serve() that is stopped = %v and notes %v, want a plain end and a note", err, s.stopped)
	}
	for _, test := range []struct {
		name, reason string
		serves       serve
		noted        bool
	}{
		{"plainly", "nothing failed", func(ctx context.Context) error { return errors.Join(ctx.Err(), nil) }, false},
		{"as it failed", "what was read may not be handled", func(ctx context.Context) error { return errors.Join(ctx.Err(), refused) }, true},
		{"as it panicked", "what was read may not be handled", func(context.Context) error { panic("a bug") }, true},
	} {
		s := &service{Service: test.serves, done: func() int { return 0 }}
		if err := s.Serve(ctx); err != context.Canceled || (s.stopped != nil) != test.noted {
			t.Errorf("Serve() that is stopped %s = %v and notes %v, want a note: %v (%s)", test.name, err, s.stopped, test.noted, test.reason)
		}
	}
}

// A service that ends everything just when all are to stop is not hidden
// by that.
func TestRemoveAfterTheEnd(t *testing.T) {
	step := cli.New("05-supervise", "", "")
	s := New(NewProgress(step.Live()))
	ended := errors.New("no access")
	s.Add("reader", serve(func(context.Context) error { return ended }), func() int { return 0 })
	s.Start()
	for s.supervisor.Services() != nil {
		time.Sleep(time.Millisecond)
	}
	s.Remove("reader")
	if !errors.Is(s.err, ended) {
		t.Errorf("remove() of a service that has ended for good leaves %v, want %v", s.err, ended)
	}
}

func canceled(codes ...string) error {
	e := &types.TransactionCanceledException{}
	for _, code := range codes {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: aws.String(code)})
	}
	return e
}
