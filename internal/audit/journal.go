// Package audit keeps journals of what was written and of what a reader
// of the stream saw, and compares the two.
//
//	journal.go    the journal of writes
//	events.go     the journal of events
//	files.go      which journals there are, and their order
//	reconcile.go  writes and events that match, and those that don't
//	counts.go     what a reader's counts should be
//	report.go     what was found, for a person
package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"dynamostreamer/internal/activity"
)

// State is how far a write has come.
type State string

const (
	Intent State = "intent" // it will be tried; what came of it is unknown
	Done   State = "done"   // DynamoDB has acknowledged it
)

// An Entry is one line of a journal of writes.
type Entry struct {
	State State                 `json:"state"`
	Kind  activity.ChangeKind   `json:"kind"`
	ID    string                `json:"id"`
	Email string                `json:"email"`
	Row   activity.UserActivity `json:"row"` // as it is after the write, or was before its deletion
}

// A Journal appends entries to a file, one JSON object a line. An entry
// is handed to the operating system before Intent or Done returns, so it
// outlives the process, though not a power cut. Several processes may
// append to one file, also once one has died, or had no space left, within
// a line.
type Journal struct{ file *lines }

// OpenJournal opens the file called name for appending, and makes it if
// it is missing.
func OpenJournal(name string) (*Journal, error) {
	file, err := openLines(name)
	return &Journal{file}, err
}

// Intent records changes that are about to be written.
func (j *Journal) Intent(changes []activity.Change) error { return j.append(Intent, changes) }

// Done records changes that DynamoDB has acknowledged.
func (j *Journal) Done(changes []activity.Change) error { return j.append(Done, changes) }

func (j *Journal) append(state State, changes []activity.Change) error {
	entries := make([]any, len(changes))
	for i, c := range changes {
		entries[i] = Entry{State: state, Kind: c.Kind, ID: c.Row.ID, Email: c.Row.Email, Row: c.Row}
	}
	return j.file.append(entries...)
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// tornEnd is put where a line was left without its end.
const tornEnd = "#torn\n"

// lines is a file of JSON objects, one a line, or of torn lines.
type lines struct {
	mu   sync.Mutex
	file *os.File
	torn bool // the last line has no end
	buf  bytes.Buffer
}

func openLines(name string) (*lines, error) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the journal can't be written: %w", err)
	}
	return &lines{file: file, torn: endsTorn(file)}, nil
}

func (l *lines) append(entries ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
	if len(entries) > 0 && l.torn {
		l.buf.WriteString(tornEnd)
	}
	encoder := json.NewEncoder(&l.buf)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("encoding a journal entry: %w", err)
		}
	}
	// One write for all the lines: appends of other processes don't
	// mix with it.
	n, err := l.file.Write(l.buf.Bytes())
	if n > 0 {
		l.torn = n < l.buf.Len()
	}
	if err != nil {
		return fmt.Errorf("the journal can't be written: %w", err)
	}
	return nil
}

// endsTorn reports whether the file ends within a line. Where another
// process is just writing that, the end put there becomes a line by itself.
func endsTorn(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = file.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

func (l *lines) Close() error { return l.file.Close() }
