//go:build race

package stream

import "time"

// Under the race detector, which takes its time, there are fewer worlds, and
// of those on the engine, whose SQLite it slows down most, fewer still.
const (
	worldsByDefault = 500
	worldsPerEngine = 100
	manyShards      = 1000

	killsByDefault  = 5
	rivalsByDefault = 15 * time.Second
)
