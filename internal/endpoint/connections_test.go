package endpoint

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// TestConnectionsAreKept: 44 polls at the same time, again and again, use the
// connections of the first round. The SDK's own client makes new ones.
func TestConnectionsAreKept(t *testing.T) {
	const polls, rounds = 44, 5
	connected := func(client interface {
		Do(*http.Request) (*http.Response, error)
	}) int64 {
		var connections atomic.Int64
		var asked sync.WaitGroup // each round is answered once all have asked
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			asked.Done()
			asked.Wait()
		}))
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}
		server.Start()
		defer server.Close()
		for range rounds {
			asked.Add(polls)
			var answered sync.WaitGroup
			for range polls {
				answered.Go(func() {
					r, _ := http.NewRequest(http.MethodPost, server.URL, http.NoBody)
					resp, err := client.Do(r)
					if err != nil {
						t.Error(err)
						asked.Done()
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				})
			}
			answered.Wait()
		}
		return connections.Load()
	}
	ours, theirs := connected(httpClient()), connected(awshttp.NewBuildableClient())
	if ours > polls+polls/4 || theirs < 2*polls {
		t.Errorf("%d connections for %d polls at a time, and %d with the SDK's client; want about %d, and more", ours, polls, theirs, polls)
	}
}
