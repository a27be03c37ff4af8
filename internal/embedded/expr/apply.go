package expr

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

const (
	missingOperand = "The provided expression refers to an attribute that does not exist in the item"
	badOperand     = "An operand in the update expression has an incorrect data type"
	badPath        = "The document path provided in the update expression is invalid for update"

	badLegacyOperand = "Type mismatch for attribute to update"
)

// A change is the result of an action for one item: a new value at a path. The zero value
// removes what is there.
type change struct {
	path  path
	value attr.Value
}

// Apply returns the updated item and leaves it itself unchanged. All operands come from the
// item before the update. In a list, elements beyond the end are appended in the order of
// their indexes, and elements are removed after the others have been set. The error is an
// attr.ValidationError about an operand that the item lacks or that has the wrong type, a
// path that leads nowhere, or a number out of range. A nil Update changes nothing.
//
// Apply does not check attr.MaxItemSize or Check.
func (u *Update) Apply(it attr.Item) (attr.Item, error) {
	if u == nil {
		return it, nil
	}
	changes := make([]change, 0, len(u.actions))
	for i := range u.actions {
		v, err := u.actions[i].result(it)
		if err != nil && u.legacy && err.Error() == badOperand {
			err = invalid(badLegacyOperand)
		}
		if err != nil {
			return nil, err
		}
		changes = append(changes, change{u.actions[i].path, v})
	}
	slices.SortFunc(changes, func(a, b change) int { return comparePaths(a.path, b.path) })
	out := append(make(attr.Item, 0, len(it)+len(changes)), it...)
	for _, c := range changes {
		if !c.value.IsZero() {
			out = put(out, c.path, c.value)
		}
	}
	for _, c := range slices.Backward(changes) { // so that indexes stay right
		if _, was := c.path.in(it); was && c.value.IsZero() {
			out = put(out, c.path, c.value)
		}
	}
	return out, nil
}

// put sets the value at a path, whose parents must exist, or removes it if v is zero. It
// changes it in place, but none of the maps and lists in it.
func put(it attr.Item, p path, v attr.Value) attr.Item {
	i, found := it.Find(p[0].name)
	if len(p) > 1 {
		v = putInto(it[i].Value, p[1:], v)
	}
	switch {
	case v.IsZero():
		return slices.Delete(it, i, i+1)
	case found:
		it[i].Value = v
		return it
	}
	return slices.Insert(it, i, attr.Attr{Name: p[0].name, Value: v})
}

// putInto returns a copy of a map or a list with the value at the path.
func putInto(old attr.Value, p path, v attr.Value) attr.Value {
	if p[0].index < 0 {
		return attr.Map(put(slices.Clone(old.Item()), p, v))
	}
	list := slices.Clone(old.List())
	i := int(min(p[0].index, int64(len(list))))
	if len(p) > 1 {
		v = putInto(list[i], p[1:], v)
	}
	switch {
	case v.IsZero():
		list = slices.Delete(list, i, i+1)
	case i < len(list):
		list[i] = v
	default:
		list = append(list, v)
	}
	return attr.List(list)
}

// leadsInto reports whether the item has the map or the list that contains the path's last
// element. The element itself may be missing.
func (p path) leadsInto(it attr.Item) bool {
	last := len(p) - 1
	if last == 0 {
		return true
	}
	v, ok := p[:last].in(it)
	return ok && (p[last].index < 0 && v.Type() == attr.M || p[last].index >= 0 && v.Type() == attr.L)
}

// result returns the value that the action leaves at its path, zero for none.
func (a *action) result(it attr.Item) (attr.Value, error) {
	if !a.path.leadsInto(it) {
		return attr.Value{}, invalid(badPath)
	}
	old, exists := a.path.in(it)
	switch {
	case a.verb == "SET":
		return a.value.result(it)
	case a.verb == "REMOVE" || a.verb == "DELETE" && !exists:
		return attr.Value{}, nil
	case !exists:
		return a.value.value, nil
	}
	operand := a.value.value
	switch {
	case old.Type() != operand.Type():
		return attr.Value{}, invalid(badOperand)
	case operand.Type() == attr.N:
		return old.Add(operand)
	case operand.Type() == attr.L: // only in AttributeUpdates
		return attr.List(slices.Concat(old.List(), operand.List())), nil
	case a.verb == "ADD":
		return attr.Set(old.Type(), slices.Concat(old.List(), operand.List())), nil
	}
	members := slices.DeleteFunc(slices.Clone(old.List()), func(m attr.Value) bool { return contains(operand, m) })
	if len(members) == 0 {
		return attr.Value{}, nil
	}
	return attr.Set(old.Type(), members), nil
}

// result returns the value of an operand of a SET.
func (n *node) result(it attr.Item) (v attr.Value, err error) {
	if n.op == "" {
		v, ok := n.in(it)
		if !ok {
			err = invalid(missingOperand)
		}
		return v, err
	}
	var first, second attr.Value
	if n.op != "if_not_exists" {
		if first, err = n.args[0].result(it); err != nil {
			return v, err
		}
	}
	if second, err = n.args[1].result(it); err != nil {
		return v, err
	}
	want := attr.N
	switch n.op {
	case "if_not_exists":
		if v, ok := n.args[0].in(it); ok {
			return v, nil
		}
		return second, nil // which must exist even where it is not needed
	case "list_append":
		want = attr.L
	}
	switch {
	case first.Type() != want || second.Type() != want:
		return v, invalid(badOperand)
	case n.op == "+":
		return first.Add(second)
	case n.op == "-":
		return first.Sub(second)
	}
	return attr.List(slices.Concat(first.List(), second.List())), nil
}
