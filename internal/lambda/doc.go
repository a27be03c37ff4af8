// Package lambda makes a Lambda function of the handler that stream.Reader's Run
// takes, for a function that Lambda invokes with the records of a table's stream:
//
//	lambda.Start(ours.Handler(handle)) // Start is that of github.com/aws/aws-lambda-go/lambda
//
// # What becomes of an event
//
// A batch's events are handled in its order or, with Parallel, several items at a
// time, each one's changes in order. They come at least once, and an item's
// changes in their order, as with a Reader. An event that fails, or whose handler
// panics, ends its batch:
//
//   - As a rule the invocation fails, and Lambda sends the whole batch again:
//     those before the event that failed are redelivered too.
//   - With ReportBatchItemFailures the function succeeds and names the first
//     event that failed. Those before it are done with, and Lambda sends the rest
//     again, that event first.
//
// Give ReportBatchItemFailures only to a function whose event source mapping has
// the FunctionResponseTypes of that name. Lambda does not look at the answer of
// any other function: to it, a failure that is only in the answer is a success,
// and the events from there on are lost. The reverse is harmless: the function's
// error makes Lambda repeat the batch.
//
// Retries, halving a batch, giving up and the on-failure destination are the
// mapping's settings. By default it retries for a day: one event that can't pass
// blocks its shard.
//
// # What an event lacks
//
// A Lambda event tells less than a Reader's: Shard is empty, Generation and Copy
// are 0, and the kinds Lost, Copied and CopyDone don't occur. Seen is when the
// function began with the batch, by the clock of its machine.
//
// Generation is what lets a database refuse the late write of a frozen process
// (README.md, "Two replicas"). Lambda has nothing like it: an invocation that
// timed out may have a call under way when its batch comes again. Leave that
// guard out, or let a function have a row of its name: at 0, it passes while no
// Reader has used the row, and refuses nothing. What protects each row is the
// comparison of Event.Order, which works as ever.
//
// The package imports neither the engine nor the mapping that plays Lambda, and
// the linker leaves the Reader out of a program that has nothing else of package
// stream.
package lambda
