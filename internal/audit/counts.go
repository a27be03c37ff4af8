package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Counts says whether a reader's counts are what its events make.
type Counts struct {
	Reader   string // and its table
	Compared bool   // the journals tell how the reader's last run ended
	Inserts  int64  // that it handled and counted, each once, since its counts began
	// Wrong are the counts that differ from the journal, as
	// "/cart buying: 8 in the table, 7 according to the journal". Either may be wrong.
	Wrong []string
}

// maxCountKey bounds a count's key: it becomes a key in a table.
const maxCountKey = 200

// CountKey is the name of the count of a page and a task, or false where
// either is missing or they are too long: the row may be another program's.
func CountKey(page, task string) (key string, ok bool) {
	key = page + " " + task
	return key, page != "" && task != "" && len(key) <= maxCountKey
}

// counting adds up what one reader's counts should be.
type counting struct {
	began   map[string]int64 // as they first stood; nil: no run has started
	ended   map[string]int64 // nil: the last run has not ended
	some    bool             // there were some
	more    map[string]int64 // what was to be added since
	inserts int64
}

// vanished reports whether a run starts without counts where there were some.
func (c *counting) vanished(l *line) bool { return c.some && len(l.Counts) == 0 }

func (c *counting) start(l *line) {
	if c.began == nil {
		c.began = orEmpty(l.Counts)
	}
	c.ended, c.some = nil, c.some || len(l.Counts) > 0
}

func (c *counting) end(l *line) {
	c.ended, c.some = orEmpty(l.Counts), c.some || len(l.Counts) > 0
}

func orEmpty(counts map[string]int64) map[string]int64 {
	if counts == nil {
		return map[string]int64{}
	}
	return counts
}

// saw takes in an event that the reader sees for the first time.
func (c *counting) saw(l *line) {
	if l.Event != "inserted" {
		return
	}
	var row struct {
		Activity struct{ Page, Task string }
	}
	if json.Unmarshal(l.New, &row) != nil {
		return
	}
	if key, ok := CountKey(row.Activity.Page, row.Activity.Task); ok {
		if c.more == nil {
			c.more = make(map[string]int64)
		}
		c.more[key]++
		c.inserts++
	}
}

// compare compares the counts with what was counted.
func (c *counting) compare(reader string) Counts {
	counts := Counts{Reader: reader, Compared: c.began != nil && c.ended != nil, Inserts: c.inserts}
	if !counts.Compared {
		return counts
	}
	keys := maps.Clone(c.began)
	maps.Copy(keys, c.more)
	maps.Copy(keys, c.ended)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if have, want := c.ended[key], c.began[key]+c.more[key]; have != want {
			counts.Wrong = append(counts.Wrong, fmt.Sprintf("%s: %d in the table, %d according to the journal", key, have, want))
		}
	}
	return counts
}
