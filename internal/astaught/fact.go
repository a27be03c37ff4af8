package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
)

// A fact is what a page teaches, and how to see whether it is so.
type fact struct {
	section string // the title of the section that teaches it
	taught  string // in words, after "it is taught that"
	see     func(*world)
}

// facts are all of them, in the order in which they are seen: some need what others made.
var facts = slices.Concat(tableFacts, ttlFacts, recordFacts, orderFacts, refusalFacts,
	iteratorFacts, limitFacts, againFacts, stepFacts, pointFacts, lateFacts)

// An outcome is what was found out of a fact.
type outcome string

const (
	asTaught outcome = "as taught"
	differs  outcome = "DIFFERS"
	unseen   outcome = "not seen" // it did not happen, and was not taught to happen by now
	failed   outcome = "FAILED"   // a call failed that has nothing to do with it
)

// A finding ends the look at a fact.
type finding struct {
	outcome outcome
	what    string
}

// look looks at facts and prints a line for each, and what was seen of those that are
// not as taught, until ctx ends. It returns an error if any differs or failed.
func (w *world) look(ctx context.Context, facts []fact) (err error) {
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithTimeout(ctx, seeWithin)
	defer cancel()
	if w.folder, err = os.MkdirTemp("", "astaught"); err != nil {
		return err
	}
	defer os.RemoveAll(w.folder)
	if err := w.prepare(); err != nil {
		return err
	}
	counts := make(map[outcome]int)
	for _, f := range facts {
		if w.ctx.Err() != nil {
			break
		}
		found := w.see(f)
		if ctx.Err() != nil {
			break // what it was doing was interrupted
		}
		counts[found.outcome]++
		fmt.Fprintf(w.out, "%-9s  %s (%s)\n", found.outcome, f.taught, f.section)
		if found.what != "" {
			fmt.Fprintf(w.out, "           %s\n", found.what)
		}
	}
	fmt.Fprintf(w.out, "%d as taught, %d differ, %d failed, %d not seen\n", counts[asTaught], counts[differs], counts[failed], counts[unseen])
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case w.ctx.Err() != nil:
		return fmt.Errorf("not all facts were seen within %v", seeWithin)
	case counts[differs]+counts[failed] > 0:
		return fmt.Errorf("%d of %d facts are not as taught", counts[differs]+counts[failed], len(facts))
	}
	return nil
}

// see looks at a fact until it ends, or a finding ends it.
func (w *world) see(f fact) (found finding) {
	w.noted = ""
	defer func() {
		switch p := recover().(type) {
		case nil:
			found = finding{asTaught, w.noted}
		case finding:
			found = p
		default:
			panic(p)
		}
	}()
	f.see(w)
	return found
}

// want ends the look at a fact if it is not as taught; the rest says what was seen.
func (w *world) want(ok bool, format string, args ...any) {
	if !ok {
		panic(finding{differs, "seen: " + fmt.Sprintf(format, args...)})
	}
}

// must ends the look at a fact if a call fails that has nothing to do with it.
func (w *world) must(err error) {
	if err != nil {
		panic(finding{failed, err.Error()})
	}
}

// unseen ends the look at a fact that nothing can be said of.
func (w *world) unseen(format string, args ...any) {
	panic(finding{unseen, fmt.Sprintf(format, args...)})
}

// note says what was seen of a fact that is as taught.
func (w *world) note(format string, args ...any) { w.noted = "seen: " + fmt.Sprintf(format, args...) }
