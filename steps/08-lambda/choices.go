//go:build !lambda.norpc

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/lambda/host"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
)

// choices are the values of the flags. Those of the mapping have Lambda's names.
type choices struct {
	step       *cli.Step
	options    mapping.Options
	position   string
	onFailure  string
	checkpoint *cli.Checkpoint
	command    string
	timeout    time.Duration
	poison     int
	slow       time.Duration
	follow     bool
	idle       time.Duration
}

func newChoices(step *cli.Step) *choices {
	c := &choices{step: step, options: mapping.Defaults()}
	o := &c.options
	step.IntVar(&o.BatchSize, "batch-size", o.BatchSize,
		"invoke the function with this `number` of records at\nmost")
	step.DurationVar(&o.MaximumBatchingWindow, "batching-window", 0,
		"let a batch that is not full wait this `time` for more")
	step.IntVar(&o.ParallelizationFactor, "parallelization-factor", o.ParallelizationFactor,
		"send this `number` of a shard's batches at a time; an\nitem's changes stay in order")
	step.Func("maximum-retry-attempts",
		"retry a batch that fails this `number` of times, then\ngive it up; -1: without a bound (default -1)", c.attempts)
	step.Func("maximum-record-age",
		"give up records of this `age`, such as 60s; -1: of none\n(default -1)", c.age)
	step.BoolVar(&o.BisectBatchOnFunctionError, "bisect", false,
		"halve a batch that fails")
	step.BoolVar(&o.ReportBatchItemFailures, "report-batch-item-failures", false,
		"let the function's answer say which record failed")
	step.StringVar(&c.position, "starting-position", "TRIM_HORIZON",
		"`start` at TRIM_HORIZON, the oldest change there is, or\nat LATEST; ignored where there is a checkpoint")
	step.Func("filter",
		"invoke the function only with records that match this\n`pattern`, such as {\"eventName\":[\"INSERT\"]}; give it\nagain for records that match another", c.filter)
	step.StringVar(&c.onFailure, "on-failure", "",
		"append to this `file` what would go to the queue for\nwhat is given up, a line of JSON each")
	c.checkpoint = cli.NewCheckpoint(step)
	step.StringVar(&c.command, "function", "",
		"run another function: a `command` that speaks the\nRuntime API, and its arguments, as the last of all; --\nbefore those that begin with a dash")
	step.ArgumentsOf = "function"
	step.DurationVar(&c.timeout, "timeout", 3*time.Second,
		"end an invocation that takes longer than this `time`")
	step.IntVar(&c.poison, "poison", 0,
		"let this step's function fail at about one row in\nthis `number`, however often it is tried")
	step.DurationVar(&c.slow, "slow", 0,
		"let this step's function take this `time` for a record")
	step.BoolVar(&c.follow, "follow", false,
		"continue until Ctrl-C instead of ending at the last\nchange")
	step.DurationVar(&c.idle, "idle", 3*time.Second,
		"without -follow: end once the open shards have had\nnothing new for this `time`")
	return c
}

func (c *choices) attempts(value string) (err error) {
	if c.options.MaximumRetryAttempts, err = strconv.Atoi(value); err != nil {
		return errors.New("not a whole number")
	}
	return nil
}

func (c *choices) age(value string) (err error) {
	if value == "-1" {
		c.options.MaximumRecordAge = mapping.Infinite
		return nil
	}
	if c.options.MaximumRecordAge, err = time.ParseDuration(value); err != nil {
		return errors.New("not a duration (try 60s, 1h), nor -1")
	}
	return nil
}

func (c *choices) filter(pattern string) error {
	c.options.Filters = append(c.options.Filters, pattern)
	return nil
}

// check refuses wrong flags before anything is asked of the server.
func (c *choices) check() error {
	switch _, err := mapping.StartingPosition(c.position); {
	case err != nil:
		return cli.Usagef("-starting-position %s is unknown: give TRIM_HORIZON or LATEST", c.position)
	case c.idle <= 0:
		return cli.Usagef("-idle %v must be more than 0", c.idle)
	case c.timeout < time.Millisecond || c.timeout > 15*time.Minute:
		return cli.Usagef("-timeout %v: give 1ms to 15m", c.timeout)
	case c.command != "" && (c.poison > 0 || c.slow > 0):
		return cli.Usagef("-poison and -slow are for this step's function, and -function runs another")
	case c.step.Given("function") && c.command == "":
		return cli.Usagef("-function needs a command")
	}
	if _, err := mapping.New(c.options, func(context.Context, []byte) ([]byte, error) { return nil, nil }); err != nil {
		return c.explain(err)
	}
	if c.command != "" {
		if _, err := exec.LookPath(c.command); err != nil {
			return cli.Usagef("-function %s: %v", c.command, errors.Unwrap(err))
		}
	}
	if c.onFailure != "" {
		// A file that can't be written would show at the first failure only.
		file, err := openOnFailure(c.onFailure)
		if err != nil {
			return err
		}
		file.Close()
	}
	return c.checkpoint.Check()
}

// flags are the flags of the mapping's options.
var flags = strings.NewReplacer("BatchSize", "-batch-size", "MaximumBatchingWindow", "-batching-window",
	"ParallelizationFactor", "-parallelization-factor", "MaximumRetryAttempts", "-maximum-retry-attempts",
	"MaximumRecordAge", "-maximum-record-age")

// explain says which flag has a value that the mapping refuses.
func (c *choices) explain(err error) error { return cli.Usagef("%s", flags.Replace(err.Error())) }

// function is the function to run: this program, or the one of -function.
func (c *choices) function() host.Options {
	o := host.Options{Name: c.step.Name(), Timeout: c.timeout, Output: os.Stderr}
	if c.command != "" {
		o.Command = append([]string{c.command}, c.step.Args()...)
		return o
	}
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	o.Command = []string{program}
	o.Env = []string{
		fmt.Sprintf("%s=%v", reportVariable, c.options.ReportBatchItemFailures),
		fmt.Sprintf("%s=%d", poisonVariable, c.poison),
		fmt.Sprintf("%s=%v", slowVariable, c.slow),
	}
	return o
}

// mapping is how batches are made, and what becomes of those that fail.
func (c *choices) mapping(function string, s *show) mapping.Options {
	o := c.options
	o.FunctionARN, o.Trace, o.OnFailure = function, s.invocation, s.givenUp
	return o
}

// reader is how the stream is read: Lambda polls a shard four times a second,
// and passes over what was trimmed before it came to it.
func (c *choices) reader(db *dynamodb.Client) stream.Options {
	start, _ := mapping.StartingPosition(c.position)
	o := stream.Options{
		Start: start, Checkpoints: c.checkpoint.In(db), OnGap: stream.SkipGaps, Logger: c.step.Logger(),
		Poll: 250 * time.Millisecond, Pace: c.step.Pace(), Idle: c.idle,
		Grace: 10*time.Second + 2*c.timeout, // seven tenths of it are for the invocations under way
	}
	if c.follow {
		o.Idle = 0
	}
	return o
}
