package stream

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dynamostreamer/internal/localtest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// localClients are clients of DynamoDB Local, by way of the URL.
func localClients(t *testing.T, url string) (*dynamodb.Client, *dynamodbstreams.Client) {
	t.Helper()
	localtest.Need(t)
	return clientsAt(t, url)
}

// clientsAt are clients of the server at a URL.
func clientsAt(t *testing.T, url string) (*dynamodb.Client, *dynamodbstreams.Client) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &url,
		HTTPClient:  &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
}

// localTable makes a table with a stream and returns its name and the
// stream's ARN.
func localTable(t *testing.T, db *dynamodb.Client) (name, arn string) {
	t.Helper()
	name = fmt.Sprintf("stream-test-%d", time.Now().UnixNano())
	out, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dropTable(db, name) })
	return name, *out.TableDescription.LatestStreamArn
}

func dropTable(db *dynamodb.Client, name string) {
	db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
}

func putItem(t *testing.T, db *dynamodb.Client, table, id string) {
	t.Helper()
	_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: &table, Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestThroughABadNetwork reads DynamoDB Local through a proxy that
// delays, cuts and refuses connections.
func TestThroughABadNetwork(t *testing.T) {
	db, _ := localClients(t, localtest.URL)
	table, arn := localTable(t, db)
	var want []string
	for i := range 300 {
		putItem(t, db, table, fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
	}
	p := startProxy(t)
	_, streams := localClients(t, "http://"+p.address)
	r, err := Open(t.Context(), streams, arn, Options{Idle: time.Second, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range r.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name(e)[len(e.Shard)+1:])
		if len(got) == 100 {
			p.refuse(2 * time.Second)
		}
	}
	check(t, "items", got, want)
	if n := p.bad(); n < 3 {
		t.Errorf("only %d connections were bad: this test shows nothing", n)
	}
}

// A proxy stands before DynamoDB Local.
type proxy struct {
	address string
	mu      sync.Mutex
	n       int // connections
	listen  net.Listener
	done    sync.WaitGroup
	open    []net.Conn
	closed  bool
}

func startProxy(t *testing.T) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: l.Addr().String(), listen: l}
	p.done.Go(func() { p.serve(l) })
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.listen.Close()
		for _, c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		p.done.Wait()
	})
	return p
}

func (p *proxy) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		n := p.n
		p.n++
		p.open = append(p.open, c)
		p.mu.Unlock()
		p.done.Go(func() { p.pass(c, n) })
	}
}

// pass hands a connection on, each in its own bad way.
func (p *proxy) pass(c net.Conn, n int) {
	defer c.Close()
	limit, delay := 400_000, time.Duration(0)
	switch n % 4 {
	case 0:
		return // cut at once
	case 1:
		limit = 900 // cut within an answer
	case 2:
		delay = 300 * time.Millisecond
	}
	server, err := net.Dial("tcp", strings.TrimPrefix(localtest.URL, "http://"))
	if err != nil {
		return
	}
	defer server.Close()
	p.done.Go(func() {
		defer server.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := c.Read(buffer)
			if err != nil {
				return
			}
			server.Write(buffer[:n])
		}
	})
	buffer := make([]byte, 512)
	for limit > 0 {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		time.Sleep(delay)
		delay = 0
		if n, err = c.Write(buffer[:min(n, limit)]); err != nil {
			return
		}
		limit -= n
	}
}

// refuse closes the port for a while, and all connections.
func (p *proxy) refuse(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listen.Close()
	for _, c := range p.open {
		c.Close()
	}
	p.open = slices.Clip(p.open[:0])
	p.done.Go(func() {
		time.Sleep(d)
		p.mu.Lock()
		defer p.mu.Unlock()
		l, err := net.Listen("tcp", p.address)
		if err != nil || p.closed {
			return
		}
		p.listen = l
		p.done.Go(func() { p.serve(l) })
	})
}

func (p *proxy) bad() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n * 3 / 4
}
