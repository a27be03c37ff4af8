// Package stream reads the changes of a DynamoDB table from its stream.
//
// A stream is a set of shards, each a sequence of records. A shard closes
// after some hours, or sooner, and its children go on where it ends. All
// changes of one item lie in one line of descent: the shard that was open
// when each was made.
//
// # Reading
//
// Open finds the shards and the place to begin. Then there are three ways
// to read, from the simplest to the one that promises most:
//
//   - Events is an iterator: shards are fetched side by side and their
//     events are yielded one by one.
//   - Run calls a function for each event, for all shards side by side.
//   - RunPages calls a function for some events of one shard at once. It
//     may write what they bring about and the shard's checkpoint in one
//     transaction of its own.
//
// # What a Reader promises
//
// Delivery: every record that the stream held when it was reached is
// delivered at least once, and as a rule once. It comes again after a
// handler that failed and after a break. With Checkpoints, the next Reader
// goes on after the last event that was handled, so that after a crash, or
// without a Close, only events whose checkpoint was not written yet come
// again.
//
// Loss: DynamoDB keeps a record for 24 hours. What was trimmed before it
// was read is a Gap. It ends the reading with an error, or is an event of
// its own, as Options.OnGap says; it is never passed over.
//
// Order: the changes of one item come in the order in which they were
// made. A shard is read after its parent was read to the end and the
// parent's last event was handled. Among different items there is no
// order.
//
// Liveness: Stats tells of each shard what it waits for and since when. A
// wait that is longer than it should be is logged as a warning within 30
// seconds.
//
// Where these can't be had, the Reader says so: every error that lasts
// ends the reading, a server or a network that is away after about half a
// minute. Start another Reader then. Throttling does not end it: the
// Reader waits and warns, and counts that of the stream. It repeats calls
// by itself and has the SDK try each once, whatever its client is set to.
// Watch what Stats has as Left: it is the time after which a shard loses
// records.
//
// # Limits
//
// One Reader reads all shards of a stream. Several processes can't divide
// them: of those that share checkpoints in a table the newest one takes
// over, and the older one ends with a *TakenError when it next saves one.
// Don't start it again while the other one lives. A file admits one reader.
// A set of checkpoints belongs to one table.
//
// A Reader has some goroutines for each open shard, calls a handler for
// each of them at the same time, and holds up to two pages of each, of
// 1 MB at most.
//
// What can't be repeated, such as a mail that is sent, may be done twice
// after a crash; RunPages is for effects that are in DynamoDB themselves.
// A gap tells that records were lost, and not which.
//
// The tests run on DynamoDB Local, on an engine that has the service's
// shard lives, limits and faults, and on thousands of streams made up at
// random. They have not run on AWS.
package stream
