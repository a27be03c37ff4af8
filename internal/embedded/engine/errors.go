package engine

import (
	"errors"
	"fmt"

	"dynamostreamer/internal/embedded/attr"
)

// A Code is the type of an error that DynamoDB answers, without its namespace.
type Code string

// The errors that the engine answers.
const (
	ValidationException                  Code = "ValidationException"
	SerializationException               Code = "SerializationException"
	ResourceNotFoundException            Code = "ResourceNotFoundException"
	ResourceInUseException               Code = "ResourceInUseException"
	ConditionalCheckFailedException      Code = "ConditionalCheckFailedException"
	TransactionCanceledException         Code = "TransactionCanceledException"
	IdempotentParameterMismatchException Code = "IdempotentParameterMismatchException"
	LimitExceededException               Code = "LimitExceededException"
	ExpiredIteratorException             Code = "ExpiredIteratorException"
	TrimmedDataAccessException           Code = "TrimmedDataAccessException"
	UnknownOperationException            Code = "UnknownOperationException"
	InternalServerError                  Code = "InternalServerError"
)

// An Error is an answer of the API that is no success.
type Error struct {
	Code    Code
	Message string
	// Item is the item that a condition failed on, where the request asks for it.
	Item attr.Item
	// Reasons has an entry for each action of a cancelled transaction.
	Reasons []CancellationReason
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// A CancellationReason says what one action did to its transaction. Code is
// "None" for an action that was in order.
type CancellationReason struct {
	Code    string
	Message string
	Item    attr.Item // nil: absent
}

func fail(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return fail(ValidationException, format, args...)
}

// firstOf is the error of the first check that refuses. The later ones do not run.
func firstOf(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// refusal makes an Error of what attr and expr refuse and leaves others alone.
func refusal(err error) error {
	var value *attr.ValidationError
	if errors.As(err, &value) {
		return invalid("%s", value.Message)
	}
	return err
}
