// Package wire speaks DynamoDB's protocol, awsJson1.0. It routes requests by
// X-Amz-Target, reads and checks them, passes them to an engine and writes the answers.
//
//	handler.go     the HTTP handler
//	operations.go  the operations
//	shape.go       makes a shape of a Go type and the api tags of its fields
//	read.go        reads a request by its shape
//	check.go       checks a request against the constraints of its shape
//	write.go       writes an answer by its shape
//	missing.go     the operations and parameters that the engine does not have
//	errors.go      the answers to requests that are refused
//	faults.go      the faults that tests inject
//
// The engine's inputs and outputs are the only description of requests and answers. An
// api tag begins with the field's name in the API, or with nothing where that is its Go
// name. Words follow, separated by commas:
//
//	TableName  *string   `api:",required,name,3..255"`
//	Type       *string   `api:"ShardIteratorType,required,one of LATEST TRIM_HORIZON"`
//
//	word          the field
//	required      must be present
//	parameter     must be present; the error is that of a missing main parameter
//	name          has only the characters of names: letters, digits, _ . -
//	arn           may be the ARN of a table instead
//	1..255        has a value in this range (a number) or a length in it (a text, a
//	              list); either bound may be missing
//	one of A B    has one of these values
//	each W        has elements, or values of an object, that satisfy the word W: 1..255
//	map           is a slice of pairs, a JSON object in the request
//	tables        is a map whose keys are names or ARNs of tables
//	class C       is called C by the service's messages: otherwise a pointer to a struct
//	              has the field's name, and a list's or a map's elements that of their Go
//	              type; for a number, C is Long instead of Integer
//	without A B   is a struct, or an embedded one, that lacks these fields here
//	needs A B     is a struct, or an embedded one, whose fields A and B are required here
//
// An input that has the method CheckFirst is checked by it before the constraints of its
// shape are.
//
// The fields of an embedded struct belong to the structure around it. The tag of an
// expr.Request lists those of its fields that the operation has, legacy ones among them,
// and they too belong to the structure around it. The error of a refused attribute value
// goes into the field Err beside the value or, if there is none, of the structure around
// it.
package wire
