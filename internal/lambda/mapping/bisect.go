package mapping

// How BisectBatchOnFunctionError finds what fails ("Retain discarded records for
// a DynamoDB event source in Lambda"; "Configuring partial batch response with
// DynamoDB and Lambda", Bisecting a batch).
//
// A batch of several records that fails is split at once, and "splitting batches
// doesn't consume the retry quota": attempts are counted of a record alone. Where
// the answer reports the first record that failed, the batch is split there, and
// what is before counts as handled; where that is the batch's first one, or the
// whole batch failed, in the middle. The first half is handled, or given up,
// before the second is sent.

// bisect splits a part that failed. Its handled records, of a number, were
// removed before. The part that is next comes last.
func bisect(p *part, handled int) []*part {
	if handled > 0 {
		return []*part{{records: p.records, depth: p.depth + 1}}
	}
	middle := (len(p.records) + 1) / 2
	return []*part{
		{records: p.records[middle:], depth: p.depth + 1},
		{records: p.records[:middle:middle], depth: p.depth + 1},
	}
}
