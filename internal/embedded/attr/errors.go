package attr

// A ValidationError means that DynamoDB refuses the request with a
// ValidationException. Message is the service's text.
type ValidationError struct {
	Message string
	// Attribute is the top-level attribute that contains the refused value, if
	// there is one. Messages about ExpressionAttributeValues name it.
	Attribute string
	// Older is the text for operations that check values as the service did until
	// 2026. Only a number and a set with equal members have it, and with them the
	// other operations do not say which value of the request is refused.
	Older string
}

// OlderText returns the error of a value with the text that the service had until 2026.
func OlderText(err error) error {
	v, ok := err.(*ValidationError)
	if !ok || v.Older == "" {
		return err
	}
	return &ValidationError{Message: v.Older, Attribute: v.Attribute}
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
