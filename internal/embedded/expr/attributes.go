package expr

// This file tells which attributes expressions use: a path's first name, and
// whether the path leads into the attribute.

// Each calls fn for the paths of the condition, in the order of its text.
func (c *Condition) Each(fn func(attribute string, nested bool)) {
	if c != nil {
		c.root.each(fn)
	}
}

func (n *node) each(fn func(string, bool)) {
	if n == nil {
		return
	}
	n.left.each(fn)
	n.right.each(fn)
	eachOperand(n.args, fn)
}

func eachOperand(args []operand, fn func(string, bool)) {
	for i := range args {
		if args[i].kind == pathOperand {
			args[i].path.each(fn)
		}
		eachOperand(args[i].args, fn)
	}
}

func (p path) each(fn func(string, bool)) { fn(p[0].name, len(p) > 1) }

// Each calls fn for the paths of the projection, in their order.
func (p *Projection) Each(fn func(attribute string, nested bool)) {
	if p != nil {
		for _, path := range p.paths {
			path.each(fn)
		}
	}
}

// Each calls fn for the paths that the set's update, condition, filter and
// projection have.
func (s *Set) Each(fn func(attribute string, nested bool)) {
	if s.Update != nil {
		for _, p := range s.Update.paths {
			p.each(fn)
		}
	}
	s.Condition.Each(fn)
	s.Filter.Each(fn)
	s.Projection.Each(fn)
}
