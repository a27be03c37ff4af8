package stream

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/localtest"
)

var copyKills = flag.Int("kills", killsByDefault, "kill a process that copies so `often`")

// A copier is the process that TestKilledCopies kills, as its environment tells.
type copier struct {
	url, arn, dir string
	checkpoints   string // the name of a table; empty: a file
	idle          time.Duration
}

// TestKilledCopies kills a process that copies a table into SQLite, at random,
// while rows are inserted, updated, deleted and expire. In the end the copy
// and the table are equal. Where the numbers of copies grow, they are made anew
// now and then, after changes that no reader saw.
func TestKilledCopies(t *testing.T) {
	engine := func(t *testing.T) string {
		db := must(embedded.Open(t.TempDir(), embedded.Options{SweepInterval: 200 * time.Millisecond}))
		served := httptest.NewServer(db.Handler())
		t.Cleanup(func() {
			served.Close()
			db.Close()
		})
		return served.URL
	}
	local := func(t *testing.T) string {
		localtest.Need(t)
		return localtest.URL
	}
	for name, test := range map[string]struct {
		url   func(*testing.T) string
		table bool // that has the checkpoints
	}{
		"embedded, file":  {engine, false},
		"embedded, table": {engine, true},
		"local, table":    {local, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killCopies(t, test.url(t), test.table)
		})
	}
}

func killCopies(t *testing.T, url string, table bool) {
	db, _ := clientsAt(t, url)
	name, arn := localTable(t, db)
	must(db.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: &name,
		TimeToLiveSpecification: &dbtypes.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)}}))
	c := copier{url: url, arn: arn, dir: t.TempDir()}
	if table {
		c.checkpoints = name + "-checkpoints"
		t.Cleanup(func() { dropTable(db, c.checkpoints) })
	}
	w := &churning{t: t, db: db, table: name}
	for i := range 300 {
		w.put(fmt.Sprint("row ", i), 0)
	}
	end := w.begin()
	defer end()
	kept := must(sqlite.OpenConn(filepath.Join(c.dir, "copy.sqlite")))
	defer kept.Close()
	must(0, prepareCopy(kept))
	anew := 0
	for i := range *copyKills {
		opened := filepath.Join(c.dir, "opened")
		os.Remove(opened)
		cmd, out := c.start(t)
		for deadline := time.Now().Add(time.Minute); i%2 == 1 || i%5 == 4; time.Sleep(20 * time.Millisecond) {
			if _, err := os.Stat(opened); err == nil {
				break // it has stood by, after a kill
			}
			if time.Now().After(deadline) {
				t.Fatalf("the copier does not open:\n%s", out)
			}
		}
		if i%5 == 4 {
			// DynamoDB Local rounds a record's time to the minute: only an
			// idle stream tells there that it was read past the scan.
			w.paused.Store(url == localtest.URL)
			awaitCopies(t, kept, anew+1, out)
			w.paused.Store(false)
		}
		time.Sleep(rand.N(1500 * time.Millisecond))
		must(0, cmd.Process.Kill())
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the copier ended with %v:\n%s", err, out)
		}
		if i%5 == 4 && table && i < *copyKills-1 {
			_, err := Reset(t.Context(), c.open(db))
			must(0, err)
			anew++
		}
	}
	end()
	c.idle = 2 * time.Second
	for try := 0; ; try++ {
		cmd, out := c.start(t)
		if err := cmd.Wait(); err != nil {
			t.Fatalf("the copier ended with %v:\n%s", err, out)
		}
		diff := cmp.Diff(w.rows(), rowsOfCopy(kept))
		if diff == "" {
			break
		}
		if try == 5 { // else a row may just have expired
			t.Fatalf("the copy differs from the table (-table +copy):\n%s\n%s", diff, out)
		}
	}
	rows, expired := w.rows(), w.expiring
	for id := range rows {
		if strings.HasPrefix(id, "expires") {
			expired--
		}
	}
	if expired == 0 {
		t.Error("no row has expired")
	}
	t.Logf("%d kills, %d copies, %d writes, %d rows, %d that expired", *copyKills, anew+1, w.writes, len(rows), expired)
}

// awaitCopies waits until n copies are complete.
func awaitCopies(t *testing.T, kept *sqlite.Conn, n int, out *strings.Builder) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var done int
		must(0, sqlitex.Execute(kept, `SELECT count(DISTINCT copy) FROM done`, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			done = s.ColumnInt(0)
			return nil
		}}))
		if done >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d copies are complete, want %d:\n%s", done, n, out)
		}
	}
}

func rowsOfCopy(kept *sqlite.Conn) map[string]string {
	rows := make(map[string]string)
	must(0, sqlitex.Execute(kept, `SELECT id, n FROM t`, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		rows[s.ColumnText(0)] = s.ColumnText(1)
		return nil
	}}))
	return rows
}

// A churning writes to a table.
type churning struct {
	t      *testing.T
	db     *dynamodb.Client
	table  string
	mu     sync.Mutex
	writes int
	// expiring is how many rows were put that expire.
	expiring int
	paused   atomic.Bool
}

func (w *churning) put(id string, n int) {
	item := map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: id}, "n": number(int64(n))}
	if strings.HasPrefix(id, "expires") {
		item["ttl"] = number(time.Now().Unix() + rand.Int64N(3))
	}
	must(w.db.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &w.table, Item: item}))
}

// begin writes until the function that it returns is called.
func (w *churning) begin() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var writers sync.WaitGroup
	for writer := range 3 { // each with its own rows
		writers.Go(func() {
			for n := 1; ctx.Err() == nil; n++ {
				id := fmt.Sprint("row ", rand.N(130)*3+writer) // some are new
				switch rand.N(8) {
				case 0, 1:
					must(w.db.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: &w.table,
						Key: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: id}}}))
				case 2:
					w.put(fmt.Sprint("expires ", writer, " ", n), n)
					w.mu.Lock()
					w.expiring++
					w.mu.Unlock()
				default:
					w.put(id, n)
				}
				w.mu.Lock()
				w.writes++
				w.mu.Unlock()
				for time.Sleep(20 * time.Millisecond); w.paused.Load() && ctx.Err() == nil; {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	return func() {
		cancel()
		writers.Wait()
	}
}

func (w *churning) rows() map[string]string {
	rows := make(map[string]string)
	pages := dynamodb.NewScanPaginator(w.db, &dynamodb.ScanInput{TableName: &w.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		for _, item := range must(pages.NextPage(context.Background())).Items {
			rows[textOf(item["id"])] = item["n"].(*dbtypes.AttributeValueMemberN).Value
		}
	}
	return rows
}

// start starts the process.
func (c copier) start(t *testing.T) (*exec.Cmd, *strings.Builder) {
	cmd, out := exec.Command(os.Args[0], "-test.run=^TestCopier$"), &strings.Builder{}
	cmd.Env = append(os.Environ(), "COPIER="+strings.Join([]string{c.url, c.arn, c.dir, c.checkpoints, c.idle.String()}, "\n"))
	cmd.Stdout, cmd.Stderr = out, out
	must(0, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd, out
}

func (c copier) open(db *dynamodb.Client) Checkpoints {
	if c.checkpoints == "" {
		return FileCheckpoints(filepath.Join(c.dir, "checkpoint"))
	}
	return TableCheckpoints(db, c.checkpoints, "copier")
}

// TestCopier is the process that TestKilledCopies kills, and not a test.
func TestCopier(t *testing.T) {
	told := strings.Split(os.Getenv("COPIER"), "\n")
	if len(told) != 5 {
		t.Skip("it is the process that TestKilledCopies kills")
	}
	c := copier{url: told[0], arn: told[1], dir: told[2], checkpoints: told[3], idle: must(time.ParseDuration(told[4]))}
	db, streams := clientsAt(t, c.url)
	kept := must(sqlite.OpenConn(filepath.Join(c.dir, "copy.sqlite")))
	defer kept.Close()
	kept.SetBusyTimeout(10 * time.Second)
	r := must(Open(t.Context(), streams, c.arn, Options{
		Copy:        &Copy{Table: db, Rate: 20},
		Checkpoints: c.open(db), CheckpointEvery: 100 * time.Millisecond, Limit: 10, Pace: Unbounded, Parallel: 4, Idle: c.idle,
	}))
	must(0, os.WriteFile(filepath.Join(c.dir, "opened"), nil, 0o666))
	var mu sync.Mutex // a connection is for one at a time
	err := r.Run(t.Context(), func(_ context.Context, e Event) error {
		mu.Lock()
		defer mu.Unlock()
		return keep(kept, e)
	})
	if err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func prepareCopy(kept *sqlite.Conn) error {
	kept.SetBusyTimeout(10 * time.Second)
	return sqlitex.ExecuteScript(kept, `
		PRAGMA journal_mode = wal;
		CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER, copy INTEGER, ord TEXT);
		CREATE TABLE done (copy INTEGER);`, nil)
}

// keep is the handler of README.md.
func keep(kept *sqlite.Conn, e Event) error {
	do := func(query string, args ...any) error {
		return sqlitex.Execute(kept, query, &sqlitex.ExecOptions{Args: args})
	}
	if e.Kind == CopyDone {
		if err := do(`DELETE FROM t WHERE copy < ?`, e.Copy); err != nil {
			return err
		}
		return do(`INSERT INTO done VALUES (?)`, e.Copy)
	}
	var key struct {
		ID string `dynamodbav:"id"`
	}
	if err := e.Keys.Decode(&key); err != nil {
		return err
	}
	if e.New == nil {
		return do(`DELETE FROM t WHERE id = ? AND (copy, ord) < (?, ?)`, key.ID, e.Copy, e.Order())
	}
	var row struct {
		N int `dynamodbav:"n"`
	}
	if err := e.New.Decode(&row); err != nil {
		return err
	}
	return do(`INSERT INTO t (id, n, copy, ord) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET n = excluded.n, copy = excluded.copy, ord = excluded.ord
		WHERE (excluded.copy, excluded.ord) > (t.copy, t.ord)`, key.ID, strconv.Itoa(row.N), e.Copy, e.Order())
}
