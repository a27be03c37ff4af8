//go:build unix

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/localtest"
)

var rivalsFor = flag.Duration("rivals", rivalsByDefault, "kill, freeze and replace two processes for so `long`")

// A rivalOS is a process that reads for one name beside another.
type rivalOS struct{ URL, ARN, Dir, Table string }

// TestRivalProcesses kills, freezes and replaces two processes at random, while
// rows are written. They read for one name, into one SQLite database, by
// README.md's guard. In the end the rows are equal, and the history of what
// took effect shows no owner after a later one, and no row that went back.
// Handlers of two owners overlap only where one was frozen.
func TestRivalProcesses(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"embedded": func(t *testing.T) string {
			db := must(embedded.Open(t.TempDir(), embedded.Options{}))
			served := httptest.NewServer(db.Handler())
			t.Cleanup(func() {
				served.Close()
				db.Close()
			})
			return served.URL
		},
		"local": func(t *testing.T) string {
			localtest.Need(t)
			return localtest.URL
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rivalProcesses(t, url(t))
		})
	}
}

func rivalProcesses(t *testing.T, url string) {
	db, _ := clientsAt(t, url)
	name, arn := localTable(t, db)
	r := rivalOS{url, arn, t.TempDir(), name + "-checkpoints"}
	t.Cleanup(func() { dropTable(db, r.Table) })
	kept := must(sqlite.OpenConn(filepath.Join(r.Dir, "rows.sqlite")))
	defer kept.Close()
	must(0, prepareGuarded(kept))
	query := func(q string) (n int) {
		must(0, sqlitex.Execute(kept, q, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			n = s.ColumnInt(0)
			return nil
		}}))
		return n
	}
	w := &churning{t: t, db: db, table: name}
	end := w.begin()
	defer end()

	awaitReading := func() {
		t.Helper()
		from := query(`SELECT max(rowid) FROM history`)
		for deadline := time.Now().Add(2 * time.Minute); query(`SELECT max(rowid) FROM history`) <= from; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nobody has read for two minutes")
			}
		}
	}
	processes := []*exec.Cmd{r.start(t), r.start(t)}
	frozen := make(map[int]bool) // pids
	kills, freezes, replaced := 0, 0, 0
	for n, until := 0, time.Now().Add(*rivalsFor); time.Now().Before(until); n++ {
		awaitReading()
		time.Sleep(rand.N(2 * time.Second))
		i := rand.N(2)
		if n == 0 || rand.N(4) > 0 { // mostly the one that reads
			i = max(slices.IndexFunc(processes, r.reads), 0)
		}
		p := processes[i]
		switch n % 3 {
		case 0:
			kills++
			must(0, p.Process.Kill())
		case 1:
			freezes++
			frozen[p.Process.Pid] = true
			must(0, p.Process.Signal(syscall.SIGSTOP))
			time.Sleep(3*time.Second + rand.N(12*time.Second))
			must(0, p.Process.Signal(syscall.SIGCONT))
			continue
		default:
			replaced++
			must(0, p.Process.Signal(syscall.SIGTERM))
		}
		p.Wait()
		processes[i] = r.start(t)
	}
	end()
	want := w.rows()
	for !maps.Equal(want, rowsOfCopy(kept)) {
		effects := query(`SELECT max(rowid) FROM history`)
		time.Sleep(15 * time.Second)
		if query(`SELECT max(rowid) FROM history`) == effects { // it is not behind
			if diff := cmp.Diff(want, rowsOfCopy(kept)); diff != "" {
				t.Fatalf("the rows differ (-table +kept):\n%s", diff)
			}
		}
	}
	for _, p := range processes {
		must(0, p.Process.Signal(syscall.SIGTERM))
		if err := p.Wait(); err != nil {
			t.Errorf("a process ended with %v:\n%s", err, p.Stdout)
		}
	}
	check(t, "effects after those of a later owner", query(`SELECT count(*) FROM history a JOIN history b
		ON b.rowid = a.rowid + 1 AND b.generation < a.generation`), 0)
	check(t, "rows that went back", query(`SELECT count(*) FROM back`), 0)
	longest := r.checkOverlaps(t, frozen)
	t.Logf("%d kills, %d freezes, %d replaced; %d owners, %d effects of %d writes; at most %v without a reader",
		kills, freezes, replaced, query(`SELECT count(DISTINCT generation) FROM history`), query(`SELECT count(*) FROM history`),
		w.writes, longest.Round(time.Millisecond))
}

// reads reports whether the process is the one whose handler was last at work.
func (r rivalOS) reads(p *exec.Cmd) bool {
	var newest string
	var at time.Time
	for _, name := range must(filepath.Glob(filepath.Join(r.Dir, "*.log"))) {
		if info := must(os.Stat(name)); info.ModTime().After(at) {
			newest, at = name, info.ModTime()
		}
	}
	return newest == r.log(p.Process.Pid)
}

func (r rivalOS) log(pid int) string { return filepath.Join(r.Dir, fmt.Sprint(pid, ".log")) }

// start starts a process, which begins again by itself where it was fenced.
func (r rivalOS) start(t *testing.T) *exec.Cmd {
	cmd, out := exec.Command(os.Args[0], "-test.run=^TestRival$"), &strings.Builder{}
	cmd.Env = append(os.Environ(), "RIVAL="+string(must(json.Marshal(r))))
	cmd.Stdout, cmd.Stderr = out, out
	must(0, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd
}

// A rivalHandled is a line of a process's log of its handlers.
type rivalHandled struct {
	PID        int
	Generation int64
	Begun, End time.Time
}

// checkOverlaps: a handler that begins, or is at work, once one of a later
// owner has begun is that of a process which was frozen. It returns the longest
// time between the ends of two handlers.
func (r rivalOS) checkOverlaps(t *testing.T, frozen map[int]bool) (longest time.Duration) {
	began := make(map[int64]time.Time) // the first handler of each owner
	var all []rivalHandled
	for _, name := range must(filepath.Glob(filepath.Join(r.Dir, "*.log"))) {
		for line := range strings.Lines(string(must(os.ReadFile(name)))) {
			var h rivalHandled
			if json.Unmarshal([]byte(line), &h) != nil {
				continue // cut short by a kill
			}
			all = append(all, h)
			if at, ok := began[h.Generation]; !ok || h.Begun.Before(at) {
				began[h.Generation] = h.Begun
			}
		}
	}
	if len(began) < 2 {
		t.Errorf("%d owners handled events, want some", len(began))
	}
	slices.SortFunc(all, func(a, b rivalHandled) int { return a.End.Compare(b.End) })
	for i, h := range all {
		if i > 0 {
			longest = max(longest, h.End.Sub(all[i-1].End))
		}
		for generation, at := range began {
			if generation > h.Generation && h.End.After(at) && !frozen[h.PID] {
				t.Errorf("a handler of generation %d was at work until %v, and generation %d began at %v", h.Generation, h.End, generation, at)
			}
		}
	}
	return longest
}

// TestRival is a process of TestRivalProcesses, and not a test.
func TestRival(t *testing.T) {
	var r rivalOS
	if json.Unmarshal([]byte(os.Getenv("RIVAL")), &r) != nil {
		t.Skip("it is a process of TestRivalProcesses")
	}
	db, streams := clientsAt(t, r.URL)
	kept := must(sqlite.OpenConn(filepath.Join(r.Dir, "rows.sqlite")))
	defer kept.Close()
	kept.SetBusyTimeout(time.Minute)
	must(0, sqlitex.ExecuteTransient(kept, `PRAGMA synchronous = off`, nil)) // only processes die
	log := must(os.OpenFile(r.log(os.Getpid()), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666))
	defer log.Close()
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil { // fenced after a freeze, it begins again
		reader, err := Open(ctx, streams, r.ARN, Options{
			Checkpoints: TableCheckpoints(db, r.Table, "r"), CheckpointEvery: 200 * time.Millisecond, Pace: Unbounded,
			Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			continue
		}
		reader.Run(ctx, func(_ context.Context, e Event) error {
			begun := time.Now()
			time.Sleep(rand.N(3 * time.Millisecond))
			err := keepGuarded(kept, e)
			return errors.Join(err, json.NewEncoder(log).Encode(rivalHandled{os.Getpid(), e.Generation, begun, time.Now()}))
		})
		reader.Close()
	}
}
