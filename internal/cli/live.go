package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Live shows on stderr how far a step that runs for long is: on a
// terminal some lines that are redrawn in place, elsewhere a plain line
// now and then. It may be used by many goroutines.
type Live struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	width    func() int
	drawn    []string // the lines that stand on the terminal
	last     time.Time
}

// plainEvery is the time between plain lines.
const plainEvery = 5 * time.Second

// Live returns what shows on the step's stderr.
func (s *Step) Live() *Live {
	l := &Live{out: s.stderr, terminal: terminal(s.stderr), last: time.Now()}
	l.width = func() int {
		width, _, err := term.GetSize(int(s.stderr.(*os.File).Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}
	return l
}

// Show puts lines in the place of those that stand, where they can be
// redrawn. Elsewhere it prints plain, unless that is empty or something was
// printed in the last seconds.
func (l *Live) Show(lines []string, plain string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.terminal {
		l.draw("", lines)
	} else if plain != "" && time.Since(l.last) >= plainEvery {
		l.last = time.Now()
		fmt.Fprintln(l.out, plain)
	}
}

// Notef prints a line that stays, above those that are redrawn.
func (l *Live) Notef(format string, args ...any) {
	l.Write(fmt.Appendf(nil, format+"\n", args...))
}

// Above removes the lines that are redrawn while f prints on stdout, which
// may be the same terminal.
func (l *Live) Above(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.terminal && len(l.drawn) > 0 {
		l.draw("", nil)
	}
	return f()
}

// Write prints whole lines that stay, so that a logger may write here.
func (l *Live) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.terminal {
		return l.out.Write(text)
	}
	l.draw(string(bytes.TrimRight(text, "\n"))+"\n", l.drawn)
	return len(text), nil
}

// End leaves what stands, and starts below it.
func (l *Live) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drawn = nil
}

// draw goes up over what stands and writes above and lines in its place,
// all in one write so that nothing flickers. A line that is too long
// would wrap, and going up would miss it: it is cut.
func (l *Live) draw(above string, lines []string) {
	var b strings.Builder
	if n := len(l.drawn); n > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", n)
	}
	b.WriteString("\r\x1b[J" + above)
	width := l.width()
	for _, line := range lines {
		if runes := []rune(line); len(runes) >= width {
			line = string(runes[:width-1])
		}
		b.WriteString(line + "\n")
	}
	l.drawn = lines
	io.WriteString(l.out, b.String())
}
