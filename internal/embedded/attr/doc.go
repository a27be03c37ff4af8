// Package attr holds DynamoDB's attribute values: their ten types, exact decimal
// numbers, order, size in bytes, the JSON of the wire and a compact form for
// storage. It knows nothing of tables, expressions or requests.
//
// The parts that other rooms stand on:
//
//	Value, Type        String, Binary, Int64, ParseNumber, Bool, Null, Set, List, Map;
//	                   Type, Text, Bool, List, Item; Equal, Compare, Add, Sub
//	Item, Attr         NewItem, Get, Find, Only, Equal
//	AppendKey          order-preserving bytes of an S, N or B
//	AppendItem         the storage form of an item; ReadItem is the way back
//	Size, Check        bytes by DynamoDB's rules, and MaxItemSize; nesting and names
//	Scanner            one pass over a JSON request: Kind, Object, Array, Text, Bool,
//	                   Int, Float, Null, Skip, End, and Item for attribute values
//	AppendJSON         the wire form of an Item or a Value; AppendQuoted for strings
//	ValidationError    a value that DynamoDB refuses, with its message
//	SerializationError a body of another shape, with the service's message
//
// Values and Items never change once made. An Item is sorted by name, so that equal items have equal forms.
package attr
