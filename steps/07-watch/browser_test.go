package main_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var screenshots = flag.Bool("screenshots", false, "rewrite the screenshots of five scenes in testdata")

// pictured are the scenes of which a screenshot is kept: taken before the step
// of that number, or at the end, once a condition is true.
var pictured = map[string]struct {
	step  int
	when  string
	again []string // for each, the first step is taken once more, and this awaited
}{
	"empty-page":    {step: 3, when: number("naive", "lost") + " >= 10"},
	"parents-first": {step: 4, when: disordered("naive")},
	"checkpoint":    {step: 2, when: handled("naive", 25) + "&&" + fmt.Sprintf(card, "ours", "lag") + " !== 'caught up'"},
	"late-ttl": {
		step: 3, when: `document.querySelector('#lateness').textContent`,
		again: []string{
			`document.querySelector('#lateness').textContent.startsWith('TTL removed 8')`,
			`/expired [2-9]/.test(document.querySelector('.row[data-state=late] .says')?.textContent)`,
		},
	},
	"a-day-late": {step: 3, when: lost("ours")},
}

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
	{"a-day-late", []string{"", dots(5), ""}, lost("ours")},
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

// testScenes plays each scene to its end on an engine that has seen nothing
// else.
func testScenes(t *testing.T) {
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
				b.keep(play.scene, i)
				b.press(fmt.Sprintf(".steps li:nth-child(%d) button", i+1))
			}
			b.wait("the end of the scene", play.end)
			b.keep(play.scene, steps)
		})
	}
}

// keep rewrites the screenshot of a scene, if it is one of before that step.
func (b *tab) keep(scene string, step int) {
	b.t.Helper()
	if picture, found := pictured[scene]; *screenshots && found && picture.step == step {
		b.wait("what the screenshot shows", picture.when)
		for _, again := range picture.again {
			b.press(".steps li:nth-child(1) button")
			b.wait("what the screenshot shows", again)
		}
		time.Sleep(300 * time.Millisecond) // the next frames draw it
		b.shoot(filepath.Join("testdata", scene+".png"))
	}
}

// testControls uses the buttons that no scene is about.
func testControls(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "0"))
	b.open("/")

	eval[string](b, `document.querySelector('#who').value = 'ours'`)
	b.press("[data-id=hang]")
	b.press("[data-id=write-1]")
	b.wait("our reader to hang while the naive one reads", handled("naive", 1)+"&&"+number("ours", "handled")+" === 0")
	b.press("[data-id=clear-faults]")
	b.wait("our reader to continue", handled("ours", 1))

	state := `document.querySelector('[data-reader=ours] .state').textContent`
	for _, each := range []struct{ button, state string }{
		{"freeze", "frozen"}, {"thaw", "running"}, {"kill", "killed"}, {"start", "running"},
	} {
		b.press("[data-id=ours-" + each.button + "]")
		b.wait("our reader to be "+each.state, state+fmt.Sprintf(".startsWith(%q)", each.state))
	}

	b.press("[data-id=split]")
	b.wait("two shards that are open", `document.querySelector('#shards-hint').textContent.startsWith('3 shards, 2 open')`)

	hour := func() int {
		return eval[int](b, `parseInt(document.querySelector('#clock .time').textContent)`)
	}
	before := hour()
	b.press("[data-id=jump-1h]")
	b.wait("the clock to be an hour later", fmt.Sprintf(`parseInt(document.querySelector('#clock .time').textContent) === %d`, (before+1)%24))
	b.wait("the row to expire", `document.querySelector('#lateness').textContent.startsWith('TTL removed 1:')`)
}

// testPause freezes the picture while the engine continues.
func testPause(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "20"))
	b.open("/")
	b.wait("a dot", `/[1-9][0-9,]* record/.test(document.querySelector('#shards-hint').textContent)`)
	b.do(chromedp.Click(chromedp.CSS("#pause")))
	b.wait("the button to say so", `document.querySelector('#pause').textContent.startsWith('Paused')`)
	seen := b.text("#shards-hint") + b.text("#clock .time")
	time.Sleep(1500 * time.Millisecond) // nothing must happen meanwhile
	b.do(chromedp.Focus(chromedp.CSS("#picture")), chromedp.KeyEvent(kb.ArrowLeft))
	b.wait("the record of a dot of the paused picture", `document.querySelector('#record .kind')`)
	if now := b.text("#shards-hint") + b.text("#clock .time"); now != seen {
		t.Errorf("the paused picture says %q, want %q", now, seen)
	}
	b.do(chromedp.Click(chromedp.CSS("#pause")))
	b.wait("what was written meanwhile", fmt.Sprintf(`document.querySelector('#shards-hint').textContent !== %q.slice(0, -8)`, seen))
}

// testKeyboard uses the page without a pointer.
func testKeyboard(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "0"))
	b.open("/")
	tabTo(b, `document.activeElement.dataset.id === 'write-1'`)
	for n := range 3 {
		b.do(chromedp.KeyEvent(kb.Enter))
		b.wait("the record of the row", dots(n+1))
	}
	tabTo(b, `document.activeElement.id === 'rows-list'`)
	b.do(chromedp.KeyEvent(kb.End)) // not the next to expire, which the server would take
	b.wait("a chosen row", `document.querySelector('.row[aria-selected=true][aria-posinset="3"]')`)
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

// testWidths looks for what is wider than the window, light and dark, and with
// reduced motion.
func testWidths(t *testing.T) {
	b := openTab(t, startStep(t, "-rate", "5"))
	for _, width := range []int64{700, 900, 1060, 1400, 2000} {
		b.do(chromedp.EmulateViewport(width, 900))
		b.open("/scene/parents-first")
		if wide := eval[int64](b, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("in a window of %d pixels the page has %d", width, wide)
		}
		hidden := eval[[]string](b, `[...document.querySelectorAll('main .panel, header > *')].filter(e => {
			const {left, right, width} = e.getBoundingClientRect();
			return width === 0 || left < 0 || right > innerWidth;
		}).map(e => e.id || e.className)`)
		if len(hidden) > 0 {
			t.Errorf("in a window of %d pixels %q are not in sight", width, hidden)
		}
	}
	light := eval[string](b, `getComputedStyle(document.body).backgroundColor`)
	b.media("prefers-color-scheme", "dark")
	if dark := eval[string](b, `getComputedStyle(document.body).backgroundColor`); dark == light {
		t.Errorf("the page is %s in light and dark", dark)
	}
	b.media("prefers-reduced-motion", "reduce")
	b.open("/")
	if moving := eval[int](b, `document.getAnimations().length`); moving > 0 {
		t.Errorf("%d things move where motion is to be reduced", moving)
	}
}
