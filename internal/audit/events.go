package audit

import (
	"time"

	"dynamostreamer/internal/stream"
)

// A Run is a line of a journal of events that says where a reader began
// or ended.
type Run struct {
	Run    Mark      `json:"run"`
	Reader string    `json:"reader"` // whose checkpoints it goes by
	Stream string    `json:"stream,omitempty"`
	At     time.Time `json:"at"`
	// Counts are those that the reader keeps, as they stood then, by
	// the keys of CountKey.
	Counts map[string]int64 `json:"counts"`
}

// A Mark is what a Run line stands for.
type Mark string

const (
	Begin Mark = "begin" // a run begins, and its reader has not started yet
	Start Mark = "start" // what follows comes after the checkpoint
	End   Mark = "end"   // all that stands above was handled and committed
)

// Seen is a line of a journal of events.
type Seen struct {
	Event    stream.Kind  `json:"event"`
	ID       string       `json:"id"`
	Email    string       `json:"email"`
	Stream   string       `json:"stream"`
	Next     string       `json:"next,omitempty"` // the stream that followed, at a switch of streams
	Shard    string       `json:"shard"`
	Sequence string       `json:"sequence"` // of the last event before it, where the kind is Lost
	At       time.Time    `json:"at"`       // when the reader got it
	Old      stream.Image `json:"old"`
	New      stream.Image `json:"new"`
}

// An EventJournal appends what a reader sees to a file, as Journal does
// what is written. It may be used by many goroutines.
type EventJournal struct {
	file   *lines
	reader string
}

// OpenEventJournal opens the file called name for appending, and makes it
// if it is missing. Each set of checkpoints has a reader's name.
func OpenEventJournal(name, reader string) (*EventJournal, error) {
	file, err := openLines(name)
	return &EventJournal{file, reader}, err
}

// Begin records that there may be writes from here on which the reader has
// yet to start to read.
func (j *EventJournal) Begin(stream string) error {
	return j.file.append(Run{Begin, j.reader, stream, time.Now().UTC(), nil})
}

// Start records that a reader resumes from its checkpoint, where its
// counts are as given. A reader that starts where none has ended says
// that the last one crashed.
func (j *EventJournal) Start(stream string, counts map[string]int64) error {
	return j.file.append(Run{Start, j.reader, stream, time.Now().UTC(), counts})
}

// End records that the reader has stopped cleanly, and its counts.
func (j *EventJournal) End(counts map[string]int64) error {
	return j.file.append(Run{End, j.reader, "", time.Now().UTC(), counts})
}

// Events records events before anything is made of them.
func (j *EventJournal) Events(events []stream.Event) error {
	entries := make([]any, len(events))
	for i, e := range events {
		seen := Seen{
			Event: e.Kind, Stream: e.Stream, Shard: e.Shard, Sequence: e.Sequence, At: e.Seen.UTC(),
			Old: e.Old, New: e.New,
		}
		if e.Gap != nil {
			seen.Sequence, seen.Stream, seen.Next = e.Gap.Last, e.Gap.Stream, e.Gap.Next
		}
		if e.Keys != nil {
			var key struct {
				ID    string `dynamodbav:"id"`
				Email string `dynamodbav:"email"`
			}
			if err := e.Keys.Decode(&key); err != nil {
				return err
			}
			seen.ID, seen.Email = key.ID, key.Email
		}
		entries[i] = seen
	}
	return j.file.append(entries...)
}

// Close closes the file.
func (j *EventJournal) Close() error { return j.file.Close() }
