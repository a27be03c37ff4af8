// serve offers the embedded DynamoDB to other programs. It listens on a
// port of this machine and serves the data of a folder, which the steps may
// use at the same time.
//
//	go run ./internal/embedded/serve -db .dynamodb
//
// With -lab it also takes calls that make the engine do what the service does at times of
// its choice, so that a program under test, in any language, meets it when the test wants.
// They hold for the requests of all clients. Each call is a request to a path under /lab/,
// with a JSON object as its body, whatever its Content-Type:
//
//	curl -d '{"table":"orders"}' http://127.0.0.1:8000/lab/split
//
//	GET /lab/state
//	    tells the state: the clock, the faults that wait, and the streams with their
//	    shards. A shard has its parent, the number of its records and the sequence
//	    numbers of the first and the last, and of the last one that was trimmed.
//	POST /lab/split {"table":"NAME","shard":"ID"}
//	    closes an open shard of the table's stream and opens two children, which divide
//	    its items. Without shard, it is the oldest open shard.
//	POST /lab/roll {"table":"NAME"}
//	    closes all open shards of the table's stream and opens one child for each.
//	POST /lab/trim {"table":"NAME"}
//	    trims the records that the table's stream has made until now.
//	POST /lab/stream {"table":"NAME","enabled":false}
//	    disables the table's stream, or with true enables a new one. Its view is
//	    NEW_AND_OLD_IMAGES, or what "view" says.
//	POST /lab/expire-iterators
//	    expires all shard iterators that this server has given out.
//	POST /lab/sweep
//	    does now what is otherwise done every 5 seconds: it removes expired items,
//	    closes shards that are 4 hours old and trims records of more than 24 hours.
//	POST /lab/clock {"jump":"25h","speed":60}
//	    moves the engine's clock forward, or back by a negative jump, by up to a year
//	    (8760h), and makes it run 1 to 3600 times as fast. Either may be missing. It
//	    needs -memory: programs that use a folder go by the machine's clock.
//	POST /lab/fault {"operation":"GetRecords","fault":"throttle","calls":3,"accessKey":"ID"}
//	    makes the next calls of an operation meet a fault, in place of the fault that
//	    waited for it. Without calls it is one, and 0 removes the fault. With an access
//	    key, only the calls that are signed with it count, and meet that fault first: so
//	    one of several programs meets it. Only signed requests to an operation count.
//	    The faults:
//
//	throttle       ProvisionedThroughputExceededException
//	limit          LimitExceededException
//	fail           InternalServerError, with status 500
//	hang           no answer until the client gives up, the faults are cleared or serve
//	               stops
//	lose-answer    the request is carried out, and its connection breaks
//	empty          GetRecords only: no records, and an iterator at the same position
//	hide-children  DescribeStream only: no open shard that has a parent
//
//	POST /lab/clear-faults
//	    removes the faults that wait and breaks the connections of calls that hang.
//
// A call answers with the state when it was done, and the calls about a table with the
// streams of that table only. A call that is refused answers {"error":"..."}, which says
// what to do, with status 400 for a wrong request, 404 for an unknown path or table, 405
// for a wrong method or 409 where the state does not allow it. Each call except state is
// in the log, even without -v.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/embedded/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the values of the flags.
type options struct {
	addr, dir                    string
	memory, exposed, logged, lab bool
}

// run serves until ctx ends and returns the exit code: 0 after a clean
// shutdown, 2 for wrong usage and 1 for any other failure.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help(stdout)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "serve: %v (see -h)\n", err)
		return 2
	}
	if err := serve(ctx, o, stderr); err != nil {
		fmt.Fprintf(stderr, "serve: %v\n", err)
		return 1
	}
	return 0
}

func flags(o *options) *flag.FlagSet {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8000", "listen at this `address`; port 0 means any free port")
	f.StringVar(&o.dir, "db", ".dynamodb", "serve the data in this `folder`, and create it if necessary")
	f.BoolVar(&o.memory, "memory", false, "serve an empty database in memory, and discard it at the end")
	f.BoolVar(&o.exposed, "expose", false, "allow an -addr that other machines can reach: they can read and\nwrite everything, since serve accepts any credentials")
	f.BoolVar(&o.logged, "v", false, "print a line for each request, with the error of a refused one")
	f.BoolVar(&o.lab, "lab", false, "take calls under /lab/ that split shards, move the clock, make requests\nfail and such, for tests: see go doc ./internal/embedded/serve")
	return f
}

func parse(args []string) (options, error) {
	var o options
	f := flags(&o)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	both := false
	f.Visit(func(given *flag.Flag) { both = both || given.Name == "db" && o.memory })
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case both:
		return o, errors.New("give -memory or -db, not both")
	case o.dir == "":
		return o, errors.New("-db is empty: name a folder")
	}
	at, err := net.ResolveTCPAddr("tcp", o.addr)
	if err != nil {
		return o, fmt.Errorf("-addr %s: not an address such as 127.0.0.1:8000: %w", o.addr, err)
	}
	if !at.IP.IsLoopback() && !o.exposed {
		return o, fmt.Errorf("-addr %s: other machines can reach it: use 127.0.0.1, or add -expose", o.addr)
	}
	return o, nil
}

func help(w io.Writer) {
	fmt.Fprint(w, "serve speaks DynamoDB's protocol on a port, for any client.\n\nusage: go run ./internal/embedded/serve [flags]\n\n")
	f := flags(new(options))
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprint(w, "\nexample:\n  go run ./internal/embedded/serve -addr 127.0.0.1:8000 -db .dynamodb\n"+
		"\nexit status: 0 stopped, 1 failed, 2 wrong usage; Ctrl-C shuts it down cleanly\n")
}

// grace is how long a stopping server waits for requests to end.
var grace = 10 * time.Second

func serve(ctx context.Context, o options, stderr io.Writer) (err error) {
	// Listen before opening the folder: a busy port must not create one.
	listener, err := net.Listen("tcp", o.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: choose another port with -addr, or stop the program that listens there", err)
	} else if err != nil {
		return err
	}
	defer listener.Close()
	clock := clockOf(o)
	db, place, err := open(o, clock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	choices := server.Options{Lab: o.lab, Clock: clock, Exposed: o.exposed, LogAll: o.logged}
	if o.logged || o.lab {
		choices.Log = stderr
	}
	httpServer := &http.Server{
		Handler:           server.New(db, choices),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // the handler limits the body
		WriteTimeout:      time.Minute,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	httpServer.RegisterOnShutdown(db.ClearFaults) // so that no request hangs
	fmt.Fprintf(stderr, "serving DynamoDB, kept %s, at http://%v\n", place, listener.Addr())
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		// Finish the requests in progress.
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := httpServer.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			httpServer.Close()
			err = fmt.Errorf("cut off requests that took longer than %v to finish", grace)
		}
		stopped <- err
	})
	defer stop()
	if err := httpServer.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// open opens the database, and says where it stores its data.
// A nil clock is the machine's.
func open(o options, clock *embedded.ScaledClock) (db *embedded.DB, place string, err error) {
	var settings embedded.Options
	if clock != nil {
		settings.Clock = clock
	}
	if o.memory {
		db, err = embedded.OpenMemory(settings)
		return db, "in memory", err
	}
	db, err = embedded.Open(o.dir, settings)
	return db, "in " + o.dir, err
}

// clockOf makes the clock of a lab in memory.
func clockOf(o options) *embedded.ScaledClock {
	if !o.lab || !o.memory {
		return nil
	}
	return embedded.NewScaledClock(1)
}
