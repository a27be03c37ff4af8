package activity

import (
	crand "crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// idBytes of randomness make an id. Among n ids, two are alike with a
// probability of about n²/2 in 2^128: for ten million ids that is 1 in
// 6.8×10^24, where the tutorial's original asked for 1 in 10^15.
const idBytes = 16

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// A Generator makes up user activities. It writes nothing: nothing that it
// makes exists until it is written. It is not safe for concurrent use.
type Generator struct {
	ids io.Reader
	rng *rand.Rand
	ttl time.Duration
	now func() time.Time
}

// NewGenerator returns a Generator of rows that expire ttl after now
// says that they were made. Ids come from the operating system's
// cryptographic source and can't be guessed.
func NewGenerator(ttl time.Duration, now func() time.Time) *Generator {
	return &Generator{
		ids: crand.Reader,
		rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		ttl: ttl,
		now: now,
	}
}

// NewSeededGenerator is NewGenerator, but each seed makes the same rows
// and choices each time, ids too; only the TTLs follow the clock. Two
// runs with one seed therefore write the same keys.
func NewSeededGenerator(seed uint64, ttl time.Duration, now func() time.Time) *Generator {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &Generator{
		ids: rand.NewChaCha8(key),
		rng: rand.New(rand.NewPCG(seed, 0)),
		ttl: ttl,
		now: now,
	}
}

// Rows makes n new rows.
func (g *Generator) Rows(n int) []UserActivity {
	rows := make([]UserActivity, n)
	for i := range rows {
		rows[i] = g.row()
	}
	return rows
}

// Later makes up what happens to the rows after they were inserted: the
// share updates of them, from 0 to 1, is changed, and then the share
// deletes of them is deleted.
func (g *Generator) Later(rows []UserActivity, updates, deletes float64) []Change {
	var later []Change
	for _, row := range rows {
		if g.chance(updates) {
			row = g.change(row)
			later = append(later, Change{Modified, row})
		}
		if g.chance(deletes) {
			later = append(later, Change{Deleted, row})
		}
	}
	return later
}

func (g *Generator) row() UserActivity {
	return UserActivity{
		ID:    g.id(),
		Email: fmt.Sprintf("%s%d@example.com", names[g.rng.IntN(len(names))], g.rng.IntN(100)),
		Activity: Activity{
			Page: pages[g.rng.IntN(len(pages))],
			Task: tasks[g.rng.IntN(len(tasks))],
		},
		TTL: g.now().Add(g.ttl).Unix(),
	}
}

// change returns the row with another page and, as often as not, another
// task. It always differs from what it was given: an update that changes
// nothing makes no stream record.
func (g *Generator) change(row UserActivity) UserActivity {
	row.Activity.Page = other(pages, row.Activity.Page, g.rng.IntN)
	if g.chance(0.5) {
		row.Activity.Task = other(tasks, row.Activity.Task, g.rng.IntN)
	}
	return row
}

// chance is true with probability p: never at 0, always at 1.
func (g *Generator) chance(p float64) bool { return g.rng.Float64() < p }

func (g *Generator) id() string {
	var id [idBytes]byte
	if _, err := io.ReadFull(g.ids, id[:]); err != nil {
		panic(fmt.Sprintf("no randomness: %v", err)) // neither source can fail
	}
	return idEncoding.EncodeToString(id[:])
}
