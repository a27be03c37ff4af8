package expr

import (
	"testing"
)

func TestProjection(t *testing.T) {
	it := item(t, `{"pk":{"S":"c"},"n":{"N":"5"},"m":{"M":{"x":{"N":"1"},"y":{"L":[{"M":{"z":{"S":"q"},"w":{"S":"r"}}}]}}},
		"l":{"L":[{"N":"1"},{"N":"2"},{"S":"a"},{"SS":["a"]}]}}`)
	tests := []struct{ text, want, reason string }{
		{"n, pk", `{"n":{"N":"5"},"pk":{"S":"c"}}`, "top level"},
		{"zz", `{}`, "a missing attribute"},
		{"l[3], l[0]", `{"l":{"L":[{"N":"1"},{"SS":["a"]}]}}`, "elements in the order of the list"},
		{"l[9]", `{}`, "beyond the list: no empty list"},
		{"m.zz", `{}`, "not in the map: no empty map"},
		{"n.x", `{}`, "into a number"},
		{"m.x, l[2]", `{"l":{"L":[{"S":"a"}]},"m":{"M":{"x":{"N":"1"}}}}`, "nested"},
		{"m.y[0].z", `{"m":{"M":{"y":{"L":[{"M":{"z":{"S":"q"}}}]}}}}`, "through a list"},
		{"m.y[0].z, m.x", `{"m":{"M":{"x":{"N":"1"},"y":{"L":[{"M":{"z":{"S":"q"}}}]}}}}`, "two into one map"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			set, err := Compile(Request{Projection: &tt.text})
			if err != nil {
				t.Fatal(err)
			}
			if got := set.Projection.Of(it).JSON(); got != tt.want {
				t.Errorf("Of(%s) = %s, want %s: %s", tt.text, got, tt.want, tt.reason)
			}
		})
	}
	if got := (*Projection)(nil).Of(it); !got.Equal(it) {
		t.Errorf("a nil Projection makes %s of %s", got.JSON(), it.JSON())
	}
}
