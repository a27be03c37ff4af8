package conformance

import (
	"encoding/json"
	"testing"
)

// TestJudge: ada is inserted in shard A, and deleted in its child B. Then grace is inserted
// and expires.
func TestJudge(t *testing.T) {
	images := permits{images: true}
	kinds := permits{kinds: true}
	both := permits{kinds: true, expiries: true}
	loss := permits{loss: true}
	ada, deletesAda, grace, endsGrace := event{ID: "ada", Sequence: "1"}, event{ID: "ada", Sequence: "2"}, event{ID: "grace", Sequence: "3"}, event{ID: "grace", Sequence: "4"}
	with := func(e event, kind string) event { e.Kind = kind; return e }
	image := json.RawMessage(`{"id":{"S":"ada"}}`)
	for _, c := range []struct {
		name          string
		may           permits
		events        []event
		wrong, absent string
		missing       string // a change
	}{
		{"all", permits{}, []event{grace, ada, endsGrace, deletesAda}, "", "", ""},
		{"one is missing", permits{}, []event{ada, deletesAda, grace}, "", "", "the expiry of grace"},
		{"order", permits{}, []event{grace, deletesAda, ada}, "ada was deleted before she was inserted: shard B was read before the end of A", "", "the expiry of grace"},
		{"order in a shard", permits{}, []event{endsGrace}, "grace expired before she was inserted", "", "the insert of ada"},
		{"a repeat", permits{}, []event{ada, ada}, "the insert of ada was handled twice, and may be handled once at most", "", "the delete of ada"},
		{"no such change", permits{}, []event{{ID: "ada", Sequence: "7"}}, `it handled a change that the stream doesn't have: id "ada", sequence "7"`, "", "the insert of ada"},
		{"another row", permits{}, []event{{ID: "grace", Sequence: "1"}}, "it handled sequence 1 as a change of grace, which is one of ada", "", "the delete of ada"},
		{"no loss", permits{}, []event{{lost: true}}, "it told a loss, and nothing was lost", "", "the insert of ada"},
		{"a loss", loss, []event{{lost: true}}, "", "", "the insert of ada"},
		{"kinds", both, []event{with(ada, "INSERT"), with(deletesAda, "deleted"), with(grace, "inserted"), with(endsGrace, "expired")}, "", "", ""},
		{"another kind", kinds, []event{with(ada, "modified")}, "ada was inserted, and was handled as modified", "", "the delete of ada"},
		{"an unknown kind", kinds, []event{with(ada, "upsert")}, `it told the unknown kind "upsert": inserted, modified, deleted and expired are known`, "", "the delete of ada"},
		{"no kinds, and none needed", permits{}, []event{ada}, "", "", "the delete of ada"},
		{"another kind, where it doesn't matter", permits{}, []event{with(ada, "modified")}, "", "", "the delete of ada"},
		{"no kinds", kinds, []event{ada}, "", "it tells no kinds", "the delete of ada"},
		{"REMOVE is enough", kinds, []event{ada, with(deletesAda, "REMOVE")}, "", "it tells no kinds", "the insert of grace"},
		{"REMOVE is not enough", both, []event{with(ada, "inserted"), with(deletesAda, "REMOVE")}, "",
			"its kind REMOVE doesn't tell who removed a row: expired or deleted does", "the insert of grace"},
		{"an expiry as a delete", both, []event{with(grace, "inserted"), with(endsGrace, "deleted")}, "grace expired, and was handled as deleted", "", "the insert of ada"},
		{"images", images, []event{{ID: "ada", Sequence: "1", New: image}}, "", "", "the delete of ada"},
		{"another image", permits{}, []event{{ID: "ada", Sequence: "1", New: json.RawMessage(`{}`)}}, `ada has another new image: {}, not {"id":{"S":"ada"}}`, "", "the delete of ada"},
		{"one image too many", permits{}, []event{{ID: "ada", Sequence: "1", New: image, Old: image}}, `ada has another old image: {"id":{"S":"ada"}}, not none`, "", "the delete of ada"},
		{"no images", images, []event{ada}, "", "it gives no images", "the delete of ada"},
	} {
		j := &judge{truth: newTruth(nil), may: c.may}
		j.shards = []string{"a", "b"}
		for _, known := range []change{
			{id: "ada", sequence: "1", kind: "inserted", shard: "a", new: image},
			{id: "ada", sequence: "2", kind: "deleted", shard: "b", old: image},
			{id: "grace", sequence: "3", kind: "inserted", shard: "b"},
			{id: "grace", sequence: "4", kind: "expired", shard: "b"},
		} {
			known.fewest, known.most = 1, 1
			j.keep(&known)
		}
		for _, e := range c.events {
			j.saw(e)
		}
		j.judgeForeign()
		wrong, absent, _ := j.outcome()
		missing := ""
		if m := j.missing(""); m != nil {
			missing = m.String()
		}
		if wrong != c.wrong || absent != c.absent || missing != c.missing {
			t.Errorf("%s: wrong %q, absent %q, missing %q; want %q, %q, %q", c.name, wrong, absent, missing, c.wrong, c.absent, c.missing)
		}
	}
}
