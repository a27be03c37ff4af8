package expr

import "dynamostreamer/internal/embedded/attr"

// A Projection is a compiled ProjectionExpression: the paths to which it reduces an item.
type Projection struct {
	paths []path // sorted
}

func (p *parser) projection() *Projection {
	nodes := append(make([]node, 0, 4), p.pathOperand())
	for p.accept(",") {
		nodes = append(nodes, p.pathOperand())
	}
	p.expectKind(end)
	for i := range nodes {
		note(&p.tree, nodes[i].names)
	}
	return &Projection{p.targets(nodes)}
}

// Of returns the item reduced to the projection's paths, with the maps and lists that lead
// to them. A list has only the elements on the paths, in their order and without gaps. A
// nil Projection returns the item unchanged.
func (p *Projection) Of(it attr.Item) attr.Item {
	if p == nil {
		return it
	}
	return projectItem(it, p.paths, 0)
}

// group splits paths into those at the front that agree with the first one up to and
// including depth, and the rest.
func group(paths []path, depth int) (same, rest []path) {
	n := 1
	for n < len(paths) && paths[n][depth] == paths[0][depth] {
		n++
	}
	return paths[:n], paths[n:]
}

func projectItem(it attr.Item, paths []path, depth int) attr.Item {
	out := make(attr.Item, 0, len(paths))
	for len(paths) > 0 {
		var same []path
		same, paths = group(paths, depth)
		name := same[0][depth].name
		if v, ok := it.Get(name); ok {
			if v, ok = projectValue(v, same, depth+1); ok {
				out = append(out, attr.Attr{Name: name, Value: v})
			}
		}
	}
	return out
}

// projectValue returns v reduced to the paths, or false if v has none of them.
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
			var same []path
			same, paths = group(paths, depth)
			if i := same[0][depth].index; i < int64(len(v.List())) {
				if e, ok := projectValue(v.List()[i], same, depth+1); ok {
					list = append(list, e)
				}
			}
		}
		return attr.List(list), len(list) > 0
	}
	return attr.Value{}, false
}
