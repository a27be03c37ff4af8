package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// How a table tells that the owner of its checkpoints lives.
//
// The item of the generation has a beat, which the owner counts up every 3
// seconds from Open to Close, and a mark once it has closed. Nobody compares
// clocks: whoever sees the same beat for 10 seconds by its clock, in answers
// that came quickly, knows that the owner is dead, frozen or cut off. It takes
// the next generation only if the beat is still the same then.

const (
	beatEvery = 3 * time.Second
	// beatWithin bounds a renewal: one that is lost leaves time for another.
	beatWithin = 2 * time.Second
	leaseTime  = 10 * time.Second
	// watchEvery is how often somebody looks whether the owner lives.
	watchEvery = time.Second / 2
)

// A Renewer is told now and then that the Reader which owns the checkpoints
// lives, also beside its other methods. It tries once. A *FencedError or an
// *AlteredError ends the reading, another error does not.
type Renewer interface {
	Renew(context.Context) error
}

// renewUntilClose tells the Checkpoints that the reader lives.
func (r *Reader) renewUntilClose(ctx context.Context) error {
	to, ok := r.saver.to.(Renewer)
	for ok {
		limited, cancel := context.WithTimeout(ctx, beatWithin)
		err := to.Renew(limited)
		cancel()
		wait := beatEvery
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)):
			r.leaseLost(err)
			return nil
		case err != nil:
			wait = watchEvery
		default:
			r.mu.Lock()
			r.renewed = time.Now()
			r.mu.Unlock()
		}
		if sleep(ctx, wait) != nil {
			return nil
		}
	}
	return nil
}

// leaseLost ends the reading that is under way, and refuses another one.
func (r *Reader) leaseLost(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = err
	if r.activity != reading {
		r.err = err
	}
	if r.end != nil {
		r.end(err)
	}
}

// Renew counts the beat up.
func (t *Table) Renew(ctx context.Context) error {
	err := t.updateOwn(ctx, "ADD beat :one", map[string]types.AttributeValue{":one": number(1)})
	if ctx.Err() != context.Canceled {
		t.caller.note(err)
	}
	if conditionFailed(err) {
		_, err = t.judge(ctx, err)
	}
	return t.failed("renewing the lease of checkpoint ", err)
}

// release marks the checkpoints as nobody's, if they are this reader's. It is
// not worth an error: whoever comes next waits for a while instead.
func (t *Table) release() {
	ctx, cancel := context.WithTimeout(context.Background(), beatWithin/4)
	defer cancel()
	t.updateOwn(ctx, "SET released = :yes", map[string]types.AttributeValue{":yes": &types.AttributeValueMemberBOOL{Value: true}})
}

// updateOwn updates the item of the generation once, while that is this
// reader's.
func (t *Table) updateOwn(ctx context.Context, update string, values map[string]types.AttributeValue) error {
	values[":mine"] = t.mine()
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.table, Key: t.key(generationPlace), UpdateExpression: &update,
		ConditionExpression:       aws.String("#generation = :mine"),
		ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
		ExpressionAttributeValues: values,
	}, tryWriteOnce)
	return err
}

// A lease is what the item of the generation says of the owner.
type lease struct {
	generation, beat int64
	released         bool
}

func (t *Table) lease(ctx context.Context) (l lease, err error) {
	items, err := t.query(ctx, generationPlace)
	if err != nil || len(items) == 0 {
		return l, err
	}
	if l.generation, err = t.generationOf(items[0]); err != nil {
		return l, err
	}
	l.beat, _ = numberOf(items[0]["beat"]) // absent before the first
	released, ok := items[0]["released"].(*types.AttributeValueMemberBOOL)
	l.released = ok && released.Value
	return l, nil
}

// take makes the generation after the one that was seen this reader's: while
// the owner shows no other beat, or in any case. An attempt that arrives late,
// or again, finds its own mark and changes nothing.
func (t *Table) take(ctx context.Context, seen lease, sameBeat bool) error {
	values := map[string]types.AttributeValue{
		":next": number(seen.generation + 1), ":me": &types.AttributeValueMemberS{Value: rand.Text()},
	}
	condition := "attribute_not_exists(#generation)"
	if seen.generation > 0 {
		condition = "#generation = :current"
		values[":current"] = number(seen.generation)
	}
	if seen.generation > 0 && sameBeat {
		condition += " AND (attribute_not_exists(beat) OR beat = :beat)"
		values[":beat"] = number(seen.beat)
	}
	err := t.do(ctx, func(ctx context.Context) error {
		_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &t.table, Key: t.key(generationPlace),
			UpdateExpression:          aws.String("SET #generation = :next, #owner = :me REMOVE released"),
			ConditionExpression:       aws.String(condition + " OR #generation = :next AND #owner = :me"),
			ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration, "#owner": "owner"},
			ExpressionAttributeValues: values,
		}, tryWriteOnce)
		return err
	})
	if err == nil {
		t.generation = seen.generation + 1
	}
	return err
}

// takeFromTheDead takes the next generation, unless a Reader that owns the
// checkpoints lives: then it returns a *FencedError. To find that out takes 3
// seconds, or 10 if the Reader was killed; none if it was closed. A reader from
// before December 2026 does not show that it lives.
func (t *Table) takeFromTheDead(ctx context.Context) error {
	var seen lease
	var since time.Time // since when that is seen; zero: since now
	for {
		asked := time.Now()
		now, err := t.lease(ctx)
		if err != nil {
			return err
		}
		switch {
		case now.generation == 0 || now.released:
			seen, since = now, time.Time{}
		case seen.generation != 0 && now != seen:
			return &FencedError{Name: t.title()}
		case since.IsZero() || time.Since(asked) > time.Second:
			// An answer that came slowly tells that the owner may not
			// have reached the table either.
			seen, since = now, time.Now()
		}
		if since.IsZero() || time.Since(since) > leaseTime {
			err := t.take(ctx, seen, true)
			if conditionFailed(err) {
				err = &FencedError{Name: t.title(), Err: err}
			}
			return err
		}
		if err := sleep(ctx, watchEvery); err != nil {
			return err
		}
	}
}

// Reset removes the checkpoints of a reader that is not at work, so that the
// next one begins at its Start, and returns how many there were. A *FencedError
// says that a reader lives. What was edited, so that no reader takes it, is
// removed too.
func Reset(ctx context.Context, of Checkpoints) (removed int, err error) {
	if t, ok := of.(*Table); ok {
		return t.reset(ctx)
	}
	kept, err := of.Load(ctx)
	if err != nil {
		return 0, err
	}
	return len(kept), errors.Join(of.Save(ctx, nil, kept), of.Close())
}

func (t *Table) reset(ctx context.Context) (removed int, err error) {
	items, err := t.query(ctx, "")
	if noTable(err) || err == nil && len(items) == 0 {
		return 0, nil
	}
	if err == nil {
		err = t.takeFromTheDead(ctx)
	}
	if err != nil {
		return 0, t.failed("removing checkpoint ", err)
	}
	defer t.Close()
	if items, err = t.query(ctx, ""); err != nil {
		return 0, t.failed("removing checkpoint ", err)
	}
	for _, item := range items {
		place := textOf(item[attrPlace])
		if place == generationPlace {
			continue
		}
		err := t.do(ctx, func(ctx context.Context) error {
			_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.table, Key: t.key(place)}, tryWriteOnce)
			return err
		})
		if err != nil {
			return removed, t.failed("removing checkpoint ", err)
		}
		removed++
	}
	return removed, nil
}
