package main_test

import (
	"context"
	"fmt"
	"time"
)

// A scenario is a piece of a table's life. They are in the order in which a learner
// may meet them: the last two need a copy of the table.
type scenario struct {
	name    string
	look    string // what to look at where it fails
	section string // of TUTORIAL.md
	play    func(*world)
}

var scenarios = []scenario{
	{"inserts", "each row is a user: its key is id and email", "A row says when it ends", func(w *world) {
		w.start()
		w.on("/cart", "ada", "grace", "tony")
		w.on("/", "grace/home", "ken")
		w.user("nobody", "", week) // another program's row
		w.agrees()
		w.on("/cart", "ken/2", "john")
	}},
	{"moves", "an event of the kind modified takes a user from one page to another", "Order is for one item", func(w *world) {
		w.begin()
		w.on("/cart", "ada", "grace", "tony")
		w.agrees()
		w.on("/checkout", "ada", "grace")
		w.on("/orders", "grace")
		w.on("/cart", "tony") // only the ttl changes
		w.on("/cart", "ada")
		w.user("tony", "", week) // on no page
	}},
	{"deletes", "an event of the kind deleted has no new image", "Everything that happened, not everything there is", func(w *world) {
		w.begin()
		w.on("/cart", "ada", "grace", "tony")
		w.on("/", "ken")
		w.agrees()
		w.leave("grace", "ken")
		w.on("/search", "john")
		w.leave("john")
	}},
	{"expiries", "a row that TTL removed is an event of the kind expired", "Who did it?", func(w *world) {
		w.begin()
		w.on("/cart", "ada")
		w.user("grace", "/cart", time.Hour)
		w.user("tony", "/search", time.Hour)
		w.agrees()
		w.user("tony", "/search", 3*time.Hour)
		w.later(2 * time.Hour)
	}},
	{"many", "a transaction has 100 items at most: see PageSize", "Counted once", func(w *world) {
		var crowd []string
		for i := range 150 {
			crowd = append(crowd, fmt.Sprint("user", i))
		}
		p := w.begin()
		w.on("/cart", "ada")
		w.agrees()
		p.stop()
		w.on("/", crowd...)
		for i, name := range crowd {
			w.on(fmt.Sprint("/products/", i), name)
		}
		w.start() // and finds them all in one page of records
	}},
	{"shards", "a shard's children are read after it, and what a handler has in memory is not one shard's", "Stage 4: new shards", func(w *world) {
		w.begin()
		w.on("/", "ada", "grace", "tony", "ken", "john", "edsger")
		w.split()
		w.on("/cart", "ada", "grace", "tony", "ken")
		w.must(w.db.RollShards(context.Background(), activities))
		w.on("/checkout", "ada", "grace")
		w.split()
		w.on("/orders", "ada")
		w.leave("tony", "john")
	}},
	{"restart", "a clean shutdown keeps the checkpoints: see Reader.Close", "A reader that dies", func(w *world) {
		p := w.begin()
		w.on("/cart", "ada", "grace")
		w.agrees()
		p.stop()
		w.on("/checkout", "ada")
		w.on("/cart", "tony")
		w.start()
	}},
	{"killed-before", "it was killed before a write arrived: no checkpoint may be past an event that isn't counted", "At least once", func(w *world) {
		p := w.begin()
		w.on("/cart", "ada", "grace")
		w.agrees()
		trap := p.traps("/checkout", killBefore)
		w.on("/checkout", "ada")
		w.springs(p, trap)
		w.on("/", "grace")
		w.start()
	}},
	{"killed-after", "it was killed after a write arrived: an event that comes twice must count once", "Counted once", func(w *world) {
		p := w.begin()
		w.on("/cart", "ada", "grace")
		w.agrees()
		trap := p.traps("/checkout", killAfter)
		w.on("/checkout", "ada")
		w.springs(p, trap)
		w.on("/", "grace")
		w.start()
	}},
	{"two-replicas", "one was frozen amid a write and the other one took over: the late write must be refused", "Two readers of one name", func(w *world) {
		first := w.begin()
		w.on("/cart", "ada")
		w.agrees()
		w.start()
		trap := first.traps("/checkout", hold)
		w.on("/checkout", "grace")
		w.springs(first, trap)
		first.mayEnd() // it may find that it is fenced
		w.agrees()     // by the second one
		w.leave("grace")
		w.agrees()
		first.release()
	}},
	{"older-rows", "the stream has no records of rows that are older than a day: see Options.Copy", "A copy of the table", func(w *world) {
		w.on("/cart", "ada", "grace", "tony")
		w.later(25 * time.Hour) // their records are trimmed
		w.on("/checkout", "grace")
		w.on("/search", "ken", "john")
		w.leave("ken")
		w.start()
		w.agrees()
		w.on("/search", "ada")
		w.leave("tony")
	}},
	{"gap", "records were lost: whatever they said, the table has it", "You have 24 hours", func(w *world) {
		p := w.begin()
		w.on("/cart", "ada", "grace", "tony")
		w.on("/", "ken")
		w.agrees()
		p.stop()
		w.on("/checkout", "ada")
		w.leave("grace", "ken")
		w.on("/search", "john")
		w.later(25 * time.Hour)
		w.start()
		w.agrees()
		w.on("/cart", "ken")
	}},
}
