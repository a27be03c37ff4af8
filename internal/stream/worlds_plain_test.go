//go:build !race

package stream

const (
	worldsByDefault = 5000
	worldsPerEngine = 25 // of so many, one is played on the engine too
	manyShards      = 10_000
)
