package endpoint

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// tables opens the endpoint, makes a table called name if there is one to
// make, and lists all tables.
func tables(t *testing.T, e Endpoint, name string) []string {
	t.Helper()
	db, _, err := e.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if name != "" {
		_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName:            &name,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
			BillingMode:          types.BillingModePayPerRequest,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	out, err := db.ListTables(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.TableNames
}

func TestEmbeddedFolders(t *testing.T) {
	a, b := Endpoint{dir: filepath.Join(t.TempDir(), "a")}, Endpoint{dir: filepath.Join(t.TempDir(), "b")}
	tables(t, a, "first")
	if diff := cmp.Diff([]string{"first"}, tables(t, a, "")); diff != "" {
		t.Errorf("a folder that is opened again (-want +got):\n%s", diff)
	}
	if got := tables(t, b, ""); len(got) != 0 {
		t.Errorf("another folder has the tables %q", got)
	}
	if err := a.Reach(t.Context()); err != nil {
		t.Errorf("Reach of an embedded endpoint = %v", err)
	}
}

func TestScale(t *testing.T) {
	t.Chdir(t.TempDir())
	e, err := Resolve("", func(string) string { return "" })
	if err == nil {
		err = e.Scale(3600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Clients(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	began, real := e.Now(), time.Now()
	for time.Since(real) < 10*time.Millisecond {
		time.Sleep(time.Millisecond)
	}
	if passed := e.Now().Sub(began); passed < 30*time.Second {
		t.Errorf("%v passed in 10ms at 3600 times the speed, want 36s or more", passed)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("a clock of its own left %v, %v in the working directory", entries, err)
	}

	for _, name := range []string{"local", "aws", "http://127.0.0.1:1"} {
		e, err := Resolve(name, os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Scale(60); err == nil {
			t.Errorf("Resolve(%q).Scale(60) = nil, want an error: its time is not ours", name)
		}
	}
}
