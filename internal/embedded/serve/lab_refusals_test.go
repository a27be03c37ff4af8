package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestLabRefusals(t *testing.T) {
	w := newLabWorld(t, inMemory)
	_, err := w.tables.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("plain"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	w.no(err)
	const (
		theCalls = "GET /lab/state, POST /lab/split, POST /lab/roll, POST /lab/trim, POST /lab/stream, POST /lab/expire-iterators, " +
			"POST /lab/sweep, POST /lab/clock, POST /lab/fault, POST /lab/clear-faults"
		split  = `: send POST /lab/split {"table":"NAME","shard":"ID, or leave it out"}`
		roll   = `: send POST /lab/roll {"table":"NAME"}`
		stream = `: send POST /lab/stream {"table":"NAME","enabled":true,"view":"NEW_AND_OLD_IMAGES, or leave it out"}`
		clock  = `: send POST /lab/clock {"jump":"25h"} or {"speed":60}`
		fault  = `: send POST /lab/fault {"operation":"GetRecords","fault":"throttle","calls":3}`
	)
	for _, c := range []struct {
		call, body string
		status     int
		want       string // its beginning and its end, with … between
	}{
		{"POST /lab/spilt", "", 404, "unknown call /lab/spilt: the calls are " + theCalls},
		{"GET /lab/", "", 404, "unknown call /lab/: the calls are " + theCalls},
		{"GET /lab", "", 404, "unknown call /lab: the calls are " + theCalls},
		{"GET /lab/split", "", 405, "/lab/split can't be a GET" + split},
		{"POST /lab/state", "", 405, "/lab/state can't be a POST: send GET /lab/state"},
		{"POST /lab/split", "", 400, "table is missing" + split},
		{"POST /lab/split", "{", 400, "the body's JSON is not complete" + split},
		{"POST /lab/split", "table=orders", 400, "the body is not JSON: …" + split},
		{"POST /lab/split", `["orders"]`, 400, "the body is a JSON array, not an object" + split},
		{"POST /lab/split", `{"table":"orders"}{}`, 400, "the body has more than one JSON object" + split},
		{"POST /lab/split", `{"table":7}`, 400, "table can't be a JSON number" + split},
		{"POST /lab/split", `{"table":"orders","shrad":"x"}`, 400, `unknown field "shrad"` + split},
		{"POST /lab/split", strings.Repeat(" ", 64<<10+1), 400, "the body can't be read: http: request body too large"},
		{"POST /lab/split", `{"table":"order"}`, 404, "table order does not exist: create it, or name another one"},
		{"POST /lab/split", `{"table":"plain"}`, 409, "table plain has no enabled stream: enable it first"},
		{"POST /lab/split", `{"table":"orders","shard":"x"}`, 409, "stream " + w.arn + " has no open shard x: name one without an ending sequence number"},
		{"POST /lab/roll", `{}`, 400, "table is missing" + roll},
		{"POST /lab/roll", `{"table":"order"}`, 404, "table order does not exist…"},
		{"POST /lab/roll", `{"table":"orders","shard":"x"}`, 400, `unknown field "shard"` + roll},
		{"POST /lab/trim", `{"table":"order"}`, 404, "table order does not exist…"},
		{"POST /lab/trim", `{"table":"plain"}`, 409, "table plain has no enabled stream: enable it first"},
		{"POST /lab/stream", `{"table":"orders"}`, 400, "enabled is missing" + stream},
		{"POST /lab/stream", `{"table":"orders","enabled":"no"}`, 400, "enabled can't be a JSON string" + stream},
		{"POST /lab/stream", `{"table":"orders","enabled":false,"view":"KEYS_ONLY"}`, 400, "view is for a stream that is enabled" + stream},
		{"POST /lab/stream", `{"table":"orders","enabled":true,"view":"ALL"}`, 400, `view "ALL" is none of NEW_AND_OLD_IMAGES, …` + stream},
		{"POST /lab/stream", `{"table":"orders","enabled":true}`, 409, "Table already has an enabled stream: …"},
		{"POST /lab/stream", `{"table":"order","enabled":true}`, 404, "table order does not exist…"},
		{"POST /lab/expire-iterators", `{"table":"orders"}`, 400, `unknown field "table": send POST /lab/expire-iterators {}`},
		{"POST /lab/sweep", `{"table":"orders"}`, 400, `unknown field "table": send POST /lab/sweep {}`},
		{"POST /lab/clear-faults", `[]`, 400, `the body is a JSON array, not an object: send POST /lab/clear-faults {}`},
		{"POST /lab/clock", ``, 400, "jump and speed are missing" + clock},
		{"POST /lab/clock", `{"jump":"a day"}`, 400, `jump "a day" is not a duration such as 25h, 90s or -10m` + clock},
		{"POST /lab/clock", `{"jump":"8761h"}`, 400, "jump 8761h is more than a year, 8760h0m0s" + clock},
		{"POST /lab/clock", `{"jump":"-8761h"}`, 400, "jump -8761h is more than a year, 8760h0m0s" + clock},
		{"POST /lab/clock", `{"speed":0}`, 400, "speed 0 is not from 1 to 3600" + clock},
		{"POST /lab/clock", `{"speed":3601}`, 400, "speed 3601 is not from 1 to 3600" + clock},
		{"POST /lab/clock", `{"speed":1.5}`, 400, "speed can't be a JSON number 1.5" + clock},
		{"POST /lab/fault", `{"fault":"throttle"}`, 400, `operation "" is none of BatchGetItem, …, UpdateTimeToLive` + fault},
		{"POST /lab/fault", `{"operation":"GetRecord","fault":"throttle"}`, 400, `operation "GetRecord" is none of …` + fault},
		{"POST /lab/fault", `{"operation":"GetRecords"}`, 400, `fault "" is none of empty, fail, hang, hide-children, limit, lose-answer, throttle` + fault},
		{"POST /lab/fault", `{"operation":"GetRecords","fault":"throttled"}`, 400, `fault "throttled" is none of …` + fault},
		{"POST /lab/fault", `{"operation":"PutItem","fault":"empty"}`, 400, "fault empty is only for GetRecords" + fault},
		{"POST /lab/fault", `{"operation":"GetRecords","fault":"hide-children"}`, 400, "fault hide-children is only for DescribeStream" + fault},
		{"POST /lab/fault", `{"operation":"GetRecords","fault":"fail","calls":-1}`, 400, "calls -1 is not from 0 to 1000000" + fault},
		{"POST /lab/fault", `{"operation":"GetRecords","fault":"fail","calls":1000001}`, 400, "calls 1000001 is not from 0 to 1000000" + fault},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		status, answer := w.call(method, path, c.body)
		var body struct{ Error string }
		if err := json.Unmarshal([]byte(answer), &body); err != nil {
			t.Errorf("%s %.80s: %s: %v", c.call, c.body, answer, err)
		}
		begins, ends, _ := strings.Cut(c.want, "…")
		if status != c.status || !strings.HasPrefix(body.Error, begins) || !strings.HasSuffix(body.Error, ends) ||
			!strings.Contains(c.want, "…") && body.Error != c.want {
			t.Errorf("%s %.80s = %d %s\nwant %d %s", c.call, c.body, status, body.Error, c.status, c.want)
		}
	}
	if s := w.lab("state", ""); len(s.Faults) != 0 || s.Clock.Speed != 1 || len(s.Streams) != 1 {
		t.Errorf("the refused calls changed something: %+v", s)
	}

	// The clock must stay among years that all programs can write.
	for range 174 {
		w.call("POST", "/lab/clock", `{"jump":"8760h"}`)
	}
	if status, answer := w.call("POST", "/lab/clock", `{"jump":"8760h"}`); status != 400 || !strings.Contains(answer, "which is not from 2000 to 2199") {
		t.Errorf("a jump beyond 2199 = %d %s", status, answer)
	}
}

// A shard that takes one partition hash only can't be split.
func TestLabSplitToTheEnd(t *testing.T) {
	w := newLabWorld(t, inMemory)
	shard := ""
	for range 32 {
		s := w.lab("split", fmt.Sprintf(`{"table":"orders","shard":%q}`, shard))
		shard = s.Streams[0].Shards[len(s.Streams[0].Shards)-1].ID
	}
	status, answer := w.call("POST", "/lab/split", fmt.Sprintf(`{"table":"orders","shard":%q}`, shard))
	if want := `{"error":"shard ` + shard + ` is too narrow to split: split another one"}`; status != 409 || strings.TrimSpace(answer) != want {
		t.Errorf("split = %d %s, want 409 %s", status, answer, want)
	}
}

// Programs that use a folder go by the machine's clock.
func TestLabClockOfAFolder(t *testing.T) {
	w := newLabWorld(t, options{dir: filepath.Join(t.TempDir(), "db")})
	status, answer := w.call("POST", "/lab/clock", `{"jump":"1h"}`)
	want := `{"error":"the clock of a folder is the machine's, since other programs that use the folder go by it: start serve with -memory to move the clock"}`
	if status != 409 || strings.TrimSpace(answer) != want {
		t.Errorf("clock = %d %s, want 409 %s", status, answer, want)
	}
	if c := w.lab("state", "").Clock; c.Speed != 1 || time.Since(c.Now).Abs() > time.Minute {
		t.Errorf("clock %+v, want the machine's", c)
	}
}
