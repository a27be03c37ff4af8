package main

import (
	"strings"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// parseStart reads the value of -from.
func parseStart(from string, now time.Time) (stream.Start, error) {
	switch from {
	case "trim-horizon":
		return stream.TrimHorizon, nil
	case "latest":
		return stream.Latest, nil
	}
	if sequence, ok := strings.CutPrefix(from, "after:"); ok {
		if sequence == "" || strings.Trim(sequence, "0123456789") != "" {
			return stream.Start{}, cli.Usagef("-from %s is no sequence number: it takes digits only", from)
		}
		return stream.After(sequence), nil
	}
	ago, err := time.ParseDuration(from)
	switch {
	case err == nil && ago < 0:
		return stream.Start{}, cli.Usagef("-from %s is in the future", from)
	case err == nil && ago == 0:
		return stream.Latest, nil
	case err == nil:
		return stream.Ago(ago), nil // by DynamoDB's clock
	}
	at, err := time.Parse(time.RFC3339, from)
	switch {
	case err != nil:
		return stream.Start{}, cli.Usagef("-from %s is unknown: give trim-horizon, latest, a time ago such as 10m, "+
			"a time such as %s, or after:SEQUENCE", from, now.UTC().Format(time.RFC3339))
	case at.After(now):
		return stream.Start{}, cli.Usagef("-from %s is in the future", from)
	}
	return stream.At(at), nil
}
