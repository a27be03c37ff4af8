package store

import (
	"context"
	"testing"
)

// TestRecordTimesNeverDecrease: records of one shard never go back in time, so that a search by
// time and trimming find the right ones even after the clock was set back.
func TestRecordTimesNeverDecrease(t *testing.T) {
	s := openedInMemory(t)
	var first int64
	err := s.Write(context.Background(), func(tx *Tx) error {
		for i, at := range []int64{100, 50, 60, 110} {
			tx.Append(1, Record{At: at})
			if i == 0 {
				first = tx.LastSequence()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(context.Background(), func(tx *Tx) error {
		got, found := tx.FirstSince(1, 55)
		if got != first || !found {
			t.Errorf("FirstSince after the clock went back = %d, %v, want the first record %d", got, found, first)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
