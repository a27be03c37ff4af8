package stream

import (
	"flag"
	"strconv"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// worldsWanted is how many worlds TestWorlds plays. A failing world's
// seed, as rapid prints it, plays it again:
//
//	go test ./internal/stream -run Worlds -rapid.seed=SEED
var worldsWanted = flag.Int("worlds", worldsByDefault, "number of `worlds` to play")

// TestWorlds plays streams that divide, fail and lose records, and readers
// that crash and come back. In each world, nothing is lost without a word;
// an item's changes come in order; none comes twice that a checkpoint has;
// a child is read after its parent; calls stay within the limits; and
// reading comes to its end.
func TestWorlds(t *testing.T) {
	const halves = 2 // side by side
	setChecks(t, (*worldsWanted+halves-1)/halves)
	for half := range halves {
		t.Run(strconv.Itoa(half+1), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				slow := rapid.IntRange(0, 9).Draw(rt, "slow") == 9
				checkWorld(t, rt, drawWorld(rt, slow), newPlayed)
			})
		})
	}
}

// setChecks has rapid check so often, unless the command line says how often.
func setChecks(t *testing.T, n int) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if given {
		return
	}
	before := flag.Lookup("rapid.checks").Value.String()
	flag.Set("rapid.checks", strconv.Itoa(n))
	t.Cleanup(func() { flag.Set("rapid.checks", before) })
}

// checkWorld plays a world in a bubble and gives the verdict outside, since
// rapid must not fail inside.
func checkWorld(t *testing.T, rt *rapid.T, w world, begin func(world) *played) {
	var violations []string
	synctest.Test(t, func(*testing.T) {
		violations = begin(w).run()
	})
	for _, v := range violations {
		rt.Error(v)
	}
}
