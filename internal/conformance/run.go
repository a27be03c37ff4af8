package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

// An Outcome of a point.
type Outcome string

const (
	Pass   Outcome = "pass"
	Fail   Outcome = "fail"
	Absent Outcome = "absent" // the reader doesn't give what the point needs
)

// A Point is one thing that a reader must get right.
type Point struct {
	Name    string // such as "parent-first"
	About   string // what a reader does that passes, in a sentence without its subject
	Section string // of TUTORIAL.md, where it is explained
	// needs are what the reader has to give, of Abilities.
	needs []string
	play  func(*World)
}

// Abilities are what a reader may lack: points that need it are absent.
var Abilities = []string{"resume", "kinds", "images", "latest", "losses", "standby"}

// A Result is the verdict of a point.
type Result struct {
	Point
	Outcome Outcome
	Why     string // what happened, in a sentence; empty: it passed
	Took    time.Duration
}

// Options are the choices of a test.
type Options struct {
	Command []string      // the reader's; {url}, {table}, {arn}, {dir} and {start} are filled in
	Without []string      // of Abilities: what the reader doesn't give
	Timeout time.Duration // that the reader may take to get further with what a point waits for
	Saves   time.Duration // how often the reader saves its position; 0: each second
	Stderr  io.Writer     // gets the reader's stderr
}

// ErrSilent is the error of a command that never made a call to the service.
var ErrSilent = errors.New("the command never made a call: it has to use AWS_ENDPOINT_URL_DYNAMODB_STREAMS, or {url}")

// Named finds points by their names.
func Named(names []string) ([]Point, error) {
	var found []Point
	for _, name := range names {
		i := slices.IndexFunc(Points, func(p Point) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no point %s", name)
		}
		found = append(found, Points[i])
	}
	return found, nil
}

// Run puts a reader to a point. The error says why there is no verdict.
func Run(ctx context.Context, p Point, o Options) (result Result, err error) {
	began := time.Now()
	result = Result{Point: p, Outcome: Pass}
	for _, need := range p.needs {
		if slices.Contains(o.Without, need) {
			result.Outcome, result.Why = Absent, "it is without "+need
			return result, nil
		}
	}
	w, err := newWorld(o)
	if err != nil {
		return result, fmt.Errorf("making the world of %s: %w", p.Name, err)
	}
	stop := context.AfterFunc(ctx, func() { w.judge.stop(context.Cause(ctx)) })
	defer func() { stop(); err = errors.Join(err, w.close()) }()
	v, err := w.play(p)
	result.Outcome, result.Why, result.Took = v.outcome, strings.TrimSpace(v.why), time.Since(began)
	if v.outcome != Pass {
		result.Why += w.sink.couldNotRead()
	}
	return result, err
}

// play plays a scenario to its verdict. The verbs of a World end it by a panic with the
// verdict, or with an error.
func (w *World) play(p Point) (v verdict, err error) {
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case verdict:
			v = ended
		case runtime.Error:
			panic(ended)
		case error:
			err = ended
		default:
			panic(ended)
		}
	}()
	p.play(w)
	w.finish()
	return verdict{Pass, ""}, nil
}
