// Package attr implements DynamoDB's attribute values: their ten types, exact decimal
// numbers, order, size in bytes, JSON form and a compact form for storage. It knows
// nothing about tables, expressions or requests.
//
// Other packages build on these parts:
//
//	Value, Type        String, Binary, Int64, ParseNumber, Bool, Null, Set, List, Map;
//	                   Type, Text, Bool, List, Item; Equal, Compare, Add, Sub
//	Item, Attr         NewItem, Get, Find, Only, Equal
//	AppendKey          order-preserving bytes of an S, N or B
//	AppendItem         the storage form of an item; ReadItem reads it
//	Size, Check        size by DynamoDB's rules, and MaxItemSize; nesting and names
//	Scanner            one pass over a JSON request: Kind, Object, Array, Text, Bool,
//	                   Int, Float, Null, Skip, End, and Item and Value for attribute values
//	AppendJSON         the JSON form of an Item or a Value; AppendQuoted for strings
//	ValidationError    a value that DynamoDB refuses, with the service's message
//	SerializationError a body of the wrong shape, with the service's message
//
// Values and Items are immutable. An Item is sorted by name, so that equal items have
// equal forms.
package attr
