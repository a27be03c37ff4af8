package attr

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func value(t *testing.T, wire string) Value {
	t.Helper()
	it, err := NewScanner(`{"v":` + wire + `}`).Item()
	if err != nil {
		t.Fatalf("%s: %v", wire, err)
	}
	return it[0].Value
}

func TestSize(t *testing.T) {
	tests := []struct {
		wire   string
		want   int
		reason string
	}{
		{`{"S":""}`, 0, "no bytes"},
		{`{"S":"é"}`, 2, "UTF-8"},
		{`{"B":"YWI="}`, 2, "raw bytes"},
		{`{"BOOL":false}`, 1, "one byte"},
		{`{"NULL":true}`, 1, "one byte"},
		{`{"SS":["a","bc"]}`, 3, "the members"},
		{`{"NS":["1","-42"]}`, 2 + 3, "the members"},
		{`{"BS":["YQ==","YWI="]}`, 3, "the members"},
		{`{"L":[]}`, 3, "an empty list"},
		{`{"L":[{"S":"ab"},{"NULL":true}]}`, 3 + 2 + 2 + 1, "3, and 1 for each element"},
		{`{"M":{}}`, 3, "an empty map"},
		{`{"M":{"key":{"S":"ab"}}}`, 3 + 1 + 3 + 2, "3, and 1 for each attribute"},
		// Measured at the service: dynamodb-conformance, CAPTURED_NUMBER_BYTES.
		{`{"N":"0"}`, 1, "zero"},
		{`{"N":"-0"}`, 1, "zero has no sign"},
		{`{"N":"1"}`, 2, ""},
		{`{"N":"12"}`, 2, "two digits a byte"},
		{`{"N":"123"}`, 3, ""},
		{`{"N":"1234"}`, 3, ""},
		{`{"N":"12345678901234567890123456789012345678"}`, 20, "38 digits"},
		{`{"N":"0042"}`, 2, "leading zeros"},
		{`{"N":"100"}`, 2, "trailing zeros"},
		{`{"N":"1010"}`, 3, "a zero inside counts"},
		{`{"N":"0.0000001"}`, 2, "a fraction's leading zeros"},
		{`{"N":"1E125"}`, 2, "the exponent does not count"},
		{`{"N":"1E-100"}`, 2, ""},
		{`{"N":"1.5"}`, 3, "the point divides a byte"},
		{`{"N":"15"}`, 2, ""},
		{`{"N":"1.200"}`, 3, "a fraction's trailing zeros"},
		{`{"N":"1.234"}`, 4, ""},
		{`{"N":"3.14159"}`, 5, ""},
		{`{"N":"123456"}`, 4, ""},
		{`{"N":"100.5"}`, 4, "zeros before a fraction count"},
		{`{"N":"0.15"}`, 2, "no integer digits"},
		{`{"N":"-42"}`, 3, "the sign counts"},
		// DynamoDB Local: the pairs are counted from the point.
		{`{"N":"0.00099"}`, 3, "09 and 90"},
		{`{"N":"120"}`, 3, "1 and 20"},
	}
	for _, tt := range tests {
		if got := value(t, tt.wire).Size(); got != tt.want {
			t.Errorf("Size(%s) = %d, want %d: %s", tt.wire, got, tt.want, tt.reason)
		}
	}
	it := NewItem(Attr{"pk", String("ab")}, Attr{"é", Int64(1)})
	if got, want := it.Size(), 2+2+2+2; got != want {
		t.Errorf("Size(%s) = %d, want %d: names and values", it.JSON(), got, want)
	}
}

// The limits as the service was measured to keep them: dynamodb-conformance,
// nestingDepth, and for names scylladb, test_limits, and extenddb, issue 365.
func TestCheck(t *testing.T) {
	nested := func(open, inside, end string, levels int) string {
		return strings.Repeat(open, levels) + inside + strings.Repeat(end, levels)
	}
	const (
		tooDeep = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
		tooLong = "Attribute name is too large, must be less than 65536 bytes"
	)
	name := strings.Repeat("n", 65535)
	tests := []struct{ wire, want, reason string }{
		{nested(`{"M":{"n":`, `{"S":"leaf"}`, `}}`, 31), "", "a text at level 32"},
		{nested(`{"M":{"n":`, `{"S":"leaf"}`, `}}`, 32), tooDeep, "and at level 33"},
		{nested(`{"L":[`, `{"S":"leaf"}`, `]}`, 31), "", "lists count as maps do"},
		{nested(`{"L":[`, `{"S":"leaf"}`, `]}`, 32), tooDeep, "lists count as maps do"},
		{nested(`{"L":[`, `{"SS":["a"]}`, `]}`, 31), "", "a set's members are not a level"},
		{nested(`{"L":[`, `{"M":{}}`, `]}`, 31), tooDeep, "an empty map counts as a full one: DynamoDB Local"},
		{`{"M":{"` + name + `":{"S":"x"}}}`, "", "the longest name"},
		{`{"M":{"` + name + `n":{"S":"x"}}}`, tooLong, "one byte more"},
	}
	for _, tt := range tests {
		got := ""
		if err := NewItem(Attr{"a", value(t, tt.wire)}).Check(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("Check(%.40s…) = %q, want %q: %s", tt.wire, got, tt.want, tt.reason)
		}
	}
}

func TestEqualAndCompare(t *testing.T) {
	tests := []struct {
		a, b  string
		equal bool
		order int
		ok    bool
	}{
		{`{"S":"a"}`, `{"S":"b"}`, false, -1, true},
		{`{"S":"Z"}`, `{"S":"a"}`, false, -1, true},
		{`{"S":"z"}`, `{"S":"é"}`, false, -1, true},
		{`{"S":"` + "\uFFFF" + `"}`, `{"S":"😀"}`, false, -1, true}, // by UTF-8, not by UTF-16
		{`{"N":"10"}`, `{"N":"9"}`, false, 1, true},
		{`{"N":"-10"}`, `{"N":"-9"}`, false, -1, true},
		{`{"N":"1.0"}`, `{"N":"1"}`, true, 0, true},
		{`{"B":"/w=="}`, `{"B":"AQ=="}`, false, 1, true},
		{`{"S":"1"}`, `{"N":"1"}`, false, 0, false},
		{`{"BOOL":true}`, `{"BOOL":true}`, true, 0, false},
		{`{"BOOL":true}`, `{"BOOL":false}`, false, 0, false},
		{`{"NULL":true}`, `{"NULL":true}`, true, 0, false},
		{`{"SS":["a","b"]}`, `{"SS":["b","a"]}`, true, 0, false},
		{`{"SS":["1"]}`, `{"NS":["1"]}`, false, 0, false},
		{`{"L":[{"S":"a"},{"S":"b"}]}`, `{"L":[{"S":"b"},{"S":"a"}]}`, false, 0, false},
		{`{"L":[{"N":"1.0"}]}`, `{"L":[{"N":"1"}]}`, true, 0, false},
		{`{"M":{"a":{"S":"x"},"b":{"N":"2"}}}`, `{"M":{"b":{"N":"2.0"},"a":{"S":"x"}}}`, true, 0, false},
		{`{"M":{"a":{"S":"x"}}}`, `{"M":{"b":{"S":"x"}}}`, false, 0, false},
		{`{"M":{}}`, `{"L":[]}`, false, 0, false},
	}
	for _, tt := range tests {
		a, b := value(t, tt.a), value(t, tt.b)
		if got := Equal(a, b); got != tt.equal {
			t.Errorf("Equal(%s, %s) = %t, want %t", tt.a, tt.b, got, tt.equal)
		}
		if order, ok := Compare(a, b); order != tt.order || ok != tt.ok {
			t.Errorf("Compare(%s, %s) = %d, %t, want %d, %t", tt.a, tt.b, order, ok, tt.order, tt.ok)
		}
		if order, ok := Compare(b, a); order != -tt.order || ok != tt.ok {
			t.Errorf("Compare(%s, %s) = %d, %t, want %d, %t", tt.b, tt.a, order, ok, -tt.order, tt.ok)
		}
	}
}

func TestKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) Value {
			if rapid.Bool().Draw(t, "binary") {
				return Binary(string(rapid.SliceOf(rapid.Byte()).Draw(t, label)))
			}
			return String(rapid.String().Draw(t, label))
		}
		a, b := draw("a"), draw("b")
		want, ok := Compare(a, b)
		if !ok {
			t.Skip("two types")
		}
		if got := bytes.Compare(AppendKey(nil, a), AppendKey(nil, b)); got != want {
			t.Fatalf("keys of %s and %s compare as %d, want %d", a.JSON(), b.JSON(), got, want)
		}
	})
}

// An Item behaves as a map: of a name that is given twice the later value stays.
func TestItemIsAMap(t *testing.T) {
	names := rapid.SampledFrom(strings.Split("abcdefghijklmnop", ""))
	rapid.Check(t, func(t *rapid.T) {
		var attrs []Attr
		want := map[string]int64{}
		for range rapid.IntRange(0, 30).Draw(t, "attributes") {
			name, n := names.Draw(t, "name"), rapid.Int64().Draw(t, "n")
			attrs = append(attrs, Attr{name, Int64(n)})
			want[name] = n
		}
		it := NewItem(attrs...)
		if len(it) != len(want) {
			t.Fatalf("%s has %d attributes, want %d", it.JSON(), len(it), len(want))
		}
		for name, n := range want {
			if v, ok := it.Get(name); !ok || !Equal(v, Int64(n)) {
				t.Fatalf("%s has %s = %s, %t, want %d", it.JSON(), name, v.JSON(), ok, n)
			}
		}
		if _, ok := it.Get("q"); ok {
			t.Fatal("has an attribute that it never got")
		}
	})
}
