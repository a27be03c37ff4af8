package conformance

import (
	"fmt"
	"math/rand/v2"

	"dynamostreamer/internal/embedded"
)

// Mixed is a world of a number, which mixes what the points do. The same number makes the
// same world. A right reader takes about a minute.
func Mixed(seed uint64) Point {
	return Point{
		Name: fmt.Sprint("seed ", seed), Section: sectionOnce,
		About: "handled each change as often as it has to",
		play:  func(w *World) { w.mix(rand.New(rand.NewPCG(seed, 0))) },
	}
}

// mixSteps is how many things happen in a mixed world.
const mixSteps = 200

func (w *World) mix(draw *rand.Rand) {
	m := mixed{World: w, draw: draw, rows: w.Rows(12)}
	happenings := []func(){
		m.write, m.write, m.write, m.write, m.write, m.remove,
		w.Roll, w.Roll, m.split, m.age, m.expire, m.emptyPages, m.hideChildren, m.fail, m.fail, m.kill,
	}
	w.PagesOf(1 + draw.IntN(5))
	w.ShardPagesOf(2 + draw.IntN(5))
	w.Put(m.rows...)
	m.reader = w.Start()
	for range mixSteps {
		happenings[draw.IntN(len(happenings))]()
		if draw.IntN(8) == 0 {
			w.Handles()
		}
	}
}

// A mixed is a World in which things happen at random.
type mixed struct {
	*World
	draw   *rand.Rand
	rows   []string
	reader *process
	passed duration // on the engine's clock
}

// passes lets time pass while the reader waits, and then writes. All was handled before, so
// nothing is lost, and all happens in less than a day: else a shard in which nothing is
// written could have lost something unseen.
func (m *mixed) passes(d duration) {
	if m.passed += d; m.passed > 20*hour {
		return
	}
	m.Handles()
	m.Meanwhile(func() {
		m.Later(d)
		m.write()
	})
}

// some draws some of the rows.
func (m *mixed) some() []string {
	m.draw.Shuffle(len(m.rows), func(i, j int) { m.rows[i], m.rows[j] = m.rows[j], m.rows[i] })
	return m.rows[:1+m.draw.IntN(len(m.rows))]
}

func (m *mixed) write() { m.Put(m.some()...) }

func (m *mixed) remove() { m.Delete(m.some()...) }

func (m *mixed) split() {
	if len(m.open()) < 8 {
		m.Split()
	}
}

// age lets the shards roll of their age, and a row expire.
func (m *mixed) age() {
	m.PutItem(m.rows[0], m.EndsIn(hour))
	m.passes(5 * hour)
}

// expire lets the iterators expire.
func (m *mixed) expire() { m.passes(20 * minute) }

func (m *mixed) emptyPages() { m.EmptyPages(1 + m.draw.IntN(20)) }

func (m *mixed) hideChildren() { m.HidesChildren(1) }

// fail lets some calls fail, or one hang.
func (m *mixed) fail() {
	if m.draw.IntN(8) == 0 {
		m.Fails("GetRecords", 1, embedded.Hang)
		return
	}
	operations := []string{"DescribeStream", "GetShardIterator", "GetRecords"}
	faults := []embedded.Fault{embedded.Throttle, embedded.LimitExceeded, embedded.ServerError, embedded.LostAnswer}
	m.Fails(operations[m.draw.IntN(len(operations))], 1+m.draw.IntN(beyondRetries), faults[m.draw.IntN(len(faults))])
}

// kill kills the reader and starts another. What it handled a moment ago may come once more.
func (m *mixed) kill() {
	if m.lacks("resume") {
		return
	}
	if m.draw.IntN(2) == 0 {
		m.Handles()
		m.Settles()
		m.Kill(m.reader)
	} else {
		m.Kill(m.reader)
		m.MayRepeat(1, m.rows...)
	}
	m.reader = m.Start()
}
