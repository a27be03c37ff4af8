package wire

import (
	"errors"
	"slices"
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

// errLost is what comes of a request whose answer the client must not get.
var errLost = errors.New("the answer is lost")

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

// Inject makes the next count requests of an operation, such as "PutItem", fail
// with the fault. It replaces a fault that was set for the operation before; a
// count of 0 takes it away.
func (h *Handler) Inject(operation string, count int, fault Fault) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	h.faults.next[operation] = injected{fault, count}
}

// take is the fault that this request of the operation has to meet.
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

// spoil makes of an answer what the fault leaves of it. The request was run, so
// that its errors show.
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
