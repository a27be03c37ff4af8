package engine

import (
	"context"
	"slices"

	"dynamostreamer/internal/embedded/store"
)

// ListTablesInput is the request of ListTables.
type ListTablesInput struct {
	ExclusiveStartTableName *string `api:",name,3..255"`
	Limit                   *int64  `api:",1..100"`
}

// ListTablesOutput is the answer of ListTables.
type ListTablesOutput struct {
	TableNames             []string
	LastEvaluatedTableName string
}

// ListTables lists the names of tables in alphabetical order, a page at a time.
func (e *Engine) ListTables(ctx context.Context, in *ListTablesInput) (*ListTablesOutput, error) {
	return read(ctx, e, func(_ *store.Tx, c *catalog) (*ListTablesOutput, error) {
		out := &ListTablesOutput{}
		limit := orElse(in.Limit, 100)
		from := 0
		if after := text(in.ExclusiveStartTableName); after != "" {
			i, found := slices.BinarySearch(c.names, after)
			if from = i; found {
				from++
			}
		}
		names := c.names[from:]
		if len(names) > limit {
			names = names[:limit]
			out.LastEvaluatedTableName = names[limit-1]
		}
		out.TableNames = append([]string{}, names...)
		return out, nil
	})
}
