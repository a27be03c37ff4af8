package embedded_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"dynamostreamer/internal/embedded"
)

// TestDateIsTheEnginesClock: a client takes the service's time from Date, so a
// clock that is moved must show there, in process and served, in answers and
// in errors. The SDK's calls succeed all the same: it corrects its signatures.
func TestDateIsTheEnginesClock(t *testing.T) {
	for _, off := range []time.Duration{0, 30 * time.Hour, -30 * time.Hour, 5 * 24 * time.Hour, -5 * 24 * time.Hour} {
		clock := embedded.NewManualClock(time.Now().Add(off))
		db, err := embedded.OpenMemory(embedded.Options{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		server := httptest.NewServer(db.Handler())
		defer server.Close()
		for how, cfg := range map[string]aws.Config{
			"in process": {HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint)},
			"served":     {HTTPClient: server.Client(), BaseEndpoint: &server.URL},
		} {
			cfg.Region = db.Region()
			cfg.Credentials = anybody
			check := func(what string, got time.Time) {
				if want := clock.Now().Truncate(time.Second); !got.Equal(want) {
					t.Errorf("%s, clock off by %v, %s: Date = %v, want %v", how, off, what, got, want)
				}
			}
			tables, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{})
			if err != nil {
				t.Fatal(err)
			}
			date, _ := awsmiddleware.GetServerTime(tables.ResultMetadata)
			check("tables", date)
			clock.Advance(time.Hour)
			streams, err := dynamodbstreams.NewFromConfig(cfg).ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{})
			if err != nil {
				t.Fatal(err)
			}
			date, _ = awsmiddleware.GetServerTime(streams.ResultMetadata)
			check("streams", date)
			_, err = dynamodb.NewFromConfig(cfg).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("none")})
			var refused *smithyhttp.ResponseError
			if !errors.As(err, &refused) {
				t.Fatalf("DescribeTable = %v, want a refusal", err)
			}
			date, _ = http.ParseTime(refused.Response.Header.Get("Date"))
			check("an error", date)
		}
	}
}
