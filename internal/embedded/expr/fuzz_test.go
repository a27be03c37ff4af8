package expr

import (
	"testing"

	"pgregory.net/rapid"

	"dynamostreamer/internal/embedded/attr"
)

// run compiles a text as each kind of expression and evaluates what compiles.
// An error must be a ValidationError, and only a panic is a failure otherwise.
func run(t interface{ Errorf(string, ...any) }, text string, it, values attr.Item) {
	names := []Name{{"#a", "a"}, {"#n", "name"}}
	for _, r := range []Request{{Update: &text}, {Condition: &text}, {KeyCondition: &text}, {Projection: &text}} {
		r.Names = names
		// Without the complaint about placeholders nothing would ever compile.
		r.Names = usedNames(names, text)
		r.Values = only(values, text)
		set, err := Compile(r)
		if err == nil && set.Update != nil {
			_, err = set.Update.Apply(it)
			set.Update.Touched(it)
		}
		if err == nil && set.KeyCondition != nil {
			_, err = set.KeyCondition.Resolve([]KeyAttribute{{"a", attr.S}}, []KeyAttribute{{"b", attr.N}, {"c", attr.S}})
		}
		set.Condition.Holds(it)
		set.Projection.Of(it)
		if _, ok := err.(*attr.ValidationError); err != nil && !ok {
			t.Errorf("%q: %v is a %T, want a ValidationError", text, err, err)
		}
	}
}

func usedNames(names []Name, text string) []Name {
	var used []Name
	for pos := 0; ; {
		tok := scan(text, pos)
		if tok.kind == end {
			return used
		}
		for i, n := range names {
			if text[tok.start:tok.end] == n.Placeholder {
				used = append(used, n)
				names = append(names[:i:i], names[i+1:]...)
				break
			}
		}
		pos = tok.end
	}
}

// Texts of the grammar's own words come further than texts of any letters.
func TestNoTextPanics(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN", "=", "<>", "<", ">=",
		"+", "-", "(", ")", "((", "))", ",", ".", "[", "]", "[0]", "a", "b", "name", "#a", "#n", "#", ":x", ":y", ":z", ":", "0", "99999999999",
		"size(", "contains(", "attribute_exists(", "if_not_exists(", "list_append(", "é", "\x00", "\xff", " "})
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, piece := range rapid.SliceOfN(pieces, 0, 20).Draw(t, "pieces") {
			text += piece + " "
		}
		run(t, text, drawItem(t, 2), drawValues(t))
	})
}

func FuzzExpression(f *testing.F) {
	for file := range messageFiles {
		for _, c := range messageCases(&testing.T{}, file) {
			f.Add(c.text)
		}
	}
	it := item(f, `{"a":{"M":{"a":{"N":"1"},"b":{"L":[{"S":"x"}]}}},"b":{"L":[{"N":"1"},{"SS":["a"]}]},"c":{"S":"é"}}`)
	values := item(f, `{":v":{"N":"1"},":x":{"SS":["a"]},":y":{"S":"x"},":z":{"L":[]}}`)
	f.Fuzz(func(t *testing.T, text string) { run(t, text, it, values) })
}

func BenchmarkCompileAndApply(b *testing.B) {
	update, condition := "SET #n = :x, hits = if_not_exists(hits, :z) + :y", "attribute_not_exists(hits) OR hits < :y"
	values := item(b, `{":x":{"S":"a text"},":y":{"N":"1"},":z":{"N":"0"}}`)
	it := item(b, `{"id":{"S":"u-1"},"email":{"S":"a@b"},"hits":{"N":"0"},"name":{"S":"old"}}`)
	b.ReportAllocs()
	for b.Loop() {
		set, err := Compile(Request{Names: []Name{{"#n", "name"}}, Values: values, Update: &update, Condition: &condition})
		if err != nil {
			b.Fatal(err)
		}
		if !set.Condition.Holds(it) {
			b.Fatal("the condition does not hold")
		}
		if _, err := set.Update.Apply(it); err != nil {
			b.Fatal(err)
		}
	}
}
