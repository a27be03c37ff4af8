package endpoint

import (
	"net/http"

	"dynamostreamer/internal/embedded/server"
)

// Handler returns what a step serves at an address of this machine. If Clients opened the
// embedded engine, other programs can use it there as their endpoint, and move it by the
// calls of its lab, which the package comment of internal/embedded/serve describes. All
// else is for other. Requests that a web page of another origin makes, or that name
// another machine, are refused.
func (e Endpoint) Handler(other http.Handler) http.Handler {
	if e.engine == nil {
		return server.Guard(other, false)
	}
	return server.New(e.engine, server.Options{Lab: true, Clock: e.clock, Other: other})
}

// Base is the URL of the server that the endpoint is, and empty for AWS, for the embedded
// engine, and where tables and streams have different ones.
func (e Endpoint) Base() string {
	if e.tables != e.streams {
		return ""
	}
	return e.tables
}
