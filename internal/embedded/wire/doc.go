// Package wire speaks DynamoDB's protocol, awsJson1.0: it routes requests by
// X-Amz-Target, reads them, hands them to an engine and writes the answers. What
// an operation means is the engine's business.
//
// requests.go and tables.go say how each operation is read, answers.go how it is
// answered, errors.go how it is refused, and faults.go how a test can make it
// fail.
package wire
