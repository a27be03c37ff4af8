package attr

// A ValidationError means that DynamoDB refuses the request with a
// ValidationException. Message is the service's text.
type ValidationError struct {
	Message string
	// Attribute is the top-level attribute that contains the refused value, if
	// there is one. Messages about ExpressionAttributeValues name it.
	Attribute string
}

func (e *ValidationError) Error() string { return e.Message }

func invalid(message string) error { return &ValidationError{Message: message} }

// A SerializationError means that the body does not have the request's shape: it is
// not JSON, or has a JSON value of the wrong type. The service answers with a
// SerializationException before it validates anything.
type SerializationError struct {
	Message string // empty if the service sends none, as for text that is not JSON
}

func (e *SerializationError) Error() string {
	if e.Message == "" {
		return "the request is not JSON"
	}
	return e.Message
}
