package expr

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

const (
	missingOperand = "The provided expression refers to an attribute that does not exist in the item"
	badOperand     = "An operand in the update expression has an incorrect data type"
	badPath        = "The document path provided in the update expression is invalid for update"
)

// A change is what an action comes to for one item: a new value at a path, or
// none, which removes what is there.
type change struct {
	path  path
	value attr.Value
}

// Apply is the item as the update makes it; it itself stays as it was. All
// operands are those of the item before the update. In a list, elements beyond
// the end are appended in the order of their indexes, and elements are removed
// after all others have got their values. The error is an attr.ValidationError:
// an operand that the item lacks or that has another type, a path that leads
// nowhere, or a number out of range. A nil Update changes nothing.
//
// Whether the item is still within MaxItemSize and MaxDepth is not checked.
func (u *Update) Apply(it attr.Item) (attr.Item, error) {
	if u == nil {
		return it, nil
	}
	changes := make([]change, 0, len(u.actions))
	for i := range u.actions {
		c, ok, err := u.actions[i].change(it)
		if err != nil {
			return nil, err
		}
		if ok {
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return comparePaths(a.path, b.path) })
	return changeItem(it, changes, 0), nil
}

// leadsInto says whether the path's last element is one of a map or list that
// the item has, whether or not it is there yet.
func (p path) leadsInto(it attr.Item) bool {
	last := len(p) - 1
	if last == 0 {
		return true
	}
	v, ok := p[:last].in(it)
	return ok && (p[last].index < 0 && v.Type() == attr.M || p[last].index >= 0 && v.Type() == attr.L)
}

// change computes what the action does; false if it leaves the item as it is.
func (a *action) change(it attr.Item) (change, bool, error) {
	c := change{path: a.target.path}
	if !c.path.leadsInto(it) {
		return c, false, invalid(badPath)
	}
	var err error
	switch a.verb {
	case kwSet:
		c.value, err = a.result(it)
		return c, true, err
	case kwRemove:
		return c, true, nil
	}
	old, exists := a.target.path.in(it)
	operand := a.a.value
	switch {
	case !exists && a.verb == kwAdd:
		c.value = operand
	case !exists:
		return c, false, nil // nothing to delete from
	case old.Type() != operand.Type():
		return c, false, invalid(badOperand)
	case operand.Type() == attr.N:
		c.value, err = old.Add(operand)
		return c, true, err
	case a.verb == kwAdd:
		c.value = union(old, operand)
	default:
		c.value = difference(old, operand)
	}
	return c, true, nil
}

func union(set, more attr.Value) attr.Value {
	return attr.Set(set.Type(), slices.Concat(set.List(), more.List()))
}

// difference is the set less the members of less; no value if none is left.
func difference(set, less attr.Value) attr.Value {
	members := slices.DeleteFunc(slices.Clone(set.List()), func(m attr.Value) bool { return contains(less, m) })
	if len(members) == 0 {
		return attr.Value{}
	}
	return attr.Set(set.Type(), members)
}

// result is the right side of a SET.
func (a *action) result(it attr.Item) (attr.Value, error) {
	left, err := a.a.set(it)
	if err != nil || a.sign == 0 {
		return left, err
	}
	right, err := a.b.set(it)
	if err != nil {
		return attr.Value{}, err
	}
	if left.Type() != attr.N || right.Type() != attr.N {
		return attr.Value{}, invalid(badOperand)
	}
	if a.sign == '+' {
		return left.Add(right)
	}
	return left.Sub(right)
}

// set is the value of an operand of SET.
func (o *operand) set(it attr.Item) (attr.Value, error) {
	switch {
	case o.kind == valueOperand:
		return o.value, nil
	case o.kind == pathOperand:
		v, ok := o.path.in(it)
		if !ok {
			return attr.Value{}, invalid(missingOperand)
		}
		return v, nil
	case o.function == "if_not_exists":
		// The other operand must exist even where it is not needed.
		otherwise, err := o.args[1].set(it)
		if v, ok := o.args[0].path.in(it); ok && err == nil {
			return v, nil
		}
		return otherwise, err
	}
	first, err := o.args[0].set(it)
	if err != nil {
		return attr.Value{}, err
	}
	second, err := o.args[1].set(it)
	if err != nil {
		return attr.Value{}, err
	}
	if first.Type() != attr.L || second.Type() != attr.L {
		return attr.Value{}, invalid(badOperand)
	}
	return attr.List(slices.Concat(first.List(), second.List())), nil
}

// changeItem makes a new item. The changes are sorted, as the attributes are.
func changeItem(it attr.Item, changes []change, depth int) attr.Item {
	out := make(attr.Item, 0, len(it)+len(changes))
	for len(changes) > 0 {
		n := groupOfChanges(changes, depth)
		name := changes[0].path[depth].name
		for len(it) > 0 && it[0].Name < name {
			out = append(out, it[0])
			it = it[1:]
		}
		var old attr.Value
		if len(it) > 0 && it[0].Name == name {
			old = it[0].Value
			it = it[1:]
		}
		if v := changeValue(old, changes[:n], depth+1); !v.IsZero() {
			out = append(out, attr.Attr{Name: name, Value: v})
		}
		changes = changes[n:]
	}
	return append(out, it...)
}

// changeValue makes of a value, which may be none, a new one or none.
func changeValue(old attr.Value, changes []change, depth int) attr.Value {
	first := changes[0]
	switch {
	case len(first.path) == depth:
		return first.value
	case first.path[depth].index < 0:
		return attr.Map(changeItem(old.Item(), changes, depth))
	}
	return attr.List(changeList(old.List(), changes, depth))
}

// changeList makes a new list. Elements to remove are made no value first, since
// the indexes of all changes are those of the list as it was.
func changeList(list []attr.Value, changes []change, depth int) []attr.Value {
	out := append(make([]attr.Value, 0, len(list)+len(changes)), list...)
	for len(changes) > 0 {
		n := groupOfChanges(changes, depth)
		index := changes[0].path[depth].index
		var old attr.Value
		if index < len(list) {
			old = list[index]
		}
		v := changeValue(old, changes[:n], depth+1)
		switch {
		case index < len(list):
			out[index] = v
		case !v.IsZero():
			out = append(out, v)
		}
		changes = changes[n:]
	}
	return slices.DeleteFunc(out, attr.Value.IsZero)
}

// groupOfChanges is the number of changes at the front that go the same way up
// to and including depth.
func groupOfChanges(changes []change, depth int) int {
	n := 1
	for n < len(changes) && changes[n].path[depth] == changes[0].path[depth] {
		n++
	}
	return n
}
