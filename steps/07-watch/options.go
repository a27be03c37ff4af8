package main

import (
	"net"
	"os/exec"
	"runtime"
	"time"

	"dynamostreamer/internal/cli"
)

// maxRate is the number of writes a second at most.
const maxRate = 1000

// options are the values of the flags.
type options struct {
	addr string
	rate float64
	ttl  time.Duration
	open bool

	listening func(*app) // for tests
}

func newOptions(step *cli.Step) *options {
	o := &options{}
	step.StopsWell = true
	step.Memory = true
	step.Lookup("endpoint").Usage = "`where` DynamoDB is: without it, an engine in memory, which is\n" +
		"served here with all controls; embedded:DIR is one in a folder;\n" +
		"local, a URL or aws is watched, with the controls that it has"
	step.StringVar(&o.addr, "addr", "127.0.0.1:8007",
		"listen at this `address`; port 0 means any free port")
	step.Float64Var(&o.rate, "rate", 2,
		"`writes` a second, up to 1000; 0 is none, the default on aws")
	step.DurationVar(&o.ttl, "ttl", time.Minute,
		"the `time` after which a row expires")
	step.BoolVar(&o.open, "open", false, "open the page in the browser")
	return o
}

func (o *options) check() error {
	if o.rate > maxRate {
		return cli.Usagef("-rate %v is more than %d", o.rate, maxRate)
	}
	if o.ttl < time.Second {
		return cli.Usagef("-ttl %v is less than a second: a ttl is in whole seconds", o.ttl)
	}
	at, err := net.ResolveTCPAddr("tcp", o.addr)
	if err != nil {
		return cli.Usagef("-addr %s: not an address such as 127.0.0.1:8007", o.addr)
	}
	if !at.IP.IsLoopback() {
		return cli.Usagef("-addr %s: other machines could reach it: use 127.0.0.1", o.addr)
	}
	return nil
}

// openBrowser opens an address in the browser.
func openBrowser(address string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", address).Start()
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", address).Start()
	}
	return exec.Command("xdg-open", address).Start()
}
