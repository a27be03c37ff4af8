package embedded_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"dynamostreamer/internal/embedded"
)

const databaseFile = "dynamodb.sqlite"

// sqliteFile makes a database file by hand.
func sqliteFile(t *testing.T, dir, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(dir, databaseFile), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
		t.Fatal(err)
	}
}

func TestOpenErrors(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string)
		want    []string // parts of the message: the file, what is wrong, what to do
	}{
		{
			"no database",
			func(t *testing.T, dir string) {
				if err := os.WriteFile(filepath.Join(dir, databaseFile), []byte(strings.Repeat("not a database\n", 100)), 0o666); err != nil {
					t.Fatal(err)
				}
			},
			[]string{databaseFile, "is not a database", "name another folder"},
		},
		{
			"another program's database",
			func(t *testing.T, dir string) { sqliteFile(t, dir, "CREATE TABLE theirs (x)") },
			[]string{databaseFile, "of another program", "name another folder"},
		},
		{
			"another version",
			func(t *testing.T, dir string) {
				db, err := embedded.Open(dir, embedded.Options{})
				if err != nil {
					t.Fatal(err)
				}
				db.Close()
				sqliteFile(t, dir, "PRAGMA user_version=99")
			},
			[]string{databaseFile, "format version 99", "this program reads version", "remove the folder"},
		},
		{
			"a folder where the file belongs",
			func(t *testing.T, dir string) {
				if err := os.Mkdir(filepath.Join(dir, databaseFile), 0o777); err != nil {
					t.Fatal(err)
				}
			},
			[]string{databaseFile, "can't be written"},
		},
		{
			"a file where the folder belongs",
			func(t *testing.T, dir string) {
				if err := os.Remove(dir); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(dir, nil, 0o666); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"make the folder of the embedded DynamoDB: ", "can't be created", "name another folder"},
		},
		{
			"a read-only folder",
			func(t *testing.T, dir string) {
				if os.Geteuid() == 0 {
					t.Skip("not tested: root may write into any folder; run the tests as another user")
				}
				if err := os.Chmod(dir, 0o555); err != nil {
					t.Fatal(err)
				}
			},
			[]string{databaseFile, "folder is read-only", "make the folder writable"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.prepare(t, dir)
			db, err := embedded.Open(dir, embedded.Options{})
			if err == nil {
				db.Close()
				t.Fatal("Open succeeded")
			}
			var known *embedded.OpenError
			if !errors.As(err, &known) {
				t.Errorf("Open's error is a %T, want *OpenError: %v", err, err)
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("Open's error %q lacks %q", err, part)
				}
			}
		})
	}
}

// TestFullDisk needs EMBEDDED_SMALL_DISK, a folder on a file system of about a
// megabyte, such as: mount -t tmpfs -o size=1m tmpfs DIR.
func TestFullDisk(t *testing.T) {
	dir := os.Getenv("EMBEDDED_SMALL_DISK")
	if dir == "" {
		t.Skip("not tested: set EMBEDDED_SMALL_DISK to a folder on a file system of 1 MB, made by mount -t tmpfs -o size=1m tmpfs DIR")
	}
	for room := int64(4096); room < 60_000; room += 4096 {
		path, db := filepath.Join(dir, "rest"), filepath.Join(dir, "db")
		rest, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := io.Copy(rest, io.LimitReader(zeros{}, 1<<30))
		err = rest.Truncate(max(n-room, 0))
		rest.Close()
		if err != nil {
			t.Fatal(err)
		}
		other, err := embedded.Open(db, embedded.Options{SweepInterval: -1})
		if err == nil {
			other.Close()
		} else if !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("Open with %d bytes left: %v, want an error that says that the disk is full", room, err)
		}
		os.Remove(path)
		os.RemoveAll(db)
	}
	db, err := embedded.Open(filepath.Join(dir, "db"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(filepath.Join(dir, "db"))
	defer db.Close()
	c, s := clientsOf(db)
	arn := createTable(t, c, "full")
	big := strings.Repeat("x", 50_000)
	written := 0
	for range 100 {
		_, err = c.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("full"), Item: map[string]types.AttributeValue{
			"id": str(strings.Repeat("i", written+1)), "email": str("e"), "big": str(big),
		}})
		if err != nil {
			break
		}
		written++
	}
	if err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("after %d items: %v, want an error that says that the disk is full", written, err)
	}
	if got := len(readStream(t, s, arn)); got != written {
		t.Errorf("the stream has %d records of %d acknowledged items", got, written)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestOpenAtOnce lets several openers meet where there is no file yet.
func TestOpenAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := embedded.Open(dir, embedded.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			c, _ := clientsOf(db)
			if _, err := c.ListTables(context.Background(), &dynamodb.ListTablesInput{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestARemovedFolder: what is written to a database that was removed would be
// lost, so it fails and says why; so does reading.
func TestARemovedFolder(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"removed": os.RemoveAll,
		"moved":   func(dir string) error { return os.Rename(dir, dir+"-moved") },
		"replaced": func(dir string) error {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			db, err := embedded.Open(dir, embedded.Options{})
			if err != nil {
				return err
			}
			return db.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "db")
			db, err := embedded.Open(dir, embedded.Options{SweepInterval: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			c, _ := clientsOf(db)
			createTable(t, c, "rows")
			if err := remove(dir); err != nil {
				t.Skipf("not tested: a folder in use can't be %s here: %v", name, err)
			}
			item, once := activity("x", 1), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }
			_, put := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("rows"), Item: item}, once)
			_, get := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("rows"),
				Key: map[string]types.AttributeValue{"id": item["id"], "email": item["email"]}}, once)
			for what, err := range map[string]error{"PutItem": put, "GetItem": get} {
				if err == nil || !strings.Contains(err.Error(), "while it was in use") {
					t.Errorf("%s = %v, want an error that says that the database was %s", what, err, name)
				}
			}
		})
	}
}

// TestReopen finds everything again after Close.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	arn := ""
	for round := range 3 {
		db, err := embedded.Open(dir, embedded.Options{SweepInterval: -1})
		if err != nil {
			t.Fatal(err)
		}
		c, s := clientsOf(db)
		if round == 0 {
			arn = createTable(t, c, "again")
		}
		_, err = c.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("again"), Item: map[string]types.AttributeValue{
			"id": str("x"), "email": str("e"), "n": num(unix(db.Now())), "round": num(string(rune('0' + round))),
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(readStream(t, s, arn)); got != round+1 {
			t.Errorf("round %d: %d records, want %d", round, got, round+1)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, databaseFile+"-wal")); err == nil {
			t.Errorf("round %d: the WAL is still there after Close", round)
		}
	}
}
