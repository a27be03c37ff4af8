// Package engine implements DynamoDB's behaviour on top of a store: tables, items,
// queries, transactions, streams and TTL. Each operation of the API is a method of
// Engine that takes the operation's input and returns its output. It is in the
// file with its name, beside its input, its output and its checks: DeleteTable in
// delete_table.go. The two operations on TTL are in time_to_live.go, the three on tags
// in tags.go. The other files hold what operations share:
//
//	engine.go          the Engine, its options and its transactions
//	catalog.go         the definitions of tables and streams, and their cache
//	key_schema.go      key schemas and attribute definitions
//	index_schema.go    the indexes that requests ask for, and their checks
//	update_index.go    the part of UpdateTable that adds, changes and deletes indexes
//	index.go           the rows of indexes, and how they follow the table
//	backfill.go        filling a new index, or a new TTL, of a table that has items
//	settings.go        deletion protection, table class and encryption
//	throughput.go      provisioned, on-demand and warm throughput
//	access.go          the keys of items, and the only way to change an item
//	write.go           PutItem, UpdateItem, DeleteItem and the writes of transactions
//	transaction.go     what TransactWriteItems and TransactGetItems share
//	token.go           the idempotency tokens of transactions
//	page.go            the pages of Query and Scan
//	capacity.go        the capacity that requests consume
//	item_collection.go the sizes of item collections
//	stream.go          enabling, disabling and finding a stream
//	shards.go          shards: routing, rollover and splits
//	record.go          the only place that makes stream records
//	iterator.go        shard iterators
//	lab.go             what programs under test may ask beyond the API
//	retention.go       the 24 hours of a stream's records
//	sweep.go           the sweeper: TTL, rollover by age, retention and backfills
//	clock.go           the clocks
//	optional.go        parameters that may be absent
//	errors.go          errors
//
// A field of an input is a pointer or a slice where the API distinguishes absent from
// empty. The api tags of inputs say what a request must look like. Package wire
// explains them, and checks each request before the operation gets it. In an output, a
// nil field or an empty string is absent. Exported types of the definitions are stored
// as JSON: their JSON names must stay as they are.
//
// Every time comes from the engine's Clock.
package engine
