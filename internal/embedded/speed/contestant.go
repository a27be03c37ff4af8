package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
)

const dynamoDBLocal = "DynamoDB Local"

// A contestant is a DynamoDB and its clients.
type contestant struct {
	name      string
	started   time.Duration // the time from start to its first answer
	tables    *dynamodb.Client
	streams   *dynamodbstreams.Client
	bigStream string
	serial    atomic.Int64
	folder    string
	db        *embedded.DB // nil unless it runs in this process
	server    *exec.Cmd    // nil if it does
}

// start starts all three in the order of the table's columns. With an error,
// it returns those that it could start.
func start(ctx context.Context, dir string) (all []*contestant, err error) {
	serve := filepath.Join(dir, "serve")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", serve, "./internal/embedded/serve").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building serve: %w\n%s", err, out)
	}
	inProcess := &contestant{name: "in process", folder: filepath.Join(dir, "in-process")}
	all = append(all, inProcess)
	began := time.Now()
	if err := inProcess.open(); err != nil {
		return all, err
	}
	if err := inProcess.firstAnswer(ctx, began); err != nil {
		return all, err
	}
	for _, s := range []struct {
		name    string
		command func(port string) *exec.Cmd
	}{
		{"served", func(port string) *exec.Cmd {
			return exec.Command(serve, "-addr", "127.0.0.1:"+port, "-db", filepath.Join(dir, "served"))
		}},
		{dynamoDBLocal, func(port string) *exec.Cmd {
			return exec.Command("bash", ".ci/dynamodb-local/run", "-inMemory", "-port", port)
		}},
	} {
		port, err := freePort()
		if err != nil {
			return all, err
		}
		c := &contestant{name: s.name, server: s.command(port)}
		c.connect(nil, "http://127.0.0.1:"+port)
		began := time.Now()
		if err := c.server.Start(); err != nil {
			return all, fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, c)
		if err := c.firstAnswer(ctx, began); err != nil {
			return all, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for _, c := range all {
		if err := c.prepare(ctx); err != nil {
			return all, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return all, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func (c *contestant) open() (err error) {
	if c.db, err = embedded.Open(c.folder, embedded.Options{}); err == nil {
		c.connect(c.db.HTTPClient(), embedded.BaseEndpoint)
	}
	return err
}

// connect makes the SDK's clients. A nil client means the SDK's HTTP client.
func (c *contestant) connect(client aws.HTTPClient, endpoint string) {
	cfg := aws.Config{
		Region: "us-east-1", HTTPClient: client, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	c.tables, c.streams = dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
}

// firstAnswer waits for the first answer. A server that does not listen yet
// refuses the connection immediately.
func (c *contestant) firstAnswer(ctx context.Context, began time.Time) error {
	for {
		_, err := c.tables.ListTables(ctx, &dynamodb.ListTablesInput{}, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
		if c.started = time.Since(began); err == nil || c.started > 10*time.Minute {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// These are the tables: two with 1,000 rows, one of them with an index, and
// a large one.
const small, indexed, large = "small", "indexed", "large"

// byEmail is the index. 50 rows share a partition key.
const byEmail = "by-email"

func (c *contestant) prepare(ctx context.Context) error {
	for _, name := range []string{small, indexed, large} {
		in := &dynamodb.CreateTableInput{
			TableName: &name, BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
				{AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeS},
			},
			KeySchema: []types.KeySchemaElement{
				{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash},
				{AttributeName: aws.String("email"), KeyType: types.KeyTypeRange},
			},
			StreamSpecification: &types.StreamSpecification{
				StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
			},
		}
		if name == indexed {
			in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{
				IndexName: aws.String(byEmail), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
				KeySchema: []types.KeySchemaElement{
					{AttributeName: aws.String("email"), KeyType: types.KeyTypeHash},
					{AttributeName: aws.String("id"), KeyType: types.KeyTypeRange},
				},
			}}
		}
		out, err := c.tables.CreateTable(ctx, in)
		if err != nil {
			return err
		}
		c.bigStream = *out.TableDescription.LatestStreamArn
	}
	return nil
}

// reopen opens the folder again and returns the time until the first answer.
func (c *contestant) reopen(ctx context.Context) (time.Duration, error) {
	if err := c.db.Close(); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := c.open(); err != nil {
		return 0, err
	}
	_, err := c.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(large), Key: key(1)})
	return time.Since(began), err
}

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// memory returns the peak of a server's resident memory.
func (c *contestant) memory() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.server.Process.Pid))
	if found := peak.FindSubmatch(status); err == nil && found != nil {
		return fmt.Sprintf("%s kB", found[1])
	}
	return "unknown"
}

func (c *contestant) stop() {
	if c.db != nil {
		c.db.Close()
	}
	if c.server != nil {
		c.server.Process.Signal(syscall.SIGTERM)
		c.server.Wait()
	}
}
