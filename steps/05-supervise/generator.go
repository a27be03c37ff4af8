package main

import (
	"context"

	"dynamostreamer/internal/activity"
)

// A generator writes user activities until it is stopped. It knows
// nothing of any reader.
type generator struct {
	activity.Session
	batch int
}

// Serve finishes what is under way when ctx ends.
func (g *generator) Serve(ctx context.Context) error {
	for {
		if err := g.Write(ctx, g.batch); err != nil {
			return err
		}
	}
}
