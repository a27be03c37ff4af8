package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

// A StreamState is what Streams tells of a stream.
type StreamState struct {
	Table   string       `json:"table"`
	ARN     string       `json:"arn"`
	View    string       `json:"view"`
	Enabled bool         `json:"enabled"`
	Shards  []ShardState `json:"shards"`
}

// A ShardState is what Streams tells of a shard. Sequence numbers are as in the API,
// empty where there is none.
type ShardState struct {
	ID      string `json:"id"`
	Parent  string `json:"parent,omitempty"` // it may have vanished
	Open    bool   `json:"open"`
	Records int64  `json:"records"`           // that can still be read or wait to be swept
	First   string `json:"first,omitempty"`   // the sequence number of the first of them
	Last    string `json:"last,omitempty"`    // and of the last
	Trimmed string `json:"trimmed,omitempty"` // the last sequence number that was trimmed
}

// Streams tells the state of the streams of a table, which may be named by its ARN, or with
// an empty name of all streams, oldest first. It counts their records, which takes time if there are many.
func (e *Engine) Streams(ctx context.Context, tableName string) ([]StreamState, error) {
	return read(ctx, e, func(tx *store.Tx, c *catalog) ([]StreamState, error) {
		streams := []StreamState{}
		name, err := c.nameOf(tableName)
		if err != nil {
			return nil, err
		}
		prefix := ""
		if name != "" {
			prefix = e.tableARN(name) + streamPart
		}
		for _, row := range tx.Streams(prefix, 0, everything) {
			d := newStream(tx, row)
			s := StreamState{Table: d.Table, ARN: row.ARN, View: d.View, Enabled: row.Ended == 0, Shards: []ShardState{}}
			for _, sh := range tx.Shards(row.ID, "", "", everything) {
				s.Shards = append(s.Shards, shardState(tx, sh))
			}
			streams = append(streams, s)
		}
		return streams, nil
	})
}

func shardState(tx *store.Tx, sh store.Shard) ShardState {
	n, first, last := tx.CountRecords(sh.ID)
	state := ShardState{ID: sh.Name, Parent: sh.Parent, Open: sh.Ending == 0, Records: n}
	if n > 0 {
		state.First, state.Last = formatSequence(first), formatSequence(last)
	}
	if sh.Trimmed > 0 {
		state.Trimmed = formatSequence(sh.Trimmed)
	}
	return state
}

// SwitchStream enables a table's stream with a view type, or with an empty one disables
// it. The errors are UpdateTable's.
func (e *Engine) SwitchStream(ctx context.Context, tableName, view string) error {
	enabled := view != ""
	in := &UpdateTableInput{TableName: &tableName, StreamSpecification: &StreamSpecification{StreamEnabled: &enabled}}
	if enabled {
		in.StreamSpecification.StreamViewType = &view
	}
	_, err := e.UpdateTable(ctx, in)
	return err
}
