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
	return read(ctx, e, func(_ *store.Tx, c *catalog) (*ListStreamsOutput, error) {
		out := &ListStreamsOutput{Streams: []StreamName{}}
		limit := orElse(in.Limit, maxShardsPage)
		after := int64(0)
		if in.ExclusiveStartStreamArn != nil {
			s, err := c.streamByARN(*in.ExclusiveStartStreamArn)
			if err != nil {
				return nil, err
			}
			after = s.id
		}
		for _, s := range c.streams {
			if s.id <= after || in.TableName != nil && s.Table != *in.TableName {
				continue
			}
			if len(out.Streams) == limit {
				out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
				break
			}
			out.Streams = append(out.Streams, StreamName{StreamArn: s.arn, TableName: s.Table, StreamLabel: s.Label})
		}
		return out, nil
	})
}
