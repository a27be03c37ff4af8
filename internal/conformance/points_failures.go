package conformance

import "dynamostreamer/internal/embedded"

// The SDKs make a call three times by themselves. A fourth failure reaches the reader.
const beyondRetries = 4

var failurePoints = []Point{{
	Name: "throttled-lists", Section: sectionThrottled,
	About: "repeats DescribeStream where it is throttled",
	play: func(w *World) {
		w.Put("ada")
		w.Fails("DescribeStream", beyondRetries, embedded.LimitExceeded)
		w.Start()
	},
}, {
	Name: "throttled-iterators", Section: sectionThrottled,
	About: "repeats GetShardIterator likewise",
	play: func(w *World) {
		w.Put("ada")
		w.Fails("GetShardIterator", beyondRetries, embedded.Throttle)
		w.Start()
	},
}, {
	Name: "throttled-records", Section: sectionThrottled,
	About: "repeats GetRecords likewise",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.CatchesUp()
		w.Fails("GetRecords", beyondRetries, embedded.Throttle)
		w.Put("grace")
	},
}, {
	Name: "server-errors", Section: sectionThrottled,
	About: "repeats a call where the service fails",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.CatchesUp()
		w.Fails("GetRecords", beyondRetries, embedded.ServerError)
		w.Put("grace")
	},
}, {
	Name: "lost-answers", Section: sectionThrottled,
	About: "repeats a call where the connection broke",
	play: func(w *World) {
		w.PagesOf(1)
		w.Put("ada", "grace", "barbara")
		w.Fails("GetRecords", beyondRetries, embedded.LostAnswer)
		w.Start()
	},
}, {
	Name: "hang", Section: sectionThrottled,
	About: "repeats a call that is never answered",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.CatchesUp()
		w.Fails("GetRecords", 1, embedded.Hang)
		w.Put("grace")
	},
}, {
	Name: "one-slow-shard", Section: sectionThrottled,
	About: "reads other shards while one is throttled",
	play: func(w *World) {
		rows := w.Rows(12)
		w.Split()
		w.Put(rows...)
		w.Start()
		w.CatchesUp()
		slow := w.open()[0]
		w.Throttles(slow)
		w.Put(rows...)
		w.HandlesAllBut(slow)
		w.NoLongerThrottles()
	},
}, {
	Name: "call-rates", Section: sectionThrottled,
	About: "keeps to the service's rates",
	play: func(w *World) {
		w.Limits()
		w.PagesOf(5)
		w.Put(w.Rows(15)...)
		w.Start()
		w.Handles()
		w.Lasts(2 * second)
		w.RefusedAtMost(10)
	},
}}
