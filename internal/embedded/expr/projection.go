package expr

import (
	"cmp"
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// A Projection is a compiled ProjectionExpression: the paths of which an item is
// to have no more.
type Projection struct {
	paths []path // sorted
}

func parseProjection(text string, s *scope) (*Projection, error) {
	const parameter = "Invalid ProjectionExpression: "
	if message := checkText(text); message != "" {
		return nil, invalid(parameter + message)
	}
	p := newParser(text, s)
	targets := make([]operand, 0, 4)
	for ok := true; ok; ok = p.accept(",") {
		o, read := p.pathOperand()
		if !read {
			return nil, invalid(parameter + p.syntax)
		}
		p.noteTree(o.tree)
		targets = append(targets, o)
	}
	if p.token.kind != end {
		p.fail()
	}
	if message := cmp.Or(p.syntax, p.tree); message != "" {
		return nil, invalid(parameter + message)
	}
	paths := p.targets(len(targets), func(i int) *operand { return &targets[i] })
	if p.operands != "" {
		return nil, invalid(parameter + p.operands)
	}
	return &Projection{paths}, nil
}

// targets is the sorted paths of n operands. It notes a placeholder that is not
// defined, a path that leads into another, and two paths that take the same
// attribute for a list and for a map. As the service does it begins at the end.
func (p *parser) targets(n int, at func(i int) *operand) []path {
	paths := make([]path, n)
	for i := n - 1; i >= 0 && p.operands == ""; i-- {
		o := at(i)
		p.noteOperand(o.undefined)
		paths[i] = o.path
		for j := i + 1; j < n; j++ {
			p.noteOperand(clash(paths[i], paths[j]))
		}
	}
	slices.SortFunc(paths, comparePaths)
	return paths
}

// clash is the message for two paths that can't be used together.
func clash(one, two path) string {
	trouble := "overlap"
	for i := 0; i < len(one) && i < len(two); i++ {
		if (one[i].index < 0) != (two[i].index < 0) {
			trouble = "conflict"
			break
		}
		if one[i] != two[i] {
			return ""
		}
	}
	return "Two document paths " + trouble + " with each other; must remove or rewrite one of these paths; " +
		"path one: " + one.String() + ", path two: " + two.String()
}

// comparePaths orders paths so that those into the same map or list are
// together, names in the order of items, indexes by number.
func comparePaths(a, b path) int {
	return slices.CompareFunc(a, b, func(a, b element) int {
		if a.index != b.index {
			return a.index - b.index
		}
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
}

// Of is the item reduced to the projection's paths, with the maps and lists that
// lead to them: of a list the elements that were asked for, close together and
// in their order. A nil Projection leaves the item as it is.
func (p *Projection) Of(it attr.Item) attr.Item {
	if p == nil {
		return it
	}
	return projectItem(it, p.paths, 0)
}

// group is the number of paths at the front that are the same as the first up to
// and including depth.
func group(paths []path, depth int) int {
	n := 1
	for n < len(paths) && paths[n][depth] == paths[0][depth] {
		n++
	}
	return n
}

func projectItem(it attr.Item, paths []path, depth int) attr.Item {
	out := make(attr.Item, 0, len(paths))
	for len(paths) > 0 {
		n := group(paths, depth)
		name := paths[0][depth].name
		if v, ok := it.Get(name); ok {
			if v, ok = projectValue(v, paths[:n], depth+1); ok {
				out = append(out, attr.Attr{Name: name, Value: v})
			}
		}
		paths = paths[n:]
	}
	return out
}

// projectValue is what the paths leave of v; false if they lead nowhere in it.
func projectValue(v attr.Value, paths []path, depth int) (attr.Value, bool) {
	if len(paths[0]) == depth {
		return v, true
	}
	switch isName := paths[0][depth].index < 0; {
	case isName && v.Type() == attr.M:
		it := projectItem(v.Item(), paths, depth)
		return attr.Map(it), len(it) > 0
	case !isName && v.Type() == attr.L:
		var list []attr.Value
		for len(paths) > 0 {
			n := group(paths, depth)
			if i := paths[0][depth].index; i < len(v.List()) {
				if e, ok := projectValue(v.List()[i], paths[:n], depth+1); ok {
					list = append(list, e)
				}
			}
			paths = paths[n:]
		}
		return attr.List(list), len(list) > 0
	}
	return attr.Value{}, false
}
