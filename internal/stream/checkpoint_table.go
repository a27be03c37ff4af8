package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// TableAPI is what Table calls; *dynamodb.Client has it.
type TableAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// maxNew is how many items there may be in a transaction, less one.
const maxNew = 99

// Table keeps checkpoints in a DynamoDB table, for one Reader. Each Reader
// that acquires them takes the next generation and marks every item with it, so
// that an older one is fenced: it can't write them any more. New items are
// added in a transaction that checks the generation. Every write is
// conditional on what the item held, so that a late one has no effect.
type Table struct {
	db          TableAPI
	table, name string
	caller      caller
	throttles   atomic.Int64
	failures    atomic.Int64
	hung        atomic.Bool          // its last call had no answer
	generation  int64                // 0: not the owner
	me          types.AttributeValue // tells apart who took the generation
	loaded      bool

	mu       sync.Mutex
	kept     map[string]Checkpoint   // what this reader wrote last, by place
	attempts map[string][]Checkpoint // what writes without an answer, or a handler's, may have written since
}

// TableCheckpoints keeps the checkpoints of the reader called name in a table,
// which many readers may share. Acquire makes the table if it is missing, billed
// by request. One reader of a name is the owner; others stand by, or are
// refused. An owner that was frozen meanwhile ends with a *FencedError. An item
// that something else deleted or edited ends the reading with an *AlteredError.
// While the table is away or throttles, the reader waits. Items are added 99 at
// a time: if a first reader crashes partway, the shards without an item are
// read from their beginning, whatever its Start was.
func TableCheckpoints(db TableAPI, table, name string) *Table {
	t := &Table{db: db, table: table, name: name, kept: make(map[string]Checkpoint), attempts: make(map[string][]Checkpoint)}
	t.caller = caller{pace: newPacer(Unbounded), note: func(err error) {
		switch {
		case throttled(err):
			t.throttles.Add(1)
		case err != nil && !conditionFailed(err) && !noTable(err):
			t.failures.Add(1)
		}
		t.hung.Store(errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(noAnswer)))
	}}
	return t
}

func (t *Table) title() string { return t.name + " in table " + t.table }

// Throttles returns how many calls were throttled.
func (t *Table) Throttles() int64 { return t.throttles.Load() }

// Failures returns how many calls failed otherwise, but for a condition's.
func (t *Table) Failures() int64 { return t.failures.Load() }

// Peek returns the checkpoints, none where the table does not exist.
func (t *Table) Peek(ctx context.Context) ([]Checkpoint, error) {
	found, _, err := t.read(ctx, "")
	if noTable(err) {
		return nil, nil
	}
	return found, t.failed("loading checkpoint ", err)
}

// Load marks all items with this reader's generation and returns the
// checkpoints. Without an Acquire before, it acquires them, or fails.
func (t *Table) Load(ctx context.Context) (all []Checkpoint, err error) {
	switch {
	case t.loaded:
		return nil, &FencedError{Name: t.title()} // by a Reader of this value
	case t.generation == 0:
		if _, err := t.Acquire(ctx, nil); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				t.Close()
			}
		}()
	}
	t.loaded = true
	clear(t.kept)
	clear(t.attempts)
	listed, _, err := t.read(ctx, "")
	if err != nil {
		return nil, t.failed("loading checkpoint ", err)
	}
	found := make([]*Checkpoint, len(listed))
	err = besideEachOther(ctx, len(listed), func(ctx context.Context, i int) (err error) {
		found[i], err = t.mark(ctx, listed[i])
		return err
	})
	if err != nil {
		return nil, t.failed("loading checkpoint ", err)
	}
	for _, c := range found {
		if c != nil {
			all = append(all, *c)
			t.kept[c.place()] = *c
		}
	}
	return all, nil
}

// mark gives an item this generation and returns what it holds. The older
// reader may write it until this moment, or remove it: then it is nil.
func (t *Table) mark(ctx context.Context, listed Checkpoint) (c *Checkpoint, err error) {
	err = t.do(ctx, func(ctx context.Context) error {
		out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &t.table, Key: t.key(listed.place()),
			UpdateExpression:                    aws.String("SET #generation = :mine"),
			ConditionExpression:                 aws.String("#generation <= :mine"),
			ExpressionAttributeNames:            map[string]string{"#generation": attrGeneration},
			ExpressionAttributeValues:           map[string]types.AttributeValue{":mine": t.mine()},
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}, tryWriteOnce)
		if failed := (*types.ConditionalCheckFailedException)(nil); errors.As(err, &failed) && len(failed.Item) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		kept, err := t.checkpointOf(out.Attributes)
		c = &kept
		return err
	})
	if conditionFailed(err) {
		err = t.refused(ctx, err, listed)
	}
	return c, err
}

// Save writes no checkpoint before its parent's: a child's without it would
// have the child's changes come before the parent's once more.
func (t *Table) Save(ctx context.Context, changed, removed []Checkpoint) error {
	if t.generation == 0 {
		return &FencedError{Name: t.title()}
	}
	for len(changed) > 0 {
		var now []Checkpoint
		if now, changed = parentsFirst(changed); len(now) == 0 {
			return errors.New("shards that are each other's parents")
		}
		if err := t.write(ctx, now); err != nil {
			return t.failed("", err)
		}
	}
	err := besideEachOther(ctx, len(removed), func(ctx context.Context, i int) error { return t.remove(ctx, removed[i]) })
	return t.failed("", err)
}

// parentsFirst divides checkpoints into those whose parent's is not among them
// and the others.
func parentsFirst(checkpoints []Checkpoint) (now, later []Checkpoint) {
	among := make(map[checkpointKey]bool, len(checkpoints))
	for _, c := range checkpoints {
		among[c.key()] = true
	}
	for _, c := range checkpoints {
		if c.Shard != "" && among[checkpointKey{c.Stream, c.Parent}] {
			later = append(later, c)
		} else {
			now = append(now, c)
		}
	}
	return now, later
}

// write writes what is new in transactions and all else side by side. Where it
// finds what an attempt wrote that was given up, it goes by that.
func (t *Table) write(ctx context.Context, checkpoints []Checkpoint) (err error) {
	for range 3 {
		var added, moved []Checkpoint
		for _, c := range checkpoints {
			if _, ok := t.wrote(c); ok {
				moved = append(moved, c)
			} else {
				added = append(added, c)
			}
		}
		err = nil
		for some := range slices.Chunk(added, maxNew) {
			err = errors.Join(err, t.add(ctx, some))
		}
		if err == nil {
			err = besideEachOther(ctx, len(moved), func(ctx context.Context, i int) error { return t.move(ctx, moved[i]) })
		}
		if !errors.Is(err, errAttempted) {
			break
		}
	}
	return err
}

// errAttempted is the error of a write that found what an earlier attempt
// wrote.
var errAttempted = errors.New("an attempt that was given up has arrived")

// add writes items that are not there yet, if this is the newest reader.
func (t *Table) add(ctx context.Context, checkpoints []Checkpoint) error {
	t.attempt(checkpoints...)
	writes := []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{
		TableName: &t.table, Key: t.key(generationPlace),
		ConditionExpression:       aws.String("#generation = :mine"),
		ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
		ExpressionAttributeValues: map[string]types.AttributeValue{":mine": t.mine()},
	}}}
	for _, c := range checkpoints {
		writes = append(writes, types.TransactWriteItem{Put: t.put(c, "attribute_not_exists(#generation) OR #generation = :mine AND ", c)})
	}
	err := t.do(ctx, func(ctx context.Context) error {
		_, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes}, tryWriteOnce)
		return err
	})
	return t.result(ctx, err, checkpoints...)
}

// move writes an item that holds what this reader wrote there.
func (t *Table) move(ctx context.Context, c Checkpoint) error {
	was, _ := t.wrote(c)
	put := t.put(c, "#generation = :mine AND ", was)
	t.attempt(c)
	err := t.do(ctx, func(ctx context.Context) error {
		_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
			ExpressionAttributeNames: put.ExpressionAttributeNames, ExpressionAttributeValues: put.ExpressionAttributeValues,
		}, tryWriteOnce)
		return err
	})
	return t.result(ctx, err, c)
}

// put writes a checkpoint if the condition is met and its item holds the
// number and the state of another one.
func (t *Table) put(c Checkpoint, condition string, was Checkpoint) *types.Put {
	put := &types.Put{
		TableName: &t.table, Item: t.item(c),
		ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration, "#sequence": attrSequence, "#state": "state"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":mine": t.mine()},
	}
	//weave:condition
	if was.Sequence == "" {
		condition += "attribute_not_exists(#sequence)"
	} else {
		condition += "#sequence = :sequence"
		put.ExpressionAttributeValues[":sequence"] = &types.AttributeValueMemberS{Value: was.Sequence}
	}
	//weave:end
	condition += " AND (attribute_not_exists(#state)" // absent in version 1
	if was.State != "" {
		condition += " OR #state = :state"
		put.ExpressionAttributeValues[":state"] = &types.AttributeValueMemberS{Value: string(was.State)}
	}
	condition += ")"
	put.ConditionExpression = &condition
	return put
}

// remove deletes an item, if it is there.
func (t *Table) remove(ctx context.Context, c Checkpoint) error {
	err := t.do(ctx, func(ctx context.Context) error {
		_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &t.table, Key: t.key(c.place()),
			ConditionExpression:       aws.String("attribute_not_exists(#generation) OR #generation = :mine"),
			ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
			ExpressionAttributeValues: map[string]types.AttributeValue{":mine": t.mine()},
		}, tryWriteOnce)
		return err
	})
	if conditionFailed(err) {
		err = t.refused(ctx, err, c)
	}
	if err == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.kept, c.place())
	}
	return err
}

// Close releases the lease, so that a standby starts at once.
func (t *Table) Close() error {
	if t.generation != 0 && !t.hung.Load() {
		t.release()
	}
	t.generation, t.loaded = 0, false
	t.caller.patient.Store(false)
	return nil
}

// do repeats a call as a caller does.
func (t *Table) do(ctx context.Context, call func(context.Context) error) error {
	_, err := t.caller.do(ctx, func(ctx context.Context) (middleware.Metadata, error) {
		return middleware.Metadata{}, call(ctx)
	})
	return err
}

// failed names the checkpoints in an error. The Reader says that it was
// saving.
func (t *Table) failed(doing string, err error) error {
	if err == nil || errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)) {
		return err
	}
	if conditionFailed(err) {
		return &FencedError{Name: t.title(), Err: err}
	}
	return fmt.Errorf("%s%s: %w", doing, t.title(), err)
}

func (t *Table) create(ctx context.Context) error {
	_, err := t.db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &t.table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attrReader), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrPlace), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(attrReader), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(attrPlace), KeyType: types.KeyTypeRange},
		},
	})
	if inUse := (*types.ResourceInUseException)(nil); err != nil && !errors.As(err, &inUse) {
		return err
	}
	return dynamodb.NewTableExistsWaiter(t.db).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &t.table}, 5*time.Minute)
}

// noTable reports whether the table does not exist, which is not a failure.
func noTable(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

// conditionFailed reports whether a write, or a transaction, failed for its
// condition.
func conditionFailed(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed) || canceledFor(err, "ConditionalCheckFailed")
}

// canceledFor reports whether a transaction failed for one of the reasons.
func canceledFor(err error, reasons ...string) bool {
	var canceled *types.TransactionCanceledException
	return errors.As(err, &canceled) && slices.ContainsFunc(canceled.CancellationReasons, func(r types.CancellationReason) bool {
		return slices.Contains(reasons, aws.ToString(r.Code))
	})
}
