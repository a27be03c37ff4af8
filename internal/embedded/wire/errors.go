package wire

import (
	"errors"
	"net/http"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// The namespaces of the types of errors.
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
	case engine.SerializationException, engine.UnknownOperationException, errUnsigned.Code:
		return frameworkErrors
	}
	return apiErrors
}

// asError is the Error that an error of the engine is answered with. What is not
// the request's fault is an InternalServerError; unlike the service it says what
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

func statusOf(err error) int {
	if asError(err).Code == engine.InternalServerError {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// appendError writes the body of an error's answer. The framework and cancelled
// transactions spell Message with a capital letter.
func appendError(dst []byte, err error) []byte {
	e := asError(err)
	dst = append(dst, '{')
	dst = attr.AppendQuoted(field(dst, "__type"), namespace(e.Code)+string(e.Code))
	spelling := "message"
	if e.Code == engine.SerializationException || e.Code == engine.TransactionCanceledException {
		spelling = "Message"
	}
	if e.Message != "" {
		dst = attr.AppendQuoted(field(dst, spelling), e.Message)
	}
	if e.Item != nil {
		dst = e.Item.AppendJSON(field(dst, "Item"))
	}
	if e.Reasons != nil {
		dst = append(field(dst, "CancellationReasons"), '[')
		for i, r := range e.Reasons {
			dst = append(comma(dst, i), '{')
			dst = attr.AppendQuoted(field(dst, "Code"), r.Code)
			if r.Message != "" {
				dst = attr.AppendQuoted(field(dst, "Message"), r.Message)
			}
			if r.Item != nil {
				dst = r.Item.AppendJSON(field(dst, "Item"))
			}
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
