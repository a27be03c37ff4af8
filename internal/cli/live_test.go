package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestLiveTerminal(t *testing.T) {
	var out bytes.Buffer
	live := &Live{out: &out, terminal: true, width: func() int { return 8 }}
	for _, step := range []struct {
		name, reason string
		do           func()
		want         string
	}{
		{"first", "there is nothing to go up over", func() { live.Show([]string{"a", "b"}, "plain") }, "\r\x1b[Ja\nb\n"},
		{"again", "the new lines take the old ones' place", func() { live.Show([]string{"c", "d"}, "plain") }, "\x1b[2A\r\x1b[Jc\nd\n"},
		{"note", "it stays, above the lines", func() { live.Notef("%s!", "oh") }, "\x1b[2A\r\x1b[Joh!\nc\nd\n"},
		{"long", "a line that wraps would take two", func() { live.Show([]string{"12345678"}, "plain") }, "\x1b[2A\r\x1b[J1234567\n"},
		{"runes", "width is no number of bytes", func() { live.Show([]string{"ééééééé"}, "plain") }, "\x1b[1A\r\x1b[Jééééééé\n"},
		{"end", "what stands stays", func() { live.End(); live.Notef("bye") }, "\r\x1b[Jbye\n"},
	} {
		out.Reset()
		step.do()
		if got := out.String(); got != step.want {
			t.Errorf("%s: drew %q, want %q (%s)", step.name, got, step.want, step.reason)
		}
	}
}

func TestLivePlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		live := &Live{out: &out, last: time.Now()}
		for range 12 {
			time.Sleep(time.Second)
			live.Show([]string{"a", "b"}, "plain")
		}
		live.Notef("note")
		NewLogger(live).Warn("warning")
		want := "plain\nplain\nnote\nwarning\n"
		if got := out.String(); got != want {
			t.Errorf("in 12 s it printed %q, want %q", got, want)
		}
	})
}
