package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A client that never ends its request does not hold the server up, and
// serve says so.
func TestStopDuringARequest(t *testing.T) {
	defer func(was time.Duration) { grace = was }(grace)
	grace = 50 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	url, stopped := startServe(t, ctx, filepath.Join(t.TempDir(), "db"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, "100") {
		t.Fatalf("the server says %q, %v, want it to wait for the body", line, err)
	}
	stop()
	if got, want := fmt.Sprint(<-stopped), "cut off requests that took longer than 50ms to finish"; got != want {
		t.Errorf("serve = %s, want %s", got, want)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection gives %d bytes, want it cut off", n)
	}
}
