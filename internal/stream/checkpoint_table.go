package stream

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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

// Table keeps checkpoints in a DynamoDB table. Each reader that loads
// them takes the next generation and marks every item with it, so that an
// older reader's next write fails.
type Table struct {
	db          TableAPI
	table, name string
	generation  int64 // 0: not loaded
}

// TableCheckpoints keeps the checkpoints of the reader called name in a
// table, which many readers may share. Load makes the table if it is
// missing, billed by request. The newer reader of a name takes the
// checkpoints over; the older one's next save ends it with a *TakenError.
func TableCheckpoints(db TableAPI, table, name string) *Table {
	return &Table{db: db, table: table, name: name}
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
		return nil, fmt.Errorf("loading checkpoint %s: %w", t.title(), err)
	}
	t.generation = generation
	items, err := t.items(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading checkpoint %s: %w", t.title(), err)
	}
	var all []Checkpoint
	for _, item := range items {
		if textOf(item[attrPlace]) == generationPlace {
			continue
		}
		// The older reader may write until this moment.
		c, err := t.take(ctx, item[attrPlace])
		if err != nil {
			return nil, t.saveError(err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (t *Table) nextGeneration(ctx context.Context) (int64, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &t.table,
		Key:                      t.key(generationPlace),
		UpdateExpression:         aws.String("ADD #generation :one"),
		ExpressionAttributeNames: map[string]string{"#generation": attrGeneration},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":one": &types.AttributeValueMemberN{Value: "1"},
		},
		ReturnValues: types.ReturnValueUpdatedNew,
	})
	if err != nil {
		return 0, err
	}
	n, ok := out.Attributes[attrGeneration].(*types.AttributeValueMemberN)
	if !ok {
		return 0, errors.New("its generation is no number")
	}
	return strconv.ParseInt(n.Value, 10, 64)
}

func (t *Table) items(ctx context.Context) ([]map[string]types.AttributeValue, error) {
	var items []map[string]types.AttributeValue
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName:                &t.table,
		ConsistentRead:           aws.Bool(true),
		KeyConditionExpression:   aws.String("#reader = :reader"),
		ExpressionAttributeNames: map[string]string{"#reader": attrReader},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":reader": &types.AttributeValueMemberS{Value: t.name},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

// take marks an item with this generation and returns what it holds.
func (t *Table) take(ctx context.Context, place types.AttributeValue) (Checkpoint, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &t.table,
		Key:                      map[string]types.AttributeValue{attrReader: t.key("")[attrReader], attrPlace: place},
		UpdateExpression:         aws.String("SET #generation = :mine"),
		ConditionExpression:      aws.String("#generation <= :mine"),
		ExpressionAttributeNames: map[string]string{"#generation": attrGeneration},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":mine": t.mine(),
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return Checkpoint{}, err
	}
	return checkpointOf(out.Attributes)
}

// Save writes the checkpoints one by one.
func (t *Table) Save(ctx context.Context, changed, gone []Checkpoint) error {
	if t.generation == 0 {
		return &TakenError{Name: t.title()}
	}
	names := map[string]string{"#generation": attrGeneration}
	values := map[string]types.AttributeValue{":mine": t.mine()}
	condition := aws.String("attribute_not_exists(#generation) OR #generation <= :mine")
	for _, c := range changed {
		_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &t.table, Item: t.item(c), ConditionExpression: condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		})
		if err != nil {
			return t.saveError(err)
		}
	}
	for _, c := range gone {
		_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &t.table, Key: t.key(c.place()), ConditionExpression: condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		})
		if err != nil {
			return t.saveError(err)
		}
	}
	return nil
}

// TransactItem is the part of a TransactWriteItems that writes the
// checkpoint of a page which RunPages handed over. The transaction fails
// if the page was committed before, or if a newer reader has taken the
// checkpoints; the handler returns the error as it is. If an earlier try
// of this reader committed the page and its answer was lost, RunPages goes
// on; else the reading ends with a *TakenError. It takes any condition of
// the transaction that failed for that: let the handler's own items have
// none.
func (t *Table) TransactItem(p *Page) types.TransactWriteItem {
	p.commit = t.item(p.Checkpoint)
	//weave:condition
	values := map[string]types.AttributeValue{":mine": t.mine()}
	condition := "#generation = :mine AND attribute_not_exists(#sequence)"
	if p.previous != "" {
		condition = "#generation = :mine AND #sequence = :previous"
		values[":previous"] = &types.AttributeValueMemberS{Value: p.previous}
	}
	//weave:end
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &t.table, Item: p.commit,
		ConditionExpression: &condition,
		// It tells whether this transaction has been made already.
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ExpressionAttributeNames: map[string]string{
			"#generation": attrGeneration, "#sequence": attrSequence,
		},
		ExpressionAttributeValues: values,
	}}
}

// Close does nothing: the next reader takes over by itself.
func (t *Table) Close() error { return nil }

func (t *Table) mine() types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.generation, 10)}
}

func (t *Table) saveError(err error) error {
	if conditionFailed(err) {
		return &TakenError{Name: t.title(), Err: err}
	}
	return fmt.Errorf("saving checkpoint %s: %w", t.title(), err)
}

// conditionFailed reports whether a write, or a transaction, failed for
// its condition.
func conditionFailed(err error) bool {
	var failed *types.ConditionalCheckFailedException
	var canceled *types.TransactionCanceledException
	if errors.As(err, &failed) {
		return true
	}
	if !errors.As(err, &canceled) {
		return false
	}
	for _, reason := range canceled.CancellationReasons {
		if aws.ToString(reason.Code) == "ConditionalCheckFailed" {
			return true
		}
	}
	return false
}

// made reports whether the handler's transaction failed since it was made
// before and its answer was lost: the checkpoint is there already, with a
// generation that no other reader has.
func (p *Page) made(err error) bool {
	var canceled *types.TransactionCanceledException
	if p.commit == nil || !errors.As(err, &canceled) {
		return false
	}
	return slices.ContainsFunc(canceled.CancellationReasons, func(reason types.CancellationReason) bool {
		for _, name := range []string{attrReader, attrPlace, attrGeneration, attrSequence} {
			if reason.Item[name] == nil || !reflect.DeepEqual(reason.Item[name], p.commit[name]) {
				return false
			}
		}
		return true
	})
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
