// Package server is the embedded DynamoDB as an HTTP server has it: its protocol, the
// calls of its lab, a log, and a guard against the requests of web pages. The command
// serve is a server of nothing else, and its package comment describes the lab's calls;
// the tutorial's step 07 serves a page beside it.
package server

import (
	"io"
	"net/http"

	"dynamostreamer/internal/embedded"
)

// Options say what a server does besides answering DynamoDB's requests.
type Options struct {
	// Lab has it take the calls under /lab/. Clock is that of the DB; nil: it is the
	// machine's, which can't be moved.
	Lab   bool
	Clock *embedded.ScaledClock
	// Other answers what is neither a request to DynamoDB nor to the lab. Nil:
	// DynamoDB refuses it.
	Other http.Handler
	// Exposed lets other machines use it, by any name of this one.
	Exposed bool
	// Log, if not nil, gets a line for each request, or unless LogAll only for the
	// lab's calls that change something.
	Log    io.Writer
	LogAll bool
}

// New returns the handler of a DB.
func New(db *embedded.DB, o Options) http.Handler {
	handler := db.Handler()
	if o.Other != nil {
		handler = withOther(handler, o.Other)
	}
	if o.Lab {
		handler = withLab(&lab{db, o.Clock}, handler)
	}
	handler = Guard(handler, o.Exposed)
	if o.Log != nil {
		handler = logged(handler, o.Log, o.LogAll)
	}
	return handler
}

// withOther leaves all to other that is not a POST to /, which each of DynamoDB's
// operations is.
func withOther(dynamodb, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/" {
			dynamodb.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}
