package attr

// A ValidationError is a request that DynamoDB refuses with a
// ValidationException. Message is the service's text.
type ValidationError struct {
	Message string
	// Attribute is the top-level attribute that holds the refused value,
	// empty where the value stands alone. A caller that refuses an entry of
	// ExpressionAttributeValues names the key with it.
	Attribute string
}

func (e *ValidationError) Error() string { return e.Message }

func invalid(message string) error { return &ValidationError{Message: message} }

// A SerializationError is a body that does not have the request's shape: no
// JSON, or a JSON value of another type. The service answers with a
// SerializationException before it validates anything.
type SerializationError struct {
	Message string // empty where the service sends none, as for text that is no JSON
}

func (e *SerializationError) Error() string {
	if e.Message == "" {
		return "the request is not JSON"
	}
	return e.Message
}
