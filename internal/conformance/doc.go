// Package conformance tests readers of DynamoDB Streams: any program in any language.
//
// A point is a scenario, in which a table is written, its shards split and roll, its clock
// moves and calls fail, and a reader has to handle each change as often as the point says.
// The files points*.go have the scenarios, which read like stories. A story is told with
// the verbs of a World (world.go). What is behind them stands apart:
//
//   - service.go serves the engine to the reader, and notes its calls;
//   - process.go runs the reader's command;
//   - handled.go learns what it handled, from its stdout or from a table;
//   - truth.go knows the changes that there were;
//   - judge.go compares the two, and explain.go says in a sentence what happened.
//
// Each point has a service, a table and a folder for itself. Nothing of it is left.
package conformance
