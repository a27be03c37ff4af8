package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

// ScanInput is the request of Scan.
type ScanInput struct {
	ReadInput     `api:",without KeyConditionExpression KeyConditions QueryFilter"`
	Limit         *int64 `api:",1.."`
	Segment       *int64 `api:",0..999999"`
	TotalSegments *int64 `api:",1..1000000"`
}

// Scan reads the items of a table or an index, or one segment of them, in the order of
// their partition keys' hashes, a page at a time.
func (e *Engine) Scan(ctx context.Context, in *ScanInput) (*PageOutput, error) {
	if err := in.checkSegments(); err != nil {
		return nil, err
	}
	in.Expressions.Older = true
	return in.readPage(ctx, e, in.Limit, func(tx *store.Tx, p *page) error {
		if !p.index.own {
			if err := p.checkStart(p.index.keys.all); err != nil {
				return err
			}
		}
		if err := p.checkProjection(); err != nil {
			return err
		}
		low, high := in.hashes()
		var after *store.Key
		if in.ExclusiveStartKey != nil {
			key, err := p.start()
			if err != nil {
				return err
			}
			if key.Part < low || key.Part > high {
				return invalid(badStart+": Invalid ExclusiveStartKey. "+
					"Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", *in.TotalSegments, *in.Segment)
			}
			after = &key
		}
		if err := p.checkScalars(); err != nil {
			return err
		}
		tx.Scan(p.index.ID, low, high, after, p.take)
		return nil
	})
}

func (in *ScanInput) checkSegments() error {
	switch {
	case in.Segment != nil && in.TotalSegments == nil:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.Segment == nil && in.TotalSegments != nil:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case in.Segment != nil && *in.Segment >= *in.TotalSegments:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d",
			*in.Segment, *in.TotalSegments)
	}
	return nil
}

// hashes returns the first and the last partition hash of the segment.
func (in *ScanInput) hashes() (low, high uint32) {
	if in.Segment == nil {
		return 0, allHashes - 1
	}
	n, total := uint64(*in.Segment), uint64(*in.TotalSegments)
	return uint32(n * allHashes / total), uint32((n+1)*allHashes/total - 1)
}
