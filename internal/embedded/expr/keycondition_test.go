package expr

import (
	"bytes"
	"fmt"
	"testing"

	"dynamostreamer/internal/embedded/attr"
)

func TestResolve(t *testing.T) {
	values := item(t, `{":h":{"S":"h"},":a":{"N":"-1"},":b":{"N":"10"},":s":{"S":"ab"},":ff":{"B":"/w=="},":x":{"B":"YQ=="}}`)
	number := func(text string) []byte {
		n, err := attr.ParseNumber(text)
		if err != nil {
			t.Fatal(err)
		}
		return attr.AppendKey(nil, n)
	}
	text := func(s string) []byte { return []byte(s) }
	tests := []struct {
		text string
		sort attr.Type
		in   [][]byte
		out  [][]byte
	}{
		{"h = :h", attr.N, [][]byte{number("-5"), number("1e100")}, nil},
		{"h = :h AND r = :a", attr.N, [][]byte{number("-1")}, [][]byte{number("-1.1"), number("0")}},
		{":a = r AND :h = h", attr.N, [][]byte{number("-1")}, [][]byte{number("0")}},
		{"h = :h AND r < :b", attr.N, [][]byte{number("9.9"), number("-1e125")}, [][]byte{number("10")}},
		{"h = :h AND r <= :b", attr.N, [][]byte{number("10")}, [][]byte{number("10.1")}},
		{"h = :h AND r > :b", attr.N, [][]byte{number("10.1")}, [][]byte{number("10")}},
		{"h = :h AND :b <= r", attr.N, [][]byte{number("10")}, [][]byte{number("9.9")}},
		{"h = :h AND :b > r", attr.N, [][]byte{number("9.9")}, [][]byte{number("10")}},
		{"h = :h AND r BETWEEN :a AND :b", attr.N, [][]byte{number("-1"), number("0"), number("10")}, [][]byte{number("-1.5"), number("11")}},
		{"h = :h AND begins_with(r, :s)", attr.S, [][]byte{text("ab"), text("ab\xff"), text("abz")}, [][]byte{text("aa"), text("ac")}},
		{"h = :h AND begins_with(r, :ff)", attr.B, [][]byte{text("\xff"), text("\xff\xff\x00")}, [][]byte{text("\xfe\xff")}},
		{"h = :h AND begins_with(r, :x)", attr.B, [][]byte{text("a"), text("a\xff\xff")}, [][]byte{text("b")}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			used := only(values, tt.text)
			set, err := Compile(Request{KeyCondition: &tt.text, Values: used})
			if err != nil {
				t.Fatal(err)
			}
			r, err := set.KeyCondition.Resolve([]KeyAttribute{{"h", attr.S}}, []KeyAttribute{{"r", tt.sort}})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Hash) != 1 || r.Hash[0].Text() != "h" {
				t.Errorf("Resolve(%s) hash = %v, want h", tt.text, r.Hash)
			}
			bounds := r.Bounds
			for _, key := range tt.in {
				if !bounds.Holds(key) {
					t.Errorf("%+v does not hold %x, want it inside of %s", bounds, key, tt.text)
				}
			}
			for _, key := range tt.out {
				if bounds.Holds(key) {
					t.Errorf("%+v holds %x, want it outside of %s", bounds, key, tt.text)
				}
			}
		})
	}
}

func TestResolveErrors(t *testing.T) {
	const (
		s, n   = attr.S, attr.N
		missed = "Query condition missed key schema element: "
		typ    = "One or more parameter values were invalid: Condition parameter type does not match schema type"
	)
	count := func(n, most int) string {
		return fmt.Sprintf("The number of query conditions (%d) exceeds the number of key attributes defined in the schema (%d)", n, most)
	}
	equal := func(names, last string) string {
		return "RANGE key attributes " + names + " must have equality conditions specified in the query because a condition is present on key attribute " + last
	}
	h := []KeyAttribute{{"h", s}}
	hi := []KeyAttribute{{"h", s}, {"i", s}}
	abc := []KeyAttribute{{"a", s}, {"b", n}, {"c", s}}
	tests := []struct {
		name       string
		text       string
		hash, sort []KeyAttribute
		want       string
	}{
		{"no sort key", "h = :v AND r = :v", h, nil, count(2, 1)},
		{"no sort key, neither is the key", "r = :v AND x = :v", h, nil, count(2, 1)},
		{"another attribute", "r = :v", h, nil, missed + "h"},
		{"another type", "h = :v AND r = :v", h, []KeyAttribute{{"r", n}}, typ},
		{"half a partition key", "h = :v", hi, nil, missed + "i"},
		{"half a partition key and a sort key", "h = :v AND a = :v", hi, abc, missed + "i"},
		{"a range in the partition key", "h = :v AND i > :v", hi, abc, "Query key condition not supported"},
		{"a prefix of the partition key", "begins_with(i, :v) AND h = :v", hi, abc, "Query key condition not supported"},
		{"neither key", "h = :v AND i = :v AND x = :v", hi, abc, missed + "a"},
		{"too many", "h = :v AND a = :v AND b = :n AND c = :v AND x = :v", h, abc, count(5, 4)},
		// dynamodb-conformance, multiAttributeGsiKey.
		{"a gap", "h = :v AND a = :v AND c = :v", h, abc, equal("b", "c")},
		{"not the first", "h = :v AND b = :n", h, abc, equal("a", "b")},
		{"a range before the last", "h = :v AND a = :v AND b > :n AND c = :v", h, abc, equal("b", "c")},
		{"two before the last", "h = :v AND c = :v", h, abc, equal("a, b", "c")},
		{"another type in the sort key", "h = :v AND a = :v AND b = :v", h, abc, typ},
		{"an empty text", "h = :v AND a = :e", h, abc, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: a"},
	}
	values := item(t, `{":v":{"S":"x"},":n":{"N":"1"},":e":{"S":""}}`)
	for _, tt := range tests {
		set, err := Compile(Request{KeyCondition: &tt.text, Values: only(values, tt.text)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.KeyCondition.Resolve(tt.hash, tt.sort); err == nil || err.Error() != tt.want {
			t.Errorf("%s: Resolve(%s) = %v, want %s", tt.name, tt.text, err, tt.want)
		}
	}
	if got := afterPrefix([]byte{1, 0xFF, 0xFF}); !bytes.Equal(got, []byte{2}) {
		t.Errorf("afterPrefix(01ffff) = %x, want 02", got)
	}
}
