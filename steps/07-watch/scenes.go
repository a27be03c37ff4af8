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
	reading3 = "3. Reading"
	telling4 = "4. Telling expired from deleted"
	going6   = "6. Going on where you stopped"
)

// scenes are all of them. The first step of each clears the stage.
func scenes() []scene {
	return []scene{
		made("every-change", "Every change is a record", reading3, "",
			"A stream has a record of each write that changed something, and of no other. A delete still knows what the row held.",
			step("Insert a row", "A row, and a dot “inserted”.", "write", insertRows(1)),
			step("Change it", "A dot “modified”: hover over it for the row before and after.", "write", changeRows),
			step("Write the same again", "Nothing: what changes nothing makes no record.", "write", sameRows),
			step("Delete it", "A dot “deleted”, which still has the old row.", "write", deleteRows),
		),
		made("parents-first", "A child waits for its parent", reading3, "side-by-side",
			"An item’s later changes may be in a child of the shard that has its first. Who reads both side by side gets a delete before the insert.",
			step("Kill the naive reader, and insert 30 rows", "Dots “inserted” on an open bar. The naive reader’s marks stay behind.", "shards", all(killNaive, insertPages)),
			step("Roll all shards over", "The bar ends, and a child begins.", "shards", roll),
			step("Delete the rows, the last ones first", "Dots “deleted” on the child.", "shards", deleteRows),
			step("Start the naive reader", "Amber dots: it handled a row’s delete before its insert. Ours read the parent to its end first.", "shards", startNaive),
		),
		made("new-shards", "A stream gets new shards", reading3, "first-shards",
			"Shards close after some hours, or when a partition splits, and children go on. A reader that lists the shards once never sees them.",
			step("Insert 5 rows", "Both readers handle five dots.", "shards", insertRows(5)),
			step("Split a shard", "A bar ends, and two children begin.", "shards", split),
			step("Insert 20 rows", "Those on the children are red for the naive reader: it never looks for new shards.", "shards", insertRows(20)),
		),
		made("expired-iterator", "An iterator expires", reading3, "expired-iterator",
			"An iterator lives for 15 minutes. After that, only a sequence number says where reading was, and a new iterator goes on from there.",
			step("Insert 5 rows", "Both readers handle five dots.", "shards", insertRows(5)),
			step("Expire all iterators", "The naive reader is stuck. Ours asks for a new iterator after the last sequence number.", "shards", labCall("expire-iterators", nil)),
			step("Insert 5 rows", "Red for the naive reader: it asks for ever with an iterator that has expired.", "shards", insertRows(5)),
		),
		made("empty-page", "An empty page is not the end", reading3, "empty-page",
			"GetRecords may return no records though there are some further on. Only an answer without a next iterator ends a shard.",
			step("Kill the naive reader, and insert 5 rows", "Five dots. Ours handles them.", "shards", all(killNaive, insertRows(5))),
			step("Start it, and give both readers an empty page", "Red: it took the empty page for the end, with five records behind it. Ours asked again.", "shards", all(emptyPages, startNaive)),
			step("Insert 5 rows", "Red too: it has stopped reading this shard.", "shards", insertRows(5)),
		),
		made("last-page", "The last page may carry records", reading3, "last-page",
			"The answer that ends a shard has no next iterator, and it may still have records. Handle them first, then stop.",
			step("Kill the naive reader, and insert 12 rows", "Dots on an open bar, which ours handles.", "shards", all(killNaive, insertRows(12))),
			step("Roll all shards over", "The bar ends, and a child begins.", "shards", roll),
			step("Start the naive reader", "Red: the records of the shard’s last page. It saw that there is no next iterator, and dropped them.", "shards", startNaive),
		),
		made("latest", "LATEST is not where you stopped", reading3, "latest",
			"A reader that begins at LATEST sees what is written after that. What was written while it was away, or before it found a new shard, it never sees.",
			step("Insert 5 rows", "Both readers handle five dots.", "write", insertRows(5)),
			step("Kill the naive reader, and insert 5 rows", "Five dots that the naive reader can’t see now.", "write", all(killNaive, insertRows(5))),
			step("Start the naive reader", "Red: it begins at LATEST, after them.", "write", startNaive),
		),
		made("late-ttl", "TTL is late", telling4, "",
			"DynamoDB looks for expired rows in the background: the engine every five seconds, the service within a few days, and often within minutes. Until then the row is there.",
			step("Insert 5 rows that live for 7 seconds", "Five bars run out. The rows stay for some seconds more, and say how long.", "write", insertRowsFor(5, 7*time.Second)),
			step("Delete the first", "A dot “deleted”: hover over it, it has no userIdentity.", "write", deleteFirst),
			step("Let the second live a day longer", "Its bar is long again. This works even after its time, as long as the row is there.", "write", prolongFirst),
			step("Jump an hour", "All rows of the page but that one expire. Hover over a dot “expired”: DynamoDB removed it, and says so.", "clock", labCall("clock", body{"jump": "1h"})),
		),
		made("checkpoint", "A reader that dies", going6, "",
			"A checkpoint says how far a reader has handled the records of a shard. What it handled after the last one comes again: at least once.",
			step("Insert 20 rows, and kill our reader as soon as it handled them", "Its mark “saved” is behind “handled”.", "write", all(insertRows(10), awaitSaved, insertRows(10), killHandled)),
			step("Insert 5 rows", "Five dots that wait for it.", "write", insertRows(5)),
			step("Start our reader", "It goes on after “saved”. What it had handled and not saved is redelivered, and nothing is lost.", "write", startOurs),
		),
		made("a-day-late", "You have 24 hours", going6, "",
			"DynamoDB keeps a record for 24 hours. A reader that stands still for longer loses some, and a good one says so.",
			step("Kill our reader, and insert 5 rows", "Five dots that wait for it.", "clock", all(killOurs, insertRows(5))),
			step("Jump 25 hours", "The dots leave the window of 24 hours, turn grey and are trimmed.", "clock", all(labCall("clock", body{"jump": "25h"}), labCall("sweep", nil))),
			step("Start our reader", "The five are red, and the reader says that it lost them.", "clock", startOurs),
		),
	}
}

func made(id, title, section, naive, about string, steps ...sceneStep) scene {
	s := scene{ID: id, Title: title, Section: section, Naive: naive, About: about}
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
		a.cast, err = a.writer.insert(ctx, n, ttl)
		return err
	}
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
	return a.await(ctx, func() bool { return a.handledCast() && a.model.SavedAll(ours) })
}

// killHandled kills our reader once it has handled all rows.
func killHandled(ctx context.Context, a *app) error {
	if err := a.await(ctx, a.handledCast); err != nil {
		return err
	}
	return a.ours.killed()
}

// handledCast reports whether our reader handled the rows that the
// scene is about. The model may not know them yet, just after they
// were written.
func (a *app) handledCast() bool {
	for _, row := range a.cast {
		if _, known := a.model.Row(row.ID + "|" + row.Email); !known {
			return false
		}
	}
	return a.model.HandledAll(ours)
}

// await waits until something holds of our reader, for some seconds
// at most.
func (a *app) await(ctx context.Context, holds func() bool) error {
	for end := time.Now().Add(5 * time.Second); !holds(); {
		if time.Now().After(end) || !sleep(ctx, 10*time.Millisecond) {
			return refusef("Our reader is slow: wait a little, and try again.")
		}
	}
	return nil
}

func killNaive(_ context.Context, a *app) error { return a.naive.killed() }
func killOurs(_ context.Context, a *app) error  { return a.ours.killed() }

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
