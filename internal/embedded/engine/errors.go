package engine

import (
	"errors"
	"fmt"

	"dynamostreamer/internal/embedded/attr"
)

// A Code is the type of an error in DynamoDB's API, without its namespace.
type Code string

// These are the errors that the engine returns.
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
	AccessDeniedException                Code = "AccessDeniedException"
	InternalServerError                  Code = "InternalServerError"
)

// An Error is an error answer of the API.
type Error struct {
	Code    Code
	Message string
	// Item is the item whose condition failed, if the request asks for it.
	Item attr.Item
	// Reasons has an entry for each action of a cancelled transaction.
	Reasons []CancellationReason
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// A CancellationReason says why one action cancelled its transaction. Code is "None" for
// an action that did not.
type CancellationReason struct {
	Code    string
	Message string
	Item    attr.Item // nil: absent
}

// A LabError says why a method that is not part of the API, such as SplitShard, can't do
// what it was asked to, and what to do instead.
type LabError string

func (e LabError) Error() string { return string(e) }

func fail(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return fail(ValidationException, format, args...)
}

// firstOf runs checks until one fails, and returns its error.
func firstOf(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// refusal converts an attr.ValidationError into an Error and returns other errors
// unchanged.
func refusal(err error) error {
	var value *attr.ValidationError
	if errors.As(err, &value) {
		return invalid("%s", value.Message)
	}
	return err
}
