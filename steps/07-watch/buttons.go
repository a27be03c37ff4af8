package main

// A button is something that the page can do, and what one should
// see then.
type button struct {
	ID    string         `json:"id"`
	Group string         `json:"group"`
	Label string         `json:"label"`
	See   string         `json:"see"`
	Post  string         `json:"post"`
	Body  map[string]any `json:"body"`
	Who   bool           `json:"who,omitempty"` // the page asks which reader
	Off   string         `json:"off,omitempty"` // why it can't be pressed
}

type body = map[string]any

// buttons are all but those of scenes.
func (a *app) buttons() []button {
	t := a.step.Table
	all := []button{
		{ID: "write-1", Group: "write", Label: "Write a row", See: "A row appears, and a dot for its record.", Post: "/watch/write", Body: body{"n": 1}},
		{ID: "write-100", Group: "write", Label: "Write a hundred rows", See: "A hundred rows and dots appear.", Post: "/watch/write", Body: body{"n": 100}},

		{ID: "delete", Group: "rows", Label: "Delete a row", See: "The row leaves at once, and a dot “deleted” appears.", Post: "/watch/rows", Body: body{"do": "delete"}},
		{ID: "prolong", Group: "rows", Label: "Prolong a row", See: "The row’s bar is long again, and a dot “modified” appears.", Post: "/watch/rows", Body: body{"do": "prolong"}},
		{ID: "change", Group: "rows", Label: "Change a row", See: "The row’s page changes, and a dot “modified” appears.", Post: "/watch/rows", Body: body{"do": "change"}},
		{ID: "same", Group: "rows", Label: "Change nothing", See: "Nothing happens: a write that changes nothing makes no record.", Post: "/watch/rows", Body: body{"do": "same"}},

		{ID: "split", Group: "shards", Label: "Split a shard", See: "The oldest open bar ends, and two children begin.", Post: "/watch/lab/split", Body: body{"table": t}},
		{ID: "roll", Group: "shards", Label: "Roll all shards over", See: "Each open bar ends, and one child begins for each.", Post: "/watch/lab/roll", Body: body{"table": t}},
		{ID: "trim", Group: "shards", Label: "Trim the records", See: "All dots turn grey: DynamoDB has none of them any more.", Post: "/watch/lab/trim", Body: body{"table": t}},
		{ID: "expire-iterators", Group: "shards", Label: "Expire the iterators", See: "A good reader asks for new ones and continues; a naive one may stop here.", Post: "/watch/lab/expire-iterators", Body: body{}},
		{ID: "sweep", Group: "shards", Label: "Sweep now", See: "Rows that have expired leave, with dots “expired”.", Post: "/watch/lab/sweep", Body: body{}},
		{ID: "stream-off", Group: "shards", Label: "Disable the stream", See: "All bars end. What is written now is in no stream.", Post: "/watch/lab/stream", Body: body{"table": t, "enabled": false}},
		{ID: "stream-on", Group: "shards", Label: "Enable a new stream", See: "About half a minute later a bar begins without a parent: a new stream has another ARN. A reader waits that long for children of the old one.", Post: "/watch/lab/stream", Body: body{"table": t, "enabled": true}},

		{ID: "jump-1h", Group: "clock", Label: "Jump an hour", See: "All bars of rows run out; the rows leave some seconds later.", Post: "/watch/lab/clock", Body: body{"jump": "1h"}},
		{ID: "jump-25h", Group: "clock", Label: "Jump 25 hours", See: "All dots leave the window of 24 hours and turn grey.", Post: "/watch/lab/clock", Body: body{"jump": "25h"}},
		{ID: "speed-60", Group: "clock", Label: "A minute a second", See: "The clock and the bars run 60 times as fast.", Post: "/watch/lab/clock", Body: body{"speed": 60}},
		{ID: "speed-1", Group: "clock", Label: "A second a second", See: "The clock runs as fast as yours.", Post: "/watch/lab/clock", Body: body{"speed": 1}},

		{ID: "throttle", Group: "faults", Label: "Throttle three calls", See: "The reader waits, asks again and loses nothing.", Who: true, Post: "/watch/lab/fault", Body: fault("GetRecords", "throttle", 3)},
		{ID: "limit", Group: "faults", Label: "Refuse three calls as too fast", See: "The same under another name, LimitExceededException.", Who: true, Post: "/watch/lab/fault", Body: fault("GetRecords", "limit", 3)},
		{ID: "fail", Group: "faults", Label: "Let three calls fail", See: "The reader asks again.", Who: true, Post: "/watch/lab/fault", Body: fault("GetRecords", "fail", 3)},
		{ID: "hang", Group: "faults", Label: "Let a call hang", See: "The mark “fetched” stands still in one shard. Ours gives the call up after 15 seconds and asks again; a naive reader waits for ever.", Who: true, Post: "/watch/lab/fault", Body: fault("GetRecords", "hang", 1)},
		{ID: "lose-answer", Group: "faults", Label: "Lose an answer", See: "The reader asks again, and gets the same page.", Who: true, Post: "/watch/lab/fault", Body: fault("GetRecords", "lose-answer", 1)},
		{ID: "empty", Group: "faults", Label: "Give an empty page", See: "A good reader asks again; one that stops at an empty page is done.", Who: true, Post: "/watch/lab/fault", Body: fault("GetRecords", "empty", 1)},
		{ID: "hide-children", Group: "faults", Label: "Hide new shards twice", See: "After the next split, the reader finds the children a little later.", Who: true, Post: "/watch/lab/fault", Body: fault("DescribeStream", "hide-children", 2)},
		{ID: "clear-faults", Group: "faults", Label: "Clear all faults", See: "Nothing waits any more, and calls that hang break off.", Post: "/watch/lab/clear-faults", Body: body{}},
	}
	all = append(all, readerButtons(ours)...)
	all = append(all, button{ID: "ours-forget", Group: "ours", Label: "Remove its checkpoint", See: "Once started, it reads all records from the beginning.", Post: "/watch/readers/ours", Body: body{"do": "forget"}})
	all = append(all, readerButtons("naive")...)
	for i := range all {
		all[i].Off = a.why(all[i].Group)
	}
	return all
}

func fault(operation, name string, calls int) body {
	return body{"operation": operation, "fault": name, "calls": calls}
}

func readerButtons(id string) []button {
	post := "/watch/readers/" + id
	started := "It resumes after its mark “saved”."
	if id == "naive" {
		started = "It begins anew: it keeps no checkpoint."
	}
	return []button{
		{ID: id + "-kill", Group: id, Label: "Kill it", See: "Its process is gone at once, and its marks stay where they are.", Post: post, Body: body{"do": "kill"}},
		{ID: id + "-freeze", Group: id, Label: "Freeze it", See: "Its process is stopped: the records wait, and the lag grows.", Post: post, Body: body{"do": "freeze"}},
		{ID: id + "-thaw", Group: id, Label: "Thaw it", See: "It continues as if nothing had happened.", Post: post, Body: body{"do": "thaw"}},
		{ID: id + "-start", Group: id, Label: "Start it", See: started, Post: post, Body: body{"do": "start"}},
	}
}

// why says why a group of buttons can't be used here.
func (a *app) why(group string) string {
	switch group {
	case "shards", "faults":
		if a.lab == nil {
			return "Only the engine can do this: run 07-watch without -endpoint."
		}
	case "clock":
		if a.lab == nil {
			return "Only the engine has a clock that can be moved: run 07-watch without -endpoint."
		}
		if !a.movable {
			return "The clock of a folder is this machine’s: run 07-watch without -endpoint."
		}
	case "write", "rows":
		if a.foreign {
			return "The table is another program’s: its rows stay as they are."
		}
	}
	return ""
}
