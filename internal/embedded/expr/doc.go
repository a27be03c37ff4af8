// Package expr reads and evaluates DynamoDB's expressions: conditions and
// filters, key conditions, projections and updates, with their placeholders.
//
// A request's expressions are compiled together, since a placeholder may be used
// by any of them and must be used by one:
//
//	set, err := expr.Compile(expr.Request{
//		Names:     []expr.Name{{"#n", "name"}},
//		Values:    values,
//		Condition: &text,
//	})
//
// Compile's errors are attr.ValidationErrors with the service's messages, in the
// service's order; the service reports them before it looks at the table. What
// it returns is evaluated on items:
//
//	set.Condition.Holds(item)           also set.Filter
//	set.Each(fn)                        the attributes that paths begin with; also of a Condition, a Projection
//	set.KeyCondition.Resolve(hash, rng) which keys a Query reads: a hash key and Bounds
//	set.Projection.Of(item)             the item reduced to the named paths
//	set.Update.CheckKeys(names...)      refuses an update of a key attribute
//	set.Update.OnlyRemoves()            whether it gives no attribute a value
//	set.Update.Apply(item)              the new item; the old one is left as it was
//	set.Update.Touched(item)            the updated paths of an item, for UPDATED_OLD and UPDATED_NEW
//
// Each is nil where the request has no such expression; Holds of a nil Condition
// is true, Of a nil Projection is the item.
//
// The texts of the messages, and the order of what is checked, come from the
// developer guide and from public captures of the service (service_test.go), and,
// where neither has them, from DynamoDB Local, which shares the service's grammar
// (testdata). One thing is told otherwise on purpose: of two paths that can't be
// used together both are named, where the service may name a third.
package expr
