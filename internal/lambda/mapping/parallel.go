package mapping

// How several batches of a shard are in work at a time ("Using AWS Lambda with
// Amazon DynamoDB", Polling and batching streams).
//
// A shard has as many lanes as the factor says. The hash of an item's whole key
// says which one its changes are in, so they stay in order; a lane has one batch
// in work. A batch that is retried blocks its lane. The others continue until as
// many records wait as make a full batch for each lane: then no page is fetched,
// and after a crash no more than those and the batches in work are redelivered
// although they were handled. For each lane, up to about 12 MB of JSON are kept.

// hash is FNV-1a's, 64 bits.
func hash(key []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h ^ h>>32
}

// A lane is a part of a shard's items.
type lane struct {
	queue
	busy bool
}
