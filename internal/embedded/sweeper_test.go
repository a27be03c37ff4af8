package embedded_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/embedded"
)

// TestSweeper: an open database sweeps by itself, no later than SweepInterval
// after an item's time.
func TestSweeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := embedded.OpenMemory(embedded.Options{SweepInterval: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		ctx := context.Background()
		c, _ := clientsOf(db)
		createTable(t, c, "users")
		enableTTL(t, c, "users")
		_, err = c.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("users"), Item: map[string]types.AttributeValue{
			"id": str("a"), "email": str("e"), "ttl": num(unix(time.Now().Add(time.Hour))),
		}})
		if err != nil {
			t.Fatal(err)
		}
		count := func() int32 {
			out, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("users")})
			if err != nil {
				t.Fatal(err)
			}
			return out.Count
		}
		time.Sleep(time.Hour)
		if count() != 1 {
			t.Error("the item is gone before its time has passed")
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if count() != 0 {
			t.Error("the item is still there 11 s after its time")
		}
	})
}

// TestSpaceGivenBack: the file shrinks when records are trimmed.
func TestSpaceGivenBack(t *testing.T) {
	dir := t.TempDir()
	clock := embedded.NewManualClock(time.Now())
	db := open(t, dir, embedded.Options{Clock: clock, SweepInterval: -1})
	c, _ := clientsOf(db)
	createTable(t, c, "big")
	for i := range 130 {
		_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("big"), Item: map[string]types.AttributeValue{
			"id": str("a"), "email": str("e"), "n": num(unix(time.Unix(int64(i), 0))), "text": str(strings.Repeat("x", 50_000)),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	size := func() int64 {
		t.Helper()
		db.Close() // folds the WAL in
		info, err := os.Stat(filepath.Join(dir, databaseFile))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	full := size()
	clock.Advance(25 * time.Hour)
	db = open(t, dir, embedded.Options{Clock: clock, SweepInterval: -1})
	if err := db.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if trimmed := size(); full < 12<<20 || trimmed > 9<<20 {
		t.Errorf("the file has %d bytes with all records and %d without, want more than 12 MB and less than 9", full, trimmed)
	}
}
