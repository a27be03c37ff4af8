package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Logger returns a logger for the packages that a step uses. It prints on
// stderr, as Notef does.
func (s *Step) Logger() *slog.Logger { return NewLogger(s.stderr) }

// NewLogger returns a logger that prints each message as a plain line,
// without time or level, its attributes in brackets.
func NewLogger(w io.Writer) *slog.Logger { return slog.New(plainLines{w: w}) }

type plainLines struct {
	w     io.Writer
	attrs []slog.Attr
}

func (p plainLines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (p plainLines) Handle(_ context.Context, r slog.Record) error {
	var details []string
	add := func(a slog.Attr) bool {
		text := a.Value.String()
		if a.Value.Kind() == slog.KindTime {
			text = a.Value.Time().UTC().Format(time.RFC3339)
		}
		details = append(details, a.Key+" "+text)
		return true
	}
	for _, a := range p.attrs {
		add(a)
	}
	r.Attrs(add)
	line := r.Message
	if len(details) > 0 {
		line += " (" + strings.Join(details, ", ") + ")"
	}
	_, err := fmt.Fprintln(p.w, line)
	return err
}

func (p plainLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return plainLines{p.w, append(p.attrs[:len(p.attrs):len(p.attrs)], attrs...)}
}

// WithGroup keeps the names as they are.
func (p plainLines) WithGroup(string) slog.Handler { return p }
