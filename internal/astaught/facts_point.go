package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/conformance"
)

// pointFacts are the points of 09-conformance that need no engine, with step 03 as the
// reader. What they write has the point's name before it.
var pointFacts = []fact{
	point("one-shard", func(w *world) {
		for _, row := range []string{"ada", "grace", "ada", "barbara"} {
			w.put("one-shard-"+row, attributes{"at": n(fmt.Sprint(len(w.log.records)))})
			w.put("one-shard-"+row, attributes{"at": n("-1")})
		}
		events := w.reads(w.fullName, "one-shard-")
		w.want(len(events) == 8, "%v", events)
		for _, row := range []string{"ada", "grace", "barbara"} {
			w.inOrder(events, "one-shard-"+row)
		}
	}),
	point("no-change", func(w *world) {
		for _, page := range []string{"/home", "/home", "/cart", "/cart"} {
			w.put("no-change-ada", attributes{"page": s(page)})
		}
		w.delete("no-change-nobody")
		w.wantEvents(w.reads(w.fullName, "no-change-"), "inserted no-change-ada", "modified no-change-ada")
	}),
	point("kinds", func(w *world) {
		w.put("kinds-ada", nil)
		w.put("kinds-ada", attributes{"page": s("/")})
		w.delete("kinds-ada")
		w.put("kinds-ada", nil)
		w.wantEvents(w.reads(w.fullName, "kinds-"), "inserted kinds-ada", "modified kinds-ada", "deleted kinds-ada", "inserted kinds-ada")
	}),
	point("deleted-after-its-ttl", func(w *world) {
		w.must(w.whileExpired("after-ada", func() error { return w.deleteThere("after-ada") }))
		events := w.reads(w.fullName, "after-")
		w.want(len(events) > 0 && events[len(events)-1].Kind == "deleted", "%v", events)
	}),
	point("values", func(w *world) {
		w.put("values-ada", values)
		events := w.reads(w.fullName, "values-")
		w.wantEvents(events, "inserted values-ada")
		for _, text := range []string{`"large":12345678901234567890123456789012345678,`, `"bytes":"/wAB"`, `"empty":""`, `"null":null`} {
			w.want(strings.Contains(string(events[0].New), text), "no %s in %s", text, events[0].New)
		}
	}),
	point("resume", func(w *world) {
		w.put("resume-ada", nil)
		w.wantEvents(w.reads(w.fullName, "resume-", "-checkpoint", "resume"), "inserted resume-ada")
		w.put("resume-grace", nil)
		w.wantEvents(w.reads(w.fullName, "resume-", "-checkpoint", "resume"), "inserted resume-grace")
	}),
	point("latest", func(w *world) {
		w.changes("latest-ada", func() { w.put("latest-ada", nil) })
		p := w.follow("-from", "latest")
		defer p.kill()
		w.reading(p, "latest-grace")
		w.want(!slices.ContainsFunc(w.events(p, "latest-"), func(e event) bool { return e.ID == "latest-ada" }), "latest-ada")
	}),
	point("killed-mid-page", func(w *world) {
		p := w.follow("-checkpoint", "killed")
		defer p.kill()
		w.reading(p, "killed-first")
		rows := w.rows("killed-a", 30)
		p.kill()
		rows = append(rows, w.rows("killed-b", 30)...)
		seen := w.events(p, "killed-")
		after := w.reads(w.fullName, "killed-", "-checkpoint", "killed")
		for _, row := range rows {
			w.want(slices.ContainsFunc(slices.Concat(seen, after), func(e event) bool { return e.ID == row }), "%s in neither run", row)
		}
		w.note("%d before the kill and %d after it, of %d", len(seen), len(after), len(rows))
	}),
	point("two-at-once", func(w *world) {
		first := w.follow("-checkpoint", "two")
		defer first.kill()
		w.reading(first, "two-ada")
		second := w.follow("-checkpoint", "two")
		defer second.kill()
		w.put("two-grace", nil)
		w.want(w.eventually(func() bool { return slices.Contains(names(w.events(first, "two-")), "inserted two-grace") }), "the first one did not read on")
		w.want(len(w.events(second, "")) == 0, "both read")
		first.kill()
		w.reading(second, "two-barbara")
	}),
	point("shutdown", func(w *world) {
		p := w.follow("-checkpoint", "shutdown")
		defer p.kill()
		w.reading(p, "shutdown-ada")
		p.interrupt()
		w.want(p.status() == 0, "exit status %d: %s", p.status(), p.last())
		w.wantEvents(w.reads(w.fullName, "shutdown-", "-checkpoint", "shutdown"))
	}),
	point("stream-switched", func(w *world) {
		name := w.againTable()
		w.reads(name, "", "-checkpoint", "switched")
		w.switchStream(name, &types.StreamSpecification{StreamEnabled: aws.Bool(false)})
		w.putInto(name, "switched-grace", nil)
		w.switchStream(name, stream(types.StreamViewTypeNewAndOldImages))
		w.putInto(name, "switched-barbara", nil)
		w.wantEvents(w.reads(name, "switched-", "-checkpoint", "switched", "-on-gap", "skip"), "lost ", "inserted switched-barbara")
	}),
	point("table-again", func(w *world) {
		name := w.againTable()
		w.must(deleteTable(w.ctx, w.db, name))
		_, _, err := w.create(name)
		w.must(err)
		w.putInto(name, "again-barbara", nil)
		w.wantEvents(w.reads(name, "again-", "-checkpoint", "switched", "-on-gap", "skip"), "lost ", "inserted again-barbara")
	}),
}

// point is the fact that a reader can pass a point of 09-conformance.
func point(name string, see func(*world)) fact {
	i := slices.IndexFunc(conformance.Points, func(p conformance.Point) bool { return p.Name == name })
	p := conformance.Points[i]
	return fact{p.Section, "point " + p.Name + ": step 03 " + p.About, see}
}

// reads runs step 03 to the end of a table's stream, and returns its events.
func (w *world) reads(name, prefix string, args ...string) []event {
	p := w.run("03-read-stream", name, append([]string{"-format", "json", "-idle", w.idle.String()}, args...)...)
	w.want(p.status() == 0, "exit status %d: %s", p.status(), p.last())
	return w.events(p, prefix)
}

// follow starts a step 03 that does not end.
func (w *world) follow(args ...string) *process {
	return w.start("03-read-stream", w.fullName, append([]string{"-format", "json", "-follow"}, args...)...)
}

// reading changes a row until a process that follows the stream shows it.
func (w *world) reading(p *process, id string) {
	tries := 0
	w.want(w.eventually(func() bool {
		select {
		case <-p.ended:
			w.want(false, "it ended, with %v: %s", p.err, p.last())
		default:
		}
		tries++
		w.put(id, attributes{"try": n(fmt.Sprint(tries))})
		w.must(w.sleep(10 * w.poll))
		return slices.ContainsFunc(w.events(p, id), func(e event) bool { return e.ID == id })
	}), "%s was not shown: %s", id, p.last())
}

// rows inserts some rows, and returns their ids.
func (w *world) rows(prefix string, count int) (ids []string) {
	for i := range count {
		ids = append(ids, fmt.Sprint(prefix, i))
		w.put(ids[i], nil)
	}
	return ids
}

func names(events []event) (names []string) {
	for _, e := range events {
		names = append(names, e.String())
	}
	return names
}

func (w *world) wantEvents(events []event, want ...string) {
	got := names(events)
	w.want(slices.Equal(got, want), "%q, not %q", got, want)
}

// inOrder wants a row's events in the order of their sequence numbers.
func (w *world) inOrder(events []event, id string) {
	var last *event
	for _, e := range events {
		if e.ID != id {
			continue
		}
		if last != nil {
			w.want(number(w, last.Sequence).Cmp(number(w, e.Sequence)) < 0, "%s after %s", e.Sequence, last.Sequence)
		}
		last = &e
	}
}
