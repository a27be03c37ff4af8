//go:build lambda.norpc

package main

// What is deployed is the function alone: it has no engine, no reader and
// nothing that plays Lambda.
func main() { function() }
