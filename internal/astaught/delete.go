package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/table"
)

// deleteTables deletes what the run has made. Another Ctrl-C ends that. The error says
// which tables are left.
func (w *world) deleteTables() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, deleteWithin)
	defer cancel()
	var left []string
	var why error
	for _, name := range w.tables() {
		if err := deleteTable(ctx, w.db, name); err != nil {
			left, why = append(left, name), err
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("these tables may be left, and cost money: delete them with aws dynamodb delete-table --table-name NAME: %s: %w",
			strings.Join(left, ", "), why)
	}
	fmt.Fprintln(w.out, "all tables are deleted")
	return nil
}

// deleteTable deletes a table until it does not exist. A table that is being made, changed
// or deleted can't be deleted yet.
func deleteTable(ctx context.Context, db *dynamodb.Client, name string) error {
	for {
		_, err := db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
		var busy *types.ResourceInUseException
		switch {
		case table.IsMissing(err):
			return nil
		case err != nil && !errors.As(err, &busy):
			return err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
