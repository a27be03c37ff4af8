// Package engine is DynamoDB's behaviour: tables, items, queries, transactions,
// streams and TTL, on top of a store. Each operation of the API is a method of
// Engine that takes the operation's input and returns its output, one file per
// operation; what several of them share:
//
//	catalog.go     tables and streams as they are defined, cached
//	access.go      keys, and the one way an item changes
//	write.go       an action: what all writes of an item have in common
//	index.go       indexes: which rows they have and how a change changes them
//	page.go        what Query and Scan share: tables and indexes, pages
//	capacity.go    what requests use
//	provisioned.go the capacity of tables and indexes
//	rates.go       on-demand and warm throughput of tables and indexes
//	record.go      the one place that makes stream records
//	shards.go      shards: routing, rollover, splits
//	iterator.go    shard iterators
//	sweep.go       TTL removals, retention, rollover by age
//	shapes.go      what requests and answers about tables look like
//
// An input's fields are pointers or nil-able where the API tells "absent" from
// "empty". The engine keeps no time of its own: all of it comes from its Clock.
package engine
