package expr

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"dynamostreamer/internal/embedded/attr"
)

// A messageCase is a line of a table in testdata: an expression, its names and
// values as JSON, and the message of the request, empty where the service takes
// it. The messages are those of DynamoDB Local, but for the differences that
// local_test.go lists.
type messageCase struct {
	text, names, values, want string
}

func messageCases(t *testing.T, file string) []messageCase {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	var cases []messageCase
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 {
			t.Fatalf("%s.tsv: a line of %d fields, want 4: %q", file, len(f), line)
		}
		cases = append(cases, messageCase{f[0], f[1], f[2], f[3]})
	}
	return cases
}

// request makes the part of a Request that is not the expression.
func (c messageCase) request(t testing.TB) Request {
	t.Helper()
	var r Request
	if c.names != "" {
		var names map[string]string
		if err := json.Unmarshal([]byte(c.names), &names); err != nil {
			t.Fatal(err)
		}
		r.Names = []Name{}
		for placeholder, attribute := range names {
			r.Names = append(r.Names, Name{placeholder, attribute})
		}
	}
	if c.values != "" {
		r.Values, r.ValuesErr = attr.NewScanner(c.values).Item()
	}
	return r
}

var messageFiles = map[string]func(r *Request, text string){
	"condition":     func(r *Request, text string) { r.Condition = &text },
	"update":        func(r *Request, text string) { r.Update = &text },
	"projection":    func(r *Request, text string) { r.Projection = &text },
	"key_condition": func(r *Request, text string) { r.KeyCondition = &text },
}

func TestMessages(t *testing.T) {
	for file, set := range messageFiles {
		t.Run(file, func(t *testing.T) {
			for _, c := range messageCases(t, file) {
				r := c.request(t)
				set(&r, c.text)
				compiled, err := Compile(r)
				if err == nil && file == "key_condition" {
					_, err = compiled.KeyCondition.Resolve([]KeyAttribute{{"pk", attr.S}}, []KeyAttribute{{"sk", attr.S}})
				}
				got := ""
				if err != nil {
					got = err.Error()
				}
				if got != c.want {
					t.Errorf("Compile(%q, %s, %s)\n got %s\nwant %s", c.text, c.names, c.values, got, c.want)
				}
			}
		})
	}
}

// Of the same condition in a filter, only the parameter's name differs.
func TestFilterMessage(t *testing.T) {
	text := "a ="
	_, err := Compile(Request{Filter: &text})
	const want = `Invalid FilterExpression: Syntax error; token: "<EOF>", near: "="`
	if err == nil || err.Error() != want {
		t.Errorf("Compile(Filter: %q) = %v, want %s", text, err, want)
	}
}

func TestLimits(t *testing.T) {
	value := attr.NewItem(attr.Attr{Name: ":v", Value: attr.String("x")})
	long := strings.Repeat("a", 4097)
	deep := strings.TrimSuffix(strings.Repeat("a.", 33), ".")
	tests := []struct {
		name, reason string
		condition    string
		want         string
	}{
		{"4096 bytes", "the largest expression", strings.Repeat("a", 4096-5) + " = :v", ""},
		{"4097 bytes", "one more", long,
			"Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{"32 levels", "the deepest path", deep[2:] + " = :v", ""},
		{"33 levels", "one more", deep + " = :v",
			"Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33"},
		{"299 operators", "150 comparisons, 149 ORs", strings.Repeat("a=:v OR ", 149) + "a=:v", ""},
		{"301 operators", "151 comparisons, 150 ORs", strings.Repeat("a=:v OR ", 150) + "a=:v",
			"Invalid ConditionExpression: The expression contains too many operators; operator count: 301"},
		{"100 operands", "the longest IN", "a IN (" + strings.Repeat(":v,", 99) + ":v)", ""},
		{"101 operands", "one more", "a IN (" + strings.Repeat(":v,", 100) + ":v)",
			"Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(Request{Condition: &tt.condition, Values: value})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Compile(%s) = %q, want %q", tt.reason, got, tt.want)
			}
		})
	}
}

// Every placeholder must be used by one of the expressions, by any of them.
func TestPlaceholdersOfSeveralExpressions(t *testing.T) {
	update, condition := "SET #a = :a", "#b = :b"
	r := Request{
		Names:  []Name{{"#a", "name"}, {"#b", "status"}},
		Values: attr.NewItem(attr.Attr{Name: ":a", Value: attr.Int64(1)}, attr.Attr{Name: ":b", Value: attr.Int64(2)}),
		Update: &update, Condition: &condition,
	}
	if _, err := Compile(r); err != nil {
		t.Errorf("Compile(update and condition) = %v, want no error", err)
	}
	r.Condition = nil
	const want = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"
	if _, err := Compile(r); err == nil || err.Error() != want {
		t.Errorf("Compile(update alone) = %v, want %s", err, want)
	}
}

func TestPlaceholdersWithoutExpressions(t *testing.T) {
	projection := "a"
	value := attr.NewItem(attr.Attr{Name: ":v", Value: attr.Null()})
	tests := []struct {
		name    string
		request Request
		want    string
	}{
		{"nothing at all", Request{}, ""},
		{"names", Request{Names: []Name{{"#a", "a"}}},
			"ExpressionAttributeNames can only be specified when using expressions"},
		{"values", Request{Values: value, ValueUsers: "ConditionExpression is null"},
			"ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
		{"values and a projection, which takes none", Request{Values: value, Projection: &projection},
			"ExpressionAttributeValues can only be specified when using expressions"},
		{"names in a transaction", Request{Names: []Name{{"#a", "a"}}, Spare: true}, ""},
		{"values in a transaction", Request{Values: value, Spare: true}, ""},
		{"names in a transaction beside an expression", Request{Names: []Name{{"#a", "a"}}, Projection: &projection, Spare: true},
			"Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"},
		{"a bad name in a transaction", Request{Names: []Name{{"a", "a"}}, Spare: true},
			`ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`},
		{"a long key", Request{Names: []Name{{"#" + strings.Repeat("a", 255), "a"}}, Projection: &projection},
			"ExpressionAttributeNames contains invalid key: " +
				"The expression attribute map contains a key that is too long; size of key: 256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.request)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Compile = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReservedWords(t *testing.T) {
	words := strings.Fields(reservedWords)
	if len(words) != 573 || !slices.IsSorted(words) {
		t.Errorf("%d reserved words, want the documentation's 573, sorted", len(words))
	}
	for _, word := range []string{"name", "Status", "TTL", "zone", "abort", "materialized"} {
		if !isReserved(word) {
			t.Errorf("isReserved(%q) = false, want true", word)
		}
	}
	for _, word := range []string{"id", "email", "activity", "page", "task", "this_is_a_rather_long_name"} {
		if isReserved(word) {
			t.Errorf("isReserved(%q) = true, want false", word)
		}
	}
}
