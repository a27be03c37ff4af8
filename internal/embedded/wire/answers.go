package wire

import (
	"encoding/json"
	"slices"
	"strconv"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// This file writes the answers. Those with items are written by hand, since they
// are the many; those that describe tables and streams by encoding/json.

func appendJSON[T any](dst []byte, v T) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // descriptions hold nothing that can't be written
	}
	return append(dst, b...)
}

func appendNamed[T any](name string) func([]byte, T) []byte {
	return func(dst []byte, v T) []byte {
		dst = append(dst, `{"`+name+`":`...)
		return append(appendJSON(dst, v), '}')
	}
}

// field begins a field of an object: a comma unless it is the first, the name
// and the colon.
func field(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, `":`...)
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

func appendItems(dst []byte, items []attr.Item) []byte {
	dst = append(dst, '[')
	for i, it := range items {
		dst = it.AppendJSON(comma(dst, i))
	}
	return append(dst, ']')
}

func appendCapacity(dst []byte, c *engine.ConsumedCapacity) []byte {
	dst = append(dst, '{')
	dst = attr.AppendQuoted(field(dst, "TableName"), c.TableName)
	dst = appendUnits(field(dst, "CapacityUnits"), c.Units)
	if c.Detailed {
		dst = append(appendUnits(append(field(dst, "Table"), `{"CapacityUnits":`...), c.Table), '}')
		dst = appendIndexCapacity(dst, "LocalSecondaryIndexes", c.Local)
		dst = appendIndexCapacity(dst, "GlobalSecondaryIndexes", c.Global)
	}
	return append(dst, '}')
}

func appendIndexCapacity(dst []byte, name string, all []engine.IndexCapacity) []byte {
	if all == nil {
		return dst
	}
	dst = append(field(dst, name), '{')
	for _, c := range all {
		dst = append(quotedField(dst, c.Name), `{"CapacityUnits":`...)
		dst = append(appendUnits(dst, c.Units), '}')
	}
	return append(dst, '}')
}

func appendUnits(dst []byte, units float64) []byte {
	return strconv.AppendFloat(dst, units, 'f', 1, 64)
}

func capacityField(dst []byte, c *engine.ConsumedCapacity) []byte {
	if c == nil {
		return dst
	}
	return appendCapacity(field(dst, "ConsumedCapacity"), c)
}

func capacitiesField(dst []byte, all []*engine.ConsumedCapacity) []byte {
	if all == nil {
		return dst
	}
	dst = append(field(dst, "ConsumedCapacity"), '[')
	for i, c := range all {
		dst = appendCapacity(comma(dst, i), c)
	}
	return append(dst, ']')
}

func appendCollection(dst []byte, m *engine.ItemCollectionMetrics) []byte {
	dst = m.Key.AppendJSON(append(dst, `{"ItemCollectionKey":`...))
	dst = appendUnits(append(dst, `,"SizeEstimateRangeGB":[`...), m.Low)
	return append(appendUnits(append(dst, ','), m.High), "]}"...)
}

// collectionsField writes what several tables' collections are; nothing for none.
func collectionsField(dst []byte, all []engine.TableCollections) []byte {
	if all == nil {
		return dst
	}
	dst = append(field(dst, "ItemCollectionMetrics"), '{')
	for _, t := range all {
		dst = append(quotedField(dst, t.TableName), '[')
		for i, m := range t.Collections {
			dst = appendCollection(comma(dst, i), m)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendWrite(dst []byte, out *engine.WriteOutput) []byte {
	dst = append(dst, '{')
	if out.Attributes != nil {
		dst = out.Attributes.AppendJSON(field(dst, "Attributes"))
	}
	if out.Collection != nil {
		dst = appendCollection(field(dst, "ItemCollectionMetrics"), out.Collection)
	}
	return append(capacityField(dst, out.Capacity), '}')
}

func appendGetItem(dst []byte, out *engine.GetItemOutput) []byte {
	dst = append(dst, '{')
	if out.Item != nil {
		dst = out.Item.AppendJSON(field(dst, "Item"))
	}
	return append(capacityField(dst, out.Capacity), '}')
}

func appendPage(dst []byte, out *engine.PageOutput) []byte {
	dst = append(dst, '{')
	if out.Items != nil {
		dst = appendItems(field(dst, "Items"), out.Items)
	}
	dst = strconv.AppendInt(field(dst, "Count"), int64(out.Count), 10)
	dst = strconv.AppendInt(field(dst, "ScannedCount"), int64(out.ScannedCount), 10)
	if out.LastEvaluatedKey != nil {
		dst = out.LastEvaluatedKey.AppendJSON(field(dst, "LastEvaluatedKey"))
	}
	return append(capacityField(dst, out.Capacity), '}')
}

func appendBatchWrite(dst []byte, out *engine.BatchOutput) []byte {
	dst = collectionsField(append(dst, `{"UnprocessedItems":{}`...), out.Collections)
	return append(capacitiesField(dst, out.Capacity), '}')
}

func appendBatchGet(dst []byte, out *engine.BatchGetItemOutput) []byte {
	dst = append(dst, `{"Responses":{`...)
	for _, t := range out.Responses {
		dst = appendItems(quotedField(dst, t.TableName), t.Items)
	}
	dst = append(dst, `},"UnprocessedKeys":{`...)
	for _, t := range out.Unprocessed {
		dst = append(quotedField(dst, t.TableName), '{')
		dst = appendItems(field(dst, "Keys"), t.Keys)
		if t.ConsistentRead {
			dst = append(field(dst, "ConsistentRead"), "true"...)
		}
		if p := t.Expressions.Projection; p != nil {
			dst = attr.AppendQuoted(field(dst, "ProjectionExpression"), *p)
		}
		if t.Expressions.Names != nil {
			dst = append(field(dst, "ExpressionAttributeNames"), '{')
			for _, n := range t.Expressions.Names {
				dst = attr.AppendQuoted(quotedField(dst, n.Placeholder), n.Attribute)
			}
			dst = append(dst, '}')
		}
		dst = append(dst, '}')
	}
	dst = append(dst, '}')
	return append(capacitiesField(dst, out.Capacity), '}')
}

// quotedField is field for a name that a client chose.
func quotedField(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(attr.AppendQuoted(dst, name), ':')
}

func appendTransactWrite(dst []byte, out *engine.BatchOutput) []byte {
	return append(capacitiesField(collectionsField(append(dst, '{'), out.Collections), out.Capacity), '}')
}

func appendTransactGet(dst []byte, out *engine.TransactGetItemsOutput) []byte {
	dst = append(dst, `{"Responses":[`...)
	for i, it := range out.Items {
		dst = append(comma(dst, i), '{')
		if it != nil {
			dst = it.AppendJSON(field(dst, "Item"))
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	return append(capacitiesField(dst, out.Capacity), '}')
}

func appendIterator(dst []byte, token string) []byte {
	dst = append(dst, `{"ShardIterator":`...)
	return append(attr.AppendQuoted(dst, token), '}')
}

func appendRecords(dst []byte, out *engine.GetRecordsOutput) []byte {
	// A page is large: one that grows bit by bit is copied over and over.
	size := 0
	for i := range out.Records {
		size += 512 + 2*out.Records[i].SizeBytes
	}
	dst = append(slices.Grow(dst, size), `{"Records":[`...)
	for i := range out.Records {
		dst = appendRecord(comma(dst, i), &out.Records[i])
	}
	dst = append(dst, ']')
	if out.NextShardIterator != "" {
		dst = attr.AppendQuoted(field(dst, "NextShardIterator"), out.NextShardIterator)
	}
	return append(dst, '}')
}

func appendRecord(dst []byte, r *engine.Record) []byte {
	dst = append(dst, `{"eventID":"`...)
	dst = append(dst, r.EventID...)
	dst = append(dst, `","eventName":"`...)
	dst = append(dst, r.EventName...)
	dst = append(dst, `","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":`...)
	dst = attr.AppendQuoted(dst, r.Region)
	dst = append(dst, `,"dynamodb":{"ApproximateCreationDateTime":`...)
	dst = strconv.AppendInt(dst, r.Created, 10)
	dst = r.Keys.AppendJSON(field(dst, "Keys"))
	if r.NewImage != nil {
		dst = r.NewImage.AppendJSON(field(dst, "NewImage"))
	}
	if r.OldImage != nil {
		dst = r.OldImage.AppendJSON(field(dst, "OldImage"))
	}
	dst = append(dst, `,"SequenceNumber":"`...)
	dst = append(dst, r.SequenceNumber...)
	dst = append(dst, `","SizeBytes":`...)
	dst = strconv.AppendInt(dst, int64(r.SizeBytes), 10)
	dst = append(dst, `,"StreamViewType":"`...)
	dst = append(dst, r.View...)
	dst = append(dst, `"}`...)
	if r.ByTTL {
		dst = append(dst, `,"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}`...)
	}
	return append(dst, '}')
}
