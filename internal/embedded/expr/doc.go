// Package expr reads and evaluates DynamoDB's expressions: conditions and
// filters, key conditions, projections and updates, with their placeholders, and the
// parameters that requests had before expressions.
//
// A request's expressions are compiled together, since any of them may use a placeholder
// and one of them must:
//
//	set, err := expr.Compile(expr.Request{
//		Names:     []expr.Name{{"#n", "name"}},
//		Values:    values,
//		Condition: &text,
//	})
//
// Compile's errors are attr.ValidationErrors with the service's messages, in the service's
// order. The service reports them before it looks at the table. The compiled expressions
// are evaluated on items:
//
//	set.Condition.Holds(item)           also set.Filter
//	set.Each(fn)                        the attributes that paths begin with; also of a Condition, a Projection
//	set.KeyCondition.Resolve(hash, rng) which keys a Query reads: a KeyRange
//	set.Projection.Of(item)             the item reduced to the named paths
//	set.Update.CheckKeys(names...)      refuses an update of a key attribute
//	set.Update.OnlyRemoves()            whether it sets no attribute
//	set.Update.Apply(item)              the new item; the old one does not change
//	set.Update.Touched(item)            the updated paths of an item, for UPDATED_OLD and UPDATED_NEW
//
// A Request may have the Legacy parameters in place of expressions, Expected in place of a
// ConditionExpression and so on. Compile makes the same set of them.
//
// A field of the set is nil if the request has no such expression. Holds of a nil
// Condition is true, and Of of a nil Projection returns the item.
//
// The messages and the order of checks come from the developer guide and from public
// captures of the service (service_test.go). Where neither has them, they come from
// DynamoDB Local, which shares the service's grammar (testdata). One message differs on
// purpose: it names the two paths that can't be used together, while the service may name
// a third.
package expr
