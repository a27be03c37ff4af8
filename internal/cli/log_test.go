package cli

import (
	"testing"
	"time"
)

func TestLogger(t *testing.T) {
	s, _, stderr := newStep()
	log := s.Logger()
	log.Debug("not this")
	log.Info("the table has another stream", "stream", "arn:x")
	log.With("shard", "s").Warn("reading stalls", "since", time.Unix(0, 0))
	log.Warn("alone")
	want := "the table has another stream (stream arn:x)\n" +
		"reading stalls (shard s, since 1970-01-01T00:00:00Z)\nalone\n"
	if got := stderr.String(); got != want {
		t.Errorf("Logger prints %q, want %q", got, want)
	}
}
