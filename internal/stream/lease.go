package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// How one Reader at a time owns checkpoints.
//
// In a table, the item of the generation has a beat, which the owner counts up
// every 3 seconds from Open to Close, and a mark once it has closed. Nobody
// compares clocks. A standby that saw the same beat for 8.5 seconds by its
// clock, in answers that came quickly, takes the next generation, if the beat
// is still the same then. The owner relies on a renewal for 7 seconds from when
// it sent that. Afterwards it hands over nothing until it has renewed again.
// With a file, the operating system's lock is the lease.

const (
	beatEvery = 3 * time.Second
	// beatWithin bounds a renewal: one that is lost leaves time for another.
	beatWithin = 2 * time.Second
	ownedFor   = 7 * time.Second
	leaseTime  = 8500 * time.Millisecond
	// watchEvery is how often a standby looks whether the owner lives.
	watchEvery = time.Second / 2
)

// A Lease is what Checkpoints have that one Reader at a time owns. The Reader
// acquires it before Load; Close releases it.
type Lease interface {
	// Acquire makes the caller the owner, and returns its generation, which
	// is larger than those of all owners before. While another Reader lives,
	// it waits, and calls standby each time it has found out that one may;
	// where standby is nil, it returns a *FencedError instead.
	Acquire(ctx context.Context, standby func()) (generation int64, err error)
	// Renew keeps others from acquiring the lease for 7 seconds from the
	// call on. It tries once, also beside the other methods. A *FencedError
	// or an *AlteredError ends the reading, another error does not.
	Renew(context.Context) error
}

// A tenure is the time in which a Reader may rely on its lease.
type tenure struct {
	lease Lease // nil: the Checkpoints have none

	generation int64

	mu      sync.Mutex
	sent    time.Time     // when the last renewal that succeeded was sent
	renewed chan struct{} // closed at the next one
}

func newTenure(of Checkpoints) tenure {
	lease, _ := of.(Lease)
	return tenure{lease: lease, renewed: make(chan struct{})}
}

// extend notes a renewal that was sent at a time.
func (t *tenure) extend(sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = sent
	close(t.renewed)
	t.renewed = make(chan struct{})
}

// wait returns nil once the lease is the reader's. Linux's monotonic clock
// stands still while a machine is suspended, and the other one may be set
// back: the larger of both times counts.
func (t *tenure) wait(ctx context.Context) error {
	for t.lease != nil {
		t.mu.Lock()
		sent, renewed := t.sent, t.renewed
		t.mu.Unlock()
		now := time.Now()
		if max(now.Sub(sent), now.Round(0).Sub(sent.Round(0))) < ownedFor {
			return nil
		}
		select {
		case <-renewed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// acquire makes the reader the owner of its checkpoints, and has the lease
// renewed from then on; waited: another reader owned them meanwhile.
func (r *Reader) acquire(ctx context.Context) (waited bool, err error) {
	if r.tenure.lease == nil {
		return false, nil
	}
	defer r.saver.work()()
	began := time.Now()
	standby := func() {
		r.noteLease()
		if !waited {
			waited = true
			r.turnTo(standingBy)
			r.log.Info("standing by: another reader owns the checkpoints, or was killed moments ago", "stream", r.given)
		}
	}
	if r.options.NoStandby {
		standby = nil
	}
	defer r.turnTo(opening)
	if r.tenure.generation, err = r.tenure.lease.Acquire(ctx, standby); err != nil {
		r.saver.note(err)
		return waited, err
	}
	if waited {
		r.log.Info("the checkpoints are this reader's now", "stream", r.given, "after", time.Since(began).Round(time.Millisecond))
	}
	r.renewing = newCrew(context.WithoutCancel(ctx))
	r.renewing.run(r.renewUntilClose)
	return waited, nil
}

// renewUntilClose renews the lease regularly.
func (r *Reader) renewUntilClose(ctx context.Context) error {
	for {
		sent, wait := time.Now(), beatEvery
		limited, cancel := context.WithTimeout(ctx, beatWithin)
		err := r.tenure.lease.Renew(limited)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)):
			r.leaseLost(err)
			return nil
		case err != nil:
			wait = watchEvery
		default:
			r.tenure.extend(sent)
			r.noteLease()
		}
		if sleep(ctx, wait) != nil {
			return nil
		}
	}
}

// noteLease notes that the lease was renewed, or looked at by a standby.
func (r *Reader) noteLease() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.renewed = time.Now()
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

// release stops the renewals and closes the Checkpoints.
func (r *Reader) release() error {
	if r.renewing != nil {
		r.renewing.end(errDone)
		r.renewing.wait()
	}
	return r.saver.close()
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
		slow := time.Since(asked) > time.Second
		free := now.generation == 0 || now.released
		lives := now != seen && !since.IsZero()
		switch {
		case free:
		case lives && standby == nil:
			return &FencedError{Name: t.title()}
		case lives || since.IsZero() || slow:
			// After a slow answer, the owner may not have reached the
			// table either.
			seen, since = now, time.Now()
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
	values := map[string]types.AttributeValue{
		":next": number(seen.generation + 1), ":me": &types.AttributeValueMemberS{Value: rand.Text()},
	}
	condition := "attribute_not_exists(#generation)"
	if seen.generation > 0 {
		condition = "#generation = :current AND (attribute_not_exists(beat) OR beat = :beat)"
		values[":current"], values[":beat"] = number(seen.generation), number(seen.beat)
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
