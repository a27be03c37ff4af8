package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

// ListStreamsInput is the request of ListStreams.
type ListStreamsInput struct {
	TableName               *string `api:",name,3..255"`
	ExclusiveStartStreamArn *string `api:",37..1024"`
	Limit                   *int64  `api:",1.."`
}

// ListStreamsOutput is the answer of ListStreams.
type ListStreamsOutput struct {
	Streams                []StreamName
	LastEvaluatedStreamArn string
}

// A StreamName names a stream and its table.
type StreamName struct{ StreamArn, TableName, StreamLabel string }

// ListStreams lists streams, oldest first. It includes disabled streams until their
// records are trimmed.
func (e *Engine) ListStreams(ctx context.Context, in *ListStreamsInput) (*ListStreamsOutput, error) {
	if in.Limit != nil && *in.Limit > maxShardsPage {
		return nil, invalid(badValues+"Limit should be less than or equal to %d", maxShardsPage)
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*ListStreamsOutput, error) {
		limit, after, prefix := orElse(in.Limit, maxShardsPage), int64(0), ""
		if in.ExclusiveStartStreamArn != nil {
			s, err := c.streamByARN(tx, *in.ExclusiveStartStreamArn)
			if err != nil {
				return nil, err
			}
			after = s.id
		}
		if in.TableName != nil {
			prefix = e.tableARN(*in.TableName) + streamPart
		}
		out := &ListStreamsOutput{Streams: []StreamName{}}
		for i, row := range tx.Streams(prefix, after, limit+1) {
			if i == limit {
				out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
				break
			}
			s := newStream(tx, row)
			out.Streams = append(out.Streams, StreamName{StreamArn: s.arn, TableName: s.Table, StreamLabel: s.Label})
		}
		return out, nil
	})
}
