package expr

import "strconv"

// The bytes that the service counts for the parts of an update. They are measured,
// not documented: dynamodb-conformance, limits/itemSizeBySurface, October 2026, in
// us-east-1 and most other regions; ten size the finished item alone.
const (
	chargedUpdate  = 3
	chargedWrite   = 19 // for each SET and ADD
	chargedRemoval = 1  // for each REMOVE and DELETE
	chargedElement = 4  // for each element of a target behind the first
	chargedPath    = 1  // for each operand that is a path
	chargedStep    = 14 // for each element of such a path
)

var chargedOperators = map[string]int{"+": 34, "-": 37, "list_append": 37, "if_not_exists": 39}

// Charge is the size of the update itself, which UpdateItem holds against
// attr.MaxItemSize beside that of the item. What values the item has is no part of
// it, nor is what is removed. A nil Update has none.
func (u *Update) Charge() int {
	if u == nil {
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

// bytes is the length of the names and of the digits of the indexes.
func (p path) bytes() (total int) {
	for _, e := range p {
		if total += len(e.name); e.index >= 0 {
			total += len(strconv.Itoa(e.index))
		}
	}
	return total
}
