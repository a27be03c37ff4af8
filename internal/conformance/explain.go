package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// name is an item's id for a person.
func name(id string) string { return cut(strings.TrimRight(id, "·"), 40) }

// did says what happened to the item.
func (c *change) did() string {
	if c.kind == "expired" {
		return "expired"
	}
	return "was " + c.kind
}

func times(n int) string {
	switch n {
	case 0:
		return "not at all"
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func shown(image json.RawMessage) string {
	if len(image) == 0 {
		return "none"
	}
	return cut(string(image), 120)
}

// explain says why a change is missing, by what the reader called.
func (j *judge) explain(c *change, calls []call) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	letter := j.letter(c.shard)
	what := fmt.Sprintf("%s %s, and that was never handled", name(c.id), c.did())
	if c.times > 0 {
		what = fmt.Sprintf("%s %s, and that was handled %s only", name(c.id), c.did(), times(c.times))
	}
	var last *call // of GetRecords in the shard
	for i, one := range calls {
		if one.operation != "GetRecords" || one.shard != c.shard {
			continue
		}
		if slices.Contains(one.records, c.sequence) {
			page := "a page"
			if one.last {
				page = "the last page"
			}
			return fmt.Sprintf("%s: it was on %s of shard %s", what, page, letter)
		}
		last = &calls[i]
	}
	switch {
	case last == nil:
		return fmt.Sprintf("%s: shard %s was never read", what, letter)
	case last.code != "":
		return fmt.Sprintf("%s: the last answer to GetRecords of shard %s was %s", what, letter, last.code)
	case len(last.records) == 0:
		return fmt.Sprintf("%s: the last page of shard %s that was asked for was empty", what, letter)
	}
	return fmt.Sprintf("%s: shard %s was not read that far", what, letter)
}
