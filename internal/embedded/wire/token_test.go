package wire_test

import (
	"strings"
	"testing"
	"time"
)

// TestTokenTellsContentsApart: a token that was used is refused with a request that
// differs in any part, but accepted with one that differs only in the order of its
// members.
func TestTokenTellsContentsApart(t *testing.T) {
	const update = `{"ClientRequestToken":"again","TransactItems":[{"Update":{"TableName":"tab","Key":{"p":{"S":"t"},"q":{"N":"1"}},` +
		`"UpdateExpression":"SET #n = :v","ConditionExpression":"#m <> :w","ReturnValuesOnConditionCheckFailure":"NONE",` +
		`"ExpressionAttributeNames":{"#n":"n","#m":"m"},"ExpressionAttributeValues":{":v":{"N":"1"},":w":{"N":"2"}}}}]}`
	w := newWorld(t).withTable()
	w.must("CreateTable", strings.Replace(theTable, `"tab"`, `"bat"`, 1))
	w.must("TransactWriteItems", update)
	cases := []struct {
		name, old, new string
		same           bool
	}{
		{"the same", "", "", true},
		{"names in another order", `"#n":"n","#m":"m"`, `"#m":"m","#n":"n"`, true},
		{"values in another order", `":v":{"N":"1"},":w":{"N":"2"}`, `":w":{"N":"2"},":v":{"N":"1"}`, true},
		{"table", `"tab"`, `"bat"`, false},
		{"key", `{"S":"t"}`, `{"S":"u"}`, false},
		{"update", "SET #n = :v", "SET #n =:v", false},
		{"condition", "#m <> :w", "#m<> :w", false},
		{"on failure", `"NONE"`, `"ALL_OLD"`, false},
		{"a name", `"#n":"n"`, `"#n":"k"`, false},
		{"names for each other", `"#n":"n","#m":"m"`, `"#n":"m","#m":"n"`, false},
		{"a value", `":v":{"N":"1"}`, `":v":{"N":"3"}`, false},
		{"a value's type", `":v":{"N":"1"}`, `":v":{"S":"1"}`, false},
		{"an action more", `}}]}`, `}},{"Delete":{"TableName":"tab","Key":{"p":{"S":"u"},"q":{"N":"1"}}}}]}`, false},
	}
	const mismatch = "IdempotentParameterMismatchException"
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, w.send("TransactWriteItems", strings.Replace(update, c.old, c.new, 1)))
			if c.same && got != "" || !c.same && !strings.HasPrefix(got, mismatch) {
				t.Errorf("the answer is %q", got)
			}
		})
	}
	w.clock.Advance(10 * time.Minute)
	w.must("TransactWriteItems", strings.Replace(update, "SET #n = :v", "SET #n =:v", 1)) // the token is forgotten
}

// TestRepeatedTransactionConsumesRead, in what it says it consumed.
func TestRepeatedTransactionConsumesRead(t *testing.T) {
	w := newWorld(t).withTable()
	put := `{"ClientRequestToken":"again","ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Put":{"TableName":"tab",` +
		`"Item":{"p":{"S":"t"},"q":{"N":"1"},"a":{"S":"` + strings.Repeat("x", 5000) + `"}}}}]}`
	for _, want := range []string{ // twice 5 KB written, twice 8 KB read
		`[{"CapacityUnits":10,"TableName":"tab","WriteCapacityUnits":10}]`,
		`[{"CapacityUnits":4,"ReadCapacityUnits":4,"TableName":"tab"}]`,
	} {
		if got := encoded(w.must("TransactWriteItems", put)["ConsumedCapacity"]); got != want {
			t.Errorf("consumed %s, want %s", got, want)
		}
	}
}
