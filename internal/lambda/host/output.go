package host

import (
	"bytes"
	"io"
	"sync"
)

// An output is where all processes print.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

// maxLine is how many bytes of a line are kept until it ends: what a process
// prints without an end is passed on in pieces of this size.
const maxLine = 64 << 10

// A lines is what one process prints. It passes on whole lines, so that those of
// several processes don't mix.
type lines struct {
	to   *output
	rest []byte // a line that has not ended
}

func (l *lines) Write(text []byte) (int, error) {
	end := bytes.LastIndexByte(text, '\n') + 1
	if len(l.rest)+len(text)-end >= maxLine {
		end = len(text)
	}
	if end == 0 {
		l.rest = append(l.rest, text...)
		return len(text), nil
	}
	whole := append(l.rest, text[:end]...)
	l.rest = bytes.Clone(text[end:])
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	_, err := l.to.w.Write(whole)
	return len(text), err
}

// end ends the last line, once the process has exited.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.Write([]byte("\n"))
	}
}
