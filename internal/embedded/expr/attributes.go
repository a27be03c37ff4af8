package expr

// The methods in this file visit the attributes that expressions use. They call fn with a
// path's first name, and with whether the path leads into that attribute.

func (p path) each(fn func(attribute string, nested bool)) { fn(p[0].name, len(p) > 1) }

func (n *node) each(fn func(attribute string, nested bool)) {
	if n.isPath() {
		n.path.each(fn)
	}
	for i := range n.args {
		n.args[i].each(fn)
	}
}

// Each calls fn for the paths of the condition, in the order of its text.
func (c *Condition) Each(fn func(attribute string, nested bool)) {
	if c != nil {
		c.root.each(fn)
	}
}

// Each calls fn for the paths of the projection, in their order.
func (p *Projection) Each(fn func(attribute string, nested bool)) {
	if p != nil {
		for _, path := range p.paths {
			path.each(fn)
		}
	}
}

// Each calls fn for the paths of the set's update, condition, filter and projection.
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
