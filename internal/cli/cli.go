// Package cli is what the steps share: their common flags, exit codes,
// interruption and the way they print.
//
// Results go to stdout; everything else goes to stderr, the name of the
// endpoint in use first.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// A Step is one of the tutorial's programs. Its embedded FlagSet takes
// the step's own flags; -endpoint and -table are there already.
type Step struct {
	*flag.FlagSet
	Table string // the value of -table
	// Clock, if not 0, is how many seconds pass in each real one: Connect
	// then gives an empty embedded DynamoDB in memory.
	Clock int
	// Memory has Connect give an empty embedded DynamoDB in memory where nothing names
	// an endpoint.
	Memory bool
	// StopsWell says, for the help, that a run which Ctrl-C ends once it
	// has begun is a success. The others have a goal to reach.
	StopsWell bool
	// ArgumentsOf names the flag, if any, whose value is a command: the step's
	// arguments are that command's.
	ArgumentsOf string

	about    string
	example  string
	takes    string // the arguments after the flags; empty: none
	endpoint string // the value of -endpoint
	resolved endpoint.Endpoint
	db       *dynamodb.Client // once connected
	stdout   io.Writer
	stderr   io.Writer
}

// New returns the step called name, such as "02-generate". about says in
// a sentence what it does, example is a command line that does it.
func New(name, about, example string) *Step {
	s := NewOffline(name, about, example, "")
	s.StringVar(&s.endpoint, "endpoint", "", endpoint.Usage)
	s.StringVar(&s.Table, "table", table.DefaultName, "the table's `name`")
	return s
}

// NewOffline returns a step that needs no DynamoDB: it has neither -endpoint
// nor -table, and must not Connect. It takes arguments, such as "files", unless
// takes is empty; see Args.
func NewOffline(name, about, example, takes string) *Step {
	s := &Step{
		FlagSet: flag.NewFlagSet(name, flag.ContinueOnError),
		Table:   table.DefaultName,
		about:   about, example: example, takes: takes,
		stdout: os.Stdout, stderr: os.Stderr,
	}
	s.FlagSet.SetOutput(io.Discard) // parsing errors are printed by run
	return s
}

// Main parses the command line, calls run and exits: with 0 if run
// returns nil, with 2 if the step was used wrongly and with 1 after any
// other error. The first Ctrl-C ends run's context; run then finishes
// what it is doing and says how far it came. A second one ends the
// process at once.
func (s *Step) Main(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	signaled, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(signaled, func() {
		stop()
		if terminal(s.stderr) {
			fmt.Fprint(s.stderr, "\r\x1b[K") // over the terminal's ^C
		}
		cancel()
	})
	os.Exit(s.run(ctx, os.Args[1:], run))
}

func (s *Step) run(ctx context.Context, args []string, run func(context.Context) error) int {
	err := s.parse(args)
	if errors.Is(err, flag.ErrHelp) {
		s.help()
		return 0
	}
	if err == nil {
		// The explanation may ask the endpoint.
		err = errors.Join(s.explain(run(ctx)), s.resolved.Close())
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(s.stderr, "%s: %v (see -h)\n", s.Name(), err)
		return 2
	}
	fmt.Fprintf(s.stderr, "%s: %v\n", s.Name(), err)
	return 1
}

func (s *Step) parse(args []string) error {
	if err := s.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return usageError{s.plainly(err.Error())}
	}
	if s.NArg() > 0 && s.takes == "" && !s.Given(s.ArgumentsOf) {
		return Usagef("unexpected argument %q", s.Arg(0))
	}
	if err := s.negative(); err != nil {
		return err
	}
	return CheckTable("-table ", s.Table)
}

// negative refuses a flag whose value is less than 0, which none may be, or is
// not a number.
func (s *Step) negative() (err error) {
	s.Visit(func(f *flag.Flag) {
		bad := false
		getter, ok := f.Value.(flag.Getter)
		if !ok {
			return
		}
		switch v := getter.Get().(type) {
		case time.Duration:
			bad = v < 0
		case int:
			bad = v < 0
		case float64:
			bad = v < 0
			if math.IsNaN(v) {
				err = Usagef("-%s %v: not a number", f.Name, f.Value)
			}
		}
		if bad && err == nil {
			err = Usagef("-%s %v is less than 0", f.Name, f.Value)
		}
	})
	return err
}

// tableName is the service's rule ("Naming rules" in the Developer Guide).
var tableName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// CheckTable returns a usage error if the name that follows flag on the
// command line can't be a table's.
func CheckTable(flag, name string) error {
	if !tableName.MatchString(name) {
		return Usagef("%s%s: not a table name (3 to 255 of a-z, A-Z, 0-9, _, - and .)", flag, name)
	}
	return nil
}

var (
	badValue = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-(\S+): (.*)`)
	duration = regexp.MustCompile(`^[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$`)
)

// plainly says what a flag takes, where package flag says that it could
// not parse a value.
func (s *Step) plainly(message string) string {
	match := badValue.FindStringSubmatch(message)
	if match == nil {
		return message
	}
	value, name := match[1], match[2]
	not := match[3] // what a flag's function says
	if f, ok := s.Lookup(name).Value.(flag.Getter); ok {
		switch f.Get().(type) {
		case time.Duration:
			not = "not a duration (try 500ms, 3s, 1h)"
			if duration.MatchString(value) {
				not = "out of range"
			}
		case int, uint64:
			not = "not a whole number"
		case float64:
			not = "not a number"
		case bool:
			not = "give -" + name + " or nothing"
		}
	}
	if strings.HasSuffix(message, "value out of range") {
		not = "out of range"
	}
	return fmt.Sprintf("-%s %s: %s", name, value, not)
}

func (s *Step) help() {
	usage := strings.ToUpper(s.takes)
	if s.takes == "" || strings.HasPrefix(s.takes, "--") {
		usage = strings.TrimSpace("[flags] " + usage)
	}
	fmt.Fprintf(s.stdout, "%s %s\n\nusage: go run ./steps/%[1]s %[3]s\n", s.Name(), s.about, usage)
	var flags strings.Builder
	s.SetOutput(&flags)
	s.PrintDefaults()
	if flags.Len() > 0 {
		fmt.Fprintf(s.stdout, "\n%s", &flags)
	}
	fmt.Fprintf(s.stdout, "\nexample:\n  %s\n", s.example)
	stopped := "1"
	if s.StopsWell {
		stopped = "0 once it has begun"
	}
	fmt.Fprintf(s.stdout, "\nexit status: 0 done, 1 failed, 2 wrong usage; Ctrl-C stops it cleanly, with %s\n", stopped)
}

// Given reports whether the command line sets the flag called name.
func (s *Step) Given(name string) bool {
	given := false
	s.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// Connect says on stderr which endpoint the flags and the environment
// name, makes sure that something answers there and returns its clients.
func (s *Step) Connect(ctx context.Context) (*dynamodb.Client, *dynamodbstreams.Client, error) {
	e, err := endpoint.Resolve(s.endpoint, os.Getenv)
	if err != nil {
		return nil, nil, usageError{err.Error()}
	}
	if s.Clock != 0 {
		if s.endpoint != "" {
			return nil, nil, Usagef("-clock starts a new DynamoDB: leave out -endpoint")
		}
		if err := e.Scale(s.Clock); err != nil {
			return nil, nil, usageError{"-clock: " + err.Error()}
		}
	}
	if s.Memory && s.endpoint == "" && e.Embedded() {
		if err := e.Scale(1); err != nil {
			return nil, nil, err
		}
	}
	db, streams, err := e.Clients(ctx)
	s.resolved, s.db = e, db
	fmt.Fprintf(s.stderr, "endpoint: %v\n", e)
	if err != nil {
		return nil, nil, err
	}
	return db, streams, e.Reach(ctx)
}

// Now is the endpoint's time: what its TTL goes by.
func (s *Step) Now() time.Time { return s.resolved.Now() }

// OnAWS reports whether Connect reached the user's AWS account.
func (s *Step) OnAWS() bool { return s.resolved.AWS() }

// Pace is what a reader's stream.Options.Pace should be: DynamoDB throttles on
// AWS, and on no other endpoint.
func (s *Step) Pace() float64 {
	if s.OnAWS() {
		return 0 // the reader's default
	}
	return stream.Unbounded
}

// Notef prints a line about the step's own doings on stderr.
func (s *Step) Notef(format string, args ...any) {
	fmt.Fprintf(s.stderr, format+"\n", args...)
}

// Usagef is an error of the person who typed the command line.
func Usagef(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

type usageError struct{ message string }

func (e usageError) Error() string { return e.message }
