package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream/metrics"
)

// serveMetrics serves what the reader does at the address of -metrics, until it
// is closed.
func serveMetrics(step *cli.Step, o *options, reader metrics.Reader) (*http.Server, error) {
	listener, err := net.Listen("tcp", o.metrics)
	if err != nil {
		return nil, fmt.Errorf("-metrics %s: %w", o.metrics, err)
	}
	step.Notef("metrics at http://%s/metrics, health at /healthz", listener.Addr())
	server := &http.Server{
		Handler:           metrics.Handler(map[string]metrics.Reader{o.reader: reader}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	go server.Serve(listener)
	return server, nil
}
