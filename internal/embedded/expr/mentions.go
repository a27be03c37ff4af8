package expr

// Mentions says whether the condition has a path that begins with the attribute:
// a Query's filter may not use key attributes.
func (c *Condition) Mentions(attribute string) bool {
	return c != nil && c.root.mentions(attribute)
}

func (n *node) mentions(attribute string) bool {
	if n == nil {
		return false
	}
	return n.left.mentions(attribute) || n.right.mentions(attribute) || anyMentions(n.args, attribute)
}

func anyMentions(args []operand, attribute string) bool {
	for i := range args {
		o := &args[i]
		if o.kind == pathOperand && o.path[0].name == attribute || anyMentions(o.args, attribute) {
			return true
		}
	}
	return false
}
