package conformance

var runPoints = []Point{{
	Name: "latest", Section: sectionStream, needs: []string{"latest"},
	About: "begins with what is new, and misses nothing",
	play: func(w *World) {
		w.StartsAtLatest()
		w.Put("ada", "grace")
		w.Later(60 * minute)
		w.Start()
		w.Polls()
		w.Expect(1, 1)
		w.Meanwhile(func() {
			w.Put("barbara")
			w.Roll()
			w.Put("radia")
		})
	},
}, {
	Name: "latest-resumed", Section: sectionResuming, needs: []string{"latest", "resume"},
	About: "keeps where it began, without a record yet",
	play: func(w *World) {
		w.StartsAtLatest()
		w.Put("ada")
		w.Later(60 * minute)
		first := w.Start()
		w.Polls()
		w.Settles()
		w.Kill(first)
		w.Expect(1, 1)
		w.Put("barbara")
		w.Start()
	},
}, {
	Name: "resume", Section: sectionResuming, needs: []string{"resume"},
	About: "resumes where it was when it was killed",
	play: func(w *World) {
		w.PagesOf(10)
		w.Put(w.Rows(15)...)
		w.Roll()
		w.Put("ada")
		first := w.Start()
		w.Handles()
		w.Settles()
		w.Kill(first)
		w.Put("grace")
		w.Roll()
		w.Put("ada")
		w.Start()
	},
}, {
	Name: "killed-mid-page", Section: sectionOnce, needs: []string{"resume"},
	About: "handles the rest of a page after a kill",
	play: func(w *World) {
		w.Put("ada")
		first := w.Start()
		w.Handles()
		w.Settles()
		rows := w.LongRows(200)
		w.TakesOnly(40)
		w.Meanwhile(func() { w.Put(rows...) })
		w.Waits()
		w.Settles()
		w.Kill(first)
		w.MayRepeat(1, rows...)
		w.Start()
	},
}, {
	Name: "two-at-once", Section: sectionTwo, needs: []string{"resume", "standby"},
	About: "lets one of two read, and the other take over",
	play: func(w *World) {
		w.Put("ada")
		first := w.Start()
		w.Handles()
		second := w.StartAnother()
		w.Put("grace", "barbara")
		w.Handles()
		w.Settles()
		w.Kill(first)
		w.Put("radia")
		w.TakesOver(second)
	},
}, {
	Name: "shutdown", Section: sectionStop,
	About: "ends well on SIGTERM, and repeats nothing",
	play: func(w *World) {
		w.Put("ada", "grace")
		first := w.Start()
		w.CatchesUp()
		w.Put("barbara")
		w.Handles()
		w.StopsWell(first)
		if w.lacks("resume") {
			return
		}
		w.Put("ada")
		w.Start()
	},
}}

var lossPoints = []Point{{
	Name: "trimmed", Section: sectionDay, needs: []string{"losses"},
	About: "tells a loss after a day without an answer",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.CatchesUp()
		w.Meanwhile(func() {
			w.Put("grace")
			w.Loses(func() { w.Later(25 * hour) })
			w.Put("barbara")
		})
		w.TellsLoss("grace was trimmed before she was read")
	},
}, {
	Name: "trimmed-while-away", Section: sectionDay, needs: []string{"losses", "resume"},
	About: "tells a loss after a day away",
	play: func(w *World) {
		w.Put("ada")
		w.ReadsAndStops()
		w.Put("grace")
		w.Loses(func() { w.Later(25 * hour) })
		w.Put("barbara")
		w.Start()
		w.TellsLoss("grace was trimmed before she was read")
	},
}, {
	Name: "vanished-while-away", Section: sectionDay, needs: []string{"losses", "resume"},
	About: "tells a loss where its shard has vanished",
	play: func(w *World) {
		w.Put("ada")
		w.ReadsAndStops()
		w.Put("grace")
		w.Roll()
		w.Loses(func() { w.Later(49 * hour) })
		w.Put("barbara")
		w.Start()
		w.TellsLoss("grace vanished with her shard before she was read")
	},
}, {
	Name: "vanished-shards", Section: sectionDay,
	About: "passes over listed shards that have vanished",
	play: func(w *World) {
		w.Put("ada")
		w.Roll()
		w.Roll()
		w.StillLists()
		w.Loses(func() { w.Later(25 * hour) })
		w.Put("grace")
		w.Start()
	},
}, {
	Name: "stream-switched", Section: sectionAgain, needs: []string{"losses"},
	About: "reads the table's next stream, and tells a gap",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.Handles()
		w.Loses(func() { w.Switch(false) })
		w.Put("grace")
		w.Switch(true)
		w.Put("barbara")
		w.TellsLoss("grace was written while the stream was off")
	},
}, {
	Name: "table-again", Section: sectionAgain, needs: []string{"losses"},
	About: "reads the next table's stream, and tells a gap",
	play: func(w *World) {
		w.Put("ada")
		w.Start()
		w.Handles()
		w.Loses(func() { w.MakesAgain() })
		w.Put("barbara")
		w.TellsLoss("ada went with the table, and no stream says so")
	},
}}
