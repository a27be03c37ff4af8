package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

// DeleteTable deletes a table and its items, without stream records for them. The
// table's stream is disabled and stays readable until its records are trimmed. The answer shows the
// status DELETING, without keys and indexes, but the table is already deleted.
func (e *Engine) DeleteTable(ctx context.Context, in *TableInput) (*TableDescription, error) {
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*TableDescription, error) {
		t, err := c.named(*in.TableName)
		if err != nil {
			return nil, err
		}
		if t.Settings.DeletionProtection {
			return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		d := e.describe(tx, t, "DELETING")
		d.CreationDateTime, d.KeySchema, d.AttributeDefinitions = nil, nil, nil
		d.GlobalSecondaryIndexes, d.LocalSecondaryIndexes = nil, nil
		if t.stream != nil {
			e.closeStream(tx, t.stream)
		}
		for _, ix := range t.indexes {
			tx.Empty(ix.ID)
		}
		tx.DeleteTable(t.id)
		return d, nil
	})
}
