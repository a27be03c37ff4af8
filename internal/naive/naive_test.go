package naive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
)

// A world is a table with a stream in an engine, for readers that get two records a page.
type world struct {
	db      *embedded.DB
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	arn     string
}

func newWorld() *world {
	db := must(embedded.OpenMemory(embedded.Options{}))
	cfg := aws.Config{
		Region: db.Region(), HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
	w := &world{db: db, tables: dynamodb.NewFromConfig(cfg), streams: dynamodbstreams.NewFromConfig(cfg)}
	w.arn = *must(w.tables.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("users"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("name"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("name"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly},
	})).TableDescription.LatestStreamArn
	return w
}

func (w *world) close() { w.db.Close() }

func (w *world) input() Input {
	return Input{API: w.streams, Stream: w.arn, Limit: 2, Handle: show}
}

func (w *world) put(names ...string) {
	for _, name := range names {
		must(w.tables.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("users"), Item: key(name)}))
	}
}

func (w *world) delete(name string) {
	must(w.tables.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: aws.String("users"), Key: key(name)}))
}

func (w *world) roll()  { no(w.db.RollShards(context.Background(), "users")) }
func (w *world) split() { no(w.db.SplitShard(context.Background(), "users", "")) }

func key(name string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"name": &types.AttributeValueMemberS{Value: name}}
}

func nameOf(r streamtypes.Record) string {
	return r.Dynamodb.Keys["name"].(*streamtypes.AttributeValueMemberS).Value
}

func must[T any](value T, err error) T {
	no(err)
	return value
}

func no(err error) {
	if err != nil {
		panic(err)
	}
}

// A run is a reader at work, in a bubble whose time passes at once.
type run struct {
	t    *testing.T
	stop func() error

	mu  sync.Mutex
	got []string // such as "INSERT ada"
}

// play has a reader run in a world while f does things to it.
func play(t *testing.T, id string, f func(*world, *run), before ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		w := newWorld()
		defer w.close()
		w.put(before...)
		r := start(t, w, id)
		defer r.stop()
		r.settle()
		f(w, r)
	})
}

func start(t *testing.T, w *world, id string) *run {
	t.Helper()
	reader, found := Named(id)
	if !found {
		t.Fatalf("there is no reader %s", id)
	}
	r := &run{t: t}
	in := w.input()
	in.Handle = func(_ string, records []streamtypes.Record) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, record := range records {
			r.got = append(r.got, fmt.Sprint(record.EventName, " ", nameOf(record)))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- reader.Read(ctx, in) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	return r
}

// settle lets the reader do all that it can.
func (r *run) settle() {
	time.Sleep(20 * pause)
	synctest.Wait()
}

// gets lets the reader do all that it can, and compares what it got since the last time.
func (r *run) gets(want ...string) {
	r.t.Helper()
	r.settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.got, want) {
		r.t.Errorf("the reader got %q, want %q", r.got, want)
	}
	r.got = nil
}

// Each reader is right in all but its own way: it passes what the others fail at.
func TestReadersAreWrongInOneWay(t *testing.T) {
	for _, reader := range Readers {
		t.Run(reader.ID, func(t *testing.T) {
			play(t, reader.ID, func(w *world, r *run) {
				not := func(ids ...string) bool { return !slices.Contains(ids, reader.ID) }
				w.db.Inject("GetRecords", 2, embedded.Throttle)
				w.db.Inject("DescribeStream", 2, embedded.ServerError)
				if not("empty-page") { // the first empty page ended it
					w.put("throttled")
					r.gets("INSERT throttled")
					w.db.Inject("GetRecords", 1, embedded.EmptyPage)
					w.put("empty")
					r.gets("INSERT empty")
				}
				if not("empty-page", "expired-iterator") {
					w.db.ExpireIterators()
					w.put("renewed")
					r.gets("INSERT renewed")
				}
				if not("empty-page", "first-shards", "latest") {
					w.split()
					w.put("child")
					r.gets("INSERT child")
				}
				// Many pages of a shard, and then its child.
				if not("empty-page", "first-shards", "latest", "side-by-side", "last-page") {
					w.put("a", "b", "c", "d", "e", "f", "g")
					w.roll()
					w.delete("a")
					r.settle()
					if r.got[len(r.got)-1] != "REMOVE a" {
						t.Errorf("it got %q, want the delete last", r.got)
					}
				}
				if err := r.stop(); !errors.Is(err, context.Canceled) {
					t.Errorf("Read = %v after its context ended, want that", err)
				}
			})
		})
	}
}

func TestEmptyPage(t *testing.T) {
	play(t, "empty-page", func(w *world, r *run) {
		r.gets("INSERT ada", "INSERT grace", "INSERT barbara") // and then an empty page
		w.put("lost")
		r.gets()
		w.roll() // it believes that it read the parent to the end
		w.put("john")
		r.gets("INSERT john")
	}, "ada", "grace", "barbara")
}

func TestLastPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		defer w.close()
		w.put("ada", "grace", "lost")
		w.roll()
		w.put("john")
		r := start(t, w, "last-page")
		defer r.stop()
		r.gets("INSERT ada", "INSERT grace", "INSERT john")
	})
}

func TestSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		defer w.close()
		w.put("ada", "grace", "barbara")
		w.roll()
		w.delete("barbara")
		r := start(t, w, "side-by-side")
		defer r.stop()
		r.gets("INSERT ada", "INSERT grace", "REMOVE barbara", "INSERT barbara")
	})
}

func TestFirstShards(t *testing.T) {
	play(t, "first-shards", func(w *world, r *run) {
		r.gets("INSERT ada")
		w.put("grace")
		w.roll()
		w.put("lost")
		r.gets("INSERT grace")
		if err := r.stop(); err != nil {
			t.Errorf("Read = %v, want nil: it believes that it has read all", err)
		}
	}, "ada")
}

func TestLatest(t *testing.T) {
	play(t, "latest", func(w *world, r *run) {
		w.put("grace")
		r.gets("INSERT grace")
		w.roll()
		w.put("lost") // before it looks for shards
		r.settle()
		w.put("john")
		r.gets("INSERT john")
	}, "before")
}

func TestExpiredIterator(t *testing.T) {
	play(t, "expired-iterator", func(w *world, r *run) {
		r.gets("INSERT ada")
		w.db.ExpireIterators()
		w.put("lost")
		r.gets()
	}, "ada")
}

// What is trimmed, and a stream that doesn't exist.
func TestMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		defer w.close()
		w.put("trimmed")
		r := start(t, w, "first-shards")
		defer r.stop()
		r.gets("INSERT trimmed")
		w.put("unread", "unread too")
		no(w.db.TrimTo(t.Context(), "users", w.db.Now().Add(time.Millisecond)))
		w.put("ada")
		r.gets("INSERT ada")

		reader, _ := Named("latest")
		in := w.input()
		in.Stream += "x"
		if err := reader.Read(t.Context(), in); !vanished(err) {
			t.Errorf("Read of a stream that doesn't exist = %v, want that it says so", err)
		}
	})
	if _, found := Named("none"); found {
		t.Error("there is a reader named none")
	}
}
