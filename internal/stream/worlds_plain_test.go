//go:build !race

package stream

const worldsByDefault = 5000
