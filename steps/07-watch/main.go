// 07-watch shows a table's rows, its stream's shards and records, and
// what readers make of them, in the browser, and breaks things there
// by a click. It serves an engine at the same address, which other
// steps may use as their -endpoint.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

func main() {
	// Each reader is a process, which can be killed and frozen:
	// this program again, with other arguments.
	if len(os.Args) > 1 && os.Args[1] == asReader {
		readerMain()
		return
	}
	step := cli.New("07-watch",
		"shows a stream in the browser, and breaks it by a click.",
		"go run ./steps/07-watch -open")
	o := newOptions(step)
	step.Main(func(ctx context.Context) error {
		if err := o.check(); err != nil {
			return err
		}
		return run(ctx, step, o)
	})
}

func run(ctx context.Context, step *cli.Step, o *options) error {
	db, streams, err := step.Connect(ctx)
	if err != nil {
		return err
	}
	if step.OnAWS() && !step.Given("rate") {
		o.rate = 0 // a write costs
	}
	// The engine that is served here has the table made. That of
	// another endpoint is watched as it is.
	var t table.Description
	if step.HasEngine() {
		t, _, err = table.Ensure(ctx, db, step.Table)
	} else {
		t, err = table.Describe(ctx, db, step.Table)
	}
	if err != nil {
		return err
	}
	if t.StreamARN == "" {
		return step.NoStreamError(t)
	}

	listener, err := listen(o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	folder, err := os.MkdirTemp("", "07-watch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) // the readers' checkpoints
	a := newApp(step, o, db, streams, t, folder)
	a.address = "http://" + listener.Addr().String()
	a.findLab(ctx)
	step.Notef("open it in a browser, or give it to another step as its -endpoint; Ctrl-C stops it")
	if err := step.Printf("%s\n", a.address); err != nil {
		return err
	}
	if o.open {
		if err := openBrowser(a.address); err != nil {
			step.Notef("opening the browser: %v", err)
		}
	}
	a.writer.setRate(o.rate)
	if o.listening != nil {
		o.listening(a)
	}
	return a.serve(ctx, listener)
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: choose another port with -addr, or stop the program that listens there", err)
	}
	return listener, err
}

// serve serves the page and, at the same address for all other
// programs, the engine with its controls, and has the readers run,
// until ctx ends.
func (a *app) serve(ctx context.Context, listener net.Listener) error {
	// A browser stays connected until serving ends.
	connected, disconnect := context.WithCancel(context.Background())
	defer disconnect()
	server := &http.Server{
		Handler:           a.step.Handler(a.handler(rand.Text())),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return connected },
	}
	ctx, stop := context.WithCancelCause(ctx)
	served := make(chan error, 1)
	go func() {
		err := server.Serve(listener)
		stop(err)
		served <- err
	}()
	a.run(ctx) // the readers stop before what they read from
	disconnect()
	ending, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if server.Shutdown(ending) != nil {
		server.Close() // a request hangs
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the page: %w", err)
	}
	return nil
}

// findLab finds out how the engine can be moved. One that is served
// elsewhere may have a lab too.
func (a *app) findLab(ctx context.Context) {
	if a.step.HasEngine() {
		a.lab, a.movable = &lab{base: a.address, model: a.model}, a.step.InMemory()
		return
	}
	if a.step.Base() == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	l := &lab{base: a.step.Base(), model: a.model}
	if _, err := l.call(ctx, http.MethodGet, "state", nil); err == nil {
		a.lab, a.movable = l, l.movable(ctx)
	}
}
