// astaught compares a DynamoDB with what TUTORIAL.md and README.md teach. It makes tables
// there, looks at each fact in turn, prints which are as taught and which differ, and
// deletes the tables. The script .ci/aws builds it together with the steps and starts it
// on AWS. Its exit status is 0 if all is as taught, 1 if something differs, can't be seen
// or is left behind, and 2 for wrong usage.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"dynamostreamer/internal/endpoint"
)

// The run is over within half an hour: what there is to see must be seen in the first of
// these times, and the tables are deleted in the second.
const (
	seeWithin    = 25 * time.Minute
	deleteWithin = 4 * time.Minute
	longestWait  = 10 * time.Minute // for TTL; all else takes about as long on AWS
)

// cost is what a run on AWS can cost at most. These are more calls than seeWithin allows
// at the pace of a run, at the public prices of us-east-1:
//
//	20,000 write units on demand, 0.625 USD a million      0.013 USD
//	20,000 read units on demand, 0.125 USD a million       0.003 USD
//	50,000 calls of GetRecords, 0.02 USD for 100,000       0.010 USD
//	two tables of 1 read and 1 write unit, for an hour     0.002 USD
//	less than 25 MB for an hour                            0.000 USD
//
// That is about half of what is said, since other regions have higher prices.
const cost = "0.06 USD"

// options are the values of the flags.
type options struct {
	endpoint, steps string
	yes             bool
	ttlWait         time.Duration
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func flags(o *options) *flag.FlagSet {
	f := flag.NewFlagSet("astaught", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.endpoint, "endpoint", "aws", "`where` DynamoDB is: aws (your account, at your cost), local or a URL")
	f.StringVar(&o.steps, "steps", "", "the `folder` of the built steps 01 to 05")
	f.BoolVar(&o.yes, "yes", false, "begin without asking")
	f.DurationVar(&o.ttlWait, "ttl-wait", longestWait, "wait for this `time` for TTL to remove rows")
	return f
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	f := flags(&o)
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, "astaught compares DynamoDB with what TUTORIAL.md and README.md teach.\n\nusage: bash .ci/aws [flags]\n\n")
		f.SetOutput(stdout)
		f.PrintDefaults()
		return 0
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	case err == nil && o.steps == "":
		err = errors.New("-steps is missing: start this with bash .ci/aws")
	case err == nil && (o.ttlWait <= 0 || o.ttlWait > longestWait):
		err = fmt.Errorf("-ttl-wait %v: give more than 0 and at most %v", o.ttlWait, longestWait)
	}
	if err != nil {
		fmt.Fprintf(stderr, "astaught: %v (see -h)\n", err)
		return 2
	}
	if err := compare(o, stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "astaught: %v\n", err)
		return 1
	}
	return 0
}

// compare asks, looks at all facts and deletes the tables, also after Ctrl-C.
func compare(o options, stdin io.Reader, stdout io.Writer) (err error) {
	ctx := context.Background() // until there is something to delete, Ctrl-C ends the process
	e, err := endpoint.Resolve(o.endpoint, os.Getenv)
	if err != nil {
		return err
	}
	if e.Embedded() { // its steps would have others
		return errors.New("serve the engine to compare it: go run ./internal/embedded/serve -memory, and -endpoint local")
	}
	db, streams, err := e.Clients(ctx)
	if err != nil {
		return err
	}
	if err := e.Reach(ctx); err != nil {
		return err
	}
	where := e.String()
	if e.AWS() {
		id, err := account(ctx, sts.New(sts.Options{
			Region: db.Options().Region, Credentials: db.Options().Credentials, HTTPClient: db.Options().HTTPClient,
		}))
		if err != nil {
			return err
		}
		where += ", account " + id
	}
	w := newWorld(o, e.AWS(), db, streams, stdout)
	fmt.Fprintf(stdout, "endpoint: %s\ntables: %s\n", where, strings.Join(w.tables(), ", "))
	if err := consent(stdin, stdout, o.yes, e.AWS()); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer func() { err = errors.Join(err, w.deleteTables()) }()
	return w.look(ctx, facts)
}

// account is the number of the account that the credentials are of.
func account(ctx context.Context, client *sts.Client) (string, error) {
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("asking whose account it is: %w", err)
	}
	return *out.Account, nil
}

// consent asks whether to begin.
func consent(stdin io.Reader, stdout io.Writer, given, aws bool) error {
	price := "it costs nothing here"
	if aws {
		price = "it costs " + cost + " at most, on the bill of that account"
	}
	fmt.Fprintf(stdout, "This makes these tables, writes and reads them for up to %.0f minutes and deletes them; %s.\n", (seeWithin + deleteWithin).Minutes(), price)
	if given {
		return nil
	}
	fmt.Fprint(stdout, `Type "yes" to begin: `)
	answer, err := bufio.NewReader(stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was made: the answer was not yes")
	}
	return nil
}
