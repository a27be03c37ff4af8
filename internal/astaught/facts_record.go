package main

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/table"
)

const (
	aboutRecords = "Each write that changes something makes a record"
	aboutWho     = "Who did it?"
	aboutDead    = "An update can raise the dead"
	aboutOrder   = "Order is for one item"
	aboutExpired = "A row that has expired can still be saved"
)

var recordFacts = []fact{
	{aboutRecords, "an insert makes an INSERT, with the new image alone", func(w *world) {
		w.oneRecord(w.changes("insert", func() { w.put("insert", attributes{"v": n("1")}) }), streamtypes.OperationTypeInsert, "", "1")
	}},
	{aboutRecords, "a put over an item makes a MODIFY, with both images", func(w *world) {
		w.put("put", attributes{"v": n("1")})
		w.oneRecord(w.changes("put", func() { w.put("put", attributes{"v": n("2")}) })[1:], streamtypes.OperationTypeModify, "1", "2")
	}},
	{aboutRecords, "an update makes a MODIFY, with both images", func(w *world) {
		w.put("update", attributes{"v": n("1")})
		records := w.changes("update", func() { w.must(w.update("update", "ADD v :v", "", n("1"))) })
		w.oneRecord(records[1:], streamtypes.OperationTypeModify, "1", "2")
	}},
	{aboutRecords, "a delete makes a REMOVE, with the old image alone", func(w *world) {
		w.put("delete", attributes{"v": n("1")})
		w.oneRecord(w.changes("delete", func() { w.delete("delete") })[1:], streamtypes.OperationTypeRemove, "1", "")
	}},
	{aboutRecords, "a put of the same item makes none", func(w *world) {
		w.put("same", attributes{"v": n("1")})
		w.records(w.changes("same", func() { w.put("same", attributes{"v": n("1")}) }), "INSERT")
	}},
	{aboutRecords, "an update that changes nothing makes none", func(w *world) {
		w.put("nothing", attributes{"v": n("1")})
		w.records(w.changes("nothing", func() {
			w.must(w.update("nothing", "SET v = :v", "", n("1")))
			w.must(w.update("nothing", "REMOVE absent", "", nil))
		}), "INSERT")
	}},
	{aboutRecords, "a delete of a missing item makes none", func(w *world) {
		w.records(w.changes("missing", func() { w.delete("missing") }))
	}},
	{aboutRecords, "a batch says what it left unwritten", func(w *world) {
		out, err := w.batch(25)
		w.must(err)
		w.want(out.UnprocessedItems != nil, "no UnprocessedItems")
		w.note("%d of 25 were left unwritten", len(out.UnprocessedItems[w.fullName]))
	}},
	{aboutRecords, "a batch writes 25 items at most", func(w *world) {
		_, err := w.batch(26)
		w.refused(err, "ValidationException")
	}},
	{aboutDead, "UpdateItem inserts a missing item, without a ttl", func(w *world) {
		w.put("dead", ttlAt(time.Now().Add(time.Hour)))
		w.delete("dead")
		w.records(w.changes("dead", func() { w.must(w.update("dead", "SET v = :v", "", n("1"))) }), "INSERT", "REMOVE", "INSERT")
	}},
	{aboutDead, "a condition that the item exists prevents it, and makes no record", func(w *world) {
		records := w.changes("condition", func() {
			w.refused(w.update("condition", "SET v = :v", "attribute_exists(id)", n("1")), "ConditionalCheckFailedException")
		})
		w.records(records)
	}},
	{aboutExpired, "an expression can't call ttl by its name", func(w *world) {
		w.refused(w.update("reserved", "SET ttl = :v", "", n("1")), "ValidationException")
	}},
	{aboutExpired, "an item that has expired can be read and saved while it exists", func(w *world) {
		err := w.whileExpired("saved", func() error {
			if w.get("saved") == nil {
				return errors.New("it can't be read")
			}
			return w.update("saved", "SET #ttl = :v", "attribute_exists(id)", ttlAt(time.Now().Add(time.Hour))[table.TTLAttribute])
		})
		w.want(err == nil, "%v", err)
	}},
	{aboutWho, "a program's delete has no identity", func(w *world) {
		w.put("who", nil)
		records := w.changes("who", func() { w.delete("who") })
		w.records(records, "INSERT", "REMOVE")
		w.want(records[1].UserIdentity == nil, "%+v", records[1].UserIdentity)
	}},
	{aboutWho, "neither has its delete of an item that has expired", func(w *world) {
		w.must(w.whileExpired("late", func() error { return w.deleteThere("late") }))
		records := w.changes("late", func() {})
		last := records[len(records)-1]
		w.want(last.EventName == streamtypes.OperationTypeRemove && last.UserIdentity == nil, "%s with %+v", last.EventName, last.UserIdentity)
	}},
	{"Counted once", "a transaction holds 100 items, and 101 are refused", func(w *world) {
		w.must(w.transact(100, ""))
		w.refused(w.transact(101, ""), "ValidationException")
	}},
	{"Counted once", "a transaction whose condition fails writes nothing", func(w *world) {
		records := w.changes("transaction-0", func() {
			w.refused(w.transact(2, "attribute_not_exists(id)"), "TransactionCanceledException")
		})
		w.records(records, "INSERT")
	}},
}

var orderFacts = []fact{
	{aboutOrder, "the sequence numbers of an item's changes grow, as numbers", func(w *world) {
		records := w.changes("order", func() {
			for i := range 12 {
				w.put("order", attributes{"v": n(strconv.Itoa(i))})
			}
		})
		w.want(len(records) == 12, "%d records of 12 puts", len(records))
		for i := range 11 {
			before, after := *records[i].Dynamodb.SequenceNumber, *records[i+1].Dynamodb.SequenceNumber
			w.want(number(w, before).Cmp(number(w, after)) < 0, "%s and then %s", before, after)
		}
	}},
	{aboutOrder, "a sequence number has 21 to 40 digits", func(w *world) {
		for _, r := range w.log.records {
			length := len(*r.Dynamodb.SequenceNumber)
			w.want(length >= 21 && length <= 40, "%s, which has %d", *r.Dynamodb.SequenceNumber, length)
		}
		w.note("%d", len(*w.log.records[0].Dynamodb.SequenceNumber))
	}},
	{aboutThree, "a record's time is rounded to the second", func(w *world) {
		var put *dynamodb.PutItemOutput
		records := w.changes("time", func() { put = w.put("time", nil) })
		w.records(records, "INSERT")
		at := *records[0].Dynamodb.ApproximateCreationDateTime
		now, _ := awsmiddleware.GetServerTime(put.ResultMetadata)
		w.want(at.Nanosecond() == 0 && now.Sub(at).Abs() < 5*time.Second, "%v, at %v", at, now)
	}},
	{aboutRecords, "38 digits, sets, bytes and empty values come as they were written", func(w *world) {
		records := w.changes("values", func() { w.put("values", values) })
		w.records(records, "INSERT")
		image, err := attributevalue.FromDynamoDBStreamsMap(records[0].Dynamodb.NewImage)
		w.must(err)
		sorted(image)
		for name, want := range item("values", values) {
			w.want(reflect.DeepEqual(image[name], want), "%s is %+v, not %+v", name, image[name], want)
		}
	}},
}

// values are of all types; sets are sorted.
var values = attributes{
	"large": n("12345678901234567890123456789012345678"), "small": n("0.1"), "empty": s(""),
	"bytes": &types.AttributeValueMemberB{Value: []byte{255, 0, 1}}, "none": &types.AttributeValueMemberB{Value: []byte{}},
	"names": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "numbers": &types.AttributeValueMemberNS{Value: []string{"1.5", "9007199254740993"}},
	"null": &types.AttributeValueMemberNULL{Value: true}, "no": &types.AttributeValueMemberBOOL{Value: false},
	"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{s("x"), n("1"), &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"in": s("12")}}}},
}

// sorted sorts the sets of an image, which have no order.
func sorted(image map[string]types.AttributeValue) {
	for _, v := range image {
		switch v := v.(type) {
		case *types.AttributeValueMemberSS:
			slices.Sort(v.Value)
		case *types.AttributeValueMemberNS:
			slices.Sort(v.Value)
		}
	}
}

// records wants records with these event names and with the item's key.
func (w *world) records(records []record, names ...string) {
	var got []string
	for _, r := range records {
		got = append(got, string(r.EventName))
		w.want(len(r.Dynamodb.Keys) == 2, "the keys %v", r.Dynamodb.Keys)
	}
	w.want(slices.Equal(got, names), "%v, not %v", got, names)
}

// oneRecord wants one record with a value of v in each image; empty: there is no such image.
func (w *world) oneRecord(records []record, name streamtypes.OperationType, old, new string) {
	w.records(records, string(name))
	for _, image := range []struct {
		name, want string
		got        map[string]streamtypes.AttributeValue
	}{{"old", old, records[0].Dynamodb.OldImage}, {"new", new, records[0].Dynamodb.NewImage}} {
		v, _ := image.got["v"].(*streamtypes.AttributeValueMemberN)
		w.want(image.want == "" && image.got == nil || v != nil && v.Value == image.want, "an %s image with %v, not %q", image.name, image.got, image.want)
	}
}

// whileExpired puts an item that has expired and does something to it, three times at most:
// TTL may be faster.
func (w *world) whileExpired(id string, do func() error) (err error) {
	for range 3 {
		w.put(id, ttlAt(time.Now().Add(-time.Minute)))
		if err = do(); err == nil {
			return nil
		}
	}
	return err
}

// deleteThere deletes a row, and fails if it is missing.
func (w *world) deleteThere(id string) error {
	_, err := w.db.DeleteItem(w.ctx, &dynamodb.DeleteItemInput{
		TableName: &w.fullName, Key: key(id), ConditionExpression: aws.String("attribute_exists(id)"),
	})
	return err
}

// batch puts some items in one call.
func (w *world) batch(size int) (*dynamodb.BatchWriteItemOutput, error) {
	var puts []types.WriteRequest
	for i := range size {
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item(fmt.Sprint("batch-", i), nil)}})
	}
	return w.db.BatchWriteItem(w.ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{w.fullName: puts}})
}

// transact puts some items in one transaction, the first one with a condition.
func (w *world) transact(size int, condition string) error {
	puts := make([]types.TransactWriteItem, size)
	for i := range puts {
		puts[i].Put = &types.Put{TableName: &w.fullName, Item: item(fmt.Sprint("transaction-", i), nil)}
	}
	if condition != "" {
		puts[0].Put.ConditionExpression = &condition
	}
	_, err := w.db.TransactWriteItems(w.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: puts})
	return err
}

func number(w *world, sequence string) *big.Int {
	i, ok := new(big.Int).SetString(sequence, 10)
	w.want(ok, "%s, not a decimal number", sequence)
	return i
}

// ttlAt is the ttl of a row that ends at a time.
func ttlAt(at time.Time) attributes { return attributes{table.TTLAttribute: n(seconds(at))} }

func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
