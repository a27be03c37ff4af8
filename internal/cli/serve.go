package cli

import "net/http"

// HasEngine reports whether Connect opened the embedded engine, which Handler serves.
func (s *Step) HasEngine() bool { return s.resolved.Embedded() }

// InMemory reports whether that engine is in memory, so that its clock can be moved.
func (s *Step) InMemory() bool { return s.resolved.InMemory() }

// Handler returns what serves the engine, if there is one, with the calls that move it,
// and other for all else. See endpoint.Endpoint.
func (s *Step) Handler(other http.Handler) http.Handler { return s.resolved.Handler(other) }

// Base is the URL of the server that Connect reached. It is empty for AWS and for the
// engine.
func (s *Step) Base() string { return s.resolved.Base() }

// EndpointFlag is the value of -endpoint, for the command line of another step.
func (s *Step) EndpointFlag() string { return s.endpoint }

// EndpointName names the endpoint for a person.
func (s *Step) EndpointName() string { return s.resolved.String() }
