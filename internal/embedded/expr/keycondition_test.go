package expr

import (
	"bytes"
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
			hash, bounds, err := set.KeyCondition.Resolve(KeyAttribute{"h", attr.S}, KeyAttribute{"r", tt.sort})
			if err != nil {
				t.Fatal(err)
			}
			if hash.Text() != "h" {
				t.Errorf("Resolve(%s) hash = %s, want h", tt.text, hash.JSON())
			}
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
	tests := []struct {
		text string
		sort KeyAttribute
		want string
	}{
		{"h = :v AND r = :v", KeyAttribute{}, "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)"},
		{"r = :v AND x = :v", KeyAttribute{}, "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)"},
		{"r = :v", KeyAttribute{}, "Query condition missed key schema element: h"},
		{"h = :v AND r = :v", KeyAttribute{"r", attr.N}, "One or more parameter values were invalid: Condition parameter type does not match schema type"},
	}
	for _, tt := range tests {
		set, err := Compile(Request{KeyCondition: &tt.text, Values: item(t, `{":v":{"S":"x"}}`)})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := set.KeyCondition.Resolve(KeyAttribute{"h", attr.S}, tt.sort); err == nil || err.Error() != tt.want {
			t.Errorf("Resolve(%s) = %v, want %s", tt.text, err, tt.want)
		}
	}
	if got := afterPrefix([]byte{1, 0xFF, 0xFF}); !bytes.Equal(got, []byte{2}) {
		t.Errorf("afterPrefix(01ffff) = %x, want 02", got)
	}
}
