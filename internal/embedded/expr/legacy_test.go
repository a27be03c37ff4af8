package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded/attr"
)

// valueOf reads a value from its wire form. An empty text is the zero Value.
func valueOf(t testing.TB, text string) attr.Value {
	t.Helper()
	if text == "" {
		return attr.Value{}
	}
	v, _ := item(t, `{"v":`+text+`}`).Get("v")
	return v
}

func comparison(t testing.TB, operator string, values ...string) Comparison {
	c := Comparison{ComparisonOperator: &operator, AttributeValueList: []attr.Value{}}
	for _, v := range values {
		c.AttributeValueList = append(c.AttributeValueList, valueOf(t, v))
	}
	return c
}

// TestLegacyComparisons holds each comparison and the expression that the Developer Guide
// gives in its place against the same attributes.
func TestLegacyComparisons(t *testing.T) {
	attributes := []string{``, `{"S":""}`, `{"S":"abc"}`, `{"S":"b"}`, `{"N":"2"}`, `{"N":"10"}`, `{"B":"YWJj"}`, `{"BOOL":true}`, `{"NULL":true}`,
		`{"SS":["b","x"]}`, `{"NS":["2"]}`, `{"BS":["Yg=="]}`, `{"L":[{"S":"b"},{"N":"2"},{"NULL":true}]}`, `{"M":{"b":{"S":"b"}}}`}
	values := [][]string{{`{"S":"b"}`, `{"S":"c"}`}, {`{"N":"2"}`, `{"N":"3"}`}, {`{"B":"Yg=="}`, `{"B":"Yw=="}`}, {`{"S":"ab"}`, `{"S":"ac"}`},
		{`{"BOOL":true}`, `{"BOOL":false}`}, {`{"NULL":true}`, `{"NULL":true}`}, {`{"SS":["x","b"]}`, `{"SS":["x"]}`}, {`{"L":[]}`, `{"L":[]}`}, {`{"M":{"b":{"S":"b"}}}`, `{"M":{}}`}}
	tests := []struct {
		operator, expression, why string
		count                     int
	}{
		{"EQ", "a = :v0", "any type", 1},
		{"NE", "a <> :v0", "true without the attribute", 1},
		{"LE", "a <= :v0", "ordered types", 1},
		{"LT", "a < :v0", "ordered types", 1},
		{"GE", "a >= :v0", "ordered types", 1},
		{"GT", "a > :v0", "ordered types", 1},
		{"NOT_NULL", "attribute_exists(a)", "true of a NULL", 0},
		{"NULL", "attribute_not_exists(a)", "false of a NULL", 0},
		{"CONTAINS", "contains(a, :v0)", "texts, sets and lists", 1},
		{"NOT_CONTAINS", "attribute_exists(a) AND NOT contains(a, :v0)", "false without the attribute", 1},
		{"BEGINS_WITH", "begins_with(a, :v0)", "texts", 1},
		{"IN", "a IN (:v0, :v1)", "one of several", 2},
		{"BETWEEN", "a BETWEEN :v0 AND :v1", "both bounds included", 2},
	}
	for _, tt := range tests {
		t.Run(tt.operator, func(t *testing.T) {
			held := map[bool]int{}
			for _, vs := range values {
				vs = vs[:tt.count]
				legacy, err := Compile(Request{Legacy: Legacy{Expected: []NamedExpected{
					{"a", ExpectedAttributeValue{Comparison: comparison(t, tt.operator, vs...)}}}}})
				if err != nil {
					if tt.count == 0 || !strings.Contains(err.Error(), "is not valid for") {
						t.Errorf("Compile(%s %v) = %v", tt.operator, vs, err)
					}
					continue
				}
				placeholders := attr.Item{}
				for i, v := range vs {
					placeholders = append(placeholders, attr.Attr{Name: fmt.Sprintf(":v%d", i), Value: valueOf(t, v)})
				}
				if len(placeholders) == 0 {
					placeholders = nil
				}
				set, err := Compile(Request{Condition: &tt.expression, Values: placeholders})
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range attributes {
					it := attr.Item{}
					if a != "" {
						it = attr.NewItem(attr.Attr{Name: "a", Value: valueOf(t, a)})
					}
					got, want := legacy.Condition.Holds(it), set.Condition.Holds(it)
					held[want]++
					if got != want {
						t.Errorf("%s %v: Holds(%s) = %v, want %v as of %s (%s)", tt.operator, vs, it.JSON(), got, want, tt.expression, tt.why)
					}
				}
			}
			if held[true] == 0 || held[false] == 0 {
				t.Errorf("%s held %v: no comparison of interest", tt.operator, held)
			}
		})
	}
}

func TestLegacyConditionalOperator(t *testing.T) {
	or, and := "OR", "AND"
	tests := []struct {
		name     string
		operator *string
		item     string
		want     bool
	}{
		{"AND is the default, all hold", nil, `{"a":{"S":"x"},"b":{"S":"x"}}`, true},
		{"AND is the default, one holds", nil, `{"a":{"S":"x"}}`, false},
		{"AND, one holds", &and, `{"a":{"S":"x"}}`, false},
		{"OR, the last holds", &or, `{"c":{"S":"x"}}`, true},
		{"OR, none holds", &or, `{"b":{"S":"y"},"c":{"S":"y"}}`, false},
	}
	for _, tt := range tests {
		l := Legacy{ConditionalOperator: tt.operator}
		for _, name := range []string{"a", "b", "c"} {
			c := comparison(t, "EQ", `{"S":"x"}`)
			if name == "c" && (tt.operator == nil || *tt.operator == "AND") {
				c = comparison(t, "NULL")
			}
			l.QueryFilter = append(l.QueryFilter, NamedCondition{name, c})
		}
		set, err := Compile(Request{Legacy: l})
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Filter.Holds(item(t, tt.item)); got != tt.want {
			t.Errorf("%s: Holds(%s) = %v, want %v", tt.name, tt.item, got, tt.want)
		}
	}
}

func TestLegacyUpdates(t *testing.T) {
	const before = `{"a":{"S":"x"},"l":{"L":[{"S":"1"}]},"n":{"N":"5"},"s":{"SS":["a","b"]}}`
	const mismatch = "Type mismatch for attribute to update"
	tests := []struct {
		name, attribute, action, value string
		want                           string // the attribute afterwards, or an error
	}{
		{"put is the default", "a", "", `{"N":"1"}`, `{"N":"1"}`},
		{"put of a new attribute", "z", "PUT", `{"M":{}}`, `{"M":{}}`},
		{"put over another type", "s", "PUT", `{"S":"y"}`, `{"S":"y"}`},
		{"delete", "a", "DELETE", ``, ``},
		{"delete of nothing", "z", "DELETE", ``, ``},
		{"delete of some members", "s", "DELETE", `{"SS":["b","c"]}`, `{"SS":["a"]}`},
		{"delete of all members", "s", "DELETE", `{"SS":["a","b"]}`, ``},
		{"delete of members of nothing", "z", "DELETE", `{"SS":["a"]}`, ``},
		{"delete of members of another type", "s", "DELETE", `{"NS":["1"]}`, mismatch},
		{"add to a number", "n", "ADD", `{"N":"-7"}`, `{"N":"-2"}`},
		{"add a number to nothing", "z", "ADD", `{"N":"3"}`, `{"N":"3"}`},
		{"add to a set", "s", "ADD", `{"SS":["b","c"]}`, `{"SS":["a","b","c"]}`},
		{"add a set to nothing", "z", "ADD", `{"BS":["YQ=="]}`, `{"BS":["YQ=="]}`},
		{"add to a list appends", "l", "ADD", `{"L":[{"S":"1"},{"N":"2"}]}`, `{"L":[{"S":"1"},{"S":"1"},{"N":"2"}]}`},
		{"add a list to nothing", "z", "ADD", `{"L":[{"S":"1"}]}`, `{"L":[{"S":"1"}]}`},
		{"add to another type", "a", "ADD", `{"N":"1"}`, mismatch},
		{"add a list to a set", "s", "ADD", `{"L":[{"S":"a"}]}`, mismatch},
		{"a name with dots is a name", "m.x[0]", "PUT", `{"S":"y"}`, `{"S":"y"}`},
	}
	for _, tt := range tests {
		update := NamedUpdate{tt.attribute, AttributeValueUpdate{Value: valueOf(t, tt.value)}}
		if tt.action != "" {
			update.Action = &tt.action
		}
		set, err := Compile(Request{Legacy: Legacy{AttributeUpdates: []NamedUpdate{update}}})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := ""
		if it, err := set.Update.Apply(item(t, before)); err != nil {
			got = err.Error()
		} else if v, ok := it.Get(tt.attribute); ok {
			got = v.JSON()
		}
		if got != tt.want {
			t.Errorf("%s: Apply(%s %s) = %s, want %s", tt.name, tt.action, tt.value, got, tt.want)
		}
		if got, want := set.Update.OnlyRemoves(), tt.action == "DELETE"; got != want {
			t.Errorf("%s: OnlyRemoves() = %v, want %v", tt.name, got, want)
		}
	}
}

// TestLegacyUpdateTwice: of a name that the request has twice the last counts.
func TestLegacyUpdateTwice(t *testing.T) {
	set, err := Compile(Request{Legacy: Legacy{AttributeUpdates: []NamedUpdate{
		{"a", AttributeValueUpdate{Value: attr.String("1")}}, {"a", AttributeValueUpdate{Value: attr.String("2")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Update.Apply(nil)
	if diff := cmp.Diff(`{"a":{"S":"2"}}`, got.JSON()); diff != "" || err != nil {
		t.Errorf("Apply = %v (-want +got):\n%s", err, diff)
	}
}
