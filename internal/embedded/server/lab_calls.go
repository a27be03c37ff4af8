package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/wire"
)

// These are the limits of calls.
const (
	maxSpeed  = 3600             // an hour a second
	maxJump   = 8760 * time.Hour // a year
	maxFaults = 1_000_000
)

var calls []call

func init() { // not in the declaration: the calls' errors list the calls
	calls = []call{
		callOf(http.MethodGet, "state", "", (*lab).state),
		callOf(http.MethodPost, "split", `{"table":"NAME","shard":"ID, or leave it out"}`, (*lab).split),
		callOf(http.MethodPost, "roll", `{"table":"NAME"}`, (*lab).roll),
		callOf(http.MethodPost, "trim", `{"table":"NAME"}`, (*lab).trim),
		callOf(http.MethodPost, "stream", `{"table":"NAME","enabled":true,"view":"NEW_AND_OLD_IMAGES, or leave it out"}`, (*lab).stream),
		callOf(http.MethodPost, "expire-iterators", `{}`, (*lab).expireIterators),
		callOf(http.MethodPost, "sweep", `{}`, (*lab).sweep),
		callOf(http.MethodPost, "clock", `{"jump":"25h"} or {"speed":60}`, (*lab).moveClock),
		callOf(http.MethodPost, "fault", `{"operation":"GetRecords","fault":"throttle","calls":3}`, (*lab).fault),
		callOf(http.MethodPost, "clear-faults", `{}`, (*lab).clearFaults),
	}
}

// none is the body of a call that takes nothing.
type none struct{}

// A State is the answer of all calls: of those about a table with its streams only.
type State struct {
	Clock   Clock                `json:"clock"`
	Faults  []Fault              `json:"faults"`
	Streams []engine.StreamState `json:"streams"`
}

// A Clock is what a State tells of the engine's clock. Speed is by how many seconds it
// advances in each real one.
type Clock struct {
	Now   time.Time `json:"now"`
	Speed int       `json:"speed"`
}

// A Fault is one that waits for calls.
type Fault struct {
	Operation string `json:"operation"`
	Fault     string `json:"fault"`
	Calls     int    `json:"calls"`
	AccessKey string `json:"accessKey,omitempty"` // whose requests meet it; empty: all
}

func (l *lab) state(r *http.Request, _ none) (any, error) { return l.stateOf(r.Context(), "") }

func (l *lab) stateOf(ctx context.Context, table string) (*State, error) {
	s := &State{Clock: Clock{l.db.Now().UTC(), 1}, Faults: []Fault{}}
	if l.clock != nil {
		s.Clock.Speed = l.clock.Scale()
	}
	for _, f := range l.db.Faults() {
		s.Faults = append(s.Faults, Fault{f.Operation, f.Fault.String(), f.Count, f.AccessKey})
	}
	var err error
	s.Streams, err = l.db.Streams(ctx, table)
	return s, err
}

// onTable runs a call about a table, and answers with the state of its streams.
func (l *lab) onTable(r *http.Request, table string, run func(context.Context) error) (any, error) {
	if table == "" {
		return nil, refuse(http.StatusBadRequest, "table is missing")
	}
	err := run(r.Context())
	var api *engine.Error
	if errors.As(err, &api) && api.Code == engine.ResourceNotFoundException {
		return nil, refuse(http.StatusNotFound, "table %s does not exist: create it, or name another one", table)
	} else if err != nil {
		return nil, err
	}
	return l.stateOf(r.Context(), table)
}

type splitInput struct {
	Table string `json:"table"`
	Shard string `json:"shard"`
}

func (l *lab) split(r *http.Request, in splitInput) (any, error) {
	return l.onTable(r, in.Table, func(ctx context.Context) error { return l.db.SplitShard(ctx, in.Table, in.Shard) })
}

type tableInput struct {
	Table string `json:"table"`
}

func (l *lab) roll(r *http.Request, in tableInput) (any, error) {
	return l.onTable(r, in.Table, func(ctx context.Context) error { return l.db.RollShards(ctx, in.Table) })
}

func (l *lab) trim(r *http.Request, in tableInput) (any, error) {
	return l.onTable(r, in.Table, func(ctx context.Context) error {
		return l.db.TrimTo(ctx, in.Table, l.db.Now().Add(time.Millisecond)) // records of now too
	})
}

type streamInput struct {
	Table   string `json:"table"`
	Enabled *bool  `json:"enabled"`
	View    string `json:"view"`
}

var views = []string{"NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"}

func (l *lab) stream(r *http.Request, in streamInput) (any, error) {
	view := in.View
	switch {
	case in.Enabled == nil:
		return nil, refuse(http.StatusBadRequest, "enabled is missing")
	case view != "" && !*in.Enabled:
		return nil, refuse(http.StatusBadRequest, "view is for a stream that is enabled")
	case *in.Enabled && view == "":
		view = views[0]
	case view != "" && !slices.Contains(views, view):
		return nil, refuse(http.StatusBadRequest, "view %q is none of %s", view, strings.Join(views, ", "))
	}
	return l.onTable(r, in.Table, func(ctx context.Context) error { return l.db.SwitchStream(ctx, in.Table, view) })
}

func (l *lab) expireIterators(r *http.Request, _ none) (any, error) {
	l.db.ExpireIterators()
	return l.stateOf(r.Context(), "")
}

func (l *lab) sweep(r *http.Request, _ none) (any, error) {
	if err := l.db.Sweep(r.Context()); err != nil {
		return nil, err
	}
	return l.stateOf(r.Context(), "")
}

type clockInput struct {
	Jump  string `json:"jump"`
	Speed *int   `json:"speed"`
}

// moveClock lets the clock jump, then changes its speed.
func (l *lab) moveClock(r *http.Request, in clockInput) (any, error) {
	if l.clock == nil {
		return nil, refuse(http.StatusConflict, "the clock of a folder is the machine's, since other programs that use the folder go by it: start serve with -memory to move the clock")
	}
	var jump time.Duration
	if in.Jump != "" {
		var err error
		if jump, err = time.ParseDuration(in.Jump); err != nil {
			return nil, refuse(http.StatusBadRequest, "jump %q is not a duration such as 25h, 90s or -10m", in.Jump)
		}
	}
	switch at := l.clock.Now().Add(jump); {
	case in.Jump == "" && in.Speed == nil:
		return nil, refuse(http.StatusBadRequest, "jump and speed are missing")
	case jump.Abs() > maxJump:
		return nil, refuse(http.StatusBadRequest, "jump %s is more than a year, %v", in.Jump, maxJump)
	case at.Year() < 2000 || at.Year() >= 2200:
		return nil, refuse(http.StatusBadRequest, "jump %s leads to %d, which is not from 2000 to 2199", in.Jump, at.Year())
	case in.Speed != nil && (*in.Speed < 1 || *in.Speed > maxSpeed):
		return nil, refuse(http.StatusBadRequest, "speed %d is not from 1 to %d", *in.Speed, maxSpeed)
	}
	l.clock.Jump(jump)
	if in.Speed != nil {
		l.clock.SetScale(*in.Speed)
	}
	return l.stateOf(r.Context(), "")
}

type faultInput struct {
	Operation string `json:"operation"`
	Fault     string `json:"fault"`
	Calls     *int   `json:"calls"` // nil: 1
	AccessKey string `json:"accessKey"`
}

func (l *lab) fault(r *http.Request, in faultInput) (any, error) {
	count := 1
	if in.Calls != nil {
		count = *in.Calls
	}
	fault, found := wire.FaultNamed(in.Fault)
	switch only := fault.Only(); {
	case !slices.Contains(wire.Operations(), in.Operation):
		return nil, refuse(http.StatusBadRequest, "operation %q is none of %s", in.Operation, strings.Join(wire.Operations(), ", "))
	case !found:
		return nil, refuse(http.StatusBadRequest, "fault %q is none of %s", in.Fault, strings.Join(wire.FaultNames(), ", "))
	case only != "" && in.Operation != only:
		return nil, refuse(http.StatusBadRequest, "fault %s is only for %s", in.Fault, only)
	case count < 0 || count > maxFaults:
		return nil, refuse(http.StatusBadRequest, "calls %d is not from 0 to %d", count, maxFaults)
	}
	l.db.InjectFor(in.AccessKey, in.Operation, count, fault)
	return l.stateOf(r.Context(), "")
}

func (l *lab) clearFaults(r *http.Request, _ none) (any, error) {
	l.db.ClearFaults()
	return l.stateOf(r.Context(), "")
}
