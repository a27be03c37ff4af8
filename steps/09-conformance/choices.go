package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/conformance"
)

// choices are the values of the flags.
type choices struct {
	step    *cli.Step
	only    string
	without string
	seed    uint64
	timeout time.Duration
	saves   time.Duration
	verbose bool
}

func newChoices(step *cli.Step) *choices {
	c := &choices{step: step}
	step.StringVar(&c.only, "only", "",
		"play these `points` only, several with commas. The reader\n"+pointList())
	step.StringVar(&c.without, "without", "",
		"count as absent what the reader does not give: some of\n`"+strings.Join(conformance.Abilities, ",")+"`")
	step.Uint64Var(&c.seed, "seed", 0,
		"play the world of this `number` only, which mixes all\nthat the points do")
	step.DurationVar(&c.timeout, "timeout", 30*time.Second,
		"`time` that the reader may take to handle one more change,\nor to do what else a point waits for")
	step.DurationVar(&c.saves, "saves", time.Second,
		"`time` within which the reader saves its position: it is\nnot killed earlier where it may repeat nothing")
	step.BoolVar(&c.verbose, "v", false,
		"print what the command prints on stderr")
	return c
}

// pointList is a line for each point.
func pointList() string {
	var lines []string
	for _, p := range conformance.Points {
		lines = append(lines, fmt.Sprintf("  %-21s  %s", p.Name, p.About))
	}
	return strings.Join(lines, "\n")
}

// read checks the flags.
func (c *choices) read() (points []conformance.Point, o conformance.Options, err error) {
	points = conformance.Points
	o = conformance.Options{
		Command: c.step.Args(), Without: list(c.without), Timeout: c.timeout, Saves: c.saves, Stderr: io.Discard,
	}
	if c.verbose {
		o.Stderr = os.Stderr
	}
	for _, name := range o.Without {
		if !slices.Contains(conformance.Abilities, name) {
			return nil, o, cli.Usagef("-without %s is unknown: give some of %s", name, strings.Join(conformance.Abilities, ","))
		}
	}
	switch {
	case c.step.NArg() == 0:
		return nil, o, cli.Usagef("give the command that starts the reader, after --")
	case c.timeout == 0:
		return nil, o, cli.Usagef("-timeout must be more than 0")
	case c.saves == 0:
		return nil, o, cli.Usagef("-saves must be more than 0")
	case c.only != "" && c.step.Given("seed"):
		return nil, o, cli.Usagef("-only and -seed don't go together: a seed is a world for itself")
	case c.step.Given("seed"):
		return []conformance.Point{conformance.Mixed(c.seed)}, o, nil
	case c.only != "":
		points, err = conformance.Named(list(c.only))
		if err != nil {
			return nil, o, cli.Usagef("-only: %v: -h lists them", err)
		}
	}
	if _, err := exec.LookPath(o.Command[0]); err != nil {
		return nil, o, cli.Usagef("the command can't be started: %v", err)
	}
	return points, o, nil
}

// list splits names at commas, and spaces around them don't matter.
func list(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// all reports whether no point is left out.
func (c *choices) all() bool { return c.only == "" && !c.step.Given("seed") }

// commandHint says what to do about a command that can't be tested.
func commandHint(err error) error {
	if errors.Is(err, conformance.ErrSilent) {
		return fmt.Errorf("%w; -v shows what it says", err)
	}
	return err
}
