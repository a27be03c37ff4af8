package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// newStep returns a step with a flag of each type and what it prints.
func newStep() (s *Step, stdout, stderr *bytes.Buffer) {
	s = New("09-test", "tries things out.", "go run ./steps/09-test -n 3")
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	s.stdout, s.stderr = stdout, stderr
	s.Int("n", 100, "`rows` to write")
	s.Uint64("seed", 0, "a `number`")
	s.Float64("rate", 0, "`writes` a second")
	s.Duration("ttl", time.Hour, "a `time`")
	s.Bool("follow", false, "go on")
	s.Func("odd", "a `value`", func(string) error { return errors.New("odd values only") })
	return s, stdout, stderr
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		args         []string
		err          error // of the step
		code         int
		stderr       string
	}{
		{"done", "success says nothing", nil, nil, 0, ""},
		{"failed", "any error is a failure", nil, errors.New("no luck"), 1, "09-test: no luck\n"},
		{"wrong use", "the step finds a bad value", nil, Usagef("-n %d is less than 0", -1), 2,
			"09-test: -n -1 is less than 0 (see -h)\n"},
		{"wrapped wrong use", "it stays one", nil, fmt.Errorf("reading flags: %w", Usagef("-n is odd")), 2,
			"09-test: reading flags: -n is odd (see -h)\n"},
		{"unknown flag", "it is not ignored", []string{"-nope"}, nil, 2,
			"09-test: flag provided but not defined: -nope (see -h)\n"},
		{"bad value", "it is not replaced by the default", []string{"-n", "many"}, nil, 2,
			"09-test: -n many: not a whole number (see -h)\n"},
		{"argument", "a forgotten dash is not ignored", []string{"n", "3"}, nil, 2,
			"09-test: unexpected argument \"n\" (see -h)\n"},
		{"interrupted", "the step was stopped before it was done", nil, fmt.Errorf("reading: %w", context.Canceled), 1,
			"09-test: interrupted: reading: context canceled\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, stdout, stderr := newStep()
			ran := false
			code := s.run(t.Context(), test.args, func(context.Context) error { ran = true; return test.err })
			if code != test.code || stderr.String() != test.stderr {
				t.Errorf("run(%q) = %d with stderr %q, want %d with %q (%s)",
					test.args, code, stderr, test.code, test.stderr, test.reason)
			}
			if stdout.Len() > 0 {
				t.Errorf("run(%q) prints %q on stdout, want nothing", test.args, stdout)
			}
			if want := test.args == nil; ran != want {
				t.Errorf("run(%q) called the step: %v, want %v", test.args, ran, want)
			}
		})
	}
}

func TestRunHandsOnItsContext(t *testing.T) {
	s, _, _ := newStep()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "mine")
	s.run(ctx, []string{"-n", "5"}, func(got context.Context) error {
		if got.Value(key{}) != "mine" {
			t.Errorf("the step's context is %v, want %v", got, ctx)
		}
		return nil
	})
	if got := s.Lookup("n").Value.String(); got != "5" {
		t.Errorf("after -n 5 the flag is %s, want 5", got)
	}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		t.Run(arg, func(t *testing.T) {
			s, stdout, stderr := newStep()
			code := s.run(t.Context(), []string{"-n", "3", arg}, func(context.Context) error {
				t.Error("the step was run, want only its help")
				return nil
			})
			if code != 0 || stderr.Len() > 0 {
				t.Errorf("run(%s) = %d with stderr %q, want 0 with none", arg, code, stderr)
			}
			want := []string{
				"09-test tries things out.\n\nusage: go run ./steps/09-test [flags]\n\n",
				"\nexample:\n  go run ./steps/09-test -n 3\n",
				"\nexit status: 0 done, 1 failed, 2 wrong usage; Ctrl-C stops it cleanly, with 1\n",
				"  -endpoint where\n", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
				"  -table name\n", "(default \"user-activities\")",
			}
			s.VisitAll(func(f *flag.Flag) { want = append(want, "\n  -"+f.Name) })
			for _, part := range want {
				if !strings.Contains(stdout.String(), part) {
					t.Errorf("run(%s) prints\n%s\nwant it to hold %q", arg, stdout, part)
				}
			}
		})
	}
}

func TestPlainly(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		args         []string
		want         string
	}{
		{"int", "a word", []string{"-n", "many"}, "-n many: not a whole number"},
		{"int, fraction", "half a row", []string{"-n", "1.5"}, "-n 1.5: not a whole number"},
		{"int, empty", "an unset shell variable", []string{"-n="}, "-n : not a whole number"},
		{"int, spaces", "the value is shown whole", []string{"-n", "a b"}, "-n a b: not a whole number"},
		{"int, too large", "it is a whole number", []string{"-n", "99999999999999999999"}, "-n 99999999999999999999: out of range"},
		{"float64, too large", "it is a number", []string{"-rate", "1e999"}, "-rate 1e999: out of range"},
		{"uint64", "a word", []string{"-seed", "x"}, "-seed x: not a whole number"},
		{"uint64, negative", "a whole number is not below 0", []string{"-seed", "-1"}, "-seed -1: not a whole number"},
		{"float64", "a word", []string{"-rate", "fast"}, "-rate fast: not a number"},
		{"duration, too large", "it is a duration", []string{"-ttl", "9999999h"}, "-ttl 9999999h: out of range"},
		{"duration, negative", "no flag takes one", []string{"-ttl", "-5s"}, "-ttl -5s is less than 0"},
		{"float64, not a number", "no flag takes it", []string{"-rate", "nan"}, "-rate NaN: not a number"},
		{"duration", "a unit is needed", []string{"-ttl", "5"}, "-ttl 5: not a duration (try 500ms, 3s, 1h)"},
		{"bool", "it takes no word", []string{"-follow=maybe"}, "-follow maybe: give -follow or nothing"},
		{"function", "it says what is wrong", []string{"-odd", "2"}, "-odd 2: odd values only"},
		{"two dashes", "they are as good as one", []string{"--n", "many"}, "-n many: not a whole number"},

		{"unknown", "what is plain already stays", []string{"-nope"}, "flag provided but not defined: -nope"},
		{"no value", "what is plain already stays", []string{"-n"}, "flag needs an argument: -n"},
		{"bad syntax", "what is plain already stays", []string{"-=3"}, "bad flag syntax: -=3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, _ := newStep()
			err := s.parse(test.args)
			var usage usageError
			if fmt.Sprint(err) != test.want || !errors.As(err, &usage) {
				t.Errorf("parse(%q) = %#v, want a usageError that says %q (%s)", test.args, err, test.want, test.reason)
			}
		})
	}
}

func TestTableNames(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		table        string
		ok           bool
	}{
		{"default", "the tutorial's own", "user-activities", true},
		{"all kinds", "every character that is allowed", "aZ0_.-", true},
		{"shortest", "3 is allowed", "abc", true},
		{"longest", "255 is allowed", strings.Repeat("a", 255), true},
		{"too short", "2 is not", "ab", false},
		{"too long", "256 is not", strings.Repeat("a", 256), false},
		{"empty", "an unset shell variable", "", false},
		{"space", "it is no such character", "my table", false},
		{"letter with an accent", "only ASCII is", "tablé", false},
		{"line break", "the end of the line is not the end of the name", "table\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, _ := newStep()
			err := s.parse([]string{"-table", test.table})
			want := "<nil>"
			if !test.ok {
				want = "-table " + test.table + ": not a table name (3 to 255 of a-z, A-Z, 0-9, _, - and .)"
			}
			if fmt.Sprint(err) != want {
				t.Errorf("parse(-table %q) = %v, want %s (%s)", test.table, err, want, test.reason)
			}
		})
	}
}

func TestGiven(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		args         []string
		want         bool
	}{
		{"given", "it is on the command line", []string{"-n", "3"}, true},
		{"given as the default", "that is a choice too", []string{"-n", "100"}, true},
		{"not given", "it has its default", []string{"-seed", "3"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, _ := newStep()
			if err := s.parse(test.args); err != nil {
				t.Fatal(err)
			}
			if got := s.Given("n"); got != test.want {
				t.Errorf("Given(n) after %q = %v, want %v (%s)", test.args, got, test.want, test.reason)
			}
		})
	}
}

func TestConnect(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	l.Close()

	for _, test := range []struct {
		name, reason string
		args         []string
		variable     string // AWS_ENDPOINT_URL
		code         int
		stderr       string
	}{
		{"flag", "the endpoint in use is named", []string{"-endpoint", server.URL}, "", 0,
			"endpoint: " + server.URL + "\n"},
		{"variable", "it is honoured without the flag", nil, server.URL, 0,
			"endpoint: " + server.URL + "\n"},
		{"flag over variable", "the flag decides", []string{"-endpoint", server.URL}, closed, 0,
			"endpoint: " + server.URL + "\n"},
		{"nothing there", "it is named first, then missed", []string{"-endpoint", closed}, "", 1,
			"endpoint: " + closed + "\n09-test: nothing answers at " + closed + ": start that server or give another -endpoint\n"},
		{"unknown", "a bad value is wrong use", []string{"-endpoint", "nowhere"}, "", 2,
			"09-test: -endpoint nowhere is unknown: give embedded, embedded:DIR, local, aws or a URL (see -h)\n"},
		{"variable of AWS", "it is wrong use before any call", nil, "https://dynamodb.eu-west-1.amazonaws.com", 2,
			"09-test: AWS_ENDPOINT_URL=https://dynamodb.eu-west-1.amazonaws.com is AWS itself: say -endpoint aws if you mean it (see -h)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "")
			t.Setenv("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "")
			t.Setenv("AWS_ENDPOINT_URL", test.variable)
			s, _, stderr := newStep()
			code := s.run(t.Context(), test.args, func(ctx context.Context) error {
				db, streams, err := s.Connect(ctx)
				if err == nil && (db == nil || streams == nil) {
					t.Errorf("Connect() = %v, %v, want two clients", db, streams)
				}
				return err
			})
			if code != test.code || stderr.String() != test.stderr {
				t.Errorf("run(%q) with AWS_ENDPOINT_URL=%s = %d with stderr\n%s\nwant %d with\n%s\n(%s)",
					test.args, test.variable, code, stderr, test.code, test.stderr, test.reason)
			}
			if code == 0 && s.OnAWS() {
				t.Error("OnAWS() = true, want false: the server is here")
			}
		})
	}
}

func TestNewPrintsOnTheProcess(t *testing.T) {
	s := New("09-test", "tries things out.", "go run ./steps/09-test")
	if s.stdout != io.Writer(os.Stdout) || s.stderr != io.Writer(os.Stderr) {
		t.Errorf("New() prints results on %v and the rest on %v, want stdout and stderr", s.stdout, s.stderr)
	}
	if s.Table != "user-activities" {
		t.Errorf("New().Table = %q, want user-activities", s.Table)
	}
}

// TestArgumentsOf: arguments are those of a command, where its flag is given.
func TestArgumentsOf(t *testing.T) {
	for _, test := range []struct {
		args []string
		want bool
	}{
		{[]string{"-run", "cmd", "a", "b"}, true},
		{[]string{"-run", "cmd", "--", "-a"}, true},
		{[]string{"a"}, false},
		{[]string{"-n", "1", "a"}, false},
	} {
		s, _, _ := newStep()
		s.String("run", "", "a `command`")
		s.ArgumentsOf = "run"
		if err := s.parse(test.args); (err == nil) != test.want {
			t.Errorf("parse(%q) = %v, want it taken: %v", test.args, err, test.want)
		}
	}
}
