package mapping

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const filtered = `{
	"eventID": "1", "eventName": "REMOVE", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-2",
	"dynamodb": {
		"ApproximateCreationDateTime": 1678831218,
		"Keys": {"id": {"S": "item-1"}, "n": {"N": "101"}},
		"OldImage": {
			"page": {"S": "/Cart"}, "empty": {"S": ""}, "price": {"N": "50"}, "none": {"NULL": true}, "tags": {"SS": ["a", "b"]},
			"activity": {"M": {"task": {"S": "buying"}}}, "list": {"L": [{"S": "x"}, {"N": "1"}]}, "nothing": {"L": []}
		},
		"SequenceNumber": "111", "SizeBytes": 26, "StreamViewType": "NEW_AND_OLD_IMAGES"
	},
	"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
}`

func TestFilterMatches(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"event name", `{"eventName": ["REMOVE"]}`, true},
		{"another event name", `{"eventName": ["INSERT", "MODIFY"]}`, false},
		{"or", `{"eventName": ["INSERT", "REMOVE"]}`, true},
		{"removed by TTL", `{"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}`, true},
		{"the Streams API's spelling", `{"userIdentity": {"Type": ["Service"]}}`, false},
		{"key", `{"dynamodb": {"Keys": {"id": {"S": ["item-1"]}}}}`, true},
		{"another key", `{"dynamodb": {"Keys": {"id": {"S": ["item-2"]}}}}`, false},
		{"case counts", `{"dynamodb": {"OldImage": {"page": {"S": ["/cart"]}}}}`, false},
		{"and", `{"eventName": ["REMOVE"], "dynamodb": {"Keys": {"id": {"S": ["item-2"]}}}}`, false},
		{"empty", `{"dynamodb": {"OldImage": {"empty": {"S": [""]}}}}`, true},
		{"null is JSON's", `{"dynamodb": {"OldImage": {"none": {"NULL": [null]}}}}`, false},
		{"DynamoDB's null", `{"dynamodb": {"OldImage": {"none": {"NULL": [true]}}}}`, true},
		{"prefix", `{"dynamodb": {"OldImage": {"page": {"S": [{"prefix": "/C"}]}}}}`, true},
		{"another prefix", `{"dynamodb": {"OldImage": {"page": {"S": [{"prefix": "/c"}]}}}}`, false},
		{"suffix", `{"dynamodb": {"OldImage": {"page": {"S": [{"suffix": "art"}]}}}}`, true},
		{"equals-ignore-case", `{"dynamodb": {"OldImage": {"page": {"S": [{"equals-ignore-case": "/CART"}]}}}}`, true},
		{"anything-but", `{"dynamodb": {"OldImage": {"page": {"S": [{"anything-but": ["/Cart", "/"]}]}}}}`, false},
		{"anything-but another one", `{"dynamodb": {"OldImage": {"page": {"S": [{"anything-but": "/"}]}}}}`, true},
		{"anything-but of what is missing", `{"dynamodb": {"NewImage": {"page": {"S": [{"anything-but": "/"}]}}}}`, false},
		{"a set's element", `{"dynamodb": {"OldImage": {"tags": {"SS": ["b"]}}}}`, true},
		{"inside a map", `{"dynamodb": {"OldImage": {"activity": {"M": {"task": {"S": ["buying"]}}}}}}`, true},
		{"a list's element", `{"dynamodb": {"OldImage": {"list": {"L": {"N": ["1"]}}}}}`, true},
		{"an empty list has none", `{"dynamodb": {"OldImage": {"nothing": {"L": {"N": [{"exists": false}]}}}}}`, true},

		{"exists of a leaf", `{"dynamodb": {"OldImage": {"page": {"S": [{"exists": true}]}}}}`, true},
		{"exists of a missing leaf", `{"dynamodb": {"OldImage": {"page": {"N": [{"exists": true}]}}}}`, false},
		{"exists is of leaves only", `{"dynamodb": {"OldImage": {"page": [{"exists": true}]}}}`, false},
		{"does not exist", `{"dynamodb": {"OldImage": {"other": {"S": [{"exists": false}]}}}}`, true},
		{"does not exist in what is missing", `{"dynamodb": {"NewImage": {"page": {"S": [{"exists": false}]}}}}`, true},
		{"exists, asked for the opposite", `{"dynamodb": {"OldImage": {"page": {"S": [{"exists": false}]}}}}`, false},

		{"numeric", `{"dynamodb": {"SizeBytes": [{"numeric": ["=", 26.0]}]}}`, true},
		{"numeric range", `{"dynamodb": {"SizeBytes": [{"numeric": [">", 10, "<=", 26]}]}}`, true},
		{"out of range", `{"dynamodb": {"SizeBytes": [{"numeric": [">", 10, "<", 26]}]}}`, false},
		{"numeric never matches an image's number", `{"dynamodb": {"OldImage": {"price": {"N": [{"numeric": [">", 0]}]}}}}`, false},
		{"nor a key's", `{"dynamodb": {"Keys": {"n": {"N": [{"numeric": ["=", 101]}]}}}}`, false},
		{"an image's number is a string", `{"dynamodb": {"OldImage": {"price": {"N": ["50"]}}}}`, true},
		{"a number is not a string", `{"dynamodb": {"OldImage": {"price": {"N": [50]}}}}`, false},
		{"numbers are equal as written", `{"dynamodb": {"SizeBytes": [26.0]}}`, false},
		{"a number as it is written", `{"dynamodb": {"SizeBytes": [26]}}`, true},

		{"$or", `{"$or": [{"eventName": ["INSERT"]}, {"dynamodb": {"SizeBytes": [26]}}]}`, true},
		{"a name twice, as in the guide", `{"dynamodb": {"Keys": {"id": {"S": ["item-1"]}}}, "dynamodb": {"OldImage": {"page": {"S": ["/Cart"]}}}}`, true},
		{"a name twice is and'ed", `{"dynamodb": {"Keys": {"id": {"S": ["item-2"]}}}, "dynamodb": {"OldImage": {"page": {"S": ["/Cart"]}}}}`, false},
		{"exists of a list's elements, as in the guide", `{"dynamodb": {"OldImage": {"list": {"L": {"S": [{"exists": true}]}}}}}`, true},
		{"$or of nothing", `{"$or": [{"eventName": ["INSERT"]}, {"dynamodb": {"SizeBytes": [27]}}]}`, false},
		{"$or within, and'ed", `{"eventName": ["REMOVE"], "dynamodb": {"$or": [{"SizeBytes": [1]}, {"SequenceNumber": ["111"]}]}}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			filters, err := compileFilters([]string{c.pattern})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := matchesAny(filters, []byte(filtered)); got != c.want || err != nil {
				t.Errorf("%s matches: %v, %v, want %v", c.pattern, got, err, c.want)
			}
		})
	}
}

func TestInvalidFilters(t *testing.T) {
	for _, c := range []struct {
		name, pattern, want string
	}{
		{"not JSON", `{"eventName": [INSERT]}`, "not JSON"},
		{"two values", `{"a": [1]} {"b": [1]}`, "more follows"},
		{"not an object", `["INSERT"]`, "not a JSON object"},
		{"a list twice", `{"eventName": ["INSERT"], "eventName": ["REMOVE"]}`, "eventName stands in an object twice"},
		{"empty", `{}`, "matches nothing"},
		{"empty within", `{"dynamodb": {}}`, "dynamodb: an object without names"},
		{"a value without a list", `{"eventName": "INSERT"}`, `eventName: a value stands in a list, such as ["INSERT"]`},
		{"an empty list", `{"eventName": []}`, "eventName: an empty list"},
		{"a list in a list", `{"eventName": [["INSERT"]]}`, "a list in a list"},
		{"an unknown operator", `{"dynamodb": {"Keys": {"id": {"S": [{"wildcard": "*"}]}}}}`, "dynamodb.Keys.id.S: {\"wildcard\":\"*\"} is not an operator that Lambda has"},
		{"two operators", `{"a": [{"prefix": "x", "suffix": "y"}]}`, "is not an operator"},
		{"a prefix that is not a string", `{"a": [{"prefix": 1}]}`, "prefix 1: give a string"},
		{"anything-but prefix", `{"a": [{"anything-but": {"prefix": "x"}}]}`, "is not a string or a number"},
		{"anything-but nothing", `{"a": [{"anything-but": []}]}`, "give a value or more"},
		{"exists what", `{"a": [{"exists": "yes"}]}`, "give true or false"},
		{"numeric without a number", `{"a": [{"numeric": [">"]}]}`, "give one comparison"},
		{"numeric of a string", `{"a": [{"numeric": [">", "1"]}]}`, `numeric [">","1"]: give one comparison`},
		{"numeric with another sign", `{"a": [{"numeric": ["!=", 1]}]}`, "give one comparison"},
		{"a range of equals", `{"a": [{"numeric": ["=", 1, "<", 2]}]}`, "give one comparison"},
		{"$or of one", `{"$or": [{"a": [1]}]}`, "two patterns or more"},
		{"$or of values", `{"$or": ["a", "b"]}`, `"a" is not a pattern`},
		{"too long", `{"a": ["` + strings.Repeat("x", 4096) + `"]}`, "may have 4096"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compileFilters([]string{`{"a": [1]}`, c.pattern})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "filter 2 is invalid: ") {
				t.Errorf("compileFilters(%s) = %v, want filter 2 to be invalid: …%s", c.pattern, err, c.want)
			}
		})
	}
	many := make([]string, MaxFilters+1)
	for i := range many {
		many[i] = `{"a": [1]}`
	}
	if _, err := compileFilters(many); err == nil || !strings.Contains(err.Error(), "11 filters") {
		t.Errorf("compileFilters of 11 patterns = %v, want an error", err)
	}
	if _, err := compileFilters(many[1:]); err != nil {
		t.Errorf("compileFilters of 10 patterns = %v, want nil", err)
	}
}

// TestFilteredRecords: patterns are or'ed, and what none matches is not sent and
// counts as handled.
func TestFilteredRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		for i := range 6 {
			f.write(i, func(r *types.Record) {
				if i == 4 { // d.: removed by TTL
					r.EventName = types.OperationTypeRemove
					r.UserIdentity = &types.Identity{Type: aws.String("Service"), PrincipalId: aws.String("dynamodb.amazonaws.com")}
				}
			})
		}
		o := Defaults()
		o.Filters = []string{
			`{"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}`,
			`{"dynamodb": {"Keys": {"id": {"S": ["item-1"]}}}}`,
		}
		j := &journal{t: t}
		totals := f.run(t, o, j.invoke)
		if got, want := strings.Join(j.lines, " "), "be"; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
		if totals.Filtered != 4 || totals.Delivered != 2 {
			t.Errorf("%d records are filtered and %d delivered, want 4 and 2", totals.Filtered, totals.Delivered)
		}
		f = newFakeStream(1)
		f.write(7, nil)
		totals = f.run(t, o, func(context.Context, []byte) ([]byte, error) {
			t.Error("the function is invoked without a record")
			return nil, nil
		})
		if totals.Filtered != 1 {
			t.Errorf("%d records are filtered, want 1", totals.Filtered)
		}
	})
}
