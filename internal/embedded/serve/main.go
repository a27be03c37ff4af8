// serve offers the embedded DynamoDB to other programs. It listens on a
// port of this machine and serves the data of a folder, which the steps may
// use at the same time.
//
//	go run ./internal/embedded/serve -db .dynamodb
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the values of the flags.
type options struct {
	addr, dir               string
	memory, exposed, logged bool
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
	f.BoolVar(&o.logged, "v", false, "print a line for each request")
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
	db, place, err := open(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	handler := guarded(db.Handler(), o.exposed)
	if o.logged {
		handler = logged(handler, stderr)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // the handler limits the body
		WriteTimeout:      time.Minute,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	fmt.Fprintf(stderr, "serving DynamoDB, kept %s, at http://%v\n", place, listener.Addr())
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		// Finish the requests in progress.
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			server.Close()
			err = fmt.Errorf("cut off requests that took longer than %v to finish", grace)
		}
		stopped <- err
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// open opens the database, and says where it stores its data.
func open(o options) (db *embedded.DB, place string, err error) {
	if o.memory {
		db, err = embedded.OpenMemory(embedded.Options{})
		return db, "in memory", err
	}
	db, err = embedded.Open(o.dir, embedded.Options{})
	return db, "in " + o.dir, err
}
