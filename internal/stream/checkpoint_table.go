package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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

// Attributes of a checkpoint's item. The key is reader and place.
const (
	attrReader     = "reader"
	attrPlace      = "place" // stream and shard, or generationPlace
	attrGeneration = "generation"
	attrSequence   = "sequence"
)

// generationPlace is the place of the item that counts the readers.
const generationPlace = "generation"

// maxNew is how many items there may be in a transaction, less one.
const maxNew = 99

// Table keeps checkpoints in a DynamoDB table, for one Reader. Each that
// loads them takes the next generation and marks every item with it, so
// that an older reader can't write them any more. Nor can it add items:
// these are written along with a check of the generation.
type Table struct {
	db          TableAPI
	table, name string
	caller      caller
	generation  int64           // 0: not loaded
	marked      map[string]bool // the places whose items have it
}

// TableCheckpoints keeps the checkpoints of the reader called name in a
// table, which many readers may share. Load makes the table if it is
// missing, billed by request. The newer reader of a name takes the
// checkpoints over; the older one's next save ends it with a *TakenError.
// Items are added 99 at a time: a crash between a first reader's first ones
// leaves the other shards to be read from their beginning, whatever its
// Start was.
func TableCheckpoints(db TableAPI, table, name string) *Table {
	return &Table{db: db, table: table, name: name, caller: caller{pace: &pacer{}}}
}

func (t *Table) title() string { return t.name + " in table " + t.table }

// Load takes the next generation and returns the checkpoints.
func (t *Table) Load(ctx context.Context) ([]Checkpoint, error) {
	generation, err := t.nextGeneration(ctx)
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		if err = t.create(ctx); err == nil {
			generation, err = t.nextGeneration(ctx)
		}
	}
	if err != nil {
		return nil, t.failed("loading checkpoint ", err)
	}
	t.generation, t.marked = generation, make(map[string]bool)
	places, err := t.places(ctx)
	if err != nil {
		return nil, t.failed("loading checkpoint ", err)
	}
	found := make([]*Checkpoint, len(places))
	err = besideEachOther(ctx, len(places), func(ctx context.Context, i int) (err error) {
		found[i], err = t.take(ctx, places[i])
		return err
	})
	if err != nil {
		return nil, t.failed("loading checkpoint ", err)
	}
	var all []Checkpoint
	for _, c := range found {
		if c != nil {
			all = append(all, *c)
			t.marked[c.place()] = true
		}
	}
	return all, nil
}

func (t *Table) nextGeneration(ctx context.Context) (generation int64, err error) {
	err = t.caller.do(ctx, func(ctx context.Context) error {
		out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                &t.table,
			Key:                      t.key(generationPlace),
			UpdateExpression:         aws.String("ADD #generation :one"),
			ExpressionAttributeNames: map[string]string{"#generation": attrGeneration},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":one": &types.AttributeValueMemberN{Value: "1"},
			},
			ReturnValues: types.ReturnValueUpdatedNew,
		}, tryWriteOnce)
		if err != nil {
			return err
		}
		n, ok := out.Attributes[attrGeneration].(*types.AttributeValueMemberN)
		if !ok {
			return errors.New("its generation is no number")
		}
		generation, err = strconv.ParseInt(n.Value, 10, 64)
		return err
	})
	return generation, err
}

// places lists where there are checkpoints.
func (t *Table) places(ctx context.Context) (places []string, err error) {
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName:                &t.table,
		ConsistentRead:           aws.Bool(true),
		KeyConditionExpression:   aws.String("#reader = :reader"),
		ProjectionExpression:     aws.String("#place"),
		ExpressionAttributeNames: map[string]string{"#reader": attrReader, "#place": attrPlace},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":reader": &types.AttributeValueMemberS{Value: t.name},
		},
	})
	for pages.HasMorePages() {
		err := t.caller.do(ctx, func(ctx context.Context) error {
			page, err := pages.NextPage(ctx, tryWriteOnce)
			if err != nil {
				return err
			}
			for _, item := range page.Items {
				if place := textOf(item[attrPlace]); place != generationPlace {
					places = append(places, place)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// take marks an item with this generation and returns what it holds. The
// older reader may write it until this moment, or remove it: then it is
// nil.
func (t *Table) take(ctx context.Context, place string) (c *Checkpoint, err error) {
	err = t.caller.do(ctx, func(ctx context.Context) error {
		out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                           &t.table,
			Key:                                 t.key(place),
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
		kept, err := checkpointOf(out.Attributes)
		c = &kept
		return err
	})
	return c, err
}

// Save writes no checkpoint before its parent's: a child's without it
// would have the child's changes come before the parent's once more.
func (t *Table) Save(ctx context.Context, changed, gone []Checkpoint) error {
	if t.generation == 0 {
		return &TakenError{Name: t.title()}
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
	err := besideEachOther(ctx, len(gone), func(ctx context.Context, i int) error { return t.remove(ctx, gone[i]) })
	if err != nil {
		return t.failed("", err)
	}
	for _, c := range gone {
		delete(t.marked, c.place())
	}
	return nil
}

// parentsFirst divides checkpoints into those whose parent's is not among
// them and the others.
func parentsFirst(checkpoints []Checkpoint) (now, later []Checkpoint) {
	among := make(map[checkpointKey]bool, len(checkpoints))
	for _, c := range checkpoints {
		among[c.key()] = true
	}
	for _, c := range checkpoints {
		if among[checkpointKey{c.Stream, c.Parent}] {
			later = append(later, c)
		} else {
			now = append(now, c)
		}
	}
	return now, later
}

// write writes what is new in transactions and all else side by side.
func (t *Table) write(ctx context.Context, checkpoints []Checkpoint) error {
	var added, moved []Checkpoint
	for _, c := range checkpoints {
		if t.marked[c.place()] {
			moved = append(moved, c)
		} else {
			added = append(added, c)
		}
	}
	for some := range slices.Chunk(added, maxNew) {
		if err := t.add(ctx, some); err != nil {
			return err
		}
	}
	return besideEachOther(ctx, len(moved), func(ctx context.Context, i int) error { return t.move(ctx, moved[i]) })
}

// add writes items that are not there yet, if this is the newest reader.
func (t *Table) add(ctx context.Context, checkpoints []Checkpoint) error {
	writes := []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{
		TableName: &t.table, Key: t.key(generationPlace),
		ConditionExpression:       aws.String("#generation = :mine"),
		ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
		ExpressionAttributeValues: map[string]types.AttributeValue{":mine": t.mine()},
	}}}
	for _, c := range checkpoints {
		put := t.put(c)
		writes = append(writes, types.TransactWriteItem{Put: &put})
	}
	err := t.caller.do(ctx, func(ctx context.Context) error {
		_, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes}, tryWriteOnce)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range checkpoints {
		t.marked[c.place()] = true
	}
	return nil
}

// move writes an item that this reader has marked.
func (t *Table) move(ctx context.Context, c Checkpoint) error {
	put := t.put(c)
	put.ExpressionAttributeNames["#generation"] = attrGeneration
	put.ExpressionAttributeValues[":mine"] = t.mine()
	return t.caller.do(ctx, func(ctx context.Context) error {
		_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &t.table, Item: put.Item,
			ConditionExpression:       aws.String("#generation = :mine AND (" + *put.ConditionExpression + ")"),
			ExpressionAttributeNames:  put.ExpressionAttributeNames,
			ExpressionAttributeValues: put.ExpressionAttributeValues,
		}, tryWriteOnce)
		return err
	})
}

// put is the write of an item that does not move it back: a try that
// seemed to have failed may arrive late.
func (t *Table) put(c Checkpoint) types.Put {
	return types.Put{
		TableName: &t.table, Item: t.item(c),
		ConditionExpression: aws.String("attribute_not_exists(#sequence) OR size(#sequence) < :digits" +
			" OR size(#sequence) = :digits AND #sequence <= :sequence"),
		ExpressionAttributeNames: map[string]string{"#sequence": attrSequence},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":digits":   &types.AttributeValueMemberN{Value: strconv.Itoa(len(c.Sequence))},
			":sequence": &types.AttributeValueMemberS{Value: c.Sequence},
		},
	}
}

// remove deletes an item, if it is there.
func (t *Table) remove(ctx context.Context, c Checkpoint) error {
	return t.caller.do(ctx, func(ctx context.Context) error {
		_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &t.table, Key: t.key(c.place()),
			ConditionExpression:       aws.String("attribute_not_exists(#generation) OR #generation = :mine"),
			ExpressionAttributeNames:  map[string]string{"#generation": attrGeneration},
			ExpressionAttributeValues: map[string]types.AttributeValue{":mine": t.mine()},
		}, tryWriteOnce)
		return err
	})
}

// Close does nothing: the next reader takes over by itself.
func (t *Table) Close() error { return nil }

func (t *Table) mine() types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.generation, 10)}
}

// failed names the checkpoints in an error. The Reader says that it was
// saving.
func (t *Table) failed(doing string, err error) error {
	if conditionFailed(err) {
		return &TakenError{Name: t.title(), Err: err}
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
