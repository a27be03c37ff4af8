package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// answers makes a configuration of a server that gives each call the next answer, and the
// last one again and again: a status and a body.
func answers(t *testing.T, contentType string, bodies ...string) aws.Config {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := bodies[min(int(calls.Add(1)), len(bodies))-1]
		w.Header().Set("Content-Type", contentType)
		if strings.Contains(body, "__type") {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")}
}

func refusal(code string) string {
	return `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `","message":"no"}`
}

// TestDeletesBusyTables: a table that is being made is deleted once it can be.
func TestDeletesBusyTables(t *testing.T) {
	busy, deleting, gone := refusal("ResourceInUseException"), `{"TableDescription":{"TableStatus":"DELETING"}}`, refusal("ResourceNotFoundException")
	db := dynamodb.NewFromConfig(answers(t, "application/x-amz-json-1.0", busy, busy, deleting, busy, gone))
	if err := deleteTable(t.Context(), db, "any"); err != nil {
		t.Errorf("deleteTable() = %v, want it to wait", err)
	}
}

// TestSaysWhatIsLeft: where tables can't be deleted, all are named.
func TestSaysWhatIsLeft(t *testing.T) {
	db := dynamodb.NewFromConfig(answers(t, "application/x-amz-json-1.0", refusal("AccessDeniedException")))
	w := newWorld(options{}, false, db, nil, io.Discard)
	err := w.deleteTables()
	for _, want := range append(w.tables(), "AccessDenied", "may be left") {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("deleteTables() = %v, want it to say %q", err, want)
		}
	}
}

func TestAccount(t *testing.T) {
	const answer = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
		`<Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>any</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	got, err := account(t.Context(), sts.NewFromConfig(answers(t, "text/xml", answer)))
	if got != "123456789012" || err != nil {
		t.Errorf("account() = %q, %v, want 123456789012", got, err)
	}
}
