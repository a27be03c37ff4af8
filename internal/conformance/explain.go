package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// name is an item's id for a person.
func name(id string) string { return cut(strings.TrimRight(id, "·"), 40) }

func pronoun(id string) string {
	if strings.HasPrefix(id, "row-") {
		return "it"
	}
	return "she"
}

// did says what happened to the item.
func (c *change) did() string {
	if c.kind == "expired" {
		return "expired"
	}
	return "was " + c.kind
}

func (c *change) String() string {
	nouns := map[string]string{"inserted": "insert", "modified": "change", "deleted": "delete", "expired": "expiry"}
	return fmt.Sprintf("the %s of %s", nouns[c.kind], name(c.id))
}

func times(n int) string {
	switch n {
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

// explain says why a change is missing, by the reader's calls and those without an answer.
func (j *judge) explain(c *change, calls, waiting []call) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fmt.Sprintf("%v was never handled: %s", c, j.whyMissing(c, ofShard(calls, c.shard), ofShard(waiting, c.shard)))
}

// hangs is how long a call has no answer that hangs.
const hangs = 200 * time.Millisecond

func (j *judge) whyMissing(c *change, calls, waiting []call) string {
	letter := j.letter(c.shard)
	passed := false // by an iterator behind it
	for _, one := range calls {
		if slices.Contains(one.records, c.sequence) {
			page := "a page"
			if one.last {
				page = "the last page"
			}
			return fmt.Sprintf("it was on %s of shard %s", page, letter)
		}
		passed = passed || one.at.After(c.known) && one.code == "" && len(one.records) == 0 && !one.blank
	}
	if len(waiting) > 0 && time.Since(waiting[0].at) > hangs {
		return fmt.Sprintf("the call of GetRecords of shard %s that hung was not repeated within %v", letter, time.Since(waiting[0].at).Round(hangs))
	}
	if len(calls) == 0 {
		return fmt.Sprintf("shard %s was never read", letter)
	}
	switch last := calls[len(calls)-1]; {
	case last.code != "" && time.Since(last.at) > time.Second:
		return fmt.Sprintf("GetRecords of shard %s met %s, and was not repeated within %v", letter, last.code, time.Since(last.at).Round(hangs))
	case last.code != "":
		return fmt.Sprintf("the last answer to GetRecords of shard %s was %s", letter, last.code)
	case passed:
		return fmt.Sprintf("shard %s was read from after it", letter)
	case time.Since(last.at) > time.Second:
		return j.whyStopped(c.shard, calls)
	}
	return fmt.Sprintf("shard %s was not read that far yet", letter)
}

// whyStopped says how reading a shard ended that is to be continued.
func (j *judge) whyStopped(shard string, calls []call) string {
	calls = ofShard(calls, shard)
	switch n := len(calls); {
	case n == 0:
		return fmt.Sprintf("shard %s was never read", j.letter(shard))
	case calls[n-1].code == "" && len(calls[n-1].records) == 0:
		return fmt.Sprintf("reading shard %s ended at an empty page", j.letter(shard))
	}
	return fmt.Sprintf("shard %s was not read to its end", j.letter(shard))
}

// ofShard are the calls of GetRecords in a shard.
func ofShard(calls []call, shard string) []call {
	return slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return c.operation != "GetRecords" || c.shard != shard })
}
