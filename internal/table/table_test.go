package table

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/embedded"
)

// newDB returns a client of an empty DynamoDB. answer may answer requests
// in its place, by the name of their operation.
func newDB(t *testing.T, answer func(operation string) (status int, body string)) *dynamodb.Client {
	t.Helper()
	engine, err := embedded.OpenMemory(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := r.Header.Get("X-Amz-Target")
		if status, body := answer(target[strings.LastIndex(target, ".")+1:]); status != 0 {
			w.WriteHeader(status)
			io.WriteString(w, body)
			return
		}
		engine.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
}

func refusal(code string) (int, string) {
	return 400, fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"no"}`, code)
}

// The service keeps a name for as long as it takes to delete its table.
func TestCreateWhileDeleting(t *testing.T) {
	for _, test := range []struct {
		name     string
		statuses []types.TableStatus // of the old table, until it is gone
	}{
		{"for a while", []types.TableStatus{types.TableStatusDeleting, types.TableStatusDeleting}},
		{"gone just now", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			left, inUse := test.statuses, true
			db := newDB(t, func(operation string) (int, string) {
				switch {
				case !inUse:
					return 0, ""
				case operation == "CreateTable":
					return refusal("ResourceInUseException")
				case len(left) > 0:
					status := left[0]
					left = left[1:]
					return 200, fmt.Sprintf(`{"Table":{"TableStatus":%q}}`, status)
				}
				inUse = false
				return refusal("ResourceNotFoundException")
			})
			created, err := Create(t.Context(), db, DefaultName)
			if !created || err != nil {
				t.Errorf("Create = %v, %v, want a new table", created, err)
			}
			if d, err := Describe(t.Context(), db, DefaultName); err != nil || d.Status != types.TableStatusActive {
				t.Errorf("Describe after it = %+v, %v, want an active table", d, err)
			}
		})
	}
}

func TestEnableTTLTwice(t *testing.T) {
	db := newDB(t, func(string) (int, string) { return 0, "" })
	if err := EnableTTL(t.Context(), db, DefaultName); !IsMissing(err) {
		t.Errorf("EnableTTL of no table = %v, want it missing", err)
	}
	if _, err := Create(t.Context(), db, DefaultName); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := EnableTTL(t.Context(), db, DefaultName); err != nil {
			t.Errorf("EnableTTL = %v, want no error: it is enabled", err)
		}
	}
}
