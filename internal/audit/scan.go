package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// A line is one of any journal: an Entry has a State, a Seen an Event and
// a Run its mark.
type line struct {
	State State                 `json:"state"`
	Kind  activity.ChangeKind   `json:"kind"`
	Row   activity.UserActivity `json:"row"`

	Event    stream.Kind      `json:"event"`
	Shard    string           `json:"shard"`
	Sequence string           `json:"sequence"`
	Old      json.RawMessage  `json:"old"`
	New      json.RawMessage  `json:"new"`
	ID       string           `json:"id"`
	Email    string           `json:"email"`
	Run      Mark             `json:"run"`
	Reader   string           `json:"reader"`
	Stream   string           `json:"stream"`
	At       time.Time        `json:"at"`
	Counts   map[string]int64 `json:"counts"`
}

// A file is a journal that is part of an audit.
type file struct {
	name   string
	known  bool // it is another run's
	writes bool
	begin  time.Time
	size   int64 // how much of it is read
}

// files looks at the journals and puts them in the order in which readers
// began, so that what a crash undid comes before what made up for it.
// Those that are only known come last, and are read to their end.
func files(names, known []string) ([]file, error) {
	var all []file
	for _, name := range names {
		f := file{name: name, size: math.MaxInt64}
		first := errors.New("the first line is enough")
		err := f.scan(nil, func(l *line) error {
			f.begin, f.writes = l.At, l.State != ""
			return first
		})
		if err != nil && err != first {
			return nil, err
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b file) int { return a.begin.Compare(b.begin) })
	// Somebody may append meanwhile. A write is journaled before its event,
	// so the journals of events are measured first.
	for _, writes := range []bool{false, true} {
		for i := range all {
			if all[i].writes != writes {
				continue
			}
			info, err := os.Stat(all[i].name)
			if err != nil {
				return nil, fmt.Errorf("reading a journal: %w", err)
			}
			all[i].size = info.Size()
		}
	}
	for _, name := range known {
		all = append(all, file{name: name, known: true, size: math.MaxInt64})
	}
	return all, nil
}

// scan calls each for the lines of the file that wanted, which sees the
// item's id, selects; lines of no item always are. A last line without
// its end is passed over: whoever wrote it died, or had no space left,
// before going by it.
func (f *file) scan(wanted func(id []byte) bool, each func(*line) error) error {
	journal, err := os.Open(f.name)
	if err != nil {
		return fmt.Errorf("reading a journal: %w", err)
	}
	defer journal.Close()
	in := bufio.NewReaderSize(io.LimitReader(journal, f.size), 1<<20)
	for number := 1; ; number++ {
		text, err := readLine(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading journal %s: %w", f.name, err)
		}
		if id, ok := itemID(text); ok && wanted != nil && !wanted(id) {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil || l.State == "" && l.Event == "" && l.Run == "" {
			return fmt.Errorf("%s:%d is no line of a journal", f.name, number)
		}
		if err := each(&l); err != nil {
			return err
		}
	}
}

// readLine returns the next whole line, valid until the next call.
func readLine(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return text, err
	}
	long := slices.Clone(text)
	rest, err := in.ReadBytes('\n')
	return append(long, rest...), err
}

var idField = []byte(`"id":"`)

// itemID finds the item's id in a line without reading all of it.
func itemID(text []byte) ([]byte, bool) {
	_, rest, found := bytes.Cut(text, idField)
	id, _, closed := bytes.Cut(rest, []byte(`"`))
	return id, found && closed
}

var seed = maphash.MakeSeed()

func hashOf(id []byte) uint64 { return maphash.Bytes(seed, id) }
