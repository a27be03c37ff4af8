package conformance

import "dynamostreamer/internal/embedded"

// The SDKs make a call three times by themselves. A fourth failure reaches the reader.
const beyondRetries = 4

var failurePoints = []Point{{
	Name: "throttled-lists", Section: sectionThrottle,
	About: "tries again where DescribeStream is throttled",
	play: func(w *World) {
		w.Put("ada")
		w.Fails("DescribeStream", beyondRetries, embedded.LimitExceeded)
		w.Start()
	},
}, {
	Name: "throttled-iterators", Section: sectionThrottle,
	About: "tries again where GetShardIterator is throttled",
	play: func(w *World) {
		w.Put("ada")
		w.Fails("GetShardIterator", beyondRetries, embedded.Throttle)
		w.Start()
	},
}, {
	Name: "throttled-records", Section: sectionThrottle,
	About: "tries again where GetRecords is throttled",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.Handles()
		w.Fails("GetRecords", beyondRetries, embedded.Throttle)
		w.Put("grace")
	},
}, {
	Name: "server-errors", Section: sectionThrottle,
	About: "tries again where the service fails",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.Handles()
		w.Fails("GetRecords", beyondRetries, embedded.ServerError)
		w.Put("grace")
	},
}, {
	Name: "lost-answers", Section: sectionThrottle,
	About: "asks again where a connection broke before the answer",
	play: func(w *World) {
		w.PagesOf(1)
		w.Put("ada", "grace", "barbara")
		w.Fails("GetRecords", beyondRetries, embedded.LostAnswer)
		w.Start()
	},
}, {
	Name: "hang", Section: sectionThrottle,
	About: "gives up on a call that is never answered, and makes it again",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.Handles()
		w.Fails("GetRecords", 1, embedded.Hang)
		w.Put("grace")
	},
}, {
	Name: "one-slow-shard", Section: sectionThrottle,
	About: "reads the other shards while one is throttled",
	play: func(w *World) {
		rows := w.Rows(12)
		w.Split()
		w.Put(rows...)
		w.Start()
		w.Handles()
		slow := w.open()[0]
		w.Throttles(slow)
		w.Put(rows...)
		w.HandlesAllBut(slow)
		w.NoLongerThrottles()
	},
}, {
	Name: "call-rates", Section: sectionThrottle,
	About: "keeps to the service's rates, or slows down where it is told to",
	play: func(w *World) {
		w.Limits()
		w.PagesOf(5)
		w.Put(w.Rows(15)...)
		w.Start()
		w.Handles()
		w.Settles()
		w.RefusedAtMost(10)
	},
}}
