package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded/server"
)

func TestLabShards(t *testing.T) {
	for name, o := range map[string]options{"memory": inMemory, "folder": {dir: filepath.Join(t.TempDir(), "db")}} {
		t.Run(name, func(t *testing.T) {
			w := newLabWorld(t, o)
			later := time.Now().Add(time.Hour)
			for i := range 8 {
				w.put(fmt.Sprint("a", i), later)
			}
			w.expectShards(w.lab("state", ""), "root, 8")
			w.expectShards(w.lab("split", `{"table":"orders"}`), "root, closed, 8", "child of 0, 0", "child of 0, 0")
			s := w.lab("split", `{"table":"orders"}`) // the oldest open one
			w.expectShards(s, "root, closed, 8", "child of 0, closed, 0", "child of 0, 0", "child of 1, 0", "child of 1, 0")
			w.expectShards(w.lab("split", `{"table":"orders","shard":"`+s.Streams[0].Shards[4].ID+`"}`),
				"root, closed, 8", "child of 0, closed, 0", "child of 0, 0", "child of 1, 0", "child of 1, closed, 0", "child of 4, 0", "child of 4, 0")
			for i := range 40 {
				w.put(fmt.Sprint("b", i), later)
			}
			if n := w.listed(); n != 7 {
				t.Errorf("DescribeStream lists %d shards, want 7", n)
			}
			s = w.lab("roll", `{"table":"orders"}`)
			total, open := int64(0), 0
			for _, sh := range s.Streams[0].Shards {
				total += sh.Records
				if sh.Open {
					open++
				}
				if (sh.First == "") != (sh.Records == 0) || sh.First > sh.Last {
					t.Errorf("shard %+v: first and last do not fit", sh)
				}
			}
			if len(s.Streams[0].Shards) != 11 || open != 4 || total != 48 {
				t.Errorf("after rolling: %q, want 11 shards, 4 of them open, and 48 records", w.shards(s))
			}
		})
	}
}

func TestLabTrim(t *testing.T) {
	w := newLabWorld(t, inMemory)
	w.put("one", time.Now().Add(time.Hour))
	s := w.lab("state", "").Streams[0].Shards[0]
	it := w.iterator(w.arn, s.ID)
	after := w.lab("trim", `{"table":"orders"}`)
	w.expectShards(after, "root, 0")
	if got := after.Streams[0].Shards[0].Trimmed; got == "" || got != s.Last {
		t.Errorf("trimmed to %q, want the last record's %q", got, s.Last)
	}
	if _, err := w.records(it); codeOf(err) != "TrimmedDataAccessException" {
		t.Errorf("GetRecords = %v, want TrimmedDataAccessException", err)
	}
	w.put("two", time.Now().Add(time.Hour))
	w.expectShards(w.lab("state", ""), "root, 1")
}

func TestLabExpireIterators(t *testing.T) {
	w := newLabWorld(t, inMemory)
	shard := w.lab("state", "").Streams[0].Shards[0].ID
	it := w.iterator(w.arn, shard)
	w.lab("expire-iterators", "")
	if _, err := w.records(it); codeOf(err) != "ExpiredIteratorException" {
		t.Errorf("GetRecords = %v, want ExpiredIteratorException", err)
	}
	_, err := w.records(w.iterator(w.arn, shard))
	w.no(err)
}

func TestLabStream(t *testing.T) {
	w := newLabWorld(t, inMemory)
	s := w.lab("stream", `{"table":"orders","enabled":false}`)
	if len(s.Streams) != 1 || s.Streams[0].Enabled || s.Streams[0].ARN != w.arn {
		t.Errorf("off: %+v, want the stream disabled", s.Streams)
	}
	w.lab("stream", `{"table":"orders","enabled":true}`)
	w.lab("stream", `{"table":"orders","enabled":false}`)
	s = w.lab("stream", `{"table":"orders","enabled":true,"view":"KEYS_ONLY"}`)
	var views []string
	for _, stream := range s.Streams {
		views = append(views, fmt.Sprint(stream.View, " ", stream.Enabled))
	}
	if got, want := strings.Join(views, ", "), "NEW_AND_OLD_IMAGES false, NEW_AND_OLD_IMAGES false, KEYS_ONLY true"; got != want {
		t.Errorf("streams: %s, want %s", got, want)
	}
	out, err := w.tables.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(labTable)})
	w.no(err)
	if *out.Table.LatestStreamArn != s.Streams[2].ARN {
		t.Errorf("the table's stream is %s, want %s", *out.Table.LatestStreamArn, s.Streams[2].ARN)
	}
}

func TestLabClockAndSweep(t *testing.T) {
	w := newLabWorld(t, inMemory)
	w.put("expires", time.Now().Add(50*time.Hour))
	shard := w.lab("state", "").Streams[0].Shards[0].ID
	it := w.iterator(w.arn, shard)

	began := time.Now()
	s := w.lab("clock", `{"jump":"51h"}`)
	if ahead := s.Clock.Now.Sub(began); ahead < 51*time.Hour || ahead > 51*time.Hour+time.Minute {
		t.Errorf("the clock is ahead by %v, want 51h", ahead)
	}
	w.lab("sweep", "{}")
	if _, err := w.records(it); codeOf(err) != "ExpiredIteratorException" {
		t.Errorf("GetRecords = %v, want ExpiredIteratorException", err)
	}
	out, err := w.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(labTable)})
	w.no(err)
	if out.Count != 0 {
		t.Errorf("%d items remain, want the expired one removed", out.Count)
	}
	// The shard has been replaced by age. One with the removal is left.
	s = w.lab("state", "")
	removed := false
	for _, sh := range s.Streams[0].Shards {
		page, err := w.records(w.iterator(w.arn, sh.ID))
		w.no(err)
		for _, r := range page.Records {
			removed = removed || r.EventName == "REMOVE" && r.UserIdentity != nil && *r.UserIdentity.Type == "Service"
		}
	}
	if !removed {
		t.Errorf("no removal by TTL in %+v", s.Streams[0].Shards)
	}

	// A sweep need not wait for the sweeper's interval.
	w.put("expired", s.Clock.Now.Add(-time.Minute))
	w.lab("sweep", "")
	if out, err = w.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(labTable)}); err != nil || out.Count != 0 {
		t.Errorf("after the sweep %d items remain, %v, want none", out.Count, err)
	}

	s = w.lab("clock", `{"jump":"-51h","speed":3600}`)
	if s.Clock.Speed != 3600 || s.Clock.Now.Sub(began) > 24*time.Hour {
		t.Errorf("clock %+v, want it back at about %v, with speed 3600", s.Clock, began)
	}
	time.Sleep(50 * time.Millisecond)
	if later := w.lab("state", "").Clock; later.Now.Sub(s.Clock.Now) < 3*time.Minute {
		t.Errorf("50 ms later the clock is at %v, from %v: want at least 3 minutes", later.Now, s.Clock.Now)
	}
	if s := w.lab("clock", `{"speed":1}`); s.Clock.Speed != 1 {
		t.Errorf("clock %+v, want speed 1", s.Clock)
	}
}

func TestLabFaults(t *testing.T) {
	w := newLabWorld(t, inMemory)
	put := func() error {
		_, err := w.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(labTable), Item: key("x")})
		return err
	}
	for fault, want := range map[string]string{
		"throttle": "ProvisionedThroughputExceededException", "limit": "LimitExceededException", "fail": "InternalServerError",
	} {
		s := w.lab("fault", `{"operation":"PutItem","fault":"`+fault+`","calls":2}`)
		if len(s.Faults) != 1 || s.Faults[0] != (server.Fault{Operation: "PutItem", Fault: fault, Calls: 2}) {
			t.Errorf("faults %+v, want the one given", s.Faults)
		}
		for range 2 {
			if got := codeOf(put()); got != want {
				t.Errorf("%s: PutItem = %s, want %s", fault, got, want)
			}
		}
		if n := len(w.lab("state", "").Faults); n != 0 {
			t.Errorf("%d faults are left, want 0", n)
		}
		w.no(put())
	}

	w.lab("fault", `{"operation":"DeleteItem","fault":"lose-answer"}`)
	if _, err := w.tables.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(labTable), Key: key("x")}); err == nil {
		t.Error("DeleteItem succeeded, want its answer lost")
	}
	out, err := w.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(labTable)})
	w.no(err)
	if out.Count != 0 {
		t.Error("the item remains, want it deleted by the call whose answer was lost")
	}

	w.lab("fault", `{"operation":"GetRecords","fault":"empty","calls":1}`)
	it := w.iterator(w.arn, w.lab("state", "").Streams[0].Shards[0].ID)
	page, err := w.records(it)
	w.no(err)
	if len(page.Records) != 0 || page.NextShardIterator == nil {
		t.Errorf("%d records, want an empty page with an iterator", len(page.Records))
	}
	if page, err = w.records(page.NextShardIterator); err != nil || len(page.Records) == 0 {
		t.Errorf("%d records and %v after the empty page, want records", len(page.Records), err)
	}

	w.lab("split", `{"table":"orders"}`)
	w.lab("fault", `{"operation":"DescribeStream","fault":"hide-children","calls":2}`)
	if a, b, c := w.listed(), w.listed(), w.listed(); a != 1 || b != 1 || c != 3 {
		t.Errorf("DescribeStream lists %d, %d and %d shards, want 1, 1 and 3", a, b, c)
	}

	w.lab("fault", `{"operation":"PutItem","fault":"throttle","calls":5}`)
	w.lab("fault", `{"operation":"PutItem","fault":"fail","calls":0}`)
	w.no(put())
	w.lab("fault", `{"operation":"PutItem","fault":"throttle","calls":5}`)
	w.lab("clear-faults", "")
	w.no(put())
}

// A fault for an access key meets no other client, and comes before that of all.
func TestLabFaultOfAKey(t *testing.T) {
	w := newLabWorld(t, inMemory)
	list := func(accessKey string) string {
		_, err := w.tables.ListTables(t.Context(), nil, func(o *dynamodb.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider(accessKey, "any", "")
		})
		var api smithy.APIError
		if errors.As(err, &api) {
			return api.ErrorCode()
		}
		w.no(err)
		return "listed"
	}
	w.lab("fault", `{"operation":"ListTables","fault":"limit","calls":1}`)
	s := w.lab("fault", `{"operation":"ListTables","fault":"fail","calls":2,"accessKey":"b"}`)
	want := []server.Fault{{Operation: "ListTables", Fault: "limit", Calls: 1}, {Operation: "ListTables", Fault: "fail", Calls: 2, AccessKey: "b"}}
	if diff := cmp.Diff(want, s.Faults); diff != "" {
		t.Errorf("the state's faults (-want +got):\n%s", diff)
	}
	got := []string{list("b"), list("a"), list("a"), list("b"), list("b")}
	if diff := cmp.Diff([]string{"InternalServerError", "LimitExceededException", "listed", "InternalServerError", "listed"}, got); diff != "" {
		t.Errorf("calls of b, a, a, b and b (-want +got):\n%s", diff)
	}
	w.lab("fault", `{"operation":"ListTables","fault":"fail","calls":2,"accessKey":"b"}`)
	if s := w.lab("fault", `{"operation":"ListTables","fault":"fail","calls":0,"accessKey":"b"}`); len(s.Faults) > 0 || list("b") != "listed" {
		t.Errorf("0 calls leave the faults %v, want none", s.Faults)
	}
}

func TestLabHang(t *testing.T) {
	w := newLabWorld(t, inMemory)
	w.lab("fault", `{"operation":"ListTables","fault":"hang","calls":3}`)
	list := func(ctx context.Context) error {
		_, err := w.tables.ListTables(ctx, nil)
		return err
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := list(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ListTables = %v, want no answer before the client gives up", err)
	}
	hanging := make(chan error, 2)
	for range 2 {
		go func() { hanging <- list(t.Context()) }()
	}
	for len(w.lab("state", "").Faults) > 0 {
		time.Sleep(time.Millisecond)
	}
	w.lab("clear-faults", "")
	for range 2 {
		if err := <-hanging; err == nil {
			t.Error("ListTables succeeded, want its connection broken")
		}
	}
	w.no(list(t.Context()))
	// The cleanup checks that a call that hangs does not keep serve from stopping.
	w.lab("fault", `{"operation":"ListTables","fault":"hang"}`)
	go list(context.Background())
	for len(w.lab("state", "").Faults) > 0 {
		time.Sleep(time.Millisecond)
	}
}
