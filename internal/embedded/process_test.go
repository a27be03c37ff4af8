package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/embedded"
)

// This file runs several processes on one folder: this test's binary, started
// again with EMBEDDED_ROLE.

func TestMain(m *testing.M) {
	if role := os.Getenv("EMBEDDED_ROLE"); role != "" {
		if err := play(role, os.Getenv("EMBEDDED_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, role, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const sharedTable = "shared"

// itemsPerWriter is how many items a writer counts up in turn.
const itemsPerWriter = 7

func play(role, dir string) error {
	options := embedded.Options{SweepInterval: -1}
	if role == "sweep" {
		options.SweepInterval = 20 * time.Millisecond
	}
	db, err := embedded.Open(dir, options)
	if err != nil {
		return err
	}
	defer db.Close()
	switch role {
	case "sweep":
		_, err := io.Copy(io.Discard, os.Stdin) // until the test lets go
		return err
	default:
		done := make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(done)
		}()
		// Several at once, so that a kill meets shared transactions.
		var writers [3]chan error
		for i := range writers {
			writers[i] = make(chan error, 1)
			go func() { writers[i] <- countUp(db, fmt.Sprint(role, i), done) }()
		}
		return errors.Join(<-writers[0], <-writers[1], <-writers[2])
	}
}

// countUp raises the counters of the writer's items and prints each acknowledged
// count, until it is killed or done is closed.
func countUp(db *embedded.DB, writer string, done <-chan struct{}) error {
	c, _ := clientsOf(db)
	for i := 0; ; i++ {
		select {
		case <-done:
			return nil
		default:
		}
		id := fmt.Sprintf("%s-%d", writer, i%itemsPerWriter)
		out, err := c.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
			TableName: aws.String(sharedTable), Key: map[string]types.AttributeValue{"id": str(id), "email": str("e")},
			UpdateExpression: aws.String("ADD n :one"), ReturnValues: types.ReturnValueUpdatedNew,
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": num("1")},
		})
		if err != nil {
			return err
		}
		fmt.Println(id, out.Attributes["n"].(*types.AttributeValueMemberN).Value)
		if i%10 == 0 { // and one for the sweepers
			_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{
				TableName: aws.String(sharedTable),
				Item: map[string]types.AttributeValue{
					"id": str(fmt.Sprintf("expired-%s-%d-%d", writer, os.Getpid(), i)), "email": str("e"), "ttl": num(unix(time.Now().Add(-time.Minute))),
				},
			})
			if err != nil {
				return err
			}
		}
	}
}

// A process is one that this test started.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   sync.WaitGroup
	errs  strings.Builder
}

// start runs a role; line gets each line that it prints.
func start(t *testing.T, role, dir string, line func(string)) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(exe)}
	p.cmd.Env = append(os.Environ(), "EMBEDDED_ROLE="+role, "EMBEDDED_DIR="+dir)
	p.cmd.Stderr = &p.errs
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.out.Go(func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			line(s.Text())
		}
	})
	return p
}

func (p *process) finish(t *testing.T, killed bool) {
	t.Helper()
	p.out.Wait()
	err := p.cmd.Wait()
	if !killed && (err != nil || p.errs.Len() > 0) {
		t.Errorf("a process ended with %v and %q", err, p.errs.String())
	}
	if killed && p.errs.Len() > 0 {
		t.Errorf("a process reported %q before it was killed", p.errs.String())
	}
}

// acknowledged is the highest count of each item that a writer has printed.
type acknowledged struct {
	mu  sync.Mutex
	max map[string]int
}

func (a *acknowledged) line(text string) {
	id, count, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return // the last line of a killed process may be cut
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.max[id] = max(a.max[id], n)
}

// TestProcesses lets two processes write, this one read and two sweep one folder
// at once. It takes EMBEDDED_PROCESSES seconds, a few if that is not set.
func TestProcesses(t *testing.T) {
	duration := 3 * time.Second
	if s := os.Getenv("EMBEDDED_PROCESSES"); s != "" {
		seconds, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		duration = time.Duration(seconds) * time.Second
	}
	dir := t.TempDir()
	db, arn := sharedDB(t, dir)
	_, s := clientsOf(db)
	acks := &acknowledged{max: map[string]int{}}
	var all []*process
	for _, role := range []string{"one", "two", "sweep"} {
		all = append(all, start(t, role, dir, acks.line))
	}
	reads := 0
	for end := time.Now().Add(duration); time.Now().Before(end); {
		reads += len(readStream(t, s, arn))
	}
	if reads == 0 {
		t.Error("nothing was read while the others wrote")
	}
	for _, p := range all {
		p.stdin.Close()
		p.finish(t, false)
	}
	checkShared(t, db, arn, acks)
}

// TestKilledWriters kills a writer over and over: what it had acknowledged must
// be there, and nothing by half.
func TestKilledWriters(t *testing.T) {
	kills := 10
	if s := os.Getenv("EMBEDDED_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	db, arn := sharedDB(t, dir)
	acks := &acknowledged{max: map[string]int{}}
	steady := start(t, "steady", dir, acks.line)
	for i := range kills {
		lines := make(chan struct{}, 1)
		p := start(t, "victim", dir, func(text string) {
			acks.line(text)
			select {
			case lines <- struct{}{}:
			default:
			}
		})
		<-lines // it writes
		time.Sleep(time.Duration(i%17) * time.Millisecond)
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.finish(t, true)
	}
	steady.stdin.Close()
	steady.finish(t, false)
	checkShared(t, db, arn, acks)
}

// checkShared compares the table with the stream, and both with what was
// acknowledged.
func checkShared(t *testing.T, db *embedded.DB, arn string, acks *acknowledged) {
	t.Helper()
	c, s := clientsOf(db)
	if err := db.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	streamed, expired, last := map[string]int{}, 0, ""
	for _, r := range readStream(t, s, arn) {
		if seq := *r.Dynamodb.SequenceNumber; seq <= last { // of equal length
			t.Fatalf("sequence number %s follows %s", seq, last)
		} else {
			last = seq
		}
		id := textOfValue(t, r.Dynamodb.Keys["id"])
		if strings.HasPrefix(id, "expired-") {
			if r.UserIdentity != nil {
				expired++
			}
			continue
		}
		n, err := strconv.Atoi(textOfValue(t, r.Dynamodb.NewImage["n"]))
		if err != nil || n != streamed[id]+1 {
			t.Fatalf("the stream has count %d of %s after %d (%v)", n, id, streamed[id], err)
		}
		streamed[id] = n
	}
	total := 0
	for id, n := range acks.max {
		total += n
		if streamed[id] < n {
			t.Errorf("count %d of %s was acknowledged, the stream ends at %d", n, id, streamed[id])
		}
	}
	if total == 0 {
		t.Error("nothing was acknowledged")
	}
	if expired == 0 {
		t.Error("nothing was swept")
	}
	stored := 0
	p := dynamodb.NewScanPaginator(c, &dynamodb.ScanInput{TableName: aws.String(sharedTable)})
	for p.HasMorePages() {
		page, err := p.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			id := textOfValue(t, item["id"])
			if strings.HasPrefix(id, "expired-") {
				t.Errorf("%s is still there", id)
				continue
			}
			stored++
			if n := textOfValue(t, item["n"]); n != strconv.Itoa(streamed[id]) {
				t.Errorf("%s is at %s in the table and at %d in the stream", id, n, streamed[id])
			}
		}
	}
	if stored != len(streamed) {
		t.Errorf("the table has %d items, the stream tells of %d", stored, len(streamed))
	}
	t.Logf("%d acknowledged counts of %d items, %d items swept", total, stored, expired)
}
