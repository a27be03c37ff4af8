package main_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience bounds what a test waits for: only a test that fails takes so
// long.
const patience = 60 * time.Second

// program is the compiled step.
var program string

// TestBrowser tests the page of the step in Chromium.
func TestBrowser(t *testing.T) {
	chromium(t)
	program = filepath.Join(t.TempDir(), "07-watch")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Run("scenes", testScenes)
	t.Run("controls", testControls)
	t.Run("pause", testPause)
	t.Run("keyboard", testKeyboard)
	t.Run("widths", testWidths)
	t.Run("hostile row", testHostileRow)
	t.Run("frames", testFrames)
}

// chromium is the path of the browser.
func chromium(t *testing.T) string {
	t.Helper()
	return need(t, "Chromium is missing: install it (apt-get install chromium) to test the page",
		"chromium", "chromium-browser", "google-chrome")
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// startStep runs the step until the test ends, and returns its address.
func startStep(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir = t.TempDir()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = cmd.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	var said strings.Builder
	found := ""
	for found == "" && lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		found = address.FindString(lines.Text())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() {
			fmt.Fprintln(&said, lines.Text())
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("07-watch ended with %v\n%s", err, said.String())
		}
	})
	if found == "" {
		t.Fatalf("07-watch printed no address:\n%s", said.String())
	}
	return found
}

// A tab is a page of the step in Chromium.
type tab struct {
	t      *testing.T
	ctx    context.Context
	url    string
	mu     sync.Mutex
	errors []string // of the console
}

// openTab starts Chromium. When the test ends, the console must hold no
// error.
func openTab(t *testing.T, url string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, url: url}
	b.do(chromedp.EmulateViewport(1440, 900))
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException || m.Type == chromedp.ConsoleWarning {
				b.mu.Lock()
				b.errors = append(b.errors, string(m.Type)+": "+m.Text)
				b.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.errors) > 0 {
			t.Errorf("the console has %q, want nothing", b.errors)
		}
	})
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// media sets what the user's system prefers, such as prefers-color-scheme.
func (b *tab) media(name, value string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: name, Value: value}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// open opens a path and waits until the page has the whole state.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url + path))
	b.wait("the state", `document.querySelector('#shards-hint').textContent.includes('open')`)
}

// eval returns the value of an expression, or of the promise that it is.
func eval[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// wait waits until an expression is true.
func (b *tab) wait(what, js string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !eval[bool](b, "!!("+js+")"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.shoot(filepath.Join(os.TempDir(), "07-watch-failed.png"))
			b.t.Fatalf("waited %v for %s; the page (see %s) says:\n%s", patience, what,
				filepath.Join(os.TempDir(), "07-watch-failed.png"), eval[string](b, `document.body.innerText`))
		}
	}
}

// text is the text of an element, or "" if there is none.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? ''`, selector))
}

// press clicks the button of that selector and waits for what it says.
func (b *tab) press(selector string) {
	b.t.Helper()
	eval[bool](b, `(document.querySelector('#said').textContent = '', true)`)
	b.do(chromedp.Click(chromedp.CSS(selector)))
	b.wait(selector+" to be answered", `document.querySelector('#said').textContent !== ''`)
	if eval[bool](b, `document.querySelector('#said').dataset.failed === 'true'`) {
		b.t.Fatalf("%s said: %s", selector, b.text("#said"))
	}
}

// shoot writes what the window shows as a PNG.
func (b *tab) shoot(path string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		png, err = small(png)
	}
	if err == nil {
		err = os.WriteFile(path, png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
