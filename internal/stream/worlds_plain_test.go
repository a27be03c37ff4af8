//go:build !race

package stream

import "time"

const (
	worldsByDefault = 5000
	worldsPerEngine = 25 // of so many, one is played on the engine too
	manyShards      = 10_000

	killsByDefault  = 10 // of processes that copy
	rivalsByDefault = 45 * time.Second
)
