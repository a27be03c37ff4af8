package conformance

import (
	"encoding/json"
	"testing"
)

func TestSameImage(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b string
		want bool
	}{
		{"none", ``, ``, true},
		{"one is missing", ``, `{"a":{"S":"x"}}`, false},
		{"order of names", `{"a":{"S":"x"},"b":{"S":"y"}}`, `{"b":{"S":"y"},"a":{"S":"x"}}`, true},
		{"another type", `{"a":{"S":"1"}}`, `{"a":{"N":"1"}}`, false},
		{"spelling of a number", `{"a":{"N":"100"}}`, `{"a":{"N":"1E+2"}}`, true},
		{"38 digits", `{"a":{"N":"12345678901234567890123456789012345678"}}`, `{"a":{"N":"12345678901234567890123456789012345679"}}`, false},
		{"order of a set", `{"a":{"NS":["1","2.0"]}}`, `{"a":{"NS":["2","1"]}}`, true},
		{"order of a list", `{"a":{"L":[{"N":"1"},{"N":"2"}]}}`, `{"a":{"L":[{"N":"2"},{"N":"1"}]}}`, false},
		{"a set and a list", `{"a":{"SS":["x"]}}`, `{"a":{"L":[{"S":"x"}]}}`, false},
		{"empty binary and string", `{"a":{"B":""}}`, `{"a":{"S":""}}`, false},
		{"empty list and map", `{"a":{"L":[]}}`, `{"a":{"M":{}}}`, false},
		{"nested", `{"a":{"M":{"b":{"L":[{"BS":["AA==","/w=="]}]}}}}`, `{"a":{"M":{"b":{"L":[{"BS":["/w==","AA=="]}]}}}}`, true},
		{"no value", `{"a":"x"}`, `{"a":"x"}`, false},
	} {
		if got := sameImage(json.RawMessage(c.a), json.RawMessage(c.b)); got != c.want {
			t.Errorf("%s: sameImage(%s, %s) = %v, want %v", c.name, c.a, c.b, got, c.want)
		}
	}
}
