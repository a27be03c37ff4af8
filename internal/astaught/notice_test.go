package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
)

// A lie is a way in which a DynamoDB is not as taught: in the requests that it gets or the
// answers that it gives to an operation, an expression stands for another text.
type lie struct {
	operation   string
	request     bool   // else in the answers
	is, becomes string // an empty expression: a refusal becomes this answer
	seen        []fact // at which the lie is to be noticed
	noticed     []string
}

var afterInsert = recordFacts[:1]

var lies = []lie{
	{"CreateTable", false, `CREATING`, `ACTIVE`, tableFacts, []string{"CreateTable returns while the table is still being made"}},
	{"CreateTable", false, ``, `{"TableDescription":{}}`, tableFacts, []string{"a table that exists can't be made once more"}},
	{"DescribeTable", false, `"StreamViewType":"NEW_AND_OLD_IMAGES"`, `"StreamViewType":"NEW_IMAGE"`, tableFacts, []string{"a table's description has its stream's view type"}},
	{"DescribeTable", false, `"LatestStreamLabel":"2`, `"LatestStreamLabel":"1`, tableFacts, []string{"the ARN of a stream ends with the time at which it was made"}},
	{"UpdateTable", false, ``, `{}`, tableFacts, []string{"a stream keeps its view type"}},
	{"ListStreams", false, `"StreamArn":"arn`, `"StreamArn":"nra`, tableFacts, []string{"ListStreams has the table's stream"}},
	{"DescribeTimeToLive", false, `DISABLED`, `ENABLED`, ttlFacts, []string{"TTL is disabled at first, and has no attribute"}},
	{"DescribeTimeToLive", false, `"AttributeName":"ttl"`, `"AttributeName":"other"`, ttlFacts, []string{"TTL is enabled, or about to be, once it has an attribute"}},
	{"UpdateTimeToLive", false, ``, `{}`, ttlFacts, []string{"enabling TTL twice is refused", "enabling TTL with another attribute is refused", "another change of TTL within the hour is refused"}},
	{"GetRecords", false, `"INSERT"`, `"MODIFY"`, afterInsert, []string{"an insert makes an INSERT, with the new image alone"}},
	{"GetRecords", false, `"OldImage"`, `"Other"`, recordFacts[:4], []string{"a put over an item makes a MODIFY, with both images", "an update makes a MODIFY, with both images", "a delete makes a REMOVE, with the old image alone"}},
	{"GetRecords", false, `"Keys":\{"email":\{"S":"[^"]*"\},`, `"Keys":{`, afterInsert, []string{"an insert makes an INSERT, with the new image alone"}},
	{"UpdateItem", true, `SET v = :v`, `ADD v :v`, recordFacts, []string{"an update that changes nothing makes none"}},
	{"UpdateItem", true, `"ConditionExpression":"[^"]*",`, ``, recordFacts, []string{"a condition that the item exists prevents it, and makes no record"}},
	{"BatchWriteItem", false, ``, `{}`, recordFacts, []string{"a batch writes 25 items at most"}},
	{"BatchWriteItem", false, `"UnprocessedItems":\{\}`, ``, recordFacts, []string{"a batch says what it left unwritten"}},
	{"UpdateItem", false, ``, `{}`, recordFacts, []string{"a condition that the item exists prevents it, and makes no record", "an expression can't call ttl by its name"}},
	{"GetItem", false, `(?s)^.*$`, `{}`, recordFacts, []string{"an item that has expired can be read and saved while it exists"}},
	{"GetRecords", false, `"eventName":"REMOVE"`, `"eventName":"REMOVE","userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"}`, recordFacts,
		[]string{"a program's delete has no identity", "neither has its delete of an item that has expired"}},
	{"TransactWriteItems", false, ``, `{}`, recordFacts, []string{"a transaction holds 100 items, and 101 are refused", "a transaction whose condition fails writes nothing"}},
	{"GetRecords", false, `("SequenceNumber":"[0-9]{20})[0-9]+`, `${1}`, orderFacts, []string{"a sequence number has 21 to 40 digits"}},
	{"GetRecords", false, `("SequenceNumber":")([0-9]*)([0-9])"`, `${1}${3}${2}"`, orderFacts, []string{"the sequence numbers of an item's changes grow, as numbers"}},
	{"GetRecords", false, `("ApproximateCreationDateTime":)[0-9.]+`, `${1}1`, orderFacts, []string{"a record's time is rounded to the second"}},
	{"GetRecords", false, `12345678901234567890123456789012345678`, `1.2345678901234567e37`, orderFacts, []string{"38 digits, sets, bytes and empty values come as they were written"}},
	{"DescribeStream", false, ``, `{"StreamDescription":{}}`, refusalFacts, []string{"a stream that does not exist is not found"}},
	{"GetShardIterator", false, ``, `{}`, refusalFacts, []string{"a shard that does not exist is not found"}},
	{"GetRecords", false, ``, `{}`, refusalFacts, []string{"GetRecords refuses what is not an iterator"}},
	{"GetShardIterator", true, `"AT_SEQUENCE`, `"AFTER_SEQUENCE`, iteratorFacts, []string{"AT_SEQUENCE_NUMBER begins with that record"}},
	{"GetShardIterator", true, `"AFTER_SEQUENCE`, `"AT_SEQUENCE`, iteratorFacts, []string{"AFTER_SEQUENCE_NUMBER begins with the record after it"}},
	{"GetShardIterator", true, `"LATEST"`, `"TRIM_HORIZON"`, iteratorFacts, []string{"LATEST misses what is older"}},
	{"GetShardIterator", true, `"AT_TIMESTAMP"`, `"AT_ANY_TIME"`, iteratorFacts, []string{"AT_TIMESTAMP begins at a time"}},
	{"DescribeStream", false, `"StartingSequenceNumber"`, `"EndingSequenceNumber":"1","StartingSequenceNumber"`, iteratorFacts, []string{"an open shard has no ending sequence number"}},
	{"GetRecords", true, `1001`, `1000`, slices.Concat(afterInsert, limitFacts), []string{"GetRecords gives 1,000 records at most"}},
	{"DescribeStream", true, `101`, `100`, slices.Concat(afterInsert, limitFacts), []string{"DescribeStream lists 100 shards at most"}},
	{"DescribeStream", false, `"EndingSequenceNumber"`, `"Other"`, againFacts, []string{"a closed shard has an ending sequence number"}},
	{"GetItem", false, `(?s)^.*$`, `{}`, slices.Concat(ttlFacts, lateFacts), []string{
		"a row whose ttl was moved in time is kept", "a ttl that is a String never expires",
		"neither does one in milliseconds", "neither does one more than five years past"}},
	{"ListStreams", false, `(?s)^.*$`, `{"Streams":[]}`, againFacts, []string{"ListStreams has both"}},
}

// TestNotices: a DynamoDB that is not as taught in one way is found to differ in it.
func TestNotices(t *testing.T) {
	t.Parallel()
	for i, l := range lies {
		t.Run(fmt.Sprintf("%02d %s %s", i, l.operation, l.is), func(t *testing.T) {
			t.Parallel()
			db, err := embedded.OpenMemory(embedded.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			liar := httptest.NewServer(l.over(db.Handler()))
			defer liar.Close()
			var out bytes.Buffer
			w := worldAt(liar.URL, bin, &out)
			w.within = 3 * time.Second // for what a lie hides
			err = w.look(t.Context(), l.seen)
			outcomes := parse(out.String()).outcomes
			for _, want := range l.noticed {
				if err == nil || outcomes[want] != differs {
					t.Errorf("%q of %q, want it to differ (%v):\n%s", outcomes[want], want, err, &out)
				}
			}
		})
	}
}

// TestNoticesNothing: without a lie these facts are as taught, in the parts in which the
// lies are looked for.
func TestNoticesNothing(t *testing.T) {
	t.Parallel()
	for _, part := range [][]fact{
		tableFacts, ttlFacts, afterInsert, recordFacts, orderFacts, refusalFacts, iteratorFacts,
		slices.Concat(afterInsert, limitFacts), againFacts,
	} {
		db, err := embedded.OpenMemory(embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		server := httptest.NewServer(db.Handler())
		defer server.Close()
		var out bytes.Buffer
		if err := worldAt(server.URL, bin, &out).look(t.Context(), part); err != nil {
			t.Errorf("%v:\n%s", err, &out)
		}
	}
}

// worldAt is the world of a server.
func worldAt(url, steps string, out io.Writer) *world {
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")}
	o := options{endpoint: url, steps: steps, ttlWait: time.Second}
	return newWorld(o, false, dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg), out)
}

// over is a DynamoDB that lies.
func (l lie) over(truth http.Handler) http.Handler {
	is := regexp.MustCompile(l.is)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lies := strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+l.operation)
		if lies && l.request {
			body, _ := io.ReadAll(r.Body)
			body = is.ReplaceAll(body, []byte(l.becomes))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		answer := httptest.NewRecorder()
		truth.ServeHTTP(answer, r)
		code, body := answer.Code, answer.Body.Bytes()
		if lies && !l.request {
			switch {
			case l.is != "" && code == http.StatusOK:
				body = is.ReplaceAll(body, []byte(l.becomes))
			case l.is == "" && code != http.StatusOK:
				code, body = http.StatusOK, []byte(l.becomes)
			}
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE(body)))
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(code)
		_, _ = w.Write(body)
	})
}
