package expr

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dynamostreamer/internal/embedded/attr"
)

// An element of a path is an attribute's name, or an index of a list.
type element struct {
	name  string
	index int64 // -1 for a name
}

// A path leads to an attribute, through maps and lists.
type path []element

// String returns the path in the form of the service's messages: [a, [0], b].
func (p path) String() string {
	shown := make([]string, len(p))
	for i, e := range p {
		if shown[i] = e.name; e.index >= 0 {
			shown[i] = "[" + strconv.FormatInt(e.index, 10) + "]"
		}
	}
	return "[" + strings.Join(shown, ", ") + "]"
}

// in returns the value at the path in an item.
func (p path) in(it attr.Item) (attr.Value, bool) {
	v, ok := it.Get(p[0].name)
	for _, e := range p[1:] {
		switch {
		case !ok:
			return attr.Value{}, false
		case e.index < 0 && v.Type() == attr.M:
			v, ok = v.Item().Get(e.name)
		case e.index >= 0 && v.Type() == attr.L && e.index < int64(len(v.List())):
			v = v.List()[e.index]
		default:
			ok = false
		}
	}
	return v, ok
}

// comparePaths orders paths so that paths into the same map or list are together, names in
// the order of items and indexes by number.
func comparePaths(a, b path) int {
	return slices.CompareFunc(a, b, func(a, b element) int {
		return cmp.Or(cmp.Compare(a.index, b.index), strings.Compare(a.name, b.name))
	})
}

// clash returns the message about two paths that can't be used together, because one leads
// into the other or because they treat the same attribute as a list and as a map. It
// returns "" for other paths.
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

// pathOperand reads a path whose first name is next.
func (p *parser) pathOperand() node {
	n := node{path: make(path, 0, 2)}
	p.pathName(&n)
	for {
		switch {
		case p.accept("."):
			p.pathName(&n)
		case p.accept("["):
			index := p.token.text
			p.expectKind(digits)
			p.expect("]")
			i, err := strconv.ParseInt(index, 10, 64)
			if err != nil || i > maxIndex {
				note(&n.names, "List index is not within the allowable range; index: ["+index+"]")
			}
			n.path = append(n.path, element{index: i})
		default:
			if len(n.path) > maxPathLength {
				note(&n.names, fmt.Sprintf("The document path has too many nesting levels; nesting levels: %d", len(n.path)))
			}
			return n
		}
	}
}

// pathName reads one name of a path, or a placeholder for it.
func (p *parser) pathName(n *node) {
	attribute := p.token.text
	switch p.token.kind {
	case word:
		if isReserved(attribute) {
			note(&n.names, "Attribute name is a reserved keyword; reserved keyword: "+attribute)
		}
	case name:
		attribute = p.scope.name(attribute, n)
	default:
		p.fail()
		return
	}
	n.path = append(n.path, element{attribute, -1})
	p.advance()
}

// targets returns the sorted paths of nodes, and notes an error if two of them clash. Like
// the service, it checks the last one first.
func (p *parser) targets(nodes []node) []path {
	paths := make([]path, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		note(&p.operands, n.undefined)
		paths[i] = n.path
		for _, other := range paths[i+1:] {
			if p.operands == "" {
				p.operands = clash(n.path, other)
			}
		}
	}
	slices.SortFunc(paths, comparePaths)
	return paths
}
