// Package audit keeps journals of what was written and of what a reader
// of the stream saw, and holds the one against the other.
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
// append to one file.
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

// lines is a file of JSON objects, one a line.
type lines struct {
	mu   sync.Mutex
	file *os.File
	buf  bytes.Buffer
}

func openLines(name string) (*lines, error) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the journal can't be written: %w", err)
	}
	return &lines{file: file}, nil
}

func (l *lines) append(entries ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
	encoder := json.NewEncoder(&l.buf)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("encoding a journal entry: %w", err)
		}
	}
	// One write for all the lines: appends of other processes don't
	// mix with it.
	if _, err := l.file.Write(l.buf.Bytes()); err != nil {
		return fmt.Errorf("the journal can't be written: %w", err)
	}
	return nil
}

func (l *lines) Close() error { return l.file.Close() }
