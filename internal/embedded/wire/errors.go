package wire

import (
	"errors"
	"net/http"
	"reflect"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// These are the namespaces of error types.
const (
	apiErrors       = "com.amazonaws.dynamodb.v20120810#"
	frameworkErrors = "com.amazon.coral.service#"
	shapeErrors     = "com.amazon.coral.validate#"
)

var errUnsigned = &engine.Error{Code: "MissingAuthenticationTokenException", Message: "Request is missing Authentication Token"}

func namespace(code engine.Code) string {
	switch code {
	case engine.ValidationException:
		return shapeErrors
	case engine.SerializationException, engine.UnknownOperationException, engine.AccessDeniedException, errUnsigned.Code:
		return frameworkErrors
	}
	return apiErrors
}

// asError converts an error into the Error of the answer. An error that is not the
// request's fault becomes an InternalServerError. Unlike the service's it says what
// happened, since the reader owns this machine.
func asError(err error) *engine.Error {
	var e *engine.Error
	if errors.As(err, &e) {
		return e
	}
	var shape *attr.SerializationError
	if errors.As(err, &shape) {
		return &engine.Error{Code: engine.SerializationException, Message: shape.Message}
	}
	return &engine.Error{Code: engine.InternalServerError, Message: err.Error()}
}

// errorBody is the body of an error answer. SerializationException, AccessDeniedException
// and TransactionCanceledException spell Message with a capital letter.
type errorBody struct {
	Type                string `api:"__type"`
	Message             string `api:"message"`
	Capital             string `api:"Message"`
	Item                attr.Item
	CancellationReasons []engine.CancellationReason
}

var errorShape = shapeOf(reflect.TypeFor[errorBody](), options{})

// refused returns the answer to a request that failed with err.
func refused(err error) (answer []byte, status int) {
	e := asError(err)
	body := errorBody{Type: namespace(e.Code) + string(e.Code), Item: e.Item, CancellationReasons: e.Reasons}
	switch e.Code {
	case engine.SerializationException, engine.AccessDeniedException, engine.TransactionCanceledException:
		body.Capital = e.Message
	default:
		body.Message = e.Message
	}
	if status = http.StatusBadRequest; e.Code == engine.InternalServerError {
		status = http.StatusInternalServerError
	}
	return write(nil, errorShape, reflect.ValueOf(&body).Elem()), status
}
