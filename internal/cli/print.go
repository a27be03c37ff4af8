package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// terminal reports whether f is a terminal that redraws lines.
func terminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// shown reports whether a person may see at once what is printed on f: it
// is a terminal, or a pipe, which may end at one.
func shown(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return terminal(f) || err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// Progress returns a bar on stderr that counts things, such as rows, to
// total, or without an end where total is -1. It draws nothing where stderr is
// not a terminal, nor, without an end, where results are shown meanwhile: it
// would be drawn over them. Finish removes it.
func (s *Step) Progress(total int, things string) *progressbar.ProgressBar {
	if !terminal(s.stderr) || total < 0 && shown(s.stdout) {
		return progressbar.DefaultSilent(int64(total))
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(s.stderr),
		progressbar.OptionSetDescription(s.Name()),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(things),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	bar.StartWithoutRender() // else the first rate is one row in no time
	return bar
}

// Printf prints results on stdout. An error, such as a full disk, ends
// the step: its result would be incomplete.
func (s *Step) Printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(s.stdout, format, args...); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// colours of the words that say what happened to a row, as SGR codes.
var colours = map[string]string{
	"inserted": "32", "modified": "33", "deleted": "31", "expired": "35",
}

// Kind is the word that says what happened to a row, for a line on stdout:
// padded to a column and, on a terminal without NO_COLOR, coloured.
func (s *Step) Kind(word string) string {
	padded := fmt.Sprintf("%-8s", word)
	if code := colours[word]; code != "" && terminal(s.stdout) && os.Getenv("NO_COLOR") == "" {
		return "\x1b[" + code + "m" + padded + "\x1b[0m"
	}
	return padded
}

// Count is a number of things, of which one is called as given: "1 row", "2
// rows".
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Rate is a rate to be read: whole, or with a digit behind the point where it
// is small.
func Rate(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return fmt.Sprintf("%.0f", perSecond)
}
