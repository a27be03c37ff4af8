//go:build race

package conformance

// The race detector makes worlds slow, and finds the same in fewer of them.
const everyPair = false
