package wire

import (
	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/expr"
)

// This file reads the requests about items.

// What the service tells of values that no expression could use.
const (
	conditionUsers = "ConditionExpression is null"
	updateUsers    = "UpdateExpression and ConditionExpression are null"
	queryUsers     = "FilterExpression and KeyConditionExpression are null"
	filterUsers    = "FilterExpression is null"
)

// item is the place of attribute values. A value that DynamoDB refuses is noted in
// refused, for the engine to report in its turn.
func (d *decoder) item(to *attr.Item, refused *error) func() error {
	return func() error {
		if d.Null() {
			return nil
		}
		it, err := d.Item()
		if value, ok := err.(*attr.ValidationError); ok {
			if *refused == nil {
				*refused = value
			}
			err = nil
		}
		*to = it
		return err
	}
}

// values is the place of ExpressionAttributeValues.
func (d *decoder) values(r *expr.Request) func() error { return d.item(&r.Values, &r.ValuesErr) }

// names reads ExpressionAttributeNames.
func (d *decoder) names(to *[]expr.Name) error {
	return d.mapping("java.lang.String", func() { *to = []expr.Name{} }, func(placeholder string) error {
		n := expr.Name{Placeholder: placeholder}
		err := d.into(&n.Attribute)
		*to = append(*to, n)
		return err
	})
}

// action is the fields that a write of one item and an entry of a transaction
// share. item names the field of the item, update is where an UpdateExpression
// goes, d.Skip where the write has none.
func (d *decoder) action(a *engine.Action, item string, update any) []any {
	return []any{
		"TableName", &a.TableName,
		item, d.item(&a.Item, &a.Err),
		"UpdateExpression", update,
		"ConditionExpression", &a.Expressions.Condition,
		"ExpressionAttributeNames", &a.Expressions.Names,
		"ExpressionAttributeValues", d.values(&a.Expressions),
		"ReturnValuesOnConditionCheckFailure", &a.OnFailure,
	}
}

func (d *decoder) write(in *engine.WriteInput, item string, update any) error {
	return d.request(append(d.action(&in.Action, item, update),
		"ReturnValues", &in.ReturnValues,
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
		"ReturnItemCollectionMetrics", &in.ReturnItemCollectionMetrics,
	)...)
}

func readPutItem(d *decoder, in *engine.WriteInput) error {
	in.Expressions.ValueUsers = conditionUsers
	return d.write(in, "Item", d.Skip)
}

func readDeleteItem(d *decoder, in *engine.WriteInput) error {
	in.Expressions.ValueUsers = conditionUsers
	return d.write(in, "Key", d.Skip)
}

func readUpdateItem(d *decoder, in *engine.WriteInput) error {
	in.Expressions.ValueUsers = updateUsers
	return d.write(in, "Key", &in.Expressions.Update)
}

func readGetItem(d *decoder, in *engine.GetItemInput) error {
	return d.request(
		"TableName", &in.TableName,
		"Key", d.item(&in.Key, &in.KeyErr),
		"ProjectionExpression", &in.Expressions.Projection,
		"ExpressionAttributeNames", &in.Expressions.Names,
		"ConsistentRead", &in.ConsistentRead,
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
	)
}

// page is the fields that Query and Scan share.
func (d *decoder) page(in *engine.ReadInput) []any {
	return []any{
		"TableName", &in.TableName,
		"IndexName", &in.IndexName,
		"FilterExpression", &in.Expressions.Filter,
		"ProjectionExpression", &in.Expressions.Projection,
		"ExpressionAttributeNames", &in.Expressions.Names,
		"ExpressionAttributeValues", d.values(&in.Expressions),
		"Limit", &in.Limit,
		"Select", &in.Select,
		"ExclusiveStartKey", d.item(&in.ExclusiveStartKey, &in.StartKeyErr),
		"ConsistentRead", &in.ConsistentRead,
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
	}
}

func readQuery(d *decoder, in *engine.QueryInput) error {
	in.Expressions.ValueUsers = queryUsers
	return d.request(append(d.page(&in.ReadInput),
		"KeyConditionExpression", &in.Expressions.KeyCondition,
		"ScanIndexForward", &in.ScanIndexForward,
	)...)
}

func readScan(d *decoder, in *engine.ScanInput) error {
	in.Expressions.ValueUsers = filterUsers
	return d.request(append(d.page(&in.ReadInput), "Segment", &in.Segment, "TotalSegments", &in.TotalSegments)...)
}

func readBatchWriteItem(d *decoder, in *engine.BatchWriteItemInput) error {
	return d.request(
		"RequestItems", func() error {
			return d.mapping("java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>",
				func() { in.RequestItems = []engine.TableWrites{} }, func(table string) error {
					group := engine.TableWrites{TableName: table}
					err := d.list(func() {}, func(int) error {
						var r engine.WriteRequest
						err := d.element("WriteRequest",
							"PutRequest", func() error { return d.structure("PutRequest", "Item", d.item(&r.Item, &r.Err)) },
							"DeleteRequest", func() error { return d.structure("DeleteRequest", "Key", d.item(&r.Key, &r.Err)) },
						)
						group.Requests = append(group.Requests, r)
						return err
					})
					in.RequestItems = append(in.RequestItems, group)
					return err
				})
		},
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
		"ReturnItemCollectionMetrics", &in.ReturnItemCollectionMetrics,
	)
}

func readBatchGetItem(d *decoder, in *engine.BatchGetItemInput) error {
	return d.request(
		"RequestItems", func() error {
			return d.mapping("com.amazonaws.dynamodb.v20120810.KeysAndAttributes",
				func() { in.RequestItems = []engine.TableReads{} }, func(table string) error {
					group := engine.TableReads{TableName: table}
					err := d.tableReads(&group)
					in.RequestItems = append(in.RequestItems, group)
					return err
				})
		},
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
	)
}

func (d *decoder) tableReads(group *engine.TableReads) error {
	return d.element("KeysAndAttributes",
		"Keys", func() error {
			return d.list(func() { group.Keys = []attr.Item{} }, func(int) error {
				var key attr.Item
				err := d.item(&key, &group.KeysErr)()
				group.Keys = append(group.Keys, key)
				return err
			})
		},
		"ProjectionExpression", &group.Expressions.Projection,
		"ExpressionAttributeNames", &group.Expressions.Names,
		"ConsistentRead", &group.ConsistentRead,
	)
}

func readTransactWrite(d *decoder, in *engine.TransactWriteItemsInput) error {
	return d.request(
		"TransactItems", func() error {
			return d.list(func() { in.TransactItems = []engine.TransactWrite{} }, func(int) error {
				var w engine.TransactWrite
				err := d.element("TransactWriteItem",
					"ConditionCheck", d.entry("ConditionCheck", &w.ConditionCheck),
					"Delete", d.entry("Delete", &w.Delete),
					"Put", d.entry("Put", &w.Put),
					"Update", d.entry("Update", &w.Update),
				)
				in.TransactItems = append(in.TransactItems, w)
				return err
			})
		},
		"ClientRequestToken", &in.ClientRequestToken,
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
		"ReturnItemCollectionMetrics", &in.ReturnItemCollectionMetrics,
	)
}

// entry is the place of one kind of entry of a transaction.
func (d *decoder) entry(class string, to **engine.Action) func() error {
	return func() error {
		if d.Null() {
			return nil
		}
		a := &engine.Action{}
		*to = a
		a.Expressions.ValueUsers = conditionUsers
		item, update := "Key", any(d.Skip)
		switch class {
		case "Put":
			item = "Item"
		case "Update":
			update = &a.Expressions.Update
		}
		return d.structure(class, d.action(a, item, update)...)
	}
}

func readTransactGet(d *decoder, in *engine.TransactGetItemsInput) error {
	return d.request(
		"TransactItems", func() error {
			return d.list(func() { in.TransactItems = []engine.TransactGet{} }, func(int) error {
				var g engine.TransactGet
				err := d.element("TransactGetItem", "Get", func() error {
					g.Given = d.Kind() != 'n'
					return d.structure("Get",
						"TableName", &g.TableName,
						"Key", d.item(&g.Key, &g.KeyErr),
						"ProjectionExpression", &g.Expressions.Projection,
						"ExpressionAttributeNames", &g.Expressions.Names,
					)
				})
				in.TransactItems = append(in.TransactItems, g)
				return err
			})
		},
		"ReturnConsumedCapacity", &in.ReturnConsumedCapacity,
	)
}
