package conformance

import (
	"fmt"
	"strings"
	"sync"
)

// A judge compares what a reader handled with the truth.
type judge struct {
	mu sync.Mutex
	*truth
	events  int
	first   int     // how many changes were handled
	foreign []event // handled, and not known yet: the world learns of a change after its write
	losses  int     // how many the reader told
	wrong   string  // what is certainly wrong; empty: nothing yet
	absent  string  // what the reader doesn't give, and the point needs
	may     permits
	stopped error // the test was stopped
}

// permits are what a point lets a reader do, or needs.
type permits struct {
	loss            bool // a loss may be told
	exit            bool // ending with a status other than 0 tells it
	anew            bool // reading may begin with the oldest change, which then is absent
	kinds, expiries bool // the reader has to tell kinds, and removals by TTL from others
	images          bool
}

// saw takes in an event.
func (j *judge) saw(e event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events++
	switch c := j.bySequence[e.Sequence]; {
	case e.lost:
		if j.losses++; !j.may.loss {
			j.isWrong("it told a loss, and nothing was lost")
		}
	case c == nil:
		j.foreign = append(j.foreign, e)
	default:
		j.judge(c, e)
	}
}

// learn takes in what happened to the table.
func (j *judge) learn() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.truth.learn(); err != nil {
		return err
	}
	j.judgeForeign()
	return nil
}

// judgeForeign judges what was handled before it was known. All is known now.
func (j *judge) judgeForeign() {
	waiting := j.foreign
	j.foreign = nil
	for _, e := range waiting {
		if c := j.bySequence[e.Sequence]; c != nil {
			j.judge(c, e)
		} else {
			j.isWrong("it handled a change that the stream doesn't have: id %q, sequence %q", cut(e.ID, 40), cut(e.Sequence, 40))
		}
	}
}

func (j *judge) isWrong(format string, args ...any) {
	if j.wrong == "" {
		j.wrong = fmt.Sprintf(format, args...)
	}
}

// judge judges an event of a change.
func (j *judge) judge(c *change, e event) {
	c.times++
	switch {
	case e.ID != c.id:
		j.isWrong("it handled sequence %s as a change of %s, which is one of %s", c.sequence, cut(e.ID, 40), name(c.id))
	case c.most == 0 && j.may.anew:
		j.absent = "it began with the oldest change, not with the newest: START says where to begin"
	case c.times > c.most:
		j.isWrong("%s was handled %s, and may be handled %s at most", c, times(c.times), times(c.most))
	}
	if c.times == 1 {
		j.first++
		j.judgeOrder(c)
	}
	j.judgeKind(c, e)
	if e.New != nil || e.Old != nil {
		if !sameImage(e.New, c.new) {
			j.isWrong("%s has another new image: %s, not %s", name(c.id), shown(e.New), shown(c.new))
		}
		if !sameImage(e.Old, c.old) {
			j.isWrong("%s has another old image: %s, not %s", name(c.id), shown(e.Old), shown(c.old))
		}
	} else if j.may.images {
		j.absent = "it gives no images"
	}
}

// judgeOrder finds an earlier change of the item that was not handled.
func (j *judge) judgeOrder(c *change) {
	for _, earlier := range j.before(c) {
		if earlier.times > 0 || earlier.fewest == 0 {
			continue
		}
		why := fmt.Sprintf("%s %s before %s %s", name(c.id), c.did(), pronoun(c.id), earlier.did())
		if earlier.shard != c.shard {
			why += fmt.Sprintf(": shard %s was read before the end of %s", j.letter(c.shard), j.letter(earlier.shard))
		}
		j.isWrong("%s", why)
		return
	}
}

// kindNames are the words for kinds. Of a removed row nothing is said of who removed it.
var kindNames = map[string]string{
	"insert": "inserted", "inserted": "inserted", "modify": "modified", "modified": "modified",
	"delete": "deleted", "deleted": "deleted", "expired": "expired", "expire": "expired", "remove": "removed", "removed": "removed",
}

// judgeKind judges the kind where the point is about kinds.
func (j *judge) judgeKind(c *change, e event) {
	kind := kindNames[strings.ToLower(e.Kind)]
	removed := c.kind == "deleted" || c.kind == "expired"
	switch {
	case !j.may.kinds:
	case e.Kind == "":
		j.absent = "it tells no kinds"
	case kind == "":
		j.isWrong("it told the unknown kind %q: inserted, modified, deleted and expired are known", cut(e.Kind, 40))
	case kind == "removed" && removed:
		if j.may.expiries {
			j.absent = "its kind REMOVE doesn't tell who removed a row: expired or deleted does"
		}
	case kind != c.kind:
		j.isWrong("%s %s, and was handled as %s", name(c.id), c.did(), kind)
	}
}

// outcome returns what is certain by now.
func (j *judge) outcome() (wrong, absent string, stopped error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.wrong, j.absent, j.stopped
}

// reached counts the changes that were handled.
func (j *judge) reached() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.first
}

// missing returns the first change outside of a shard that was not handled as often as it has
// to be, or nil.
func (j *judge) missing(but string) *change {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.changes {
		if c.times < c.fewest && c.shard != but {
			return c
		}
	}
	return nil
}

func (j *judge) toldLoss() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.losses > 0
}

// stop ends the scenario.
func (j *judge) stop(why error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stopped = why
}
