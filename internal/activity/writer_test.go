package activity

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestInsert(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		answers      []answer
		want         []string
		counts       Counts
		err          error
	}{
		{
			"all at once", "one call writes a batch", nil,
			[]string{"intent inserted a b c", "put a b c", "done inserted a b c"},
			Counts{Inserted: 3}, nil,
		}, {
			"part unprocessed", "only what was given back is sent again, and journaled when it is written",
			[]answer{{unprocessed: []string{"a", "c"}}},
			[]string{"intent inserted a b c", "put a b c", "done inserted b", "put a c", "done inserted a c"},
			Counts{Inserted: 3, Retries: 1}, nil,
		}, {
			"unprocessed again", "it is repeated for as long as it takes",
			[]answer{{unprocessed: []string{"a", "c"}}, {unprocessed: []string{"c"}}, {unprocessed: []string{"c"}}},
			[]string{"intent inserted a b c", "put a b c", "done inserted b", "put a c", "done inserted a",
				"put c", "put c", "done inserted c"},
			Counts{Inserted: 3, Retries: 3}, nil,
		}, {
			"throttled", "a refused batch is sent again whole",
			[]answer{{err: errThrottled}, {err: errThrottled}},
			[]string{"intent inserted a b c", "put a b c", "put a b c", "put a b c", "done inserted a b c"},
			Counts{Inserted: 3, Retries: 2}, nil,
		}, {
			"throttled after a part", "what is written is not sent again",
			[]answer{{unprocessed: []string{"b"}}, {err: errThrottled}},
			[]string{"intent inserted a b c", "put a b c", "done inserted a c", "put b", "put b", "done inserted b"},
			Counts{Inserted: 3, Retries: 2}, nil,
		}, {
			"other error", "whether it is written is unknown, so the intents are all there is",
			[]answer{{err: errOther}},
			[]string{"intent inserted a b c", "put a b c"},
			Counts{}, errOther,
		}, {
			"other error after a part", "the part that was acknowledged stays journaled",
			[]answer{{unprocessed: []string{"b"}}, {err: errOther}},
			[]string{"intent inserted a b c", "put a b c", "done inserted a c", "put b"},
			Counts{Inserted: 2, Retries: 1}, errOther,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := &fakeDynamoDB{answers: test.answers}
				w := Writer{API: db, Table: "t", Journal: db}
				wantError(t, w.Insert(t.Context(), rowsOf("a", "b", "c")), test.err)
				if diff := cmp.Diff(test.want, db.trace); diff != "" {
					t.Errorf("Insert(a, b, c) with answers %v (%s) (-want +got):\n%s", test.answers, test.reason, diff)
				}
				if w.Counts != test.counts {
					t.Errorf("Insert(a, b, c) with answers %v counts %+v, want %+v", test.answers, w.Counts, test.counts)
				}
			})
		})
	}
}

func TestInsertSendsTheRows(t *testing.T) {
	db := &fakeDynamoDB{}
	w := Writer{API: db, Table: "t"} // no journal
	rows := rowsOf("a", "b")
	if err := w.Insert(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	var puts []types.WriteRequest
	for _, row := range rows {
		item, err := attributevalue.MarshalMap(row)
		if err != nil {
			t.Fatal(err)
		}
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
	}
	want := []*dynamodb.BatchWriteItemInput{{RequestItems: map[string][]types.WriteRequest{"t": puts}}}
	if diff := cmp.Diff(want, db.batches, plainValues, cmpopts.IgnoreUnexported(
		dynamodb.BatchWriteItemInput{}, types.WriteRequest{}, types.PutRequest{})); diff != "" {
		t.Errorf("Insert(a, b) sends (-want +got):\n%s", diff)
	}
}

func TestChange(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		kind         ChangeKind
		answers      []answer
		want         []string
		counts       Counts
		err          error
	}{
		{
			"modified", "intent, call, done", Modified, nil,
			[]string{"intent modified a", "update a", "done modified a"}, Counts{Modified: 1}, nil,
		}, {
			"deleted", "intent, call, done", Deleted, nil,
			[]string{"intent deleted a", "delete a", "done deleted a"}, Counts{Deleted: 1}, nil,
		}, {
			"modified, throttled", "it is repeated", Modified, []answer{{err: errThrottled}},
			[]string{"intent modified a", "update a", "update a", "done modified a"}, Counts{Modified: 1, Retries: 1}, nil,
		}, {
			"deleted, throttled", "it is repeated", Deleted, []answer{{err: errThrottled}},
			[]string{"intent deleted a", "delete a", "delete a", "done deleted a"}, Counts{Deleted: 1, Retries: 1}, nil,
		}, {
			"modified, gone", "nothing was done, so nothing is journaled as done", Modified, []answer{{err: errGone}},
			[]string{"intent modified a", "update a"}, Counts{Missed: 1}, nil,
		}, {
			"deleted, gone", "nothing was done, so nothing is journaled as done", Deleted, []answer{{err: errGone}},
			[]string{"intent deleted a", "delete a"}, Counts{Missed: 1}, nil,
		}, {
			"modified, gone after a throttle", "the condition is that of the call that went through", Modified,
			[]answer{{err: errThrottled}, {err: errGone}},
			[]string{"intent modified a", "update a", "update a"}, Counts{Missed: 1, Retries: 1}, nil,
		}, {
			"modified, other error", "whether it took effect is unknown", Modified, []answer{{err: errOther}},
			[]string{"intent modified a", "update a"}, Counts{}, errOther,
		}, {
			"deleted, other error", "whether it took effect is unknown", Deleted, []answer{{err: errOther}},
			[]string{"intent deleted a", "delete a"}, Counts{}, errOther,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := &fakeDynamoDB{answers: test.answers}
				w := Writer{API: db, Table: "t", Journal: db}
				wantError(t, w.Change(t.Context(), Change{test.kind, rowsOf("a")[0]}), test.err)
				if diff := cmp.Diff(test.want, db.trace); diff != "" {
					t.Errorf("Change(%s a) with answers %v (%s) (-want +got):\n%s", test.kind, test.answers, test.reason, diff)
				}
				if w.Counts != test.counts {
					t.Errorf("Change(%s a) with answers %v counts %+v, want %+v", test.kind, test.answers, w.Counts, test.counts)
				}
			})
		})
	}
}

// A change of a row that TTL took must not bring it back without its ttl.
func TestChangesAreConditional(t *testing.T) {
	db := &fakeDynamoDB{}
	w := Writer{API: db, Table: "t"}
	row := rowsOf("a")[0]
	for _, kind := range []ChangeKind{Modified, Deleted} {
		if err := w.Change(t.Context(), Change{kind, row}); err != nil {
			t.Fatal(err)
		}
	}
	update := []*dynamodb.UpdateItemInput{{
		TableName: aws.String("t"), Key: row.Key(),
		UpdateExpression:    aws.String("SET activity = :activity"),
		ConditionExpression: aws.String("attribute_exists(id)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
				"page": &types.AttributeValueMemberS{Value: "/cart"},
				"task": &types.AttributeValueMemberS{Value: "buying"},
			}},
		},
	}}
	if diff := cmp.Diff(update, db.updates, plainValues, cmpopts.IgnoreUnexported(dynamodb.UpdateItemInput{})); diff != "" {
		t.Errorf("Change(modified a) sends (-want +got):\n%s", diff)
	}
	remove := []*dynamodb.DeleteItemInput{{
		TableName: aws.String("t"), Key: row.Key(),
		ConditionExpression: aws.String("attribute_exists(id)"),
	}}
	if diff := cmp.Diff(remove, db.deletes, plainValues, cmpopts.IgnoreUnexported(dynamodb.DeleteItemInput{})); diff != "" {
		t.Errorf("Change(deleted a) sends (-want +got):\n%s", diff)
	}
}

func TestBackoffGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const throttles = 12
		db := &fakeDynamoDB{}
		for range throttles {
			db.answers = append(db.answers, answer{err: errThrottled})
		}
		began := time.Now()
		w := Writer{API: db, Table: "t"}
		if err := w.Insert(t.Context(), rowsOf("a")); err != nil {
			t.Fatal(err)
		}
		if len(db.times) != throttles+1 {
			t.Fatalf("%d throttles made %d calls, want %d", throttles, len(db.times), throttles+1)
		}
		if waited := db.times[0].Sub(began); waited != 0 {
			t.Errorf("the first try waited %v, want 0s", waited)
		}
		full := 100 * time.Millisecond
		for try := 1; try <= throttles; try++ {
			waited := db.times[try].Sub(db.times[try-1])
			if waited < full/2 || waited >= full {
				t.Errorf("try %d waited %v, want from %v to %v", try, waited, full/2, full)
			}
			full = min(2*full, 5*time.Second)
		}
	})
}

func TestContextEnds(t *testing.T) {
	writes := []struct {
		name  string
		write func(*Writer, context.Context) error
		want  []string // the trace of a write that is done
	}{
		{"insert", func(w *Writer, ctx context.Context) error { return w.Insert(ctx, rowsOf("a", "b")) },
			[]string{"intent inserted a b", "put a b", "done inserted a b"}},
		{"update", func(w *Writer, ctx context.Context) error { return w.Change(ctx, Change{Modified, rowsOf("a")[0]}) },
			[]string{"intent modified a", "update a", "done modified a"}},
		{"delete", func(w *Writer, ctx context.Context) error { return w.Change(ctx, Change{Deleted, rowsOf("a")[0]}) },
			[]string{"intent deleted a", "delete a", "done deleted a"}},
	}
	for _, test := range []struct {
		name, reason string
		ends         time.Duration // after the start
		takes        time.Duration // each call
		answers      []answer
		calls        int
		done         bool
		err          error
	}{
		{"before the write", "nothing is announced that is not tried", 0, 0, nil, 0, false, context.Canceled},
		{"after the intent", "what is announced is tried, so that its outcome is known", -1, 0, nil, 1, true, nil},
		{"during the call", "a call under way is finished, so that its outcome is known",
			500 * time.Millisecond, time.Second, nil, 1, true, nil},
		{"during a throttled call", "its outcome is known, and it is not repeated",
			500 * time.Millisecond, time.Second, []answer{{err: errThrottled}}, 1, false, context.Canceled},
		{"during the backoff", "nobody waits for its end",
			10 * time.Millisecond, 0, []answer{{err: errThrottled}}, 1, false, context.Canceled},
	} {
		for _, kind := range writes {
			t.Run(kind.name+" "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					ctx, cancel := context.WithCancel(t.Context())
					if test.ends == 0 {
						cancel()
					}
					db := &fakeDynamoDB{answers: test.answers, takes: test.takes}
					if test.ends < 0 {
						db.onIntent = cancel
					} else {
						time.AfterFunc(test.ends, cancel)
					}
					w := Writer{API: db, Table: "t", Journal: db}
					wantError(t, kind.write(&w, ctx), test.err)
					var want []string
					switch {
					case test.done:
						want = kind.want
					case test.calls > 0:
						want = kind.want[:1+test.calls]
					}
					if diff := cmp.Diff(want, db.trace); diff != "" {
						t.Errorf("%s (-want +got):\n%s", test.reason, diff)
					}
					if w.Counts.Retries != 0 {
						t.Errorf("Counts.Retries = %d, want 0: no call was repeated", w.Counts.Retries)
					}
					if got, want := time.Since(began), max(test.ends, test.takes*time.Duration(test.calls)); got != want {
						t.Errorf("it took %v, want %v (%s)", got, want, test.reason)
					}
				})
			})
		}
	}
}

func TestContextEndsAfterAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		db := &fakeDynamoDB{answers: []answer{{unprocessed: []string{"b"}}}}
		w := Writer{API: db, Table: "t", Journal: db}
		wantError(t, w.Insert(ctx, rowsOf("a", "b")), context.Canceled)
		want := []string{"intent inserted a b", "put a b", "done inserted a"}
		if diff := cmp.Diff(want, db.trace); diff != "" {
			t.Errorf("what was acknowledged is journaled, the rest is not (-want +got):\n%s", diff)
		}
		if w.Counts.Inserted != 1 {
			t.Errorf("Counts.Inserted = %d, want 1", w.Counts.Inserted)
		}
	})
}

func TestFailingJournal(t *testing.T) {
	full := errors.New("no space left on device")
	for _, test := range []struct {
		name, reason string
		db           fakeDynamoDB
		want         []string
		counts       Counts
	}{
		{"intent", "what can't be journaled is not tried", fakeDynamoDB{failIntent: full},
			[]string{"intent inserted a b", "intent modified a"}, Counts{}},
		{"done", "what is written counts, whatever the journal says", fakeDynamoDB{failDone: full},
			[]string{"intent inserted a b", "put a b", "done inserted a b", "intent modified a", "update a", "done modified a"},
			Counts{Inserted: 2, Modified: 1}},
		{"done of a part", "no more is written once the journal has failed",
			fakeDynamoDB{failDone: full, answers: []answer{{unprocessed: []string{"b"}}}},
			[]string{"intent inserted a b", "put a b", "done inserted a", "intent modified a", "update a", "done modified a"},
			Counts{Inserted: 1, Modified: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := Writer{API: &test.db, Table: "t", Journal: &test.db}
			wantError(t, w.Insert(t.Context(), rowsOf("a", "b")), full)
			wantError(t, w.Change(t.Context(), Change{Modified, rowsOf("a")[0]}), full)
			if diff := cmp.Diff(test.want, test.db.trace); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
			if w.Counts != test.counts {
				t.Errorf("Counts = %+v, want %+v (%s)", w.Counts, test.counts, test.reason)
			}
		})
	}
}

func TestRepeats(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		err          error
		soon, late   bool // half a minute after the write began
	}{
		{"none", "the call succeeded", nil, false, false},
		{"throughput", "the table's capacity", errThrottled, true, true},
		{"request limit", "the account's rate", &types.RequestLimitExceeded{}, true, true},
		{"throttling", "the framework's own name", &smithy.GenericAPIError{Code: "ThrottlingException"}, true, true},
		{"attempts", "the SDK gave up repeating", &retry.MaxAttemptsError{Attempt: 3, Err: errThrottled}, true, true},
		{"quota", "the SDK's allowance of retries is used up",
			errors.Join(errThrottled, fmt.Errorf("failed to get rate limit token, %w", ratelimit.QuotaExceededError{})), true, true},
		{"server", "it may be back in a moment", &types.InternalServerError{}, true, false},
		{"no answer", "the network may be back in a moment", context.DeadlineExceeded, true, false},
		{"gone", "the condition failed", errGone, false, false},
		{"no table", "no retry makes it", &types.ResourceNotFoundException{}, false, false},
		{"unknown", "it is no error of the API", errOther, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var fresh time.Time
			old := time.Now().Add(-outage)
			if soon, late := repeats(test.err, &fresh), repeats(test.err, &old); soon != test.soon || late != test.late {
				t.Errorf("repeats(%v) = %v and later %v, want %v and %v (%s)", test.err, soon, late, test.soon, test.late, test.reason)
			}
		})
	}
}

// TestOutage: a write outlasts half a minute without the server, and no more.
func TestOutage(t *testing.T) {
	for _, failures := range []int{8, 10_000} { // about ten seconds, and hours
		synctest.Test(t, func(t *testing.T) {
			broken := &types.InternalServerError{}
			db := &fakeDynamoDB{}
			for range failures {
				db.answers = append(db.answers, answer{err: broken})
			}
			w := Writer{API: db, Table: "t"}
			began := time.Now()
			err := errors.Join(w.Insert(t.Context(), rowsOf("a")), w.Change(t.Context(), Change{Modified, rowsOf("a")[0]}))
			took := time.Since(began)
			if failures < 10 {
				wantError(t, err, nil)
				return
			}
			wantError(t, err, broken)
			if took < 2*outage || took > 2*outage+20*time.Second {
				t.Errorf("two writes were given up after %v, want twice %v", took, outage)
			}
		})
	}
}

func TestWrites(t *testing.T) {
	c := Counts{Inserted: 100, Modified: 20, Deleted: 3, Missed: 7, Retries: 9}
	if got, want := c.Writes(), 123; got != want {
		t.Errorf("%+v.Writes() = %d, want %d", c, got, want)
	}
}
