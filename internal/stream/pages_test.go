package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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
	return func(_ context.Context, err error, _ bool) (Checkpoint, bool, error) {
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

// TestAnOutageOfAPage gives up none of its events, and goes on with halves.
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
