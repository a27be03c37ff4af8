// serve is the embedded DynamoDB for other programs: it answers on a
// port of this machine, with the data of a folder that the steps may use
// at the same time.
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
	context.AfterFunc(ctx, stop) // a second one ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the values of the flags.
type options struct {
	addr, dir               string
	memory, exposed, logged bool
}

// run serves until ctx ends and returns the exit code: 0 after an orderly
// stop, 2 for wrong use and 1 for all else.
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
	f.StringVar(&o.addr, "addr", "127.0.0.1:8000", "listen at this `address`; port 0 is any that is free")
	f.StringVar(&o.dir, "db", ".dynamodb", "serve the data of this `folder`; it is made if it is missing")
	f.BoolVar(&o.memory, "memory", false, "serve an empty database that is gone at the end")
	f.BoolVar(&o.exposed, "expose", false, "allow an -addr that other machines reach: they may read and\nwrite everything, since any credentials do")
	f.BoolVar(&o.logged, "v", false, "print a line for each request")
	return f
}

func parse(args []string) (options, error) {
	var o options
	f := flags(&o)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	f.Visit(func(given *flag.Flag) {
		if given.Name == "db" && o.memory {
			o.dir = ""
		}
	})
	if o.memory && o.dir == "" {
		return o, errors.New("give -memory or -db, not both")
	}
	if o.dir == "" {
		return o, errors.New("-db names no folder")
	}
	at, err := net.ResolveTCPAddr("tcp", o.addr)
	if err != nil {
		return o, fmt.Errorf("-addr %s is no address, such as 127.0.0.1:8000: %w", o.addr, err)
	}
	if !at.IP.IsLoopback() && !o.exposed {
		return o, fmt.Errorf("-addr %s can be reached from other machines: use 127.0.0.1, or say -expose", o.addr)
	}
	return o, nil
}

func help(w io.Writer) {
	fmt.Fprint(w, "serve answers DynamoDB's protocol on a port, for any client.\n\nusage: go run ./internal/embedded/serve [flags]\n\n")
	f := flags(new(options))
	f.SetOutput(w)
	f.PrintDefaults()
	fmt.Fprint(w, "\nexample:\n  go run ./internal/embedded/serve -addr 127.0.0.1:8000 -db .dynamodb\n"+
		"\nexit status: 0 stopped, 1 failed, 2 wrong use; Ctrl-C stops it in order\n")
}

// grace is what requests have to end when the server stops.
var grace = 10 * time.Second

func serve(ctx context.Context, o options, stderr io.Writer) (err error) {
	// Before the folder: a port that is taken must not make one.
	listener, err := net.Listen("tcp", o.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: give another port with -addr, or stop what listens there", err)
	} else if err != nil {
		return err
	}
	defer listener.Close()
	db, kept, err := open(o)
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
		ReadTimeout:       30 * time.Second, // the handler bounds the body
		WriteTimeout:      time.Minute,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	fmt.Fprintf(stderr, "serving DynamoDB, kept %s, at http://%v\n", kept, listener.Addr())
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		// What is under way is answered first.
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			server.Close()
			err = fmt.Errorf("some requests were not over within %v, and were cut off", grace)
		}
		stopped <- err
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func open(o options) (db *embedded.DB, kept string, err error) {
	if o.memory {
		db, err = embedded.OpenMemory(embedded.Options{})
		return db, "in memory", err
	}
	db, err = embedded.Open(o.dir, embedded.Options{})
	return db, "in " + o.dir, err
}
