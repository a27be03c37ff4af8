// Package conformance tests readers of DynamoDB Streams: any program in any language.
//
// A point is a scenario, in which a table is written, its shards split and roll, its clock
// moves and calls fail, and a reader has to handle each change as often as the point says:
// once, where it says nothing. The files points*.go have the scenarios, which read like
// stories, and mixed.go makes some up. A story is told with the verbs of a World: what
// happens to the table (world.go, verbs.go), and what the reader is waited for to do
// (wait.go). What is behind them stands apart:
//
//   - service.go serves the engine to the reader, and notes its calls; shaping.go makes
//     pages smaller, and refuses calls;
//   - process.go runs the reader's command;
//   - handled.go learns what it handled, from its stdout or from a table;
//   - truth.go knows the changes that there were;
//   - judge.go compares the two, and explain.go says in a sentence what happened.
//
// Each point has a service, a table and a folder for itself. Nothing of it is left.
package conformance
