package wire

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
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
	next    map[meeting]injected
	cleared chan struct{} // closed when they are cleared
}

func newFaults() faults {
	return faults{next: map[meeting]injected{}, cleared: make(chan struct{})}
}

// A meeting is whose requests meet a fault: those of an operation, all or only the ones
// that are signed with an access key.
type meeting struct{ operation, accessKey string }

type injected struct {
	fault Fault
	count int
}

// Inject makes the next count requests of an operation, such as "PutItem", meet a fault.
// It replaces the operation's earlier fault. A count of 0 removes it.
func (h *Handler) Inject(operation string, count int, fault Fault) {
	h.InjectFor("", operation, count, fault)
}

// InjectFor is Inject for the requests that are signed with an access key, whose own fault
// comes before that of all. An empty key is that of all requests.
func (h *Handler) InjectFor(accessKey, operation string, count int, fault Fault) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	if m := (meeting{operation, accessKey}); count == 0 {
		delete(h.faults.next, m)
	} else {
		h.faults.next[m] = injected{fault, count}
	}
}

// A WaitingFault is a fault that the next Count requests of an operation will meet.
type WaitingFault struct {
	Operation string
	Fault     Fault
	Count     int
	AccessKey string // whose requests meet it; empty: all
}

// Faults lists the faults that have been injected and not yet met, by operation.
func (h *Handler) Faults() (waiting []WaitingFault) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	for m, n := range h.faults.next {
		waiting = append(waiting, WaitingFault{m.operation, n.fault, n.count, m.accessKey})
	}
	slices.SortFunc(waiting, func(a, b WaitingFault) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.AccessKey, b.AccessKey))
	})
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
func (f *faults) take(ctx context.Context, operation, accessKey string) Fault {
	f.mu.Lock()
	m := meeting{operation, accessKey}
	if _, own := f.next[m]; !own {
		m.accessKey = ""
	}
	n, waits := f.next[m]
	cleared := f.cleared
	if n.count--; n.count > 0 {
		f.next[m] = n
	} else if waits {
		delete(f.next, m)
	}
	f.mu.Unlock()
	if n.fault == Hang {
		select {
		case <-ctx.Done():
		case <-cleared:
		}
	}
	return n.fault
}

// accessKey is the one that signed a request, as its Authorization says.
func accessKey(authorization string) string {
	_, credential, _ := strings.Cut(authorization, "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	return key
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
