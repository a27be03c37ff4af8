package engine

import (
	"fmt"
	"regexp"
	"strings"
)

// checks collects the constraints of its shape that a request breaks. The
// service tells them all at once, ten at most.
type checks struct{ broken []string }

const maxBroken = 10

func (c *checks) broke(value any, at, constraint string) {
	shown := "null"
	if value != nil {
		shown = fmt.Sprintf("'%v'", value)
	}
	c.broken = append(c.broken, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", shown, at, constraint))
}

// err is the ValidationException for what was broken, nil if nothing was.
func (c *checks) err() error {
	n := min(len(c.broken), maxBroken)
	if n == 0 {
		return nil
	}
	s := "s"
	if n == 1 {
		s = ""
	}
	return invalid("%d validation error%s detected: %s", n, s, strings.Join(c.broken[:n], "; "))
}

func (c *checks) required(present bool, at string) {
	if !present {
		c.broke(nil, at, "Member must not be null")
	}
}

// length checks a text that is there; the limits are in bytes.
func (c *checks) length(text *string, at string, least, most int) {
	if text == nil {
		return
	}
	if n := len(*text); n < least {
		c.broke(*text, at, fmt.Sprintf("Member must have length greater than or equal to %d", least))
	} else if n > most {
		c.broke(*text, at, fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
}

func (c *checks) atLeast(n *int64, at string, least int64) {
	if n != nil && *n < least {
		c.broke(*n, at, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
}

func (c *checks) atMost(n *int64, at string, most int64) {
	if n != nil && *n > most {
		c.broke(*n, at, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
}

// oneOf checks a text that is there against the service's enumeration, given in
// the order in which its message has them.
func (c *checks) oneOf(text *string, at string, values ...string) {
	if text == nil {
		return
	}
	for _, v := range values {
		if *text == v {
			return
		}
	}
	c.broke(*text, at, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
}

const namePattern = "[a-zA-Z0-9_.-]+"

var nameRegexp = regexp.MustCompile("^" + namePattern + "$")

// table checks the name of the table that an operation works on.
func (c *checks) table(name *string, at string) {
	c.named(name, at, 1)
}

func (c *checks) named(name *string, at string, least int) {
	c.required(name != nil, at)
	if name == nil {
		return
	}
	if *name != "" && !nameRegexp.MatchString(*name) {
		c.broke(*name, at, "Member must satisfy regular expression pattern: "+namePattern)
	}
	c.length(name, at, least, 255)
}

// The enumerations that several operations have.
func (c *checks) returnConsumedCapacity(v *string) {
	c.oneOf(v, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE")
}

func (c *checks) returnItemCollectionMetrics(v *string) {
	c.oneOf(v, "returnItemCollectionMetrics", "SIZE", "NONE")
}

func (c *checks) onConditionCheckFailure(v *string, at string) {
	c.oneOf(v, at+"returnValuesOnConditionCheckFailure", "ALL_OLD", "NONE")
}

// orElse is the number that a request gives, or what stands for none.
func orElse(n *int64, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
