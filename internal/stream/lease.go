package stream

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// How a table tells that the owner of its checkpoints lives.
//
// The item of the generation has a beat, which the owner counts up every 3
// seconds while it reads, and a mark once it has closed. Nobody compares
// clocks: whoever sees the same beat for 10 seconds by its clock knows that
// the owner is dead, or frozen.

const (
	beatEvery = 3 * time.Second
	leaseTime = 10 * time.Second
)

// A Renewer is told now and then that the Reader which owns the checkpoints
// lives, also beside its other methods. A *FencedError or an *AlteredError ends
// the reading, another error does not.
type Renewer interface {
	Renew(context.Context) error
}

// renewRegularly tells the Checkpoints that the reader lives.
func (r *Reader) renewRegularly(ctx context.Context) error {
	to, ok := r.saver.to.(Renewer)
	if !ok {
		return nil
	}
	for {
		if err := to.Renew(ctx); errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)) {
			return err
		}
		if err := sleep(ctx, beatEvery); err != nil {
			return err
		}
	}
}

// Renew counts the beat up.
func (t *Table) Renew(ctx context.Context) error {
	err := t.updateOwn(ctx, "ADD beat :one", map[string]types.AttributeValue{":one": number(1)})
	if conditionFailed(err) {
		err = t.refused(ctx, err)
	}
	return t.failed("renewing the lease of checkpoint ", err)
}

// release marks the checkpoints as nobody's, if they are this reader's. It is
// not worth an error: whoever comes next waits for a while instead.
func (t *Table) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	t.updateOwn(ctx, "SET released = :yes", map[string]types.AttributeValue{":yes": &types.AttributeValueMemberBOOL{Value: true}})
}

// updateOwn updates the item of the generation while that is this reader's.
func (t *Table) updateOwn(ctx context.Context, update string, values map[string]types.AttributeValue) error {
	values[":mine"] = t.mine()
	return t.do(ctx, func(ctx context.Context) error {
		_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &t.table, Key: t.key(generationPlace), UpdateExpression: &update,
			ConditionExpression:       aws.String("#generation = :mine"),
			ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
			ExpressionAttributeValues: values,
		}, tryWriteOnce)
		return err
	})
}

// A lease is what the item of the generation says of the owner.
type lease struct {
	generation, beat int64
	released         bool
}

// InUse returns a *FencedError while a Reader that owns the checkpoints lives.
// To find that out takes 3 seconds, or 10 if it was killed; none if it was
// closed. A reader of a package from before December 2026 does not show that it
// lives.
func (t *Table) InUse(ctx context.Context) error {
	first, err := t.lease(ctx)
	for began := time.Now(); err == nil && first.generation > 0 && !first.released; {
		if time.Since(began) > leaseTime {
			return nil
		}
		if err := sleep(ctx, time.Second/2); err != nil {
			return err
		}
		var now lease
		if now, err = t.lease(ctx); err == nil && now.released {
			return nil
		}
		if err == nil && now != first {
			return &FencedError{Name: t.title()}
		}
	}
	if noTable(err) {
		return nil
	}
	return t.failed("loading checkpoint ", err)
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

// Reset removes the checkpoints of a reader that is not at work, so that the
// next one begins at its Start, and returns how many there were. A *FencedError
// says that a reader lives.
func Reset(ctx context.Context, of Checkpoints) (removed int, err error) {
	if used, ok := of.(interface{ InUse(context.Context) error }); ok {
		if err := used.InUse(ctx); err != nil {
			return 0, err
		}
	}
	kept, err := of.Load(ctx)
	if err != nil {
		return 0, err
	}
	return len(kept), errors.Join(of.Save(ctx, nil, kept), of.Close())
}
