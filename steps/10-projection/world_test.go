package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/table"
)

const (
	activities = table.DefaultName
	into       = "page-visitors" // the table of the projection
)

// week is how long rows live, unless a scenario is about their end.
const week = 7 * 24 * time.Hour

// A world is an engine with the table of activities, and the programs that
// keep its projection. Its methods panic with a verdict where the program
// fails, and with another value where the world does.
type world struct {
	binary    string
	clock     *embedded.ScaledClock
	db        *embedded.DB
	client    *dynamodb.Client
	processes []*process
	users     map[string]activity.UserActivity // by name: what the scenario wrote last
}

// A verdict says what the program did wrong.
type verdict string

// play runs a scenario with a program and returns what the program did wrong,
// which is empty if it did nothing wrong, and what it printed.
func play(t *testing.T, s scenario, binary string) (why, printed string) {
	clock := embedded.NewScaledClock(1)
	db, err := embedded.OpenMemory(embedded.Options{Clock: clock, SweepInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{binary: binary, clock: clock, db: db, users: make(map[string]activity.UserActivity)}
	defer func() {
		for _, p := range w.processes {
			p.end()
			printed += p.said.String()
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	w.client = dynamodb.New(dynamodb.Options{
		Region: db.Region(), HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
	if _, _, err := table.Ensure(t.Context(), w.client, activities); err != nil {
		t.Fatal(err)
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case verdict:
			why = string(p)
		default:
			panic(p)
		}
	}()
	s.play(w)
	w.ends()
	return "", ""
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// on writes users: each is now on the page.
func (w *world) on(page string, names ...string) {
	for _, name := range names {
		w.user(name, page, week)
	}
}

// begin starts the program, and lets it read the stream beyond what a copy of
// the table may have told it too. The two users have one partition key, so a scan
// that finds the first one is over when the second one comes.
func (w *world) begin() *process {
	p := w.start()
	w.on("/home", "first")
	w.agrees()
	w.on("/home", "first/2")
	w.agrees()
	return p
}

// user writes a user whose row lives for a time.
func (w *world) user(name, page string, ttl time.Duration) {
	id, _, _ := strings.Cut(name, "/") // two users may have the same id
	w.users[name] = activity.UserActivity{
		ID: id, Email: name + "@example.com", Activity: activity.Activity{Page: page, Task: "viewing"},
		TTL: w.clock.Now().Add(ttl).Unix(),
	}
	item := must(attributevalue.MarshalMap(w.users[name]))
	must(w.client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(activities), Item: item}))
}

// leave deletes users.
func (w *world) leave(names ...string) {
	for _, name := range names {
		must(w.client.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{
			TableName: aws.String(activities), Key: w.users[name].Key(),
		}))
	}
}

// later lets time pass, with all that DynamoDB does meanwhile.
func (w *world) later(d time.Duration) {
	w.clock.Jump(d)
	w.must(w.db.Sweep(context.Background()))
}

func (w *world) must(err error) {
	if err != nil {
		panic(err)
	}
}

// split closes each open shard, and opens two children of it.
func (w *world) split() {
	streams := must(w.db.Streams(context.Background(), activities))
	for _, s := range streams[len(streams)-1].Shards {
		if s.Open {
			w.must(w.db.SplitShard(context.Background(), activities, s.ID))
		}
	}
}

// truth counts the users in the table.
func (w *world) truth() map[string]int {
	counts := make(map[string]int)
	scan := dynamodb.NewScanPaginator(w.client, &dynamodb.ScanInput{TableName: aws.String(activities)})
	for scan.HasMorePages() {
		var rows []activity.UserActivity
		w.must(attributevalue.UnmarshalListOfMaps(must(scan.NextPage(context.Background())).Items, &rows))
		for _, row := range rows {
			if row.Activity.Page != "" {
				counts[row.Activity.Page]++
			}
		}
	}
	return counts
}

// projection reads what the program says.
func (w *world) projection() map[string]int {
	counts := make(map[string]int)
	query := dynamodb.NewQueryPaginator(w.client, &dynamodb.QueryInput{
		TableName: aws.String(into), KeyConditionExpression: aws.String("reader = :pages"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pages": &types.AttributeValueMemberS{Value: "pages"}},
	})
	for query.HasMorePages() {
		out, err := query.NextPage(context.Background())
		if table.IsMissing(err) {
			return counts
		}
		var pages []struct {
			Place string `dynamodbav:"place"`
			Users int    `dynamodbav:"users"`
		}
		w.must(err)
		if err := attributevalue.UnmarshalListOfMaps(out.Items, &pages); err != nil {
			panic(verdict(fmt.Sprintf("the items of table %s with the reader \"pages\" have no number users: %v", into, err)))
		}
		for _, p := range pages {
			counts[p.Place] += p.Users
		}
	}
	return counts
}

// difference says where the projection is wrong; empty: it is right.
func (w *world) difference() string {
	truth, projection := w.truth(), w.projection()
	var pages []string
	for _, counts := range []map[string]int{truth, projection} {
		for page := range counts {
			pages = append(pages, page)
		}
	}
	slices.Sort(pages)
	for _, page := range pages {
		if truth[page] != projection[page] {
			return fmt.Sprintf("the table has %d on page %s, and the projection says %d", truth[page], page, projection[page])
		}
	}
	return ""
}

// agrees waits until the projection is right.
func (w *world) agrees() {
	for deadline := time.Now().Add(*within); ; time.Sleep(20 * time.Millisecond) {
		why := w.difference()
		if why == "" {
			return
		}
		for _, p := range w.processes {
			if p.ended() && p.lives() {
				panic(verdict("the program ended by itself: " + p.how()))
			}
		}
		if time.Now().After(deadline) {
			panic(verdict(fmt.Sprintf("%s, after %v", why, *within)))
		}
	}
}

// ends lets the program handle some more, which come after all that it was
// given, stops it, and compares once more.
func (w *world) ends() {
	w.agrees()
	w.on("/end", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8")
	w.agrees()
	for _, p := range w.processes {
		if p.lives() {
			p.stop()
		}
	}
	if why := w.difference(); why != "" {
		panic(verdict(why + ", after a clean shutdown"))
	}
}

// serve answers the calls of a process.
func (w *world) serve(p *process) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r = r.WithContext(context.WithoutCancel(r.Context())) // it arrives, whatever becomes of its sender
		sprung := p.springs(r.Header.Get("X-Amz-Target"), body)
		defer p.gate()()
		if sprung == nil || sprung.then != killBefore {
			w.db.Handler().ServeHTTP(answer, r)
		}
		if sprung != nil && sprung.then != hold {
			p.kill()
			panic(http.ErrAbortHandler) // nobody gets an answer
		}
	}))
}
