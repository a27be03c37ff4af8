package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// settled is what became of a transaction that wrote the page's checkpoint, or
// failed, as its handler says.
func settled(p *Page) settle {
	return func(_ context.Context, err error) (Checkpoint, bool, error) {
		if err != nil {
			return Checkpoint{}, true, err
		}
		return p.Checkpoint, true, nil
	}
}

// names are those of a page's events.
func names(p *Page) string {
	var names []string
	for _, e := range p.Events {
		names = append(names, strings.TrimPrefix(name(e), "s/"))
	}
	return strings.Join(names, " ")
}

// TestTheEventThatFailsInAPage is found, and is given up alone, after as many
// attempts as the policy has.
func TestTheEventThatFailsInAPage(t *testing.T) {
	naming := func(p *Page, e Event, err error) error { return FailedEvent(e, err) }
	for title, test := range map[string]struct {
		bisect bool
		fail   func(*Page, Event, error) error
		want   []string
	}{
		"halved":  {true, func(_ *Page, _ Event, err error) error { return err }, []string{"1 2 3 4 5", "1 2", "3 4 5", "3", "3", "4 5"}},
		"panics":  {true, func(_ *Page, _ Event, err error) error { panic(err) }, []string{"1 2 3 4 5", "1 2", "3 4 5", "3", "3", "4 5"}},
		"named":   {false, naming, []string{"1 2 3 4 5", "3 4 5", "4 5"}},
		"both":    {true, naming, []string{"1 2 3 4 5", "3 4 5", "4 5"}},
		"unknown": {true, func(_ *Page, _ Event, err error) error { return FailedEvent(Event{Sequence: "77"}, err) }, []string{"1 2 3 4 5", "1 2", "3 4 5", "3", "3", "4 5"}},
	} {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dead []Failure
				o := drain
				o.Bisect, o.Retry.Attempts = test.bisect, 2
				o.DeadLetter = func(_ context.Context, f Failure) error { dead = append(dead, f); return nil }
				m := newMemory()
				o.Checkpoints = m.grip()
				var handed []string
				poison := errors.New("poison")
				err := mustOpen(t, oneShard("1", "2", "3", "4", "5"), o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
					check(t, "redelivered", p.Redelivered, len(handed) > 0)
					handed = append(handed, names(p))
					for i, e := range p.Events {
						p.Events[i] = Event{} // it is the handler's
						if name(e) == "s/3" {
							return test.fail(p, e, poison)
						}
					}
					return nil
				})
				check(t, "error, pages", []any{err, handed}, []any{error(nil), test.want})
				check(t, "dead letters", len(dead), 1)
				check(t, "dead letter", []any{name(dead[0].Event), dead[0].Attempts, errors.Is(dead[0].Err, poison)}, []any{"s/3", 2, true})
				check(t, "checkpoint", m.saved()["s"], f21(5))
			})
		})
	}
}

// TestTheEventThatFailsEndsTheReading where there are no dead letters: its
// error names it, and what came before it is handled.
func TestTheEventThatFailsEndsTheReading(t *testing.T) {
	for title, bisect := range map[string]bool{"halved": true, "named": false} {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				o := drain
				o.Bisect, o.Retry.Attempts, o.Checkpoints = bisect, 3, m.grip()
				attempts := 0
				err := mustOpen(t, oneShard("1", "2", "3", "4", "5"), o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
					for _, e := range p.Events {
						if name(e) == "s/4" {
							attempts++
							if !bisect {
								return FailedEvent(e, errors.New("poison"))
							}
							return errors.New("poison")
						}
					}
					return nil
				})
				want := "handling event " + f21(4) + " of shard s: poison"
				if err == nil || err.Error() != want {
					t.Errorf("RunPages = %v, want %s", err, want)
				}
				check(t, "checkpoint", m.saved()["s"], f21(3))
			})
		})
	}
}

// TestAnOutageOfAPage gives up none of its events, and continues with halves.
func TestAnOutageOfAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		o := drain
		o.Bisect = true
		o.DeadLetter = func(_ context.Context, f Failure) error { t.Errorf("%s was given up", name(f.Event)); return nil }
		var handled []string
		err := mustOpen(t, oneShard("1", "2", "3", "4", "5"), o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
			if time.Since(began) < 5*time.Minute-5*time.Second {
				return errors.New("connection refused")
			}
			handled = append(handled, names(p))
			return nil
		})
		check(t, "error, pages", []any{err, handled}, []any{error(nil), []string{"1", "2", "3 4 5"}})
	})
}

// lossy loses calls of TransactWriteItems, or their answers, or delays them.
type lossy struct {
	TableAPI
	mu            sync.Mutex
	fates         []fate // of the next calls; then all is well
	before, after []func()
}

type fate int

const (
	well        fate = iota
	lost             // the call
	unanswered       // it takes effect
	late             // it does so right before the next call
	overtakenBy      // it does so right after the next call
	fates
)

func (l *lossy) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	write := func() (*dynamodb.TransactWriteItemsOutput, error) {
		return l.TableAPI.TransactWriteItems(context.WithoutCancel(ctx), in, o...)
	}
	for _, arrive := range l.before {
		arrive()
	}
	for _, arrive := range l.after {
		defer arrive()
	}
	l.before, l.after = nil, nil
	mine := well
	if len(l.fates) > 0 {
		mine, l.fates = l.fates[0], l.fates[1:]
	}
	switch mine {
	case well:
		return write()
	case unanswered:
		write()
	case late:
		l.before = append(l.before, func() { write() })
	case overtakenBy:
		l.after = append(l.after, func() { write() })
	}
	return nil, noAnswer{time.Second}
}

// TestEffectsAreThereOnce, whatever becomes of each transaction.
func TestEffectsAreThereOnce(t *testing.T) {
	db, _ := inMemory(t)
	for a := range fates {
		for b := range fates {
			for c := range fates {
				effectsOf(t, db, true, a, b, c)
			}
			effectsOf(t, db, false, a, b)
		}
	}
}

// effectsOf has a reader's handler make transactions that come to the fates.
func effectsOf(t *testing.T, db TableAPI, bisect bool, f ...fate) {
	title := fmt.Sprint("bisect ", bisect, f)
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", title)
	var dead []string
	r := mustOpen(t, oneShard("1", "2", "3", "4", "5"), Options{
		Checkpoints: table, Pace: Unbounded, Idle: 20 * time.Millisecond,
		Bisect: bisect, Retry: Retry{Attempts: 4, Backoff: time.Millisecond},
		DeadLetter: func(_ context.Context, f Failure) error { dead = append(dead, name(f.Event)); return nil },
	})
	lossy.fates = f
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		var effects []dbtypes.TransactWriteItem
		for _, e := range p.Events {
			effects = append(effects, effect(title+" counts", name(e)))
		}
		return commit(ctx, lossy, table, p, effects...)
	})
	once := map[string]int{"s/1": 1, "s/2": 1, "s/3": 1, "s/4": 1, "s/5": 1}
	check(t, title+": error, counts, dead letters", []any{err, countsOf(t, db, title+" counts"), dead}, []any{error(nil), once, []string(nil)})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// effect adds one to a count in the table of checkpoints.
func effect(counts, name string) dbtypes.TransactWriteItem {
	return dbtypes.TransactWriteItem{Update: &dbtypes.Update{
		TableName: aws.String("places"),
		Key: map[string]dbtypes.AttributeValue{
			attrReader: &dbtypes.AttributeValueMemberS{Value: counts}, attrPlace: &dbtypes.AttributeValueMemberS{Value: name},
		},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]dbtypes.AttributeValue{":one": number(1)},
	}}
}

func countsOf(t *testing.T, db TableAPI, counts string) map[string]int {
	out, err := db.Query(t.Context(), &dynamodb.QueryInput{
		TableName: aws.String("places"), KeyConditionExpression: aws.String("reader = :counts"),
		ExpressionAttributeValues: map[string]dbtypes.AttributeValue{":counts": &dbtypes.AttributeValueMemberS{Value: counts}},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]int)
	for _, item := range out.Items {
		n, _ := numberOf(item["n"])
		all[textOf(item[attrPlace])] += int(n)
	}
	return all
}

func effectsOfPage(p *Page, title string) (effects []dbtypes.TransactWriteItem) {
	for _, e := range p.Events {
		effects = append(effects, effect(title+" counts", name(e)))
	}
	return effects
}

// TestACheckpointDoesNotMoveBack over what a late transaction committed, when reading
// ends between two halves.
func TestACheckpointDoesNotMoveBack(t *testing.T) {
	db, _ := inMemory(t)
	f := oneShard("1", "2", "3", "4", "5")
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", "r")
	r := mustOpen(t, f, Options{Checkpoints: table, Pace: Unbounded, Bisect: true})
	lossy.fates = []fate{late}
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := r.RunPages(ctx, func(ctx context.Context, p *Page) error {
		if calls++; calls == 2 {
			cancel() // SIGTERM
		}
		return commit(ctx, lossy, table, p, effectsOfPage(p, "r")...)
	})
	check(t, "first error", errors.Is(err, context.Canceled), true)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	table = TableCheckpoints(db, "places", "r")
	r = mustOpen(t, f, Options{Checkpoints: table, Pace: Unbounded, Idle: 20 * time.Millisecond})
	err = r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		return commit(ctx, db, table, p, effectsOfPage(p, "r")...)
	})
	check(t, "error, counts", []any{err, countsOf(t, db, "r counts")}, []any{error(nil), map[string]int{"s/1": 1, "s/2": 1, "s/3": 1, "s/4": 1, "s/5": 1}})
}

// TestRunAgainWithSmallerPages than one that a late transaction commits, and a
// save between two of them.
func TestRunAgainWithSmallerPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		f := oneShard("1", "2", "3", "4", "5")
		lossy := &lossy{TableAPI: db}
		table := TableCheckpoints(lossy, "places", "r")
		r := mustOpen(t, f, Options{Checkpoints: table, Retry: Retry{Attempts: 1}, Idle: 10 * time.Second})
		lossy.fates = []fate{late}
		handle := func(ctx context.Context, p *Page) error {
			return commit(ctx, lossy, table, p, effectsOfPage(p, "r")...)
		}
		r.RunPages(t.Context(), handle)
		f.set(func() {
			f.recordsAPage = 2
			f.onCall = func(_ context.Context, op, _ string) error {
				if op == "GetRecords" {
					time.Sleep(2 * time.Second)
				}
				return nil
			}
		})
		err := r.RunPages(t.Context(), handle)
		check(t, "error, counts", []any{err, countsOf(t, db, "r counts")}, []any{error(nil), map[string]int{"s/1": 1, "s/2": 1, "s/3": 1, "s/4": 1, "s/5": 1}})
	})
}

// TestACommittedRestIsNotRedelivered where a late transaction committed the whole
// page while a half of it was tried.
func TestACommittedRestIsNotRedelivered(t *testing.T) {
	db, _ := inMemory(t)
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", "r")
	r := mustOpen(t, oneShard("1", "2", "3", "4", "5"), Options{Checkpoints: table, Pace: Unbounded, Bisect: true, Idle: 20 * time.Millisecond})
	lossy.fates = []fate{late}
	var handed []string
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		handed = append(handed, names(p))
		return commit(ctx, lossy, table, p, effectsOfPage(p, "r")...)
	})
	check(t, "error, pages", []any{err, handed}, []any{error(nil), []string{"1 2 3 4 5", "1 2"}})
}

// TestAnEventThatIsCommittedIsNotGivenUp though its answer was lost.
func TestAnEventThatIsCommittedIsNotGivenUp(t *testing.T) {
	db, _ := inMemory(t)
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", "r")
	r := mustOpen(t, oneShard("1"), Options{Checkpoints: table, Pace: Unbounded, Idle: 20 * time.Millisecond, Retry: Retry{Attempts: 1}})
	lossy.fates = []fate{unanswered}
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		return commit(ctx, lossy, table, p, effectsOfPage(p, "r")...)
	})
	check(t, "error though the event is committed", err, nil)
}

// TestANamedEventsAge does not count from the beginning of its page.
func TestANamedEventsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead []Failure
		o := drain
		o.DeadLetter = func(_ context.Context, f Failure) error { dead = append(dead, f); return nil }
		tries := 0
		err := mustOpen(t, oneShard("1", "2", "3"), o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
			for _, e := range p.Events {
				if name(e) == "s/3" {
					if tries++; tries == 1 {
						return FailedEvent(e, errors.New("connection refused, once"))
					}
				}
				time.Sleep(3 * time.Minute)
			}
			return nil
		})
		check(t, "error, tries of 3", []any{err, tries}, []any{error(nil), 2})
		for _, f := range dead {
			t.Errorf("%s was given up after %d attempt", name(f.Event), f.Attempts)
		}
	})
}

// TestANamedEventsAttempts are not those of its page.
func TestANamedEventsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := drain
		o.Retry.Attempts = 3
		o.DeadLetter = func(_ context.Context, f Failure) error {
			t.Errorf("%s was given up after it failed once: %+v", name(f.Event), f.Err)
			return nil
		}
		n := 0
		err := mustOpen(t, oneShard("1", "2", "3"), o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
			switch n++; n {
			case 1, 2:
				return errors.New("can't connect")
			case 3:
				return FailedEvent(p.Events[0], errors.New("refused once"))
			}
			return nil
		})
		check(t, "error", err, nil)
	})
}

// TestALateTransactionOfADeadLetter may take effect, and the event behind it is not
// given up for it.
func TestALateTransactionOfADeadLetter(t *testing.T) {
	db, _ := inMemory(t)
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", "r")
	var dead []string
	r := mustOpen(t, oneShard("1", "2"), Options{
		Checkpoints: table, Pace: Unbounded, Idle: 20 * time.Millisecond, PageSize: 1, Retry: Retry{Attempts: 1},
		DeadLetter: func(_ context.Context, f Failure) error {
			dead = append(dead, name(f.Event)+": "+f.Err.Error())
			return nil
		},
	})
	lossy.fates = []fate{late}
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		return commit(ctx, lossy, table, p, effectsOfPage(p, "r")...)
	})
	check(t, "error", err, nil)
	check(t, "effect, dead letters", []any{countsOf(t, db, "r counts")["s/2"], dead}, []any{1, []string{"s/1: no answer within 1s"}})
}

type outTable struct {
	TableAPI
	out atomic.Bool
}

var errOutOfOrder = errors.New("out of order")

func (o *outTable) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if o.out.Load() {
		return nil, errOutOfOrder
	}
	return o.TableAPI.Query(ctx, in, opts...)
}

func (o *outTable) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	out, err := o.TableAPI.TransactWriteItems(ctx, in, opts...)
	if o.out.Load() {
		return nil, errOutOfOrder
	}
	return out, err
}

// TestNothingIsGivenUpUnread while the table of checkpoints can't be read, whatever its
// error is.
func TestNothingIsGivenUpUnread(t *testing.T) {
	db, _ := inMemory(t)
	broken := &outTable{TableAPI: db}
	table := TableCheckpoints(broken, "places", "r")
	var dead []string
	r := mustOpen(t, oneShard("1"), Options{
		Checkpoints: table, Pace: Unbounded, Idle: 20 * time.Millisecond, PageSize: 1, Retry: Retry{Attempts: 1},
		DeadLetter: func(_ context.Context, f Failure) error { dead = append(dead, name(f.Event)); return nil },
	})
	time.AfterFunc(500*time.Millisecond, func() { broken.out.Store(false) })
	breaks := sync.OnceFunc(func() { broken.out.Store(true) })
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		breaks()
		return commit(ctx, broken, table, p, effectsOfPage(p, "r")...)
	})
	check(t, "error, effects, dead letters", []any{err, countsOf(t, db, "r counts"), dead}, []any{error(nil), map[string]int{"s/1": 1}, []string(nil)})
}

// TestAPanicInAPage is a failed attempt where there are dead letters.
func TestAPanicInAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if v := recover(); v != nil {
				t.Error("RunPages panicked, with a DeadLetter and pages of one event")
			}
		}()
		o := drain
		o.PageSize, o.Retry.Attempts = 1, 2
		o.DeadLetter = func(context.Context, Failure) error { return nil }
		mustOpen(t, oneShard("1"), o).RunPages(t.Context(), func(context.Context, *Page) error { panic("x") })
	})
}

// TestEventsAreTheHandlers to do with what it likes, before it asks for the item.
func TestEventsAreTheHandlers(t *testing.T) {
	db, _ := inMemory(t)
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", "r")
	r := mustOpen(t, oneShard("1", "2", "3", "4", "5"), Options{Checkpoints: table, Pace: Unbounded, Bisect: true, Idle: 20 * time.Millisecond})
	lossy.fates = []fate{late}
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		effects := effectsOfPage(p, "r")
		p.Events = nil
		return commit(ctx, lossy, table, p, effects...)
	})
	check(t, "error, counts", []any{err, countsOf(t, db, "r counts")}, []any{error(nil), map[string]int{"s/1": 1, "s/2": 1, "s/3": 1, "s/4": 1, "s/5": 1}})
}

// TestBisectInAnOutage of the table: Retry is for the event alone.
func TestBisectInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		broken := &outTable{TableAPI: db}
		table := TableCheckpoints(broken, "places", "r")
		r := mustOpen(t, oneShard("1", "2", "3"), Options{
			Checkpoints: table, Idle: 3 * time.Second, Bisect: true, Retry: Retry{Attempts: 2},
			DeadLetter: func(context.Context, Failure) error { return nil },
		})
		n := 0
		err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
			n++
			broken.out.Store(n <= 2) // for a moment
			if err := commit(ctx, broken, table, p, effectsOfPage(p, "r")...); err != nil {
				return errors.New("not the table's own error")
			}
			return nil
		})
		check(t, "error (pages of 3 events, never halved)", err, nil)
	})
}

// Reset of what does not exist makes a table.

// TestACommitThatASaveFound: a transaction arrives after its page was handled in
// part by another read, and just before the save of that. What it committed
// counts once.
func TestACommitThatASaveFound(t *testing.T) {
	db, _ := inMemory(t)
	lossy := &lossy{TableAPI: db}
	table := TableCheckpoints(lossy, "places", "r")
	r := mustOpen(t, oneShard("1", "2", "3", "4", "5"), Options{
		Checkpoints: table, Pace: Unbounded, Idle: 20 * time.Millisecond, CheckpointEvery: time.Minute, Retry: Retry{Attempts: 1},
	})
	handle := func(ctx context.Context, p *Page) error {
		return commit(ctx, lossy, table, p, effectsOfPage(p, "r")...)
	}
	lossy.fates = []fate{late}
	if err := r.RunPages(t.Context(), handle); err == nil {
		t.Fatal("RunPages = nil, want that of the transaction")
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.Run(ctx, func(_ context.Context, e Event) error {
		if name(e) == "s/2" {
			lossy.before[0]()
			lossy.before = nil
			cancel() // which saves
		}
		return nil
	})
	err := r.RunPages(t.Context(), handle)
	once := map[string]int{"s/1": 1, "s/2": 1, "s/3": 1, "s/4": 1, "s/5": 1}
	check(t, "error, counts", []any{err, countsOf(t, db, "r counts")}, []any{error(nil), once})
}
