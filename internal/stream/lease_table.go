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

// release marks the checkpoints as nobody's, if they are this reader's. It is not
// worth an error: whoever comes next waits for a while instead.
func (t *Table) release() {
	ctx, cancel := context.WithTimeout(context.Background(), beatWithin/4)
	defer cancel()
	t.updateOwn(ctx, "SET released = :yes", map[string]types.AttributeValue{":yes": &types.AttributeValueMemberBOOL{Value: true}})
}

// updateOwn updates the item of the generation, while that is this reader's.
func (t *Table) updateOwn(ctx context.Context, update string, values map[string]types.AttributeValue) error {
	values[":mine"], values[":me"] = t.mine(), t.me
	return t.updateGeneration(ctx, update, "#generation = :mine AND #owner = :me", values)
}

// updateGeneration updates the item of the generation once. It leaves values as
// they are: an earlier attempt may still be on its way with them.
func (t *Table) updateGeneration(ctx context.Context, update, condition string, values map[string]types.AttributeValue) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.table, Key: t.key(generationPlace), UpdateExpression: &update, ConditionExpression: &condition,
		ExpressionAttributeNames: map[string]string{"#generation": attrGeneration, "#owner": "owner"}, ExpressionAttributeValues: values,
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

// Acquire takes the next generation once the Reader that owns this one has
// closed, or seems to be dead, which takes 8.5 seconds to find out; that one
// lives takes 3. A reader from before December 2026 does not show that it
// lives. Acquire makes the table if it is missing, and from then on calls wait
// for it, also where it is away for long.
func (t *Table) Acquire(ctx context.Context, standby func()) (generation int64, err error) {
	if t.generation != 0 {
		return 0, &FencedError{Name: t.title()} // by a Reader of this value
	}
	err = t.acquire(ctx, standby)
	if noTable(err) {
		if err = t.create(ctx); err == nil {
			err = t.acquire(ctx, standby)
		}
	}
	return t.generation, t.failed("loading checkpoint ", err)
}

func (t *Table) acquire(ctx context.Context, standby func()) error {
	var seen lease
	var since time.Time // since when that is seen; zero: nothing is yet
	for {
		asked := time.Now()
		now, err := t.lease(ctx)
		if err != nil {
			return err
		}
		t.caller.patient.Store(true) // it could be reached
		took := time.Since(asked)
		free := now.generation == 0 || now.released
		lives := now != seen && !since.IsZero()
		switch {
		case free:
		case lives && standby == nil:
			return &FencedError{Name: t.title()}
		case lives || since.IsZero():
			seen, since = now, time.Now()
		case took > time.Second:
			// Meanwhile, the owner may not have reached the table either.
			since = since.Add(took)
		}
		if free || time.Since(since) >= leaseTime {
			err := t.take(ctx, now)
			if !conditionFailed(err) {
				return err
			}
			if standby == nil {
				return &FencedError{Name: t.title(), Err: err}
			}
			since = time.Time{} // another one was faster, or it lives
			continue
		}
		if standby != nil {
			standby()
		}
		if err := sleep(ctx, watchEvery); err != nil {
			return err
		}
	}
}

// take makes the generation after the one that was seen this reader's, while
// the owner shows no other beat. An attempt that arrives late, or again, finds
// its own mark and changes nothing.
func (t *Table) take(ctx context.Context, seen lease) error {
	t.me = &types.AttributeValueMemberS{Value: rand.Text()}
	next := seen.generation + 1
	values := map[string]types.AttributeValue{":next": number(next), ":me": t.me}
	condition := "attribute_not_exists(#generation)"
	if seen.generation > 0 {
		condition = "#generation = :current AND (attribute_not_exists(beat) OR beat = :beat)"
		values[":current"], values[":beat"] = number(seen.generation), number(seen.beat)
	}
	err := t.do(ctx, func(ctx context.Context) error {
		return t.updateGeneration(ctx, "SET #generation = :next, #owner = :me REMOVE released",
			condition+" OR #generation = :next AND #owner = :me", values)
	})
	if err == nil {
		t.generation = next
	} else if ctx.Err() != nil { // it may have been taken
		t.generation = next
		t.release()
		t.generation = 0
	}
	return err
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
		_, err = t.Acquire(ctx, nil)
	}
	if err != nil {
		return 0, t.failed("removing checkpoint ", err)
	}
	defer t.Close()
	removing := newCrew(ctx)
	removing.run(func(ctx context.Context) error {
		for sleep(ctx, beatEvery) == nil {
			limited, cancel := context.WithTimeout(ctx, beatWithin)
			err := t.Renew(limited)
			cancel()
			if errors.As(err, new(*FencedError)) {
				return err
			}
		}
		return nil
	})
	removing.run(func(ctx context.Context) (err error) {
		removed, err = t.removeAll(ctx)
		return orDone(err)
	})
	err = removing.wait()
	return removed, t.failed("removing checkpoint ", err)
}

// removeAll removes all items but that of the generation, however they were
// edited, and none of a later owner's.
func (t *Table) removeAll(ctx context.Context) (removed int, err error) {
	items, err := t.query(ctx, "")
	if err != nil {
		return 0, err
	}
	for _, item := range items {
		place := textOf(item[attrPlace])
		if place == generationPlace {
			continue
		}
		err := t.do(ctx, func(ctx context.Context) error {
			_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
				TableName: &t.table, Key: t.key(place),
				ConditionExpression:       aws.String("NOT #generation > :mine"),
				ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
				ExpressionAttributeValues: map[string]types.AttributeValue{":mine": t.mine()},
			}, tryWriteOnce)
			return err
		})
		if err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
