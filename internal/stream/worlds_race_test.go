//go:build race

package stream

// worldsByDefault is less under the race detector, which takes its time.
const worldsByDefault = 500
