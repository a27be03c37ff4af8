// Package wire speaks DynamoDB's protocol, awsJson1.0: it routes requests by
// X-Amz-Target, reads them, hands them to an engine and writes the answers. What
// an operation means is the engine's business.
//
// What the requests and answers look like is said once, by the types of the
// engine's inputs and outputs and the tags of their fields: shape.go makes a shape of
// them, by which read.go reads a request, check.go holds it against the constraints
// of its fields, and write.go writes an answer. operations.go lists the operations,
// missing.go what the engine does not have, errors.go says how a request is refused,
// and faults.go how a test can make one fail.
package wire
