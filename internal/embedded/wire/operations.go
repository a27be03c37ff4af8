package wire

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/engine"
)

// An operation reads its request from the decoder, runs it and writes the answer.
type operation func(context.Context, *engine.Engine, *decoder) ([]byte, error)

// operationOf makes an operation of an engine's method. The types of the method
// determine the shapes of the request and the answer. If name is not empty, the answer
// is the only field of a structure and has that name.
func operationOf[In, Out any](run func(*engine.Engine, context.Context, *In) (*Out, error), name string) operation {
	request, answer := shapeOf(reflect.TypeFor[In](), options{}), shapeOf(reflect.TypeFor[Out](), options{})
	return func(ctx context.Context, e *engine.Engine, d *decoder) ([]byte, error) {
		var in In
		place := reflect.ValueOf(&in).Elem()
		if err := d.request(request, place); err != nil {
			return nil, err
		}
		if d.unsupported != nil {
			return nil, d.unsupported
		}
		if in, ok := any(&in).(interface{ CheckFirst() error }); ok {
			if err := in.CheckFirst(); err != nil {
				return nil, err
			}
		}
		if err := check(request, place); err != nil {
			return nil, err
		}
		out, err := run(e, ctx, &in)
		if err != nil {
			return nil, err
		}
		d.fault.spoil(&in, out)
		if _, none := any(out).(*struct{}); none {
			return nil, nil // the body is empty, not {}
		}
		dst := make([]byte, 0, 512)
		if name == "" {
			return write(dst, answer, reflect.ValueOf(out).Elem()), nil
		}
		dst = append(dst, `{"`+name+`":`...)
		return append(write(dst, answer, reflect.ValueOf(out).Elem()), '}'), nil
	}
}

// find returns the operation that X-Amz-Target names, nil if there is none.
func find(target string) (name string, op operation) {
	if name, ok := strings.CutPrefix(target, tableTarget); ok {
		return name, tableOperations[name]
	}
	if name, ok := strings.CutPrefix(target, streamTarget); ok {
		return name, streamOperations[name]
	}
	return target, nil
}

var tableOperations = map[string]operation{
	"CreateTable":        operationOf((*engine.Engine).CreateTable, "TableDescription"),
	"UpdateTable":        operationOf((*engine.Engine).UpdateTable, "TableDescription"),
	"DeleteTable":        operationOf((*engine.Engine).DeleteTable, "TableDescription"),
	"DescribeTable":      operationOf((*engine.Engine).DescribeTable, "Table"),
	"ListTables":         operationOf((*engine.Engine).ListTables, ""),
	"TagResource":        operationOf((*engine.Engine).TagResource, ""),
	"UntagResource":      operationOf((*engine.Engine).UntagResource, ""),
	"ListTagsOfResource": operationOf((*engine.Engine).ListTagsOfResource, ""),
	"DescribeLimits":     operationOf((*engine.Engine).DescribeLimits, ""),
	"DescribeEndpoints":  describeEndpoints,
	"UpdateTimeToLive":   operationOf((*engine.Engine).UpdateTimeToLive, "TimeToLiveSpecification"),
	"DescribeTimeToLive": operationOf((*engine.Engine).DescribeTimeToLive, "TimeToLiveDescription"),
	"PutItem":            operationOf((*engine.Engine).PutItem, ""),
	"UpdateItem":         operationOf((*engine.Engine).UpdateItem, ""),
	"DeleteItem":         operationOf((*engine.Engine).DeleteItem, ""),
	"GetItem":            operationOf((*engine.Engine).GetItem, ""),
	"Query":              operationOf((*engine.Engine).Query, ""),
	"Scan":               operationOf((*engine.Engine).Scan, ""),
	"BatchWriteItem":     operationOf((*engine.Engine).BatchWriteItem, ""),
	"BatchGetItem":       operationOf((*engine.Engine).BatchGetItem, ""),
	"TransactWriteItems": operationOf((*engine.Engine).TransactWriteItems, ""),
	"TransactGetItems":   operationOf((*engine.Engine).TransactGetItems, ""),
}

// Operations lists the names of all operations.
func Operations() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for _, operations := range []map[string]operation{tableOperations, streamOperations} {
			for name := range operations {
				if !yield(name) {
					return
				}
			}
		}
	})
}

type endpoints struct{ Endpoints []endpoint }

type endpoint struct {
	Address              string
	CachePeriodInMinutes int
}

// describeEndpoints answers with the host of the request, since there is no other.
func describeEndpoints(ctx context.Context, e *engine.Engine, d *decoder) ([]byte, error) {
	return operationOf(func(*engine.Engine, context.Context, *struct{}) (*endpoints, error) {
		return &endpoints{[]endpoint{{d.host, 1440}}}, nil
	}, "")(ctx, e, d)
}

var streamOperations = map[string]operation{
	"ListStreams":      operationOf((*engine.Engine).ListStreams, ""),
	"DescribeStream":   operationOf((*engine.Engine).DescribeStream, "StreamDescription"),
	"GetShardIterator": operationOf((*engine.Engine).GetShardIterator, ""),
	"GetRecords":       operationOf((*engine.Engine).GetRecords, ""),
}
