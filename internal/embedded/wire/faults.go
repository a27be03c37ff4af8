package wire

import (
	"context"
	"errors"
	"maps"
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
	// Hang does not run the request, and breaks its connection once its context ends or
	// the faults are cleared.
	Hang
)

var faultNames = map[string]Fault{
	"throttle": Throttle, "limit": LimitExceeded, "fail": ServerError, "hang": Hang,
	"lose-answer": LostAnswer, "empty": EmptyPage, "hide-children": HiddenChildren,
}

// FaultNames lists the names of the faults.
func FaultNames() []string { return slices.Sorted(maps.Keys(faultNames)) }

// FaultNamed finds a fault by its name.
func FaultNamed(name string) (f Fault, found bool) {
	f, found = faultNames[name]
	return f, found
}

// String returns the fault's name, or "" for NoFault.
func (f Fault) String() string {
	for name, named := range faultNames {
		if named == f {
			return name
		}
	}
	return ""
}

// Only returns the only operation that the fault falsifies, or "" if it fits all.
func (f Fault) Only() string {
	switch f {
	case EmptyPage:
		return "GetRecords"
	case HiddenChildren:
		return "DescribeStream"
	}
	return ""
}

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
	case Hang:
		return errLost
	case ServerError:
		return &engine.Error{Code: engine.InternalServerError, Message: "Internal server error"}
	}
	return nil
}

// faults are the faults that have been injected and not yet met, by operation.
type faults struct {
	mu      sync.Mutex
	next    map[string]injected
	cleared chan struct{} // closed when they are cleared
}

func newFaults() faults {
	return faults{next: map[string]injected{}, cleared: make(chan struct{})}
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

// A WaitingFault is a fault that the next Count requests of an operation will meet.
type WaitingFault struct {
	Operation string
	Fault     Fault
	Count     int
}

// Faults lists the faults that have been injected and not yet met, by operation.
func (h *Handler) Faults() (waiting []WaitingFault) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	for _, operation := range slices.Sorted(maps.Keys(h.faults.next)) {
		if n := h.faults.next[operation]; n.count > 0 {
			waiting = append(waiting, WaitingFault{operation, n.fault, n.count})
		}
	}
	return waiting
}

// ClearFaults removes the faults that have not been met, and breaks the connections of
// the requests that hang.
func (h *Handler) ClearFaults() {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	clear(h.faults.next)
	close(h.faults.cleared)
	h.faults.cleared = make(chan struct{})
}

// take returns the fault that this request of the operation meets. If that is Hang, it
// waits before.
func (f *faults) take(ctx context.Context, operation string) Fault {
	f.mu.Lock()
	n, cleared := f.next[operation], f.cleared
	n.count--
	if n.count >= 0 {
		f.next[operation] = n
	}
	f.mu.Unlock()
	switch {
	case n.count < 0:
		return NoFault
	case n.fault == Hang:
		select {
		case <-ctx.Done():
		case <-cleared:
		}
	}
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
