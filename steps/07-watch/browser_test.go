package main_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var screenshots = flag.Bool("screenshots", false, "rewrite the screenshots of five scenes in testdata")

// pictured are the scenes whose screenshots are kept.
var pictured = []string{"empty-page", "parents-first", "checkpoint", "late-ttl", "a-day-late"}

// A play is what must be seen once all steps of a scene are done, each after
// the condition of its number was met.
var plays = []struct {
	scene  string
	before []string // of step 0, 1, …: what must be true before it
	end    string
}{
	{"every-change", []string{"", dots(1), dots(2), ""}, dots(3)},
	{"parents-first", []string{"", handled("ours", 30), "", handled("ours", 60)}, disordered("naive") + "&&" + well("ours")},
	{"new-shards", []string{"", handled("naive", 5), ""}, lost("naive") + "&&" + well("ours")},
	{"expired-iterator", []string{"", handled("naive", 5), ""}, lost("naive") + "&&" + well("ours")},
	{"empty-page", []string{"", handled("ours", 5), lost("naive")}, handled("ours", 10) + "&&" + well("ours")},
	{"last-page", []string{"", handled("ours", 12), ""}, lost("naive") + "&&" + well("ours")},
	{"latest", []string{"", handled("naive", 5), ""}, lost("naive") + "&&" + well("ours")},
	{"late-ttl", nil, `document.querySelector('#lateness').textContent.includes('TTL removed')`},
	{"checkpoint", nil, handled("ours", 25) + "&&" + well("ours")},
	{"a-day-late", nil, lost("ours")},
}

const card = `document.querySelector('[data-reader=%s] .fact.%s dd').textContent`

func number(reader, fact string) string {
	return "parseInt(" + fmt.Sprintf(card, reader, fact) + ".replace(',', ''))"
}
func lost(reader string) string       { return number(reader, "lost") + " > 0" }
func disordered(reader string) string { return number(reader, "disorder") + " > 0" }
func handled(reader string, n int) string {
	return number(reader, "handled") + " >= " + strconv.Itoa(n)
}
func well(reader string) string {
	return number(reader, "lost") + " === 0 && " + number(reader, "disorder") + " === 0"
}
func dots(n int) string {
	return fmt.Sprintf(`document.querySelector('#shards-hint').textContent.includes('; %d record')`, n)
}

// TestScenes plays each scene to its end on an engine that has seen nothing
// else.
func TestScenes(t *testing.T) {
	for _, play := range plays {
		t.Run(play.scene, func(t *testing.T) {
			b := openTab(t, startStep(t, "-rate", "0"))
			b.open("/scene/" + play.scene)
			steps := eval[int](b, `document.querySelectorAll('.steps li').length`)
			if steps == 0 {
				t.Fatal("the scene has no steps")
			}
			for i := range steps {
				if i < len(play.before) && play.before[i] != "" {
					b.wait(fmt.Sprintf("what comes before step %d", i+1), play.before[i])
				}
				b.press(fmt.Sprintf(".steps li:nth-child(%d) button", i+1))
			}
			b.wait("the end of the scene", play.end)
			if *screenshots && slices.Contains(pictured, play.scene) {
				time.Sleep(time.Second) // the readers save, and so the marks rest
				b.shoot(filepath.Join("testdata", play.scene+".png"))
			}
		})
	}
}

// TestControls uses the buttons that no scene is about.
func TestControls(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "0"))
	b.open("/")

	b.press("[data-id=split]")
	b.wait("two shards that are open", `document.querySelector('#shards-hint').textContent.startsWith('3 shards, 2 open')`)

	hour := func() int { return eval[int](b, `parseInt(document.querySelector('#clock .time').textContent)`) }
	before := hour()
	b.press("[data-id=jump-1h]")
	b.wait("the clock to be an hour later", fmt.Sprintf(`parseInt(document.querySelector('#clock .time').textContent) === %d`, (before+1)%24))

	eval[string](b, `document.querySelector('#who').value = 'ours'`)
	b.press("[data-id=hang]")
	b.press("[data-id=write-1]")
	b.wait("our reader to hang while the naive one reads", handled("naive", 1)+"&&"+number("ours", "handled")+" === 0")
}

// TestPause freezes the picture while the engine continues.
func TestPause(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "20"))
	b.open("/")
	b.do(chromedp.Click(chromedp.CSS("#pause")))
	b.wait("the button to say so", `document.querySelector('#pause').textContent.startsWith('Paused')`)
	seen := b.text("#shards-hint") + b.text("#clock .time")
	time.Sleep(1500 * time.Millisecond) // nothing must happen meanwhile
	if now := b.text("#shards-hint") + b.text("#clock .time"); now != seen {
		t.Errorf("the paused picture says %q, want %q", now, seen)
	}
	b.do(chromedp.Click(chromedp.CSS("#pause")))
	b.wait("what was written meanwhile", fmt.Sprintf(`document.querySelector('#shards-hint').textContent !== %q.slice(0, -8)`, seen))
}

// TestKeyboard uses the page without a pointer.
func TestKeyboard(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "0"))
	b.open("/")
	tabTo(b, `document.activeElement.dataset.id === 'write-1'`)
	for n := range 3 {
		b.do(chromedp.KeyEvent(kb.Enter))
		b.wait("the record of the row", dots(n+1))
	}
	tabTo(b, `document.activeElement.id === 'rows-list'`)
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	chosen := b.text(".row[aria-selected=true] .who")
	tabTo(b, `document.activeElement.dataset.id === 'delete'`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.wait("the row that was chosen to leave", fmt.Sprintf(`[...document.querySelectorAll('.row:not([hidden])')].every(e => e.querySelector('.who').textContent !== %q || e.dataset.state === 'deleted')`, chosen))
	b.wait("the record of its removal", dots(4))

	tabTo(b, `document.activeElement.id === 'picture'`)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.wait("the newest record", `document.querySelector('#record .kind')?.textContent.includes('deleted')`)
	if words := b.text("#active"); !strings.HasPrefix(words, "deleted "+chosen) {
		t.Errorf("the dot says %q, want deleted %s", words, chosen)
	}
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.wait("the record before", `document.querySelector('#record .kind')?.textContent.includes('inserted')`)
	if who := eval[string](b, `document.querySelector('#record-body').textContent`); !strings.Contains(who, "NewImage") || !strings.Contains(who, "userIdentity") {
		t.Errorf("the record says %q, want its images and its identity", who)
	}

	tabTo(b, `document.activeElement.matches('#menu summary')`)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.wait("the first scene", `location.pathname === '/scene/every-change' && document.activeElement.tagName === 'H1'`)
}

// tabTo presses Tab until an element has the focus.
func tabTo(b *tab, focused string) {
	b.t.Helper()
	for range 200 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](b, focused) {
			return
		}
	}
	b.t.Fatalf("Tab never gets to %s", focused)
}
