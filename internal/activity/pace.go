package activity

import (
	"time"

	"golang.org/x/time/rate"
)

// Pace returns a limiter of writes a second, 0 for no limit, and the size
// of a batch for it: what may be written in a second, up to
// MaxBatch. The first batch waits too, so that never more was written
// than the seconds since then allow.
func Pace(perSecond float64) (*rate.Limiter, int) {
	if perSecond == 0 {
		return rate.NewLimiter(rate.Inf, 0), MaxBatch
	}
	batch := int(min(max(perSecond, 1), MaxBatch))
	limiter := rate.NewLimiter(rate.Limit(perSecond), batch)
	limiter.AllowN(time.Now(), batch) // else it begins with a batch in hand
	return limiter, batch
}
