package expr

import (
	"testing"
)

func TestHolds(t *testing.T) {
	it := item(t, `{"pk":{"S":"c"},"n":{"N":"5"},"s":{"S":"héé"},"m":{"M":{"x":{"N":"1"}}},"b":{"B":"YWI="},
		"l":{"L":[{"N":"1"},{"N":"2"},{"S":"a"},{"SS":["a"]}]},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},
		"bs":{"BS":["YQ=="]},"nl":{"NULL":true},"t":{"BOOL":true},"f":{"BOOL":false},"smile":{"S":"😀"}}`)
	values := item(t, `{":n":{"N":"5"},":s":{"S":"a"},":one":{"N":"1"},":ss":{"SS":["a"]},":ba":{"SS":["b","a"]},
		":three":{"N":"3"},":two":{"N":"2"},":b":{"B":"YQ=="},":t":{"BOOL":true},":nl":{"NULL":true},
		":l":{"L":[{"N":"1"}]},":S":{"S":"S"},":e":{"S":"é"},":h":{"S":"h"},":five":{"N":"5.00"}}`)
	tests := []struct {
		text   string
		want   bool
		reason string
	}{
		{"n = :n", true, "same number"},
		{"n = :five", true, "numbers are compared as numbers"},
		{"n = :s", false, "another type"},
		{"n <> :s", true, "another type is not equal"},
		{"zz <> :n", true, "a missing attribute is not equal"},
		{"zz = yy", false, "two missing attributes are not equal either"},
		{"zz <> yy", true, "and so they are unequal"},
		{"n < :s", false, "types without a common order"},
		{"n > :s", false, "types without a common order"},
		{":one < n", true, "a value on the left"},
		{"n >= :n AND n <= :n", true, "bounds included"},
		{"n > :n OR n < :n", false, "bounds excluded"},
		{"s > :h", true, "texts by their bytes"},
		{"b > :b", true, "a longer binary with the same beginning"},
		{"t = :t", true, "booleans"},
		{"f = :t", false, "booleans"},
		{"nl = :nl", true, "nulls are equal"},
		{"t < n", false, "a boolean has no order"},
		{"ss = :ba", true, "sets without order"},
		{"ss <> :ss", true, "sets of other sizes"},
		{"l = :l", false, "lists of other lengths"},
		{"l[0] = m.x", true, "paths on both sides"},
		{"l[0] = :one AND m.x = :one", true, "nested"},
		{"NOT zz = :n", true, "not equal, for lack of the attribute"},
		{"NOT zz < :n", true, "not less, for lack of the attribute"},
		{"NOT n = :n", false, "NOT"},
		{"NOT n = :s AND n = :n", true, "NOT binds more tightly than AND"},
		{"n = :n OR n = :s AND n = :one", true, "AND binds more tightly than OR"},
		{"(n = :n OR n = :s) AND n = :one", false, "parentheses"},
		{"n = :one AND n = :n OR n = :n", true, "AND first on the left too"},
		{"(n = :one AND n = :n OR n = :n) AND t = :t", true, "the same in parentheses"},
		{"n BETWEEN :one AND :n", true, "bounds included"},
		{"n BETWEEN :one AND zz", false, "a bound is missing"},
		{"n BETWEEN :one AND s", false, "a bound of another type"},
		{"zz BETWEEN :one AND :n", false, "the operand is missing"},
		{"n IN (:s, :n)", true, "one of them"},
		{"n IN (:s, zz)", false, "none of them"},
		{"zz IN (:s, yy)", false, "a missing operand is none"},
		{"attribute_exists(m.x)", true, "in a map"},
		{"attribute_exists(m.y)", false, "not in the map"},
		{"attribute_exists(l[3])", true, "in a list"},
		{"attribute_exists(l[4])", false, "beyond the list"},
		{"attribute_exists(m[0])", false, "an index into a map"},
		{"attribute_exists(l.x)", false, "a name into a list"},
		{"attribute_exists(n.x)", false, "a name into a number"},
		{"attribute_not_exists(zz.y.x)", true, "no way to it"},
		{"attribute_type(s, :S)", true, "is an S"},
		{"attribute_type(n, :S)", false, "is an N"},
		{"attribute_type(zz, :S)", false, "is nothing"},
		{"begins_with(s, :h)", true, "text"},
		{"begins_with(b, :b)", true, "binary"},
		{"begins_with(n, :s)", false, "a number has no beginning"},
		{"begins_with(s, ss)", false, "a set is not a prefix"},
		{"contains(s, :e)", true, "text in text"},
		{"contains(b, :b)", true, "bytes in bytes"},
		{"contains(ss, :s)", true, "member of a set"},
		{"contains(ns, :one)", true, "member of a set of numbers"},
		{"contains(ns, :five)", false, "no member"},
		{"contains(ns, :s)", false, "member of another type"},
		{"contains(bs, :b)", true, "member of a set of binaries"},
		{"contains(ss, :ss)", false, "a set is not a member of a set"},
		{"contains(l, :s)", true, "element of a list"},
		{"contains(l, :ss)", true, "a set may be an element of a list"},
		{"contains(n, :n)", false, "a number contains nothing"},
		{"contains(m, :one)", false, "neither does a map"},
		{"contains(:ss, s)", false, "not a member"},
		{"size(s) = :three", true, "characters, not bytes"},
		{"size(smile) = :two", true, "as UTF-16 has them"},
		{"size(b) = :two", true, "bytes"},
		{"size(ss) = :two", true, "members"},
		{"size(m) = :one", true, "attributes"},
		{"size(l) > :three", true, "elements"},
		{"size(n) = :n", false, "a number has no size"},
		{"size(n) <> :n", true, "so it is not equal"},
		{"size(zz) = :n", false, "nothing has no size"},
		{"size(t) = :one", false, "a boolean has no size"},
		{"size(l[2]) = :one", true, "of a list's element"},
		{"size(s) BETWEEN :one AND :n", true, "as an operand of BETWEEN"},
		{"size(s) IN (:one, :three)", true, "as an operand of IN"},
		{"(size(s)) = (:three)", true, "in parentheses"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			used := only(values, tt.text)
			set, err := Compile(Request{Filter: &tt.text, Values: used})
			if err != nil {
				t.Fatal(err)
			}
			if got := set.Filter.Holds(it); got != tt.want {
				t.Errorf("Holds(%s) = %t, want %t: %s", tt.text, got, tt.want, tt.reason)
			}
		})
	}
	if !(*Condition)(nil).Holds(it) {
		t.Error("a nil Condition does not hold")
	}
}
