package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/naive"
	"dynamostreamer/internal/watch"
)

// Each scene shows what it says.
func TestScenes(t *testing.T) {
	for _, c := range []struct {
		id    string
		steps []int
		want  string
		holds func(b *browser) bool
	}{
		{"every-change", []int{0, 1, 2, 3}, "three records", func(b *browser) bool {
			return b.kinds() == "map[deleted:1 inserted:1 modified:1]" && b.oursIsRight() && len(b.rows) == 0
		}},
		{"parents-first", []int{0, 1, 2, 3}, "the naive reader is out of order", func(b *browser) bool {
			return b.count("naive", watch.OutOfOrder) == 10 && b.count("naive", watch.Lost) == 0 && b.oursIsRight()
		}},
		{"new-shards", []int{0, 1, 2}, "the naive reader lost what is in the children", func(b *browser) bool {
			return b.count("naive", watch.Lost) == 20 && b.readers["naive"].Handled == 5 && b.oursIsRight()
		}},
		{"expired-iterator", []int{0, 1, 2}, "the naive reader is stuck", func(b *browser) bool {
			return b.count("naive", watch.Lost) == 5 && b.readers["naive"].State == running && b.oursIsRight()
		}},
		{"empty-page", []int{0, 1, 2}, "the naive reader stopped at the empty page", func(b *browser) bool {
			return b.count("naive", watch.Lost) == 10 && b.oursIsRight() && len(b.faults) == 0
		}},
		{"last-page", []int{0, 1, 2}, "the naive reader dropped the last page", func(b *browser) bool {
			return b.count("naive", watch.Lost) == 12 && b.oursIsRight()
		}},
		{"latest", []int{0, 1, 2}, "the naive reader lost what came while it was dead", func(b *browser) bool {
			return b.count("naive", watch.Lost) == 5 && b.readers["naive"].Handled == 5 && b.oursIsRight()
		}},
		{"late-ttl", []int{0, 1, 2, 3}, "one row is deleted, three expire and one stays", func(b *browser) bool {
			return b.kinds() == "map[deleted:1 expired:3 inserted:5 modified:1]" && len(b.rows) == 1 && b.oursIsRight()
		}},
		{"checkpoint", []int{0, 1, 2}, "our reader resumes and loses nothing", func(b *browser) bool {
			return len(b.records) == 25 && b.oursIsRight() && b.readers["ours"].Redelivered == 10
		}},
		{"a-day-late", []int{0, 1, 2}, "our reader says that it lost records", func(b *browser) bool {
			return b.count("ours", watch.Lost) == 5 && strings.Contains(b.readers["ours"].Note, "lost")
		}},
	} {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			b := open(t, "-rate", "0")
			for _, step := range c.steps {
				b.scene(c.id, step)
				if step == 0 {
					// A click comes later than this.
					b.until("both readers handled what there is", func() bool {
						return len(b.records) > 0 && (b.oursIsRight() || b.state("ours") == killed) &&
							(b.readers["naive"].Handled == int64(len(b.records)) || b.state("naive") == killed)
					})
				}
			}
			b.until(c.want, func() bool { return c.holds(b) })
			for _, v := range b.verdicts {
				if v.Why == "" || !strings.HasSuffix(v.Why, ".") {
					t.Errorf("a verdict says %q, want a sentence", v.Why)
				}
			}
		})
	}
}

// The scenes say all that the page shows, and TUTORIAL.md sends to each of them.
func TestSceneTexts(t *testing.T) {
	tutorial, err := os.ReadFile("../../TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	var linked []string
	for _, match := range regexp.MustCompile(`http://127\.0\.0\.1:8007/scene/([a-z-]+)`).FindAllSubmatch(tutorial, -1) {
		linked = append(linked, string(match[1]))
	}
	var ids []string
	for _, s := range scenes() {
		ids = append(ids, s.ID)
		texts := []string{s.About, s.Shows}
		for i, b := range s.Steps {
			texts = append(texts, b.See)
			if b.Label == "" || b.Post != "/watch/scenes/"+s.ID || b.Body["step"] != i {
				t.Errorf("step %d of %s is %+v", i, s.ID, b)
			}
		}
		for _, text := range texts {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("scene %s says %q, want a sentence", s.ID, text)
			}
		}
		if _, found := naive.Named(s.Naive); !found && s.Naive != "" {
			t.Errorf("scene %s needs the naive reader %s, which there is not", s.ID, s.Naive)
		}
	}
	if diff := cmp.Diff(ids, linked); diff != "" || len(ids) != 10 {
		t.Errorf("the %d scenes, and those that TUTORIAL.md links (-scenes +tutorial):\n%s", len(ids), diff)
	}
}

// A reader that is killed has handled the rows and saved less, so that
// some come again.
func TestCheckpointIsBehind(t *testing.T) {
	t.Parallel()
	b := open(t, "-rate", "0")
	b.scene("checkpoint", 0)
	b.until("our reader is killed having handled more than it saved", func() bool {
		r, behind := b.readers["ours"], false
		for id, m := range b.marks {
			behind = behind || strings.HasPrefix(id, "ours ") && m.Saved != "" && m.Saved != m.Handled
		}
		return b.state("ours") == killed && r.Handled == 20 && behind
	})
	b.scene("checkpoint", 1, 2)
	b.until("what wasn't saved comes again", func() bool {
		r := b.readers["ours"]
		return r.Handled == 25 && r.Redelivered > 0 && b.oursIsRight()
	})
}

// An empty page is given in each shard, also in a stream with a history.
func TestEmptyPageAfterOtherScenes(t *testing.T) {
	t.Parallel()
	b := open(t, "-rate", "0")
	b.scene("new-shards", 0, 1, 2)
	b.scene("empty-page", 0)
	b.until("our reader handled them", func() bool { return len(b.records) == 30 && b.oursIsRight() })
	b.scene("empty-page", 1)
	b.until("the naive reader lost the five", func() bool { return b.count("naive", watch.Lost) == 5 && b.oursIsRight() })
}

// A scene's later steps need its first: the rows of another one are not theirs.
func TestSceneBeginsWithItsFirstStep(t *testing.T) {
	t.Parallel()
	b := open(t, "-rate", "0")
	for _, before := range []string{"", "latest"} {
		if before != "" {
			b.scene(before, 0)
		}
		for _, id := range []string{"every-change", "checkpoint", "late-ttl"} {
			if status, out := b.try("/watch/scenes/"+id, body{"step": 1}); status != 409 || !strings.Contains(out["error"], "first step") {
				t.Errorf("step 1 of %s after %q = %d %v, want a refusal that names the first step", id, before, status, out)
			}
		}
	}
}
