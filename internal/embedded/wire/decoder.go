package wire

import (
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/expr"
)

// A decoder reads a request. The readers of structures take the names of fields,
// each with its place behind it: a pointer, which is left alone where the value is
// null, as if it were absent, or a function that reads the value. The errors are
// SerializationErrors with the service's messages.
type decoder struct {
	*attr.Scanner
	unsupported error    // the first parameter that the engine does not have
	seen        []string // expressions, and parameters of before them
	fault       Fault    // that the request has to meet while it runs
	host        string
}

const apiClass = "class com.amazonaws.dynamodb.v20120810."

// request reads the request itself.
func (d *decoder) request(fields ...any) error {
	if d.Kind() != '{' {
		return &attr.SerializationError{}
	}
	return d.fields(fields)
}

// structure reads a structure that is itself a field.
func (d *decoder) structure(class string, fields ...any) error {
	return d.want('{', apiClass+class, attr.UnexpectedField, func() error { return d.fields(fields) })
}

// element reads a structure in a list.
func (d *decoder) element(class string, fields ...any) error {
	return d.want('{', apiClass+class, attr.UnexpectedMember, func() error { return d.fields(fields) })
}

func (d *decoder) fields(fields []any) error {
	return d.Object(func(name string) error {
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == name {
				if strings.HasSuffix(name, "Expression") {
					d.see(name)
				}
				return d.into(fields[i+1])
			}
		}
		return d.other(name)
	})
}

// into reads the next value into its place.
func (d *decoder) into(place any) error {
	if read, ok := place.(func() error); ok {
		return read()
	}
	if names, ok := place.(*[]expr.Name); ok {
		return d.names(names)
	}
	if d.Null() {
		return nil
	}
	switch to := place.(type) {
	case **string:
		return optional(to, d.String)
	case *string:
		return required(to, d.String)
	case **int64:
		return optional(to, func() (int64, error) { return d.Int("Integer") })
	case *int64:
		return required(to, func() (int64, error) { return d.Int("Long") })
	case **float64:
		return optional(to, d.Float)
	case **bool:
		return optional(to, d.Bool)
	case *bool:
		return required(to, d.Bool)
	}
	panic(fmt.Sprintf("wire: no way to read a %T", place))
}

func required[T any](to *T, read func() (T, error)) (err error) {
	*to, err = read()
	return err
}

func optional[T any](to **T, read func() (T, error)) error {
	v, err := read()
	*to = &v
	return err
}

// list reads an array. present is set, so that an empty one can be told from one
// that is absent.
func (d *decoder) list(present func(), elem func(i int) error) error {
	return d.want('[', "", attr.UnexpectedField, func() error { present(); return d.Array(elem) })
}

// mapping reads an object of free names whose values have the Java class that the
// service's message names.
func (d *decoder) mapping(valueClass string, present func(), field func(name string) error) error {
	return d.want('{', "java.util.Map<java.lang.String, "+valueClass+">", attr.UnexpectedField,
		func() error { present(); return d.Object(field) })
}

// want reads a value that is of a kind or null; see Scanner.Want.
func (d *decoder) want(kind byte, class, scalar string, read func() error) error {
	if d.Null() {
		return nil
	}
	if err := d.Want(string(kind), class, scalar); err != nil {
		return err
	}
	return read()
}

// missing are the parameters that the engine does not have, and what to use
// instead; empty is nothing.
var missing = map[string]string{
	"Expected":            "ConditionExpression",
	"ConditionalOperator": "an expression",
	"AttributeUpdates":    "UpdateExpression",
	"AttributesToGet":     "ProjectionExpression",
	"KeyConditions":       "KeyConditionExpression",
	"QueryFilter":         "FilterExpression",
	"ScanFilter":          "FilterExpression",
	"ReplicaUpdates":      "",
	"ResourcePolicy":      "",
}

// other passes over a field that the operation's reader does not know. Those of
// DynamoDB that the engine lacks are an error; the rest is ignored, as by the
// service.
func (d *decoder) other(name string) error {
	instead, lacks := missing[name]
	if instead != "" {
		d.see(name)
	}
	if lacks && d.Kind() != 'n' && d.unsupported == nil {
		message := fmt.Sprintf("The embedded engine does not have the parameter %s", name)
		if instead != "" {
			message += ": use " + instead + ", or DynamoDB Local or AWS"
		} else {
			message += ": AWS does"
		}
		d.unsupported = &engine.Error{Code: engine.ValidationException, Message: message}
	}
	return d.Skip()
}

// The parameters that exclude each other, in the order of the service's message
// (dynalite, updateItem and query; dynamodb-conformance, error-messages).
var (
	legacyParameters = []string{"AttributeUpdates", "Expected", "AttributesToGet", "QueryFilter", "ScanFilter",
		"ConditionalOperator", "KeyConditions"}
	expressionParameters = []string{"UpdateExpression", "ConditionExpression", "ProjectionExpression",
		"FilterExpression", "KeyConditionExpression"}
)

// see notes that the request has a parameter, unless it is null.
func (d *decoder) see(name string) {
	if d.Kind() != 'n' {
		d.seen = append(d.seen, name)
	}
}

// mixed refuses a request that has both expressions and parameters of before
// them. KeyConditions alone may stand beside other expressions.
func (d *decoder) mixed() error {
	unseen := func(name string) bool {
		return !slices.Contains(d.seen, name) || name == "KeyConditions" && !slices.Contains(d.seen, "KeyConditionExpression")
	}
	legacy := slices.DeleteFunc(slices.Clone(legacyParameters), unseen)
	expressions := slices.DeleteFunc(slices.Clone(expressionParameters), unseen)
	if len(legacy) == 0 || len(expressions) == 0 {
		return nil
	}
	return &engine.Error{Code: engine.ValidationException, Message: fmt.Sprintf(
		"Can not use both expression and non-expression parameters in the same request: "+
			"Non-expression parameters: {%s} Expression parameters: {%s}",
		strings.Join(legacy, ", "), strings.Join(expressions, ", "))}
}

// elsewhere are DynamoDB's operations that are no part of the engine, and what to
// do instead.
var elsewhere = []struct{ operations, instead string }{
	{"ExecuteStatement BatchExecuteStatement ExecuteTransaction",
		"it has no PartiQL: use GetItem, Query, PutItem, UpdateItem, DeleteItem and the Batch and Transact operations, or DynamoDB Local"},
	{`CreateBackup DeleteBackup DescribeBackup ListBackups RestoreTableFromBackup RestoreTableToPointInTime
		DescribeContinuousBackups UpdateContinuousBackups ExportTableToPointInTime DescribeExport ListExports
		ImportTable DescribeImport ListImports`,
		"copy the database's folder while nobody writes, or use AWS"},
	{`CreateGlobalTable UpdateGlobalTable DescribeGlobalTable ListGlobalTables DescribeGlobalTableSettings
		UpdateGlobalTableSettings DescribeTableReplicaAutoScaling UpdateTableReplicaAutoScaling`,
		"it is one region: use AWS"},
	{`DescribeContributorInsights ListContributorInsights UpdateContributorInsights DescribeKinesisStreamingDestination
		EnableKinesisStreamingDestination DisableKinesisStreamingDestination UpdateKinesisStreamingDestination
		GetResourcePolicy PutResourcePolicy DeleteResourcePolicy`,
		"use AWS"},
}

func unknown(name string) error {
	for _, e := range elsewhere {
		if slices.Contains(strings.Fields(e.operations), name) {
			return &engine.Error{
				Code:    engine.UnknownOperationException,
				Message: name + " is not part of the embedded engine: " + e.instead,
			}
		}
	}
	return &engine.Error{Code: engine.UnknownOperationException, Message: "An unknown operation was requested."}
}
