package conformance

import (
	"fmt"
	"slices"
)

// Points are all of them, in the order in which a reader is written.
var Points = slices.Concat(shardPoints, pagePoints, failurePoints, recordPoints, runPoints, lossPoints)

// The titles of the sections of TUTORIAL.md that explain a point.
const (
	sectionStream    = "What a stream is"
	sectionOneShard  = "Stage 1: one shard"
	sectionEmpty     = "Stage 2: an empty page is not the end"
	sectionLast      = "Stage 3: the last page has records"
	sectionShards    = "Stage 4: new shards"
	sectionParents   = "Stage 5: parents first"
	sectionExpired   = "Stage 6: an iterator expires"
	sectionThrottled = "Stage 7: throttling is ordinary"
	sectionResuming  = "Stage 8: resuming"
	sectionRecord    = "Each write that changes something makes a record"
	sectionWho       = "Who did it?"
	sectionOnce      = "At least once"
	sectionDay       = "You have 24 hours"
	sectionAgain     = "A table that was made again"
	sectionTwo       = "Two readers of one name"
	sectionStop      = "Stopping has an order"
)

var shardPoints = []Point{{
	Name: "one-shard", Section: sectionOneShard,
	About: "handles each change of a shard once",
	play: func(w *World) {
		w.Put("ada", "grace")
		w.Start()
		w.CatchesUp()
		w.Put("barbara", "ada")
	},
}, {
	Name: "parent-first", Section: sectionParents,
	About: "reads a shard to its end before its child",
	play: func(w *World) {
		w.PagesOf(1)
		w.Put(w.Rows(12)...)
		w.Put("barbara")
		w.AnswersSlowly(w.open()[0]) // to sort what comes within a second is not enough
		w.Roll()
		w.Delete("barbara")
		w.Start()
	},
}, {
	Name: "three-generations", Section: sectionParents,
	About: "waits for the parent of an empty parent",
	play: func(w *World) {
		w.PagesOf(1)
		w.Put(w.Rows(12)...)
		w.Put("barbara")
		w.Roll() // nothing is written to the child
		w.Roll()
		w.Delete("barbara")
		w.Start()
	},
}, {
	Name: "split", Section: sectionShards,
	About: "reads both children of a shard",
	play: func(w *World) {
		rows := w.Rows(12)
		w.PagesOf(1)
		w.Put(rows...)
		w.Split()
		w.Put(rows...)
		w.Start()
		w.Handles()
		w.Meanwhile(func() {
			w.Split()
			w.Delete(rows...)
		})
	},
}, {
	Name: "later-shards", Section: sectionShards,
	About: "finds shards that come after its start",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.CatchesUp()
		w.Meanwhile(func() {
			w.Roll()
			w.Put("grace")
		})
		w.Handles()
		w.Meanwhile(func() {
			w.Roll()
			w.Roll()
			w.Put("ada")
		})
	},
}, {
	Name: "shard-pages", Section: sectionShards,
	About: "reads all pages of the list of shards",
	play: func(w *World) {
		w.ShardPagesOf(3)
		for range 3 {
			w.Put(w.Rows(8)...)
			w.Split()
		}
		w.Put(w.Rows(16)...)
		w.Start()
	},
}, {
	Name: "stale-list", Section: sectionShards,
	About: "looks again for children not listed yet",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.Handles()
		w.Meanwhile(func() {
			w.HidesChildren(2)
			w.Roll()
			w.Put("grace")
		})
	},
}}

var pagePoints = []Point{{
	Name: "empty-page", Section: sectionEmpty,
	About: "continues after empty pages of an open shard",
	play: func(w *World) {
		w.Put("ada")
		w.EmptyPages(3)
		w.Start()
		w.CatchesUp()
		w.EmptyPages(3)
		w.Put("grace")
	},
}, {
	Name: "hundred-empty-pages", Section: sectionEmpty,
	About: "continues after 100 empty pages",
	play: func(w *World) {
		w.Put("ada")
		w.Roll()
		w.Put("grace")
		w.EmptyPages(100)
		w.Start()
	},
}, {
	Name: "last-page", Section: sectionLast,
	About: "handles the records of a shard's last page",
	play: func(w *World) {
		w.PagesOf(2)
		w.Put("ada", "grace", "barbara")
		w.Roll()
		w.Start()
		w.CatchesUp()
		w.Meanwhile(func() {
			w.Put("radia")
			w.Roll()
		})
	},
}, {
	Name: "expired-iterator", Section: sectionExpired,
	About: "renews an iterator, and repeats nothing",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.CatchesUp()
		w.Meanwhile(func() {
			w.Later(20 * minute)
			w.Put("grace")
		})
		w.Handles()
		w.Roll()
		w.Polls()
		w.Meanwhile(func() { // nothing was read of this shard yet
			w.Put("barbara")
			w.Later(20 * minute)
		})
	},
}}

var recordPoints = []Point{{
	Name: "no-change", Section: sectionRecord,
	About: "handles nothing where nothing changed",
	play: func(w *World) {
		w.PutItem("ada", attributes{"page": text("/home")})
		w.PutItem("ada", attributes{"page": text("/home")})
		w.Delete("nobody")
		w.PutItem("ada", attributes{"page": text("/cart")})
		w.Start()
		w.CatchesUp()
		w.PutItem("ada", attributes{"page": text("/cart")})
		w.PutItem("grace", attributes{"page": text("/home")})
	},
}, {
	Name: "kinds", Section: sectionRecord, needs: []string{"kinds"},
	About: "tells inserts, changes and deletes",
	play: func(w *World) {
		w.Permit(func(p *permits) { p.kinds = true })
		w.Put("ada", "grace")
		w.Put("ada")
		w.Delete("ada")
		w.Put("ada")
		w.Start()
	},
}, {
	Name: "expired", Section: sectionWho, needs: []string{"kinds"},
	About: "tells removals by TTL from deletes",
	play: func(w *World) {
		w.Permit(func(p *permits) { p.kinds, p.expiries = true, true })
		w.PutItem("ada", w.EndsIn(minute))
		w.PutItem("grace", w.EndsIn(minute))
		w.Delete("grace")
		w.Start()
		w.CatchesUp()
		w.Later(2 * minute)
	},
}, {
	Name: "deleted-after-its-ttl", Section: sectionWho, needs: []string{"kinds"},
	About: "tells late deletes from removals by TTL",
	play: func(w *World) {
		w.Permit(func(p *permits) { p.kinds, p.expiries = true, true })
		w.PutItem("ada", w.EndsIn(minute))
		w.Start()
		w.CatchesUp()
		w.Passes(2 * minute) // and DynamoDB is late
		w.Delete("ada")
	},
}, {
	Name: "values", Section: sectionRecord, needs: []string{"images"},
	About: "keeps 38 digits, sets, binary, empty values",
	play: func(w *World) {
		w.Permit(func(p *permits) { p.images = true })
		w.PutItem("ada", attributes{
			"large": number("12345678901234567890123456789012345678"), "small": number("-1E-130"),
			"float": number("0.1"), "names": attributes{"SS": []string{"b", "a"}},
			"numbers": attributes{"NS": []string{"9007199254740993", "1.5"}},
			"bytes":   attributes{"B": "/wAB"}, "some": attributes{"BS": []string{"AA==", "/w=="}},
			"empty": text(""), "none": attributes{"B": ""}, "null": attributes{"NULL": true}, "no": attributes{"BOOL": false},
			"list": attributes{"L": []any{text("x"), number("1"), attributes{"L": []any{}}}},
			"map":  attributes{"M": attributes{"in": attributes{"M": attributes{}}, "n": text("12")}},
		})
		w.PutItem("ada", attributes{"large": number("99999999999999999999999999999999999999")})
		w.Delete("ada")
		w.Start()
	},
}}

// attributes are a row's, or a value's, in DynamoDB's JSON.
type attributes = map[string]any

func number(n string) attributes { return attributes{"N": n} }

// EndsIn is the ttl of a row that ends after a time.
func (w *World) EndsIn(d duration) attributes {
	return attributes{"ttl": number(fmt.Sprint(w.service.db.Now().Add(d).Unix()))}
}
