package main

import (
	"path/filepath"
	"strings"
)

const aboutEverything = "Everything that happened, not everything there is"

var stepFacts = []fact{
	{aboutTable, "step 01 makes a table with its stream and its TTL", func(w *world) {
		w.prints(w.run("01-create-table", w.stepsTable()),
			"created table "+w.stepsTable(), "status    ACTIVE", "keys      id (S, HASH), email (S, RANGE)",
			"capacity  1 read, 1 write", "stream    NEW_AND_OLD_IMAGES, arn:aws", "ttl       ttl, ENABL")
	}},
	{aboutCreating, "once more, it changes nothing", func(w *world) {
		w.prints(w.run("01-create-table", w.stepsTable()), "exists already: nothing changed")
	}},
	{aboutRecords, "step 02 counts what it wrote", func(w *world) {
		w.prints(w.run("02-generate", w.stepsTable(), "-n", "6", "-updates", "0.5", "-deletes", "0.3", "-seed", "7", "-rate", w.rate),
			"inserted 6, modified 3, deleted 2\n11 writes")
	}},
	{aboutEverything, "step 03 reads all of it, and no more", func(w *world) {
		w.prints(w.run("03-read-stream", w.stepsTable(), "-idle", w.idle.String()),
			"inserted      6\n", "modified      3\n", "deleted       2\n", "expired       0\n", "no new records for")
	}},
	{aboutRecords, "a put over an item is a change, and names what has changed", func(w *world) {
		for _, ttl := range []string{"1h", "2h"} {
			w.prints(w.run("02-generate", w.stepsTable(), "-n", "1", "-seed", "3", "-ttl", ttl), "inserted 1, modified 0, deleted 0")
		}
		w.prints(w.run("03-read-stream", w.stepsTable(), "-idle", w.idle.String(), "-only", "modified"),
			"inserted      7\n", "modified      4\n", "ttl: ")
	}},
	{"At least once", "step 05 misses nothing, and counts once", func(w *world) {
		length, crash := "5s", "1s"
		if w.rate == "1" {
			length, crash = "40s", "10s"
		}
		p := w.run("05-supervise", w.supervisedTable(), "-for", length, "-crash", crash, "-ttl", "1h", "-rate", w.rate,
			"-idle", w.idle.String(), "-journals", filepath.Join(w.folder, "journals"))
		w.prints(p, "missing       0\n", "out of order  0\n", "duplicates    0", "equal to the ")
		w.note("%s", strings.SplitN(p.stdout.String(), "\n", 2)[0])
	}},
	{"Late, and all at once", "step 04 tells rows that expired from one that was deleted", func(w *world) {
		p := w.run("04-ttl", w.stepsTable(), "-n", "1", "-timeout", w.ttlWait.String())
		text := p.stdout.String()
		if p.status() != 0 && strings.Contains(p.stderr.String(), "row not removed within") {
			w.want(strings.Contains(text, "before its ttl"), "%s", text)
			w.unseen("no row was removed within %v: DynamoDB may take days", w.ttlWait)
		}
		w.prints(p, "deleted", "before its ttl", "expired", "after its ttl", "kept")
	}},
	{aboutTable, "step 01 deletes the table", func(w *world) {
		w.prints(w.run("01-create-table", w.stepsTable(), "-delete"), "deleted table "+w.stepsTable())
	}},
}
