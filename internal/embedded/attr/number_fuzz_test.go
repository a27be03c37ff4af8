package attr

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/cockroachdb/apd/v3"
)

// FuzzNumberOrder: two numbers from the wire, and their bytes in a key, are
// in the order that decimals have, and the stored item gives both back.
func FuzzNumberOrder(f *testing.F) {
	for _, seed := range [][2]string{
		{"9", "10"}, {"-9", "-10"}, {"0", "-0"}, {"1.50", "1.5"}, {"-1", "-1.000001"},
		{"1e-130", "-1e-130"}, {"9.9E+125", "9.8E125"}, {"99", "100"}, {"0.1", "0.09"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, wantX, okX := wireNumber(a)
		y, wantY, okY := wireNumber(b)
		if !okX || !okY {
			return
		}
		want := wantX.Cmp(wantY)
		if got, ok := Compare(x, y); got != want || !ok {
			t.Errorf("Compare(%q, %q) = %d, %t, want %d", a, b, got, ok, want)
		}
		if got := bytes.Compare(AppendKey(nil, x), AppendKey(nil, y)); got != want {
			t.Errorf("the keys of %q and %q are ordered %d, want %d", a, b, got, want)
		}
		it := NewItem(Attr{"a", x}, Attr{"b", y})
		if got, err := ReadItem(AppendItem(nil, it)); err != nil || got.JSON() != it.JSON() {
			t.Errorf("an item with %q and %q comes back as %s, %v, want %s", a, b, got.JSON(), err, it.JSON())
		}
	})
}

// wireNumber reads a text as a Number of the wire, if it is one, and as a
// decimal.
func wireNumber(text string) (Value, *apd.Decimal, bool) {
	body, err := json.Marshal(map[string]map[string]string{"n": {"N": text}})
	if err != nil {
		return Value{}, nil, false
	}
	it, err := NewScanner(string(body)).Item()
	if err != nil {
		return Value{}, nil, false
	}
	v, _ := it.Get("n")
	d, _, err := apd.NewFromString(text)
	return v, d, err == nil
}
