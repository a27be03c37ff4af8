package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dynamostreamer/internal/activity"
)

// A scene shows one thing, in steps that one takes by clicks.
type scene struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Section string   `json:"section"` // of TUTORIAL.md
	About   string   `json:"about"`
	Shows   string   `json:"shows"` // what one knows after it
	Naive   string   `json:"naive"` // the reader that it needs; empty: any
	Steps   []button `json:"steps"`
	acts    []func(context.Context, *app) error
}

// A step is a click of a scene. Its group says what it needs.
func step(label, see, group string, act func(context.Context, *app) error) sceneStep {
	return sceneStep{button{Label: label, See: see, Group: group}, act}
}

type sceneStep struct {
	button
	act func(context.Context, *app) error
}

// Sections of TUTORIAL.md.
const (
	writing   = "section 2"
	inReading = "section 3"
	expiring  = "section 4"
)

// scenes are all of them. The first step of each clears the stage.
func scenes() []scene {
	return []scene{
		made("every-change", "Every change is a record", writing, "",
			"Each dot is a record of the stream, on the bar of its shard. A stream has a record of each write that changed something, and of no other.",
			"A record is made by a change of an item, not by a call. It has the item before and after, so a delete still tells what was there.",
			step("Insert a row", "A row, and a dot “inserted”.", "write", insertRows(1)),
			step("Change it", "A dot “modified”: hover over it for the row before and after.", "write", changeRows),
			step("Write the same again", "Nothing: what changes nothing makes no record.", "write", sameRows),
			step("Delete it", "A dot “deleted”, which still has the old row.", "write", deleteRows),
		),
		made("parents-first", "A child waits for its parent", inReading, "side-by-side",
			"A bar is a shard. When it ends, a child continues it. Our reader reads the parent to its end first, the naive one takes a page of each in turn: look for amber dots, which it handled out of order.",
			"An item’s later changes are in the child. Who reads the child beside its parent can see a row deleted before it was inserted.",
			step("Kill the naive reader, and insert 30 rows", "Dots “inserted” on an open bar. The naive reader’s marks stay behind.", "shards", all(killNaive, insertPages)),
			step("Roll all shards over", "The bar ends, and a child begins.", "shards", roll),
			step("Delete the rows, the last ones first", "Dots “deleted” on the child.", "shards", deleteRows),
			step("Start the naive reader", "Amber dots: it handled a row’s delete before its insert. Ours read the parent to its end first.", "shards", startNaive),
		),
		made("new-shards", "A stream gets new shards", inReading, "first-shards",
			"Bars end after some hours, or when a partition splits, and children continue. This naive reader lists the shards once: look for red dots, which it lost.",
			"A stream’s shards change while you read. A reader lists them again and again, or it loses all that comes later.",
			step("Insert 5 rows", "Both readers handle five dots.", "shards", insertRows(5)),
			step("Split a shard", "A bar ends, and two children begin.", "shards", split),
			step("Insert 20 rows", "Those on the children are red for the naive reader: it never looks for new shards.", "shards", insertRows(20)),
		),
		made("expired-iterator", "An iterator expires", inReading, "expired-iterator",
			"A reader asks for a shard’s records with an iterator, which lives for 15 minutes. Here all of them expire at once: look at the marks H, handled, of both readers.",
			"An iterator is not a position: it dies after 15 minutes. The last sequence number is one, and a new iterator continues after it.",
			step("Insert 5 rows", "Both readers handle five dots.", "shards", insertRows(5)),
			step("Expire all iterators", "The naive reader is stuck. Ours asks for a new iterator after the last sequence number.", "shards", labCall("expire-iterators", nil)),
			step("Insert 5 rows", "Red for the naive reader: it asks for ever with an iterator that has expired.", "shards", insertRows(5)),
		),
		made("empty-page", "An empty page is not the end", inReading, "empty-page",
			"GetRecords may return no records though there are some further on the bar. This naive reader stops there: look for red dots, which it lost.",
			"An empty page only says that nothing came this time: the shard is open, and its next records come with the next iterator. Only an answer without a next iterator is the end.",
			step("Kill the naive reader, and insert 5 rows", "Five dots. Ours handles them.", "shards", all(killNaive, insertRows(5))),
			step("Start it, and give both readers an empty page", "Red: it took the empty page for the end, with five records behind it. Ours asked again.", "shards", all(emptyPages, startNaive)),
			step("Insert 5 rows", "Red too: it has stopped reading this shard.", "shards", insertRows(5)),
		),
		made("last-page", "The last page may carry records", inReading, "last-page",
			"The answer that ends a shard has no next iterator, and may still have records. This naive reader drops them: look for red dots at the end of the bar.",
			"The end of a shard and its last records come in one answer. Who looks at the iterator first loses them.",
			step("Kill the naive reader, and insert 12 rows", "Dots on an open bar, which ours handles.", "shards", all(killNaive, insertRows(12))),
			step("Roll all shards over", "The bar ends, and a child begins.", "shards", roll),
			step("Start the naive reader", "Red: the records of the shard’s last page. It saw that there is no next iterator, and dropped them.", "shards", startNaive),
		),
		made("latest", "LATEST is not where you stopped", inReading, "latest",
			"This naive reader begins at LATEST, the end of a bar, each time that it starts. Look for red dots, which were written while it was away.",
			"LATEST means now, and not where you stopped. A reader that is to miss nothing keeps a position, and reads new shards from their beginning.",
			step("Insert 5 rows", "Both readers handle five dots.", "write", insertRows(5)),
			step("Kill the naive reader, and insert 5 rows", "Five dots that the naive reader can’t see now.", "write", all(awaitNaive, killNaive, insertRows(5))),
			step("Start the naive reader", "Red: it begins at LATEST, after them.", "write", startNaive),
		),
		made("late-ttl", "TTL is late", expiring, "",
			"The bars of rows run down to their ttl. DynamoDB looks for expired rows in the background, so a row stays for a while after that, and then leaves with a dot “expired”.",
			"DynamoDB removes an expired row when it gets to it: here within some seconds, in the service within days. Until then the row is there, and can still be prolonged. Only userIdentity tells its removals from deletes.",
			step("Insert 5 rows that live for 7 seconds", "Five bars run out. The rows stay for some seconds more, and say how long.", "write", insertRowsFor(5, 7*time.Second)),
			step("Delete the first", "A dot “deleted”: hover over it, it has no userIdentity.", "write", deleteFirst),
			step("Let the second live a day longer", "Its bar is long again. This works even after its time, as long as the row is there.", "write", prolongFirst),
			step("Jump an hour", "All rows of the page but that one expire. Hover over a dot “expired”: DynamoDB removed it, and says so.", "clock", labCall("clock", body{"jump": "1h"})),
		),
		made("checkpoint", "A reader that dies", inReading, "",
			"On a bar, S, H and F are how far a reader saved, handled and fetched. Our reader saves now and then. Look at what happens to the dots between S and H.",
			"A checkpoint saves, for each shard, the sequence number of the last event that was handled. After a crash the reader resumes there: what was handled and not yet saved comes again, and nothing is lost.",
			step("Insert 10 rows, then 10 more, and kill our reader as soon as it handled them", "S stands behind the first ten, H at the end.", "write", all(insertRows(10), awaitSaved, insertRows(10), killHandled)),
			step("Insert 5 rows", "Five dots that wait for it.", "write", insertRows(5)),
			step("Start our reader", "It resumes after S: the ten between S and H are redelivered, and nothing is lost.", "write", startOurs),
		),
		made("a-day-late", "You have 24 hours", inReading, "",
			"DynamoDB keeps a record for 24 hours: the window over the bars. Our reader stands still for longer. Look for red dots, and at what it says.",
			"What is older than 24 hours is gone, whoever has not read it. A reader can’t get it back, but it must tell you: then you copy the table anew.",
			step("Kill our reader, and insert 5 rows", "Five dots that wait for it.", "clock", all(killOurs, insertRows(5))),
			step("Jump 25 hours", "The dots leave the window of 24 hours, turn grey and are trimmed.", "clock", all(labCall("clock", body{"jump": "25h"}), labCall("sweep", nil))),
			step("Start our reader", "The five are red, and the reader says that it lost them.", "clock", startOurs),
		),
	}
}

func made(id, title, section, naive, about, shows string, steps ...sceneStep) scene {
	s := scene{ID: id, Title: title, Section: section, Naive: naive, About: about, Shows: shows}
	for i, each := range steps {
		b := each.button
		b.ID, b.Post, b.Body = fmt.Sprintf("%s-%d", id, i), "/watch/scenes/"+id, body{"step": i}
		s.Steps = append(s.Steps, b)
		s.acts = append(s.acts, each.act)
	}
	return s
}

// scenes are those of the page, with what can't be done here.
func (a *app) scenes() []scene {
	all := scenes()
	for i := range all {
		for j := range all[i].Steps {
			b := &all[i].Steps[j]
			if b.Off = a.why(b.Group); b.Off == "" {
				b.Off = a.why("write")
			}
		}
	}
	return all
}

// play takes a step of a scene.
func (a *app) play(ctx context.Context, id string, number int) (said string, err error) {
	all := a.scenes()
	i := slices.IndexFunc(all, func(s scene) bool { return s.ID == id })
	if i < 0 {
		return "", &refusal{404, fmt.Sprintf("There is no scene %s.", id)}
	}
	s := all[i]
	if number < 0 || number >= len(s.Steps) {
		return "", refusef("Scene %s has the steps 0 to %d.", id, len(s.Steps)-1)
	}
	if off := s.Steps[number].Off; off != "" {
		return "", refusef("%s", off)
	}
	a.stage.Lock()
	defer a.stage.Unlock()
	switch {
	case number == 0:
		a.onStage = ""
		if err := a.clearStage(ctx, s); err != nil {
			return "", err
		}
		a.onStage = id
	case a.onStage != id: // the cast is another scene's
		return "", refusef("Begin with the first step of this scene.")
	}
	return s.Steps[number].Label, s.acts[number](ctx, a)
}

// clearStage lets both readers run without faults, and the naive one
// be judged anew, and writes nothing else.
func (a *app) clearStage(ctx context.Context, s scene) error {
	a.writer.setRate(0)
	a.cast = nil
	if a.lab != nil {
		if err := a.lab.post(ctx, "clear-faults", body{}); err != nil {
			return err
		}
	}
	if a.ours.current() == frozen {
		if err := a.ours.thaw(); err != nil {
			return err
		}
	}
	if err := startOurs(ctx, a); err != nil {
		return err
	}
	kind := s.Naive
	if kind == "" {
		kind = a.naiveKind()
	}
	if err := a.choose(kind); err != nil {
		return err
	}
	return a.naive.await(ctx)
}

func all(acts ...func(context.Context, *app) error) func(context.Context, *app) error {
	return func(ctx context.Context, a *app) error {
		for _, act := range acts {
			if err := act(ctx, a); err != nil {
				return err
			}
		}
		return nil
	}
}

func labCall(name string, in body) func(context.Context, *app) error {
	return func(ctx context.Context, a *app) error {
		if in == nil {
			in = body{}
		}
		return a.lab.post(ctx, name, in)
	}
}

func roll(ctx context.Context, a *app) error {
	return a.lab.post(ctx, "roll", body{"table": a.step.Table})
}

func split(ctx context.Context, a *app) error {
	return a.lab.post(ctx, "split", body{"table": a.step.Table})
}

// emptyPages has each reader get an empty page next, one for each
// shard: the first alone may be of a shard that was read long ago.
func emptyPages(ctx context.Context, a *app) error {
	for _, key := range []string{ours, "naive"} {
		in := fault("GetRecords", "empty", max(1, a.model.Shards()))
		in["accessKey"] = key
		if err := a.lab.post(ctx, "fault", in); err != nil {
			return err
		}
	}
	return nil
}

// insertRows inserts rows that live for an hour, and the next steps
// are about them.
func insertRows(n int) func(context.Context, *app) error { return insertRowsFor(n, time.Hour) }

func insertRowsFor(n int, ttl time.Duration) func(context.Context, *app) error {
	return func(ctx context.Context, a *app) (err error) {
		if a.cast, err = a.writer.insert(ctx, n, ttl); err != nil {
			return err
		}
		a.waitFor(ctx, func() bool { return a.knows(a.cast) })
		return nil
	}
}

// knows reports whether the page has rows.
func (a *app) knows(rows []activity.UserActivity) bool {
	return !slices.ContainsFunc(rows, func(row activity.UserActivity) bool {
		_, found := a.model.Row(row.ID + "|" + row.Email)
		return !found
	})
}

// waitFor waits until something is so, for some seconds at most, and
// reports whether it is.
func (a *app) waitFor(ctx context.Context, is func() bool) bool {
	for end := time.Now().Add(5 * time.Second); !is(); {
		if time.Now().After(end) || !sleep(ctx, 10*time.Millisecond) {
			return false
		}
	}
	return true
}

// insertPages inserts more than a page of rows in each open shard.
func insertPages(ctx context.Context, a *app) error {
	return insertRows(30*max(1, a.model.OpenShards()))(ctx, a)
}

func changeRows(ctx context.Context, a *app) error { return a.writer.change(ctx, a.cast...) }

// deleteRows deletes the rows, the last ones first.
func deleteRows(ctx context.Context, a *app) error {
	rows := slices.Clone(a.cast)
	slices.Reverse(rows)
	return a.writer.remove(ctx, rows...)
}

func sameRows(ctx context.Context, a *app) error {
	return a.each(func(row activity.UserActivity) error { return a.writer.same(ctx, row) })
}

func deleteFirst(ctx context.Context, a *app) error {
	if len(a.cast) == 0 {
		return refusef("Begin with the first step of this scene.")
	}
	first := a.cast[0]
	a.cast = a.cast[1:]
	return a.writer.remove(ctx, first)
}

func prolongFirst(ctx context.Context, a *app) error {
	if len(a.cast) == 0 {
		return refusef("Begin with the first step of this scene.")
	}
	return a.writer.prolong(ctx, a.cast[0], 24*time.Hour)
}

func (a *app) each(do func(activity.UserActivity) error) error {
	for _, row := range a.cast {
		if err := do(row); err != nil {
			return err
		}
	}
	return nil
}

// awaitSaved waits until our reader has handled the rows and saved
// that: the next checkpoint is then about a second away.
func awaitSaved(ctx context.Context, a *app) error {
	if !a.waitFor(ctx, func() bool { return a.model.HandledAll(ours) && a.model.SavedAll(ours) }) {
		return errSlow
	}
	return nil
}

// killHandled kills our reader once it has handled all rows.
func killHandled(ctx context.Context, a *app) error {
	if !a.waitFor(ctx, func() bool { return a.model.HandledAll(ours) }) {
		return errSlow
	}
	return a.ours.killed()
}

func killNaive(_ context.Context, a *app) error { return a.naive.killed() }
func killOurs(_ context.Context, a *app) error  { return a.ours.killed() }

var errSlow = refusef("Our reader is slow: wait a little, and try again.")

// awaitNaive waits until the naive reader has handled the rows.
func awaitNaive(ctx context.Context, a *app) error {
	a.waitFor(ctx, func() bool { return a.model.HandledAll("naive") })
	return nil
}

func startNaive(_ context.Context, a *app) error { return a.started(a.naive, a.naiveKind()) }

func startOurs(ctx context.Context, a *app) error {
	if err := a.started(a.ours, ours); err != nil {
		return err
	}
	return a.ours.await(ctx)
}

// started starts a reader, unless it runs.
func (a *app) started(p *process, kind string) error {
	if s := p.current(); s == running || s == starting {
		return nil
	}
	return p.start(kind)
}
