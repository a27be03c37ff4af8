package wire

import (
	"errors"
	"slices"
	"sync"

	"dynamostreamer/internal/embedded/engine"
)

// A Fault makes a valid request fail, or falsifies its answer. The zero Fault does
// neither.
type Fault int

// These faults can be injected.
const (
	NoFault Fault = iota
	// Throttle refuses the request with ProvisionedThroughputExceededException and
	// does not run it.
	Throttle
	// LimitExceeded refuses the request with LimitExceededException, as DescribeStream
	// and GetRecords do when they throttle, and does not run it.
	LimitExceeded
	// ServerError refuses the request with a 500 and does not run it.
	ServerError
	// LostAnswer runs the request and breaks the connection before the answer.
	LostAnswer
	// EmptyPage makes GetRecords return no records, and an iterator at the same
	// position.
	EmptyPage
	// HiddenChildren makes DescribeStream omit the open shards that have a parent, as
	// if they were not listed yet.
	HiddenChildren
)

// errLost is the error of a request whose answer the client must not get.
var errLost = errors.New("the answer is lost")

// refusal returns the error of a fault that keeps the request from running, else nil.
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

// faults are the faults that have been injected and not yet met, by operation.
type faults struct {
	mu   sync.Mutex
	next map[string]injected
}

type injected struct {
	fault Fault
	count int
}

// Inject makes the next count requests of an operation, such as "PutItem", meet a fault.
// It replaces the operation's earlier fault. A count of 0 removes it.
func (h *Handler) Inject(operation string, count int, fault Fault) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	h.faults.next[operation] = injected{fault, count}
}

// take returns the fault that this request of the operation meets.
func (f *faults) take(operation string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.next[operation]
	if n.count <= 0 {
		return NoFault
	}
	n.count--
	f.next[operation] = n
	return n.fault
}

// spoil falsifies an answer as the fault demands. The request has run, so that its own
// errors are reported.
func (f Fault) spoil(in, out any) {
	switch out := out.(type) {
	case *engine.GetRecordsOutput:
		if f == EmptyPage {
			*out = engine.GetRecordsOutput{Records: []engine.Record{}, NextShardIterator: *in.(*engine.GetRecordsInput).ShardIterator}
		}
	case *engine.StreamDescription:
		if f == HiddenChildren {
			out.Shards = slices.DeleteFunc(out.Shards, func(sh engine.ShardDescription) bool {
				return sh.ParentShardId != "" && sh.SequenceNumberRange.EndingSequenceNumber == ""
			})
		}
	}
}
