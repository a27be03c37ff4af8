package wire

import (
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/expr"
)

// A decoder reads a request. Its methods read the next value into a place, and
// leave that alone where the value is null, as if it were absent. Their errors
// are SerializationErrors with the service's messages.
type decoder struct {
	*attr.Scanner
	unsupported error // the first parameter that the engine does not have
	fault       Fault // that the request has to meet while it runs
}

func mistyped(message string) error { return &attr.SerializationError{Message: message} }

const apiClass = "class com.amazonaws.dynamodb.v20120810."

// request reads the request itself.
func (d *decoder) request(field func(name string) error) error {
	if d.Kind() != '{' {
		return &attr.SerializationError{}
	}
	return d.Object(field)
}

// structure reads an object of fixed fields that is itself a field.
func (d *decoder) structure(class string, field func(name string) error) error {
	return d.expect('{', apiClass+class, "Unexpected field type", func() error { return d.Object(field) })
}

// element reads an object of fixed fields in a list.
func (d *decoder) element(class string, field func(name string) error) error {
	return d.expect('{', apiClass+class, "Unexpected value type in payload", func() error { return d.Object(field) })
}

// list reads an array. present is set, so that an empty one can be told from one
// that is absent.
func (d *decoder) list(present func(), elem func(i int) error) error {
	return d.expect('[', "", "Unexpected field type", func() error { present(); return d.Array(elem) })
}

// mapping reads an object of free names whose values have the Java class that the
// service's message names.
func (d *decoder) mapping(valueClass string, present func(), field func(name string) error) error {
	return d.expect('{', "java.util.Map<java.lang.String, "+valueClass+">", "Unexpected field type", func() error { present(); return d.Object(field) })
}

// expect reads a value that is of a kind or null. Of another kind it is an error,
// whose message names the class where a list was given, or is scalar.
func (d *decoder) expect(kind byte, class, scalar string, read func() error) error {
	switch d.Kind() {
	case kind:
		return read()
	case '{':
		return mistyped("Start of structure or map found where not expected")
	case '[':
		return mistyped("Unrecognized collection type " + class)
	case '"', 't', 'f', '0':
		return mistyped(scalar)
	}
	return d.Skip()
}

func (d *decoder) text(to **string) error {
	if d.Null() {
		return nil
	}
	s, err := d.String()
	*to = &s
	return err
}

func (d *decoder) plainText(to *string) error {
	var p *string
	err := d.text(&p)
	if p != nil {
		*to = *p
	}
	return err
}

func (d *decoder) integer(to **int64) error {
	if d.Null() {
		return nil
	}
	n, err := d.Int("Integer")
	*to = &n
	return err
}

func (d *decoder) long(to *int64) error {
	if d.Null() {
		return nil
	}
	n, err := d.Int("Long")
	*to = n
	return err
}

func (d *decoder) number(to **float64) error {
	if d.Null() {
		return nil
	}
	f, err := d.Float()
	*to = &f
	return err
}

func (d *decoder) boolean(to **bool) error {
	if d.Null() {
		return nil
	}
	b, err := d.Bool()
	*to = &b
	return err
}

func (d *decoder) flag(to *bool) error {
	var p *bool
	err := d.boolean(&p)
	if p != nil {
		*to = *p
	}
	return err
}

// item reads attribute values. A value that DynamoDB refuses is noted in refused,
// for the engine to report in its turn.
func (d *decoder) item(to *attr.Item, refused *error) error {
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
	if it == nil {
		it = attr.Item{}
	}
	*to = it
	return err
}

// expression reads a field of an expression.
func (d *decoder) expression(name string, r *expr.Request) error {
	switch name {
	case "ConditionExpression":
		return d.text(&r.Condition)
	case "FilterExpression":
		return d.text(&r.Filter)
	case "ProjectionExpression":
		return d.text(&r.Projection)
	case "ExpressionAttributeNames":
		return d.mapping("java.lang.String", func() { r.Names = []expr.Name{} }, func(placeholder string) error {
			n := expr.Name{Placeholder: placeholder}
			err := d.plainText(&n.Attribute)
			r.Names = append(r.Names, n)
			return err
		})
	}
	err := d.item(&r.Values, &r.ValuesErr) // ExpressionAttributeValues
	r.ValuesGiven = r.Values != nil
	return err
}

// missing are the parameters that the engine does not have, and what to use
// instead; empty is nothing.
var missing = map[string]string{
	"Expected":                    "ConditionExpression",
	"ConditionalOperator":         "an expression",
	"AttributeUpdates":            "UpdateExpression",
	"AttributesToGet":             "ProjectionExpression",
	"KeyConditions":               "KeyConditionExpression",
	"QueryFilter":                 "FilterExpression",
	"ScanFilter":                  "FilterExpression",
	"GlobalSecondaryIndexes":      "",
	"LocalSecondaryIndexes":       "",
	"GlobalSecondaryIndexUpdates": "",
	"ReplicaUpdates":              "",
	"SSESpecification":            "",
	"Tags":                        "",
	"TableClass":                  "",
	"DeletionProtectionEnabled":   "",
	"ResourcePolicy":              "",
	"OnDemandThroughput":          "",
	"WarmThroughput":              "",
}

// other passes over a field that the operation's reader does not know. Those of
// DynamoDB that the engine lacks are an error; the rest is ignored, as by the
// service.
func (d *decoder) other(name string) error {
	instead, lacks := missing[name]
	if lacks && d.Kind() != 'n' && d.unsupported == nil {
		message := fmt.Sprintf("The embedded engine does not have the parameter %s", name)
		if instead != "" {
			message += ": use " + instead + ", or DynamoDB Local or AWS"
		} else {
			message += ": DynamoDB Local and AWS do"
		}
		d.unsupported = &engine.Error{Code: engine.ValidationException, Message: message}
	}
	return d.Skip()
}

// operationsElsewhere names DynamoDB's operations that are no part of the engine,
// to tell them from those that do not exist.
var operationsElsewhere = strings.Fields(`
	BatchExecuteStatement CreateBackup CreateGlobalTable DeleteBackup DeleteResourcePolicy DescribeBackup
	DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints DescribeExport DescribeGlobalTable
	DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination DescribeLimits
	DescribeTableReplicaAutoScaling DisableKinesisStreamingDestination EnableKinesisStreamingDestination
	ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetResourcePolicy ImportTable ListBackups
	ListContributorInsights ListExports ListGlobalTables ListImports ListTagsOfResource PutResourcePolicy
	RestoreTableFromBackup RestoreTableToPointInTime TagResource UntagResource UpdateContinuousBackups
	UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateKinesisStreamingDestination
	UpdateTableReplicaAutoScaling`)

func unknown(name string) error {
	e := &engine.Error{Code: engine.UnknownOperationException, Message: "An unknown operation was requested."}
	if slices.Contains(operationsElsewhere, name) {
		e.Message = name + " is not part of the embedded engine: DynamoDB Local or AWS has it"
	}
	return e
}
