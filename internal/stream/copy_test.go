package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
)

// A source is a table on the engine, in the time of the bubble. Before each page
// that a copy asks for, something may be done.
type source struct {
	*dynamodb.Client
	t       *testing.T
	engine  *embedded.DB
	streams *dynamodbstreams.Client
	arn     string

	mu     sync.Mutex
	pages  int
	before func(page int) error // called without the lock
	says   func(*dbtypes.TableDescription)
}

func newSource(t *testing.T, rows int) *source {
	s := &source{t: t, engine: must(embedded.OpenMemory(embedded.Options{SweepInterval: time.Hour}))}
	t.Cleanup(func() { s.engine.Close() })
	s.Client, s.streams = clientsOf(s.engine)
	s.arn = *must(s.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(engineTable), BillingMode: dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dbtypes.ScalarAttributeTypeS}},
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dbtypes.KeyTypeHash}},
		StreamSpecification:  &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dbtypes.StreamViewTypeNewAndOldImages},
	})).TableDescription.LatestStreamArn
	for i := range rows {
		s.put(fmt.Sprint(i), 0)
	}
	return s
}

func (s *source) put(id string, n int) {
	must(s.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(engineTable), Item: map[string]dbtypes.AttributeValue{
		"id": &dbtypes.AttributeValueMemberS{Value: id}, "n": &dbtypes.AttributeValueMemberN{Value: fmt.Sprint(n)},
	}}))
}

func (s *source) remove(id string) {
	must(s.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: aws.String(engineTable), Key: map[string]dbtypes.AttributeValue{
		"id": &dbtypes.AttributeValueMemberS{Value: id},
	}}))
}

func (s *source) Scan(ctx context.Context, in *dynamodb.ScanInput, o ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	s.mu.Lock()
	page := s.pages
	s.pages++
	s.mu.Unlock()
	if s.before != nil {
		if err := s.before(page); err != nil {
			return nil, err
		}
	}
	return s.Client.Scan(ctx, in, o...)
}

func (s *source) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, o ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	out, err := s.Client.DescribeTable(ctx, in, o...)
	if err == nil && s.says != nil {
		s.says(out.Table)
	}
	return out, err
}

// rows is what the table holds.
func (s *source) rows() map[string]string {
	rows := make(map[string]string)
	pages := dynamodb.NewScanPaginator(s.Client, &dynamodb.ScanInput{TableName: aws.String(engineTable)})
	for pages.HasMorePages() {
		for _, item := range must(pages.NextPage(context.Background())).Items {
			rows[textOf(item["id"])] = item["n"].(*dbtypes.AttributeValueMemberN).Value
		}
	}
	return rows
}

// open opens a reader that copies, with pages of three rows.
func (s *source) open(o Options) (*Reader, error) {
	if o.Copy == nil {
		o.Copy = &Copy{Table: s, Rate: Unbounded}
	}
	o.Logger = slog.New(slog.DiscardHandler)
	set(&o.Limit, 3)
	set(&o.Idle, time.Second)
	r, err := Open(s.t.Context(), s.streams, s.arn, o)
	if err == nil {
		s.t.Cleanup(func() { r.Close() })
	}
	return r, err
}

// A replica is a copy as a handler keeps it: each row with the pair of numbers
// that says which event is older.
type replica struct {
	mu     sync.Mutex
	rows   map[string]replicaRow
	copied []string // "row" of each Copied event, in their order
	done   []int64  // the number of each CopyDone
	others int      // events of other kinds
	mixed  bool     // a row came after one of these
	faults []string
	number int64 // that each event should have; 0: any
}

type replicaRow struct {
	copy     int64
	order, n string
}

func newReplica() *replica { return &replica{rows: make(map[string]replicaRow)} }

// now is how many rows there are, were copied, and copies are complete.
func (c *replica) now() (rows, copied, done int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.rows), len(c.copied), len(c.done)
}

func (c *replica) handle(_ context.Context, e Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.number != 0 && e.Copy != c.number {
		c.faults = append(c.faults, fmt.Sprintf("an event of the kind %s has the number %d, want %d", e.Kind, e.Copy, c.number))
	}
	if e.Kind == CopyDone {
		c.done = append(c.done, e.Copy)
		maps.DeleteFunc(c.rows, func(_ string, r replicaRow) bool { return r.copy < e.Copy })
		return nil
	}
	if e.Kind == Lost {
		return nil
	}
	id := e.Keys["id"].(*types.AttributeValueMemberS).Value
	now := replicaRow{copy: e.Copy, order: e.Order()}
	has := c.rows[id]
	older := now.copy < has.copy || now.copy == has.copy && now.order < has.order
	if e.Kind == Copied {
		c.mixed = c.mixed || c.others > 0
		c.copied = append(c.copied, id)
	} else if c.others++; older {
		// Only what is redelivered is older, and only until CopyDone.
		if len(c.done) > 0 {
			c.faults = append(c.faults, fmt.Sprintf("event %s of item %s came after %s", now.order, id, has.order))
		}
	}
	switch {
	case older:
	case e.New == nil:
		delete(c.rows, id)
	default:
		now.n = e.New["n"].(*types.AttributeValueMemberN).Value
		c.rows[id] = now
	}
	return nil
}

// check compares the copy with the table.
func (c *replica) check(s *source) {
	s.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := make(map[string]string)
	for id, r := range c.rows {
		got[id] = r.n
	}
	check(s.t, "the copy, and the table", got, s.rows())
	for _, fault := range c.faults {
		s.t.Error(fault)
	}
}

// churn inserts, updates and deletes a row each time that it is called.
func (s *source) churn(n int) {
	s.put(fmt.Sprint("new", n), n)
	s.put(fmt.Sprint(n%20), n+1)
	s.remove(fmt.Sprint((n * 7) % 20))
	if n%3 == 0 {
		s.remove(fmt.Sprint("new", n/2))
	}
}

// TestACopyFollowsItsTable: what changes while the table is scanned is right
// in the end, and a later reader has nothing to copy.
func TestACopyFollowsItsTable(t *testing.T) {
	for name, run := range map[string]func(context.Context, *Reader, *replica) error{
		"Run": func(ctx context.Context, r *Reader, c *replica) error { return r.Run(ctx, c.handle) },
		"RunPages": func(ctx context.Context, r *Reader, c *replica) error {
			return r.RunPages(ctx, func(ctx context.Context, p *Page) error {
				for _, e := range p.Events {
					c.handle(ctx, e)
				}
				return nil
			})
		},
		"Events": func(ctx context.Context, r *Reader, c *replica) error {
			for e, err := range r.Events(ctx) {
				if err != nil {
					return err
				}
				c.handle(ctx, e)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, m := newSource(t, 20), newReplica(), newMemory()
				c.number = 1
				s.before = func(page int) error {
					s.churn(page)
					return nil
				}
				r := must(s.open(Options{Checkpoints: m.grip(), Parallel: 4}))
				check(t, "Resumed", r.Resumed(), false)
				check(t, "error", run(t.Context(), r, c), nil)
				check(t, "numbers of the copies that are complete", c.done, []int64{1})
				c.check(s)
				if len(c.copied) < 10 || c.others == 0 {
					t.Errorf("%d rows and %d events came: this test shows nothing", len(c.copied), c.others)
				}
				check(t, "error of Close", r.Close(), nil)
				for _, k := range m.kept {
					if k.OfCopy() && (k.Shard != copyShard || k.State != Consumed) {
						t.Errorf("the checkpoint %v is left", k)
					}
				}
				s.churn(100)
				rows := len(c.copied)
				r = must(s.open(Options{Checkpoints: m.grip()}))
				check(t, "Resumed", r.Resumed(), true)
				check(t, "error", run(t.Context(), r, c), nil)
				check(t, "rows that are copied again", len(c.copied)-rows, 0)
				check(t, "numbers of the copies that are complete", c.done, []int64{1})
				c.check(s)
			})
		})
	}
}

// TestNothingOlderComesAfterACopy: a reader that resumes in a shard which had no
// change since the copy began is not given those from before.
func TestNothingOlderComesAfterACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, m := newSource(t, 5), newReplica(), newMemory()
		for range 2 {
			r := must(s.open(Options{Checkpoints: m.grip()}))
			c.others = 0
			check(t, "error", r.Run(t.Context(), c.handle), nil)
			check(t, "error of Close", r.Close(), nil)
		}
		check(t, "changes after the copy", c.others, 0)
		check(t, "numbers of the copies that are complete", c.done, []int64{1})
	})
}

// TestACopyResumes where it was, whenever its process dies, and is not told
// from the copy of a process that lives.
func TestACopyResumes(t *testing.T) {
	for cut := range 60 {
		synctest.Test(t, func(t *testing.T) {
			s, c, m := newSource(t, 20), newReplica(), newMemory()
			c.number = 1
			s.before = func(page int) error {
				s.churn(page)
				return nil
			}
			handled := 0
			run := func(cut int) error {
				g := m.grip()
				r := must(s.open(Options{Checkpoints: g, CheckpointEvery: 20 * time.Millisecond}))
				complete := slices.ContainsFunc(slices.Collect(maps.Values(m.kept)), func(k Checkpoint) bool { return k.Shard == copyShard && k.State == Consumed })
				check(t, "Resumed", r.Resumed(), complete)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				return r.Run(ctx, func(ctx context.Context, e Event) error {
					time.Sleep(10 * time.Millisecond)
					c.mu.Lock()
					handled++
					dies := handled == cut
					c.mu.Unlock()
					if dies {
						g.mu.Lock()
						g.dead = true
						g.mu.Unlock()
						cancel()
					}
					return c.handle(ctx, e)
				})
			}
			err := run(cut)
			if cut > 0 && !errors.Is(err, errDead) && handled >= cut {
				t.Errorf("Run = %v, want that it died", err)
			}
			if len(c.done) == 0 {
				_, err = Open(t.Context(), s.streams, s.arn, Options{Checkpoints: m.grip(), Logger: slog.New(slog.DiscardHandler)})
				if err == nil || !strings.Contains(err.Error(), "give Options.Copy") {
					t.Errorf("Open without a Copy = %v, want a refusal", err)
				}
			}
			check(t, "error", run(0), nil)
			if n := len(c.done); n < 1 || n > 2 {
				t.Errorf("CopyDone came %d times", n)
			}
			c.check(s)
			check(t, "violations of the checkpoints", len(m.violations), 0)
		})
	}
}

// TestACopyGoesOnBehindWhatWasHandled: rows whose checkpoint was saved are not
// copied again.
func TestACopyGoesOnBehindWhatWasHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, m := newSource(t, 30), newReplica(), newMemory()
		ctx, cancel := context.WithCancel(t.Context())
		r := must(s.open(Options{Checkpoints: m.grip()}))
		r.Run(ctx, func(ctx context.Context, e Event) error {
			if _, copied, _ := c.now(); copied == 10 {
				cancel()
			}
			err := c.handle(ctx, e)
			if _, copied, _ := c.now(); copied == 10 && e.Kind == Copied {
				s.remove(e.Keys["id"].(*types.AttributeValueMemberS).Value) // a row that is gone still tells where to go on
			}
			return err
		})
		check(t, "error of Close", r.Close(), nil)
		check(t, "error", must(s.open(Options{Checkpoints: m.grip()})).Run(t.Context(), c.handle), nil)
		slices.Sort(c.copied)
		check(t, "rows that came once", len(slices.Compact(c.copied)), 30)
		c.check(s)
	})
}

// TestASecondCopyDeletesWhatIsOlder: after changes that nobody saw, a copy that
// is in use is made anew without being emptied.
func TestASecondCopyDeletesWhatIsOlder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSource(t, 20), newReplica()
		checkpoints := func() Checkpoints { return TableCheckpoints(s.Client, "places", "copy") }
		run := func() {
			r := must(s.open(Options{Checkpoints: checkpoints()}))
			check(t, "Resumed", r.Resumed(), false)
			check(t, "error", r.Run(t.Context(), func(ctx context.Context, e Event) error {
				if rows, _, done := c.now(); rows == 0 && done > 0 {
					t.Error("the copy was emptied")
				}
				return c.handle(ctx, e)
			}), nil)
			check(t, "error of Close", r.Close(), nil)
			c.check(s)
		}
		run()
		for i := range 10 {
			s.remove(fmt.Sprint(i))
		}
		removed, err := Reset(t.Context(), checkpoints())
		check(t, "checkpoints that were reset, and the error", []any{removed > 1, err}, []any{true, nil})
		time.Sleep(48 * time.Hour) // the stream has nothing of the removals
		run()
		if len(c.done) != 2 || c.done[1] <= c.done[0] {
			t.Errorf("the copies' numbers are %v, want two that grow", c.done)
		}
	})
}

// TestACopyBeginsBesideCheckpoints of a reader that made none.
func TestACopyBeginsBesideCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, m := newSource(t, 5), newReplica(), newMemory()
		r := must(Open(t.Context(), s.streams, s.arn, Options{Checkpoints: m.grip(), Idle: time.Second}))
		check(t, "error", r.Run(t.Context(), func(context.Context, Event) error { return nil }), nil)
		check(t, "error of Close", r.Close(), nil)
		c.number = 1
		s.put("5", 0)
		r = must(s.open(Options{Checkpoints: m.grip()}))
		check(t, "Resumed", r.Resumed(), false)
		check(t, "error", r.Run(t.Context(), c.handle), nil)
		check(t, "events besides", c.others, 1)
		check(t, "numbers of the copies that are complete", c.done, []int64{1})
		c.check(s)
	})
}

// TestACopyInParallel handles the rows and an item's events in their order.
func TestACopyInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSource(t, 40), newReplica()
		s.before = func(page int) error {
			for n := range 5 {
				s.put(fmt.Sprint(page%10), page*5+n)
			}
			return nil
		}
		var mu sync.Mutex
		at, most, last := 0, 0, make(map[string]string)
		r := must(s.open(Options{Parallel: 8, Limit: 10, Copy: &Copy{Table: s, Rate: Unbounded, Segments: 2}}))
		check(t, "error", r.Run(t.Context(), func(ctx context.Context, e Event) error {
			mu.Lock()
			at++
			most = max(most, at)
			if item := e.Item(); e.Kind != CopyDone {
				if e.Order() <= last[item] {
					t.Errorf("%s came after %s", e.Order(), last[item])
				}
				last[item] = e.Order()
			}
			mu.Unlock()
			time.Sleep(time.Duration(len(e.Sequence)%7) * time.Millisecond)
			mu.Lock()
			at--
			mu.Unlock()
			return c.handle(ctx, e)
		}), nil)
		if most < 9 {
			t.Errorf("%d events were handled at a time, want more than a segment's 8", most)
		}
		c.check(s)
	})
}

// TestCopiedInTransactions: the effect of each row and its checkpoint are one
// write, so that each counts once though readers die.
func TestCopiedInTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, 30)
		must(TableCheckpoints(s.Client, "places", "x").Load(t.Context()))
		var done atomic.Int64
		var dies int64
		count := func() (err error) {
			db := &mortal{TableAPI: s.Client}
			table := TableCheckpoints(db, "places", "copy")
			r := must(s.open(Options{Checkpoints: table, PageSize: 2, CheckpointEvery: time.Hour}))
			defer r.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var pages atomic.Int64
			return r.RunPages(ctx, func(ctx context.Context, p *Page) error {
				if pages.Add(1) == dies {
					db.died.Store(true)
					cancel()
					return errors.New("it died")
				}
				if p.Events[0].Kind == CopyDone {
					done.Add(1)
					return commit(ctx, db, table, p)
				}
				var effects []dbtypes.TransactWriteItem
				for _, e := range p.Events {
					if e.Kind != Copied {
						continue // of up to two minutes before Open
					}
					effects = append(effects, effect("counts", e.Keys["id"].(*types.AttributeValueMemberS).Value))
				}
				return commit(ctx, db, table, p, effects...)
			})
		}
		for dies = range int64(8) {
			if dies > 0 {
				count()
			}
		}
		dies = 0
		check(t, "error", count(), nil)
		counts := countsOf(t, s.Client, "counts")
		for i := range 30 {
			if n := counts[fmt.Sprint(i)]; n != 1 {
				t.Errorf("row %d counts %d times, want once", i, n)
			}
		}
		check(t, "times that CopyDone was committed", done.Load(), int64(1))
	})
}

// A mortal is a process's way to its checkpoints, until it dies.
type mortal struct {
	TableAPI
	died atomic.Bool
}

func (m *mortal) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if m.died.Load() {
		return nil, errDead
	}
	return m.TableAPI.PutItem(ctx, in, o...)
}

func (m *mortal) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if m.died.Load() {
		return nil, errDead
	}
	return m.TableAPI.TransactWriteItems(ctx, in, o...)
}

func (m *mortal) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if m.died.Load() {
		return nil, errDead
	}
	return m.TableAPI.UpdateItem(ctx, in, o...)
}

func TestRefusedCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, 1)
		large := func(d *dbtypes.TableDescription) { d.TableSizeBytes, d.ItemCount = aws.Int64(1<<40), aws.Int64(1<<30) }
		tests := map[string]struct {
			why  string
			o    Options
			says func(*dbtypes.TableDescription)
			want string
		}{
			"no client":   {"there is nothing to scan", Options{Copy: &Copy{}}, nil, "Copy.Table is nil"},
			"rate":        {"it is below zero", Options{Copy: &Copy{Table: s, Rate: -1}}, nil, "out of its range"},
			"segments":    {"they are too many", Options{Copy: &Copy{Table: s, Segments: 1001}}, nil, "out of its range"},
			"start":       {"a copy begins at Open", Options{Start: Ago(time.Hour)}, nil, "Start is 1h0m0s ago"},
			"other table": {"the client is another region's", Options{}, func(d *dbtypes.TableDescription) { d.LatestStreamArn = aws.String(arn) }, "same account and region"},
			"no stream":   {"the table has none", Options{}, func(d *dbtypes.TableDescription) { d.LatestStreamArn = nil }, "same account and region"},
			"too long":    {"268 million units at 100 a second take a month", Options{Copy: &Copy{Table: s}}, large, "a Rate of 3729 or more"},
			"too slow": {"half of 4 units provisioned", Options{Copy: &Copy{Table: s}}, func(d *dbtypes.TableDescription) {
				large(d)
				d.ProvisionedThroughput = &dbtypes.ProvisionedThroughputDescription{ReadCapacityUnits: aws.Int64(4)}
			}, "at 2 read units a second"},
			"fast enough": {"it takes less than 20 hours", Options{Copy: &Copy{Table: s, Rate: 3729}}, large, ""},
		}
		for name, test := range tests {
			m := newMemory()
			test.o.Checkpoints, s.says = m.grip(), test.says
			_, err := s.open(test.o)
			if test.want == "" && err == nil {
				continue
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || test.want == "" {
				t.Errorf("%s (%s): Open = %v, want %q", name, test.why, err, test.want)
			}
			check(t, name+": checkpoints that are kept", len(m.kept), 0)
		}
		s.says = nil
		must(s.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(engineTable)}))
		if _, err := s.open(Options{}); !noTable(err) {
			t.Errorf("Open = %v, want that the table does not exist", err)
		}
	})
}

// TestTheRateOfACopy: the scan uses no more than its rate, and DynamoDB's
// throttling is waited out.
func TestTheRateOfACopy(t *testing.T) {
	for _, rows := range []int64{0, 200} { // that DescribeTable tells of
		synctest.Test(t, func(t *testing.T) {
			s, c := newSource(t, 0), newReplica()
			large := strings.Repeat("x", 8000)
			for i := range 200 { // two units each
				must(s.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(engineTable), Item: map[string]dbtypes.AttributeValue{
					"id": &dbtypes.AttributeValueMemberS{Value: fmt.Sprint(i)}, "n": &dbtypes.AttributeValueMemberN{Value: "0"},
					"text": &dbtypes.AttributeValueMemberS{Value: large},
				}}))
			}
			s.says = func(d *dbtypes.TableDescription) {
				d.ItemCount, d.TableSizeBytes = aws.Int64(rows), aws.Int64(rows*8000)
			}
			throttles := 0
			s.before = func(page int) error {
				if page%10 == 3 {
					throttles++
					return &dbtypes.ProvisionedThroughputExceededException{}
				}
				return nil
			}
			began := time.Now()
			var took time.Duration
			r := must(s.open(Options{Limit: 1000, Copy: &Copy{Table: s, Rate: 20}}))
			check(t, "error", r.Run(t.Context(), func(ctx context.Context, e Event) error {
				if e.Kind == Copied {
					took = time.Since(began)
				}
				return c.handle(ctx, e)
			}), nil)
			c.check(s)
			// 400 units at 20 a second, and a page at once; the throttles
			// cost less than a second each.
			if took < 18*time.Second || took > 40*time.Second {
				t.Errorf("it took %v, want 20 s", took)
			}
			want := CopyStats{Number: 1, Rows: 200, Of: rows, Done: true, Throttles: int64(throttles)}
			if check(t, "stats", r.Stats().Copy, want); throttles == 0 {
				t.Error("nothing was throttled")
			}
		})
	}
}

// TestASlowCopy outlives the iterators that were taken before it, and waits
// for changes that the stream gives late.
func TestASlowCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSource(t, 40), newReplica()
		s.before = func(page int) error {
			s.churn(page)
			return nil
		}
		r := must(s.open(Options{Checkpoints: newMemory().grip(), Copy: &Copy{Table: s, Rate: 1.0 / 3600, Segments: 1}})) // a page an hour
		began := time.Now()
		check(t, "error", r.Run(t.Context(), func(ctx context.Context, e Event) error {
			if e.Kind == Copied {
				check(t, "health", r.Health(time.Now()), nil) // no shard stands still
				if left := r.Stats().Shards[0].Left; left > 24*time.Hour-time.Since(began) {
					t.Errorf("the shard has %v left", left)
				}
			}
			return c.handle(ctx, e)
		}), nil)
		check(t, "whether rows came after events", c.mixed, false)
		check(t, "numbers of the copies that are complete", c.done, []int64{1})
		c.check(s)
	})
}

// A lateStream is a stream that gives its records late, and lists shards with a
// parent late.
type lateStream struct {
	API
	by       time.Duration
	listedAt time.Time
}

func (l lateStream) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	out, err := l.API.GetRecords(ctx, in, o...)
	if err == nil && slices.ContainsFunc(out.Records, func(r types.Record) bool { return time.Since(recordTime(r)) < l.by }) {
		out.Records, out.NextShardIterator = nil, in.ShardIterator
	}
	return out, err
}

func (l lateStream) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	out, err := l.API.DescribeStream(ctx, in, o...)
	if err == nil && time.Now().Before(l.listedAt) {
		out.StreamDescription.Shards = slices.DeleteFunc(out.StreamDescription.Shards, func(s types.Shard) bool { return s.ParentShardId != nil })
	}
	return out, err
}

// TestCopyDoneWaits for changes that were made during the scan: for those that
// the stream gives seconds later, those of a shard that it does not list yet,
// and those with a handler.
func TestCopyDoneWaits(t *testing.T) {
	for name, test := range map[string]struct {
		by, listed, handling time.Duration
		parallel             int
	}{
		"late":                    {by: 4 * time.Second},
		"children":                {listed: 20 * time.Second},
		"handling":                {handling: 20 * time.Second},
		"handling, in lanes":      {handling: 20 * time.Second, parallel: 4},
		"all of this, and lanes":  {4 * time.Second, 20 * time.Second, 20 * time.Second, 4},
		"nothing, but its window": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c := newSource(t, 5), newReplica()
				s.before = func(page int) error {
					if page == 1 && test.listed > 0 {
						must(0, s.engine.RollShards(t.Context(), engineTable))
					}
					s.churn(page)
					return nil
				}
				r := must(Open(t.Context(), lateStream{s.streams, test.by, time.Now().Add(test.listed)}, s.arn, Options{
					Copy: &Copy{Table: s, Rate: Unbounded}, Logger: slog.New(slog.DiscardHandler), Parallel: test.parallel,
				}))
				defer r.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				r.Run(ctx, func(ctx context.Context, e Event) error {
					if e.Kind == Deleted {
						time.Sleep(test.handling)
					}
					err := c.handle(ctx, e)
					if e.Kind == CopyDone {
						c.check(s)
						cancel()
					}
					return err
				})
				check(t, "numbers of the copies that are complete", c.done, []int64{1})
			})
		})
	}
}

// TestCopyDoneComesUnderWrites that never end: shards that were read past the
// end of the scan need not be idle, and their children need not be read.
func TestCopyDoneComesUnderWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSource(t, 5), newReplica()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var writing sync.WaitGroup
		writing.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				s.churn(n)
				if n%40 == 39 {
					must(0, s.engine.RollShards(t.Context(), engineTable))
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		r := must(Open(t.Context(), s.streams, s.arn, Options{
			Copy: &Copy{Table: s, Rate: Unbounded}, Logger: slog.New(slog.DiscardHandler),
		}))
		defer r.Close()
		err := r.Run(ctx, func(ctx context.Context, e Event) error {
			if e.Kind == CopyDone {
				cancel()
			}
			return c.handle(ctx, e)
		})
		writing.Wait()
		check(t, "numbers of the copies that are complete", c.done, []int64{1})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want that CopyDone ended it", err)
		}
	})
}

// TestASwitchDuringACopy takes the copy along, whose number stays.
func TestASwitchDuringACopy(t *testing.T) {
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, c, m := newSource(t, 30), newReplica(), newMemory()
			ctx, cancel := context.WithCancel(t.Context())
			s.before = func(page int) error {
				if page == 4 {
					for _, on := range []bool{false, true} {
						must(s.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String(engineTable), StreamSpecification: streamSpecification(on)}))
						time.Sleep(time.Second)
					}
				}
				if page >= 4 {
					s.put(fmt.Sprint(page), page)
				}
				if page == 8 && dies {
					cancel()
				}
				return nil
			}
			g := m.grip()
			r := must(s.open(Options{Checkpoints: g, OnGap: SkipGaps, CheckpointEvery: time.Millisecond}))
			err := r.Run(ctx, c.handle)
			check(t, "error", errors.Is(err, context.Canceled), dies)
			check(t, "error of Close", r.Close(), nil)
			if dies {
				check(t, "error", must(s.open(Options{Checkpoints: m.grip(), OnGap: SkipGaps})).Run(t.Context(), c.handle), nil)
			}
			check(t, "numbers of the copies that are complete", c.done, []int64{1})
			for _, k := range m.kept {
				if k.Stream == s.arn {
					t.Errorf("the checkpoint %v of the older stream is left", k)
				}
			}
			check(t, "the view type of the newer stream", c.others > 0, true)
			cancel()
		})
	}
}

// TestAnOldCopysCheckpoints: where a process died between two streams, those of
// the newer one count, and the others where they are missing.
func TestAnOldCopysCheckpoints(t *testing.T) {
	r := &Reader{options: Options{Copy: &Copy{}}}
	mark := Checkpoint{Stream: arn, Shard: copyShard, Position: Position{Sequence: "7"}}
	moved := mark
	moved.Stream, moved.State = nextARN, Consumed
	must(0, r.startCopy(t.Context(), []Checkpoint{moved, mark}))
	check(t, "number, and whether it is complete", []any{r.copyNumber(), !r.copies()}, []any{int64(7), true})
	check(t, "the stream that is read", newestStream([]Checkpoint{mark, moved}), "")
}

func TestAStreamIsWhatACopyFollows(t *testing.T) {
	copied := Event{Kind: Copied, Stream: arn, Sequence: "99999999"}
	first, next := Event{Kind: Inserted, Stream: arn, Sequence: f21(1)}, Event{Kind: Inserted, Stream: nextARN, Sequence: f21(1)}
	later := copied
	later.Stream = nextARN
	orders := []string{copied.Order(), first.Order(), later.Order(), next.Order()}
	check(t, "whether they are in their order", slices.IsSorted(orders), true)
	check(t, "length", []int{len(copied.Order()), len(later.Order())}, []int{len(first.Order()), len(next.Order())})
}

// TestTheStatsOfACopy count on beyond a reader, and its health says what a
// segment and the copy's end wait for.
func TestTheStatsOfACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newSource(t, 20), newMemory()
		var log bytes.Buffer
		refused := errors.New("refused")
		var r *Reader
		run := func(fails Kind) error {
			r = must(Open(t.Context(), s.streams, s.arn, Options{
				Checkpoints: m.grip(), Idle: time.Second, Limit: 3, Copy: &Copy{Table: s, Rate: Unbounded, Segments: 1},
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
			}))
			defer r.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			n := 0
			return r.Run(ctx, func(ctx context.Context, e Event) error {
				if n++; e.Kind == fails && n > 10 {
					if r.Stats().Copy.Failures > 15 { // about a minute
						check(t, "health", strings.Contains(fmt.Sprint(r.Health(time.Now())), "copy"), true)
					}
					return refused
				}
				return nil
			})
		}
		run(Copied)
		check(t, "rows, failures and whether it is done", []any{r.Stats().Copy.Rows, r.Stats().Copy.Failures > 10, r.Stats().Copy.Done}, []any{int64(10), true, false})
		run(CopyDone)
		check(t, "rows and whether it is done", []any{r.Stats().Copy.Rows, r.Stats().Copy.Done}, []any{int64(20), false})
		check(t, "error", run(Lost), nil)
		check(t, "rows and whether it is done", []any{r.Stats().Copy.Rows, r.Stats().Copy.Done}, []any{int64(20), true})
		for _, want := range []string{
			"reading stalls: the copy's segment copy/1/0000/0001 is handling", "reading stalls: the end of the copy is handling",
			`msg="copying table" table=world copy=1`, `msg="the copy is complete"`,
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, log.String())
			}
		}
		check(t, "whether shards stand still", strings.Contains(log.String(), "stalls: shard"), false)
	})
}

// TestTheFormatOfACopysCheckpoints is a version that older readers refuse, and
// goes to a file and back; without a copy it is the older version.
func TestTheFormatOfACopysCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint")
	all := []Checkpoint{{Stream: arn, Shard: "s"}, {Stream: arn, Shard: segmentShard(7, 3, 4), Parent: copyShard,
		Position: Position{Sequence: "12"}, Row: rowText(Image{"b": &types.AttributeValueMemberB{Value: []byte("x<")}, "n": n("1.0"), "s": s("y\"")})}}
	check(t, "row", all[1].Row, `{"b":{"B":"eDw="},"n":{"N":"1.0"},"s":{"S":"y\""}}`)
	for i, want := range []string{`"version": 2`, `"version": 3`} {
		f := FileCheckpoints(path)
		must(f.Load(t.Context()))
		must(0, f.Save(t.Context(), all[:i+1], nil))
		must(0, f.Close())
		if text := string(must(os.ReadFile(path))); !strings.Contains(text, want) {
			t.Errorf("the file is %s, want %s", text, want)
		}
		kept := must(FileCheckpoints(path).(Peeker).Peek(t.Context()))
		check(t, "checkpoints that come back", sameCheckpoints(kept, all[:i+1]), true)
	}
	db, _ := inMemory(t)
	table := TableCheckpoints(db, "places", "r")
	must(table.Load(t.Context()))
	must(0, table.Save(t.Context(), all, nil))
	check(t, "versions", []any{must(numberOf(table.item(all[0])["version"])), must(numberOf(table.item(all[1])["version"]))}, []any{int64(2), int64(3)})
	kept := must(table.Peek(t.Context()))
	check(t, "checkpoints", sameCheckpoints(kept, all), true)
	check(t, "what is left of a segment, and its age", []any{all[1].Left(time.Now()), all[1].Age(time.Now())}, []any{retention, time.Duration(0)})
}

// TestACopyWhoseStreamEnds is complete before the reading ends.
func TestACopyWhoseStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newSource(t, 20), newReplica()
		s.before = func(page int) error {
			if s.churn(page); page == 3 {
				must(s.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String(engineTable), StreamSpecification: streamSpecification(false)}))
			}
			return nil
		}
		r := must(Open(t.Context(), s.streams, s.arn, Options{
			Limit: 3, Copy: &Copy{Table: s, Rate: Unbounded, Segments: 1}, Logger: slog.New(slog.DiscardHandler),
		}))
		defer r.Close()
		if err := r.Run(t.Context(), c.handle); !errors.As(err, new(*EndedError)) {
			t.Errorf("Run = %v, want an *EndedError", err)
		}
		check(t, "numbers of the copies that are complete", c.done, []int64{1})
	})
}
