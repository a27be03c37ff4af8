// Package stream reads the changes of a DynamoDB table from its stream.
//
// A stream is a set of shards, each a sequence of records. A shard closes
// after some hours, or sooner, and its children continue where it ends. All
// changes of one item are in one lineage: each in the shard that was open when
// it was made.
//
// # Reading
//
// Open finds the shards and the position to begin at. Then there are three
// ways to read, from the simplest to the one that promises most:
//
//   - Events is an iterator: shards are fetched side by side and their
//     events are yielded one by one.
//   - Run calls a function for each event, for all shards side by side and, as
//     Options.Parallel says, for several items of each.
//   - RunPages calls a function for some events of one shard at once. It
//     may write their effects and the shard's checkpoint in one transaction.
//
// RunFeeds is for a function that gathers its batches itself, across pages, such
// as a mapping that plays AWS Lambda's.
//
// A page goes from GetRecords (fetch.go) to the handler (read.go, run.go) and
// its position to the checkpoint (checkpoint.go).
//
// With Options.Copy, all of them give the rows of the table first, and then its
// changes (copy.go).
//
// # Guarantees
//
// Delivery: every record that the stream held when its shard was read is
// delivered at least once, and as a rule once. It is redelivered after a
// handler that failed and after a break. With Checkpoints, the next Reader
// resumes after the last event that was handled: after a crash, or without a
// Close, only events whose checkpoint was not saved are redelivered.
//
// Loss: DynamoDB keeps a record for 24 hours. A Gap stands where records were
// trimmed before they were read, or may have been. Another one stands between
// two streams of the table, where the stream was switched off and on or the
// table was made again: no stream has what was written in between, nor the rows
// that went with a deleted table. A Gap ends the reading with an error, or is
// an event, as Options.OnGap says. The one exception is a reader without
// checkpoints: what is trimmed within 15 minutes of its Open counts as older
// than its Start. File gap.go says how a reader knows.
//
// Order: the changes of one item come in the order in which they were made. A
// shard is read after its parent was read to the end and the parent's last
// event was handled; a stream after the one before it, and after the Gap
// between them. Among different items there is no order. With Options.Parallel
// the position moves to the last event that, like all before it, is handled:
// after a crash, or a shutdown while an item was failing or longer in work than
// Options.Grace allows, up to Options.MaxInWork events of a shard are
// redelivered although they were handled.
//
// Copies: from CopyDone on, a handler that keeps the rows as Copy says has what
// the table has, less what is still to come, and an item's events come in their
// order. That the stream was read past the end of the scan is certain where a
// later record or the end of a shard tells so; of an idle shard it is a guess, as
// with Options.Idle: it gave nothing but empty answers for 5 seconds, or for Idle
// where that is shorter. A Gap before CopyDone is one in the copy too.
//
// Time: all ages go by DynamoDB's clock, which its answers tell to the second.
// This machine's clock may be wrong, or be set, without harm.
//
// Liveness: Stats tells of each shard what it waits for and since when, and
// Health what is wrong. A wait that is longer than it should be is logged as a
// warning within 30 seconds.
//
// Where these can't be kept, the Reader says so: a persistent error ends the
// reading, and an unreachable server or network does after 30 to 60 seconds.
// Start another Reader then. Throttling does not end it: the Reader waits,
// warns and counts it, both of the stream and of the checkpoints. It repeats
// calls by itself and makes the SDK try each once, whatever its client is set
// to. Watch Left in Stats: it is the time after which a shard loses records.
//
// # Limits
//
// One Reader reads all shards of a stream. Several processes can't divide
// them: of those that share checkpoints, one is the owner, and the others stand
// by in Open. They begin within a second of the owner's Close, and within 10
// seconds of its death, or 0.1 s more for each 100 shards. Two never hand over
// events at the same time; but an owner that is frozen, or cut off from the
// checkpoints, amid a handler may finish it beside the next one.
// Event.Generation tells the two apart. A set of checkpoints belongs
// to one table.
//
// What can't be repeated, such as a mail that is sent, may be done twice after
// a crash; RunPages is for effects that are in DynamoDB themselves. A Gap tells
// that records were lost, or may have been, and not which.
//
// # Costs
//
// GetRecords is called 4 times a second at most for each shard (Options.Pace),
// and once a second for an idle one (Options.Poll). DescribeStream is called
// once in 4 seconds, and twice a second at most on average with up to 10,000
// shards. The checkpoint of a shard is written once a second at most
// (Options.CheckpointEvery), and a table's lease once in 3 seconds until Close;
// a standby reads it twice a second.
//
// A Reader has some goroutines for each open shard, calls a handler for each
// of them at the same time, and holds up to two pages of each: 7 MB of heap
// where a page of 1 MB has small attributes. Options.Limit makes pages
// smaller. Its client should keep a connection for each open shard.
//
// The tests run on DynamoDB Local, on an engine that has the service's shard
// lives, limits and faults, and on thousands of streams made up at random. They
// have not run on AWS.
package stream
