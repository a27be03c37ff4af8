// Package stream reads the changes of a DynamoDB table from its stream.
//
// A stream is a set of shards, each a sequence of records. A shard closes
// after some hours, or sooner, and its children go on where it ends. All
// changes of one item lie in one line of descent: the shard that was open
// when each was made.
//
// What a Reader promises:
//
//   - Every record that the stream held when it was reached is yielded:
//     an empty answer is no end, the last answer of a shard may carry
//     records, shards beyond the first page of a description and those
//     made later are read too.
//   - The changes of one item come in the order in which they were made: a
//     shard is read after its parent was read to the end and the parent's
//     last event was handled. Among different items there is no order.
//   - What was trimmed before it was read, 24 hours after the change, is an
//     error and never passed over.
//
// A Reader keeps its place in memory only: another one starts where its
// Options say.
package stream
