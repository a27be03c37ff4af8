package activity

import (
	"context"

	"golang.org/x/time/rate"
)

// A Session plays users: it writes rows, changes a share of them later and
// deletes another.
type Session struct {
	Writer           *Writer
	Rows             *Generator
	Pace             *rate.Limiter // of all writes
	Updates, Deletes float64       // shares, 0 to 1
}

// Write writes n rows in one call, MaxBatch at most, and then makes their
// changes: one call each, since a batch can't have conditions. Where ctx ends,
// the call under way is finished first.
func (s *Session) Write(ctx context.Context, n int) error {
	fresh := s.Rows.Rows(n)
	if err := s.Pace.WaitN(ctx, n); err != nil {
		return err
	}
	if err := s.Writer.Insert(ctx, fresh); err != nil {
		return err
	}
	for _, change := range s.Rows.Later(fresh, s.Updates, s.Deletes) {
		if err := s.Pace.Wait(ctx); err != nil {
			return err
		}
		if err := s.Writer.Change(ctx, change); err != nil {
			return err
		}
	}
	return nil
}
