//go:build !race

package conformance

// everyPair says that wrong readers are put to the points too that they pass.
const everyPair = true
