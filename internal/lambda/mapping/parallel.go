package mapping

import "hash/fnv"

// How several batches of a shard are in work at a time ("Using AWS Lambda with
// Amazon DynamoDB", Polling and batching streams).
//
// A shard has as many lanes as the factor says. The hash of an item's whole key
// says which one its changes are in, so they stay in order; a lane has one batch
// in work. A batch that is retried blocks its lane. The others continue until as
// many records wait as make a full batch for each lane: then no page is fetched,
// and after a crash no more than those and the batches in work are redelivered
// although they were handled. For each lane, up to about 12 MB of JSON are kept.

// hash spreads items over lanes.
func hash(item string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(item))
	sum := h.Sum64()
	return sum ^ sum>>32
}

// A lane is a part of a shard's items.
type lane struct {
	queue
	busy bool
}
