package expr

import "strconv"

// The service counts these bytes for the parts of an update. They are measured, not
// documented (dynamodb-conformance, limits/itemSizeBySurface, October 2026), and hold in
// us-east-1 and most other regions. Ten regions count only the finished item.
const (
	chargedUpdate  = 3
	chargedWrite   = 19 // for each SET and ADD
	chargedRemoval = 1  // for each REMOVE and DELETE
	chargedElement = 4  // for each element of a target after the first
	chargedPath    = 1  // for each operand that is a path
	chargedStep    = 14 // for each element of such a path
)

var chargedOperators = map[string]int{"+": 34, "-": 37, "list_append": 37, "if_not_exists": 39}

// Charge returns the size of the update itself. UpdateItem compares it with
// attr.MaxItemSize, as it does the size of the item. It includes neither values of the item
// nor removed ones. It is 0 for a nil Update and for AttributeUpdates, of which no
// measurement is known.
func (u *Update) Charge() int {
	if u == nil || u.legacy {
		return 0
	}
	total := chargedUpdate
	for i := range u.actions {
		a := &u.actions[i]
		total += a.path.bytes() + chargedElement*(len(a.path)-1)
		if a.writes() {
			total += chargedWrite + a.value.charge()
		} else {
			total += chargedRemoval
		}
	}
	return total
}

func (n *node) charge() int {
	if n.isPath() {
		return chargedPath + chargedStep*len(n.path) + n.path.bytes()
	}
	total := chargedOperators[n.op] + n.value.Size()
	for i := range n.args {
		total += n.args[i].charge()
	}
	return total
}

// bytes returns the length of the names and of the digits of the indexes.
func (p path) bytes() (total int) {
	for _, e := range p {
		if total += len(e.name); e.index >= 0 {
			total += len(strconv.FormatInt(e.index, 10))
		}
	}
	return total
}
