package wire

import (
	"context"
	"sync"

	"dynamostreamer/internal/embedded/engine"
)

// A Fault is a way in which a request goes wrong without being wrong. The zero
// Fault is none.
type Fault int

// The faults that can be injected.
const (
	NoFault Fault = iota
	// Throttle refuses the request with ProvisionedThroughputExceededException.
	// Nothing happens in the table.
	Throttle
	// LimitExceeded refuses the request with LimitExceededException, which is how
	// DescribeStream and GetRecords may throttle.
	LimitExceeded
	// ServerError refuses the request with a 500. Nothing happens in the table.
	ServerError
	// LostAnswer does what the request asks and breaks the connection.
	LostAnswer
	// EmptyPage makes GetRecords answer without records, with an iterator at the
	// same place.
	EmptyPage
	// HiddenChildren makes DescribeStream leave out the open shards that have a
	// parent, as if they were not listed yet.
	HiddenChildren
)

// refusal is what a request that meets the fault is answered before it is read,
// nil if it is to run.
func (f Fault) refusal() error {
	switch f {
	case Throttle:
		return &engine.Error{
			Code: "ProvisionedThroughputExceededException",
			Message: "The level of configured provisioned throughput for the table was exceeded. " +
				"Consider increasing your provisioning level with the UpdateTable API.",
		}
	case LimitExceeded:
		return &engine.Error{Code: "LimitExceededException", Message: "The limit of calls was exceeded: try again later"}
	case ServerError:
		return &engine.Error{Code: engine.InternalServerError, Message: "Internal server error"}
	}
	return nil
}

// faults are those to come, by operation.
type faults struct {
	mu   sync.Mutex
	next map[string]injected
}

type injected struct {
	fault Fault
	count int
}

func (f *faults) set(operation string, count int, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil {
		f.next = map[string]injected{}
	}
	f.next[operation] = injected{fault, count}
}

// take is the fault that this request of the operation has to meet.
func (f *faults) take(operation string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.next[operation]
	if !ok || n.count <= 0 {
		return NoFault
	}
	n.count--
	f.next[operation] = n
	return n.fault
}

// emptyPages lets GetRecords meet EmptyPage. The request is run, so that its
// iterator is checked.
func emptyPages(op operation) operation {
	return func(ctx context.Context, e *engine.Engine, d *decoder) ([]byte, error) {
		if d.fault != EmptyPage {
			return op(ctx, e, d)
		}
		return operationOf(readGetRecords, func(e *engine.Engine, ctx context.Context, in *engine.GetRecordsInput) (*engine.GetRecordsOutput, error) {
			if _, err := e.GetRecords(ctx, in); err != nil {
				return nil, err
			}
			return &engine.GetRecordsOutput{NextShardIterator: *in.ShardIterator}, nil
		}, appendRecords)(ctx, e, d)
	}
}

// hidingChildren lets DescribeStream meet HiddenChildren.
func hidingChildren(op operation) operation {
	return func(ctx context.Context, e *engine.Engine, d *decoder) ([]byte, error) {
		if d.fault != HiddenChildren {
			return op(ctx, e, d)
		}
		return operationOf(readDescribeStream, func(e *engine.Engine, ctx context.Context, in *engine.DescribeStreamInput) (*engine.StreamDescription, error) {
			out, err := e.DescribeStream(ctx, in)
			if err != nil {
				return nil, err
			}
			shown := out.Shards[:0]
			for _, sh := range out.Shards {
				if sh.ParentShardId == "" || sh.SequenceNumberRange.EndingSequenceNumber != "" {
					shown = append(shown, sh)
				}
			}
			out.Shards = shown
			return out, nil
		}, appendNamed[*engine.StreamDescription]("StreamDescription"))(ctx, e, d)
	}
}
