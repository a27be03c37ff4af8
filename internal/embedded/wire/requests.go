package wire

import (
	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// This file reads the requests about items.

// What the service tells of values that no expression could use.
const (
	conditionUsers = "ConditionExpression is null"
	updateUsers    = "UpdateExpression and ConditionExpression are null"
	queryUsers     = "FilterExpression and KeyConditionExpression are null"
	filterUsers    = "FilterExpression is null"
)

// A writeShape is which fields a write has: how it names its item, and whether it
// has an UpdateExpression.
type writeShape struct {
	item   string
	update bool
	users  string
}

var (
	putShape    = writeShape{"Item", false, conditionUsers}
	updateShape = writeShape{"Key", true, updateUsers}
	keyShape    = writeShape{"Key", false, conditionUsers}
)

// action reads a field that a write of one item and an entry of a transaction
// share.
func (d *decoder) action(shape writeShape, name string, a *engine.Action) error {
	switch name {
	case shape.item:
		return d.item(&a.Item, &a.Err)
	case "TableName":
		return d.text(&a.TableName)
	case "UpdateExpression":
		if !shape.update {
			return d.Skip()
		}
		return d.text(&a.Expressions.Update)
	case "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues":
		return d.expression(name, &a.Expressions)
	case "ReturnValuesOnConditionCheckFailure":
		return d.text(&a.OnFailure)
	}
	return d.other(name)
}

// readWrite reads PutItem, UpdateItem and DeleteItem.
func readWrite(shape writeShape) func(*decoder, *engine.WriteInput) error {
	return func(d *decoder, in *engine.WriteInput) error {
		in.Expressions.ValueUsers = shape.users
		return d.request(func(name string) error {
			switch name {
			case "ReturnValues":
				return d.text(&in.ReturnValues)
			case "ReturnConsumedCapacity":
				return d.text(&in.ReturnConsumedCapacity)
			case "ReturnItemCollectionMetrics":
				return d.text(&in.ReturnItemCollectionMetrics)
			}
			return d.action(shape, name, &in.Action)
		})
	}
}

func readGetItem(d *decoder, in *engine.GetItemInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TableName":
			return d.text(&in.TableName)
		case "Key":
			return d.item(&in.Key, &in.KeyErr)
		case "ProjectionExpression", "ExpressionAttributeNames":
			return d.expression(name, &in.Expressions)
		case "ConsistentRead":
			return d.flag(&in.ConsistentRead)
		case "ReturnConsumedCapacity":
			return d.text(&in.ReturnConsumedCapacity)
		}
		return d.other(name)
	})
}

// read reads a field that Query and Scan share.
func (d *decoder) read(name string, in *engine.ReadInput) error {
	switch name {
	case "TableName":
		return d.text(&in.TableName)
	case "IndexName":
		return d.text(&in.IndexName)
	case "FilterExpression", "ProjectionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues":
		return d.expression(name, &in.Expressions)
	case "Limit":
		return d.integer(&in.Limit)
	case "Select":
		return d.text(&in.Select)
	case "ExclusiveStartKey":
		return d.item(&in.ExclusiveStartKey, &in.StartKeyErr)
	case "ConsistentRead":
		return d.flag(&in.ConsistentRead)
	case "ReturnConsumedCapacity":
		return d.text(&in.ReturnConsumedCapacity)
	}
	return d.other(name)
}

func readQuery(d *decoder, in *engine.QueryInput) error {
	in.Expressions.ValueUsers = queryUsers
	return d.request(func(name string) error {
		switch name {
		case "KeyConditionExpression":
			return d.text(&in.Expressions.KeyCondition)
		case "ScanIndexForward":
			return d.boolean(&in.ScanIndexForward)
		}
		return d.read(name, &in.ReadInput)
	})
}

func readScan(d *decoder, in *engine.ScanInput) error {
	in.Expressions.ValueUsers = filterUsers
	return d.request(func(name string) error {
		switch name {
		case "Segment":
			return d.integer(&in.Segment)
		case "TotalSegments":
			return d.integer(&in.TotalSegments)
		}
		return d.read(name, &in.ReadInput)
	})
}

func readBatchWriteItem(d *decoder, in *engine.BatchWriteItemInput) error {
	return d.request(func(name string) error {
		switch name {
		case "RequestItems":
			return d.mapping("java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>",
				func() { in.RequestItems = []engine.TableWrites{} }, func(table string) error {
					group := engine.TableWrites{TableName: table}
					err := d.list(func() {}, func(int) error {
						r, err := d.writeRequest()
						group.Requests = append(group.Requests, r)
						return err
					})
					in.RequestItems = append(in.RequestItems, group)
					return err
				})
		case "ReturnConsumedCapacity":
			return d.text(&in.ReturnConsumedCapacity)
		case "ReturnItemCollectionMetrics":
			return d.text(&in.ReturnItemCollectionMetrics)
		}
		return d.other(name)
	})
}

func (d *decoder) writeRequest() (r engine.WriteRequest, err error) {
	inside := func(wanted string, to *attr.Item) func(string) error {
		return func(name string) error {
			if name == wanted {
				return d.item(to, &r.Err)
			}
			return d.Skip()
		}
	}
	err = d.element("WriteRequest", func(name string) error {
		switch name {
		case "PutRequest":
			return d.structure("PutRequest", inside("Item", &r.Item))
		case "DeleteRequest":
			return d.structure("DeleteRequest", inside("Key", &r.Key))
		}
		return d.Skip()
	})
	return r, err
}

func readBatchGetItem(d *decoder, in *engine.BatchGetItemInput) error {
	return d.request(func(name string) error {
		switch name {
		case "RequestItems":
			return d.mapping("com.amazonaws.dynamodb.v20120810.KeysAndAttributes",
				func() { in.RequestItems = []engine.TableReads{} }, func(table string) error {
					group := engine.TableReads{TableName: table}
					err := d.tableReads(&group)
					in.RequestItems = append(in.RequestItems, group)
					return err
				})
		case "ReturnConsumedCapacity":
			return d.text(&in.ReturnConsumedCapacity)
		}
		return d.other(name)
	})
}

func (d *decoder) tableReads(group *engine.TableReads) error {
	return d.element("KeysAndAttributes", func(name string) error {
		switch name {
		case "Keys":
			return d.list(func() { group.Keys = []attr.Item{} }, func(int) error {
				var key attr.Item
				err := d.item(&key, &group.KeysErr)
				group.Keys = append(group.Keys, key)
				return err
			})
		case "ProjectionExpression", "ExpressionAttributeNames":
			return d.expression(name, &group.Expressions)
		case "ConsistentRead":
			return d.flag(&group.ConsistentRead)
		}
		return d.other(name)
	})
}

func readTransactWrite(d *decoder, in *engine.TransactWriteItemsInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TransactItems":
			return d.list(func() { in.TransactItems = []engine.TransactWrite{} }, func(int) error {
				w, err := d.transactWrite()
				in.TransactItems = append(in.TransactItems, w)
				return err
			})
		case "ClientRequestToken":
			return d.text(&in.ClientRequestToken)
		case "ReturnConsumedCapacity":
			return d.text(&in.ReturnConsumedCapacity)
		case "ReturnItemCollectionMetrics":
			return d.text(&in.ReturnItemCollectionMetrics)
		}
		return d.other(name)
	})
}

func (d *decoder) transactWrite() (w engine.TransactWrite, err error) {
	err = d.element("TransactWriteItem", func(name string) error {
		switch name {
		case "ConditionCheck":
			return d.entry(name, keyShape, &w.ConditionCheck)
		case "Delete":
			return d.entry(name, keyShape, &w.Delete)
		case "Put":
			return d.entry(name, putShape, &w.Put)
		case "Update":
			return d.entry(name, updateShape, &w.Update)
		}
		return d.Skip()
	})
	return w, err
}

func (d *decoder) entry(class string, shape writeShape, to **engine.Action) error {
	if d.Null() {
		return nil
	}
	a := &engine.Action{}
	*to = a
	a.Expressions.ValueUsers = conditionUsers
	return d.structure(class, func(name string) error { return d.action(shape, name, a) })
}

func readTransactGet(d *decoder, in *engine.TransactGetItemsInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TransactItems":
			return d.list(func() { in.TransactItems = []engine.TransactGet{} }, func(int) error {
				g, err := d.transactGet()
				in.TransactItems = append(in.TransactItems, g)
				return err
			})
		case "ReturnConsumedCapacity":
			return d.text(&in.ReturnConsumedCapacity)
		}
		return d.other(name)
	})
}

func (d *decoder) transactGet() (g engine.TransactGet, err error) {
	err = d.element("TransactGetItem", func(name string) error {
		if name != "Get" {
			return d.Skip()
		}
		if d.Null() {
			return nil
		}
		g.Given = true
		return d.structure("Get", func(name string) error {
			switch name {
			case "TableName":
				return d.text(&g.TableName)
			case "Key":
				return d.item(&g.Key, &g.KeyErr)
			case "ProjectionExpression", "ExpressionAttributeNames":
				return d.expression(name, &g.Expressions)
			}
			return d.Skip()
		})
	})
	return g, err
}
