package cli

import (
	"strings"
	"time"

	"dynamostreamer/internal/stream"
)

// ParseStart reads the value of -from: trim-horizon, latest, a duration ago, a
// time or after:SEQUENCE.
func ParseStart(from string, now time.Time) (stream.Start, error) {
	switch from {
	case "trim-horizon":
		return stream.TrimHorizon, nil
	case "latest":
		return stream.Latest, nil
	}
	if sequence, ok := strings.CutPrefix(from, "after:"); ok {
		if sequence == "" || strings.Trim(sequence, "0123456789") != "" {
			return stream.Start{}, Usagef("-from %s: not a sequence number, which has digits only", from)
		}
		return stream.After(sequence), nil
	}
	ago, err := time.ParseDuration(from)
	switch {
	case err == nil && ago < 0:
		return stream.Start{}, Usagef("-from %s is in the future", from)
	case err == nil && ago == 0:
		return stream.Latest, nil
	case err == nil:
		return stream.Ago(ago), nil // by DynamoDB's clock
	}
	at, err := time.Parse(time.RFC3339, from)
	switch {
	case err != nil:
		return stream.Start{}, Usagef("-from %s is unknown: give trim-horizon, latest, a time ago such as 10m, "+
			"a time such as %s, or after:SEQUENCE", from, now.UTC().Format(time.RFC3339))
	case at.After(now):
		return stream.Start{}, Usagef("-from %s is in the future", from)
	}
	return stream.At(at), nil
}
