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
	Stream   string           `json:"stream"` // also of a Seen; older journals have none there
	Next     string           `json:"next"`
	At       time.Time        `json:"at"`
	Counts   map[string]int64 `json:"counts"`

	place place
}

// A place is where a line begins.
type place struct {
	offset int64
	number int // of lines before it
}

// A file is a journal that is part of an audit, or of one of events the
// part from where a reader began.
type file struct {
	name   string
	known  bool // it is another run's
	writes bool
	begin  time.Time
	from   place
	size   int64 // how much of the journal is read
}

// files looks at the journals and puts them in the order in which readers
// began, so that what a crash undid comes before what made up for it, and
// what another reader saw between two runs comes between them. Those that
// are only known come last, and are read to their end.
func files(names, known []string) ([]file, error) {
	var all []file
	for _, name := range names {
		parts, err := file{name: name, size: math.MaxInt64}.parts()
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	slices.SortStableFunc(all, func(a, b file) int { return a.begin.Compare(b.begin) })
	// Somebody may append meanwhile. A write is journaled before its event,
	// so the journals of events are measured first.
	for _, writes := range []bool{false, true} {
		for i := range all {
			if all[i].writes != writes || all[i].size != math.MaxInt64 {
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

// parts divides a journal of events where its reader began again. A clock
// that went back in between does not change their order.
func (f file) parts() ([]file, error) {
	parts := []file{f}
	last := &parts[0]
	first := errors.New("the first line is enough")
	err := f.scan(func([]byte) bool { return last.begin.IsZero() }, func(l *line) error {
		switch {
		case l.State != "":
			last.writes = true
			return first
		case l.place == f.from:
			last.begin = l.At
		case l.Run == Begin || l.Run == Start:
			last.size = l.place.offset
			next := f
			next.from, next.begin = l.place, l.At
			if next.begin.Before(last.begin) {
				next.begin = last.begin
			}
			parts = append(parts, next)
			last = &parts[len(parts)-1]
		}
		return nil
	})
	if err == first {
		err = nil
	}
	return parts, err
}

// scan calls each for the lines of the file that wanted, which sees the
// item's id, selects; lines of no item always are. A last line without
// its end is passed over, as is one that was torn before others: whoever
// wrote it died, or had no space left, before going by it.
func (f *file) scan(wanted func(id []byte) bool, each func(*line) error) error {
	journal, err := os.Open(f.name)
	if err != nil {
		return fmt.Errorf("reading a journal: %w", err)
	}
	defer journal.Close()
	at := f.from
	if _, err := journal.Seek(at.offset, io.SeekStart); err != nil {
		return fmt.Errorf("reading a journal: %w", err)
	}
	in := bufio.NewReaderSize(io.LimitReader(journal, f.size-at.offset), 1<<20)
	for ; ; at.number++ {
		text, err := readLine(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading journal %s: %w", f.name, err)
		}
		l := line{place: at}
		at.offset += int64(len(text))
		if bytes.HasSuffix(text, []byte(tornEnd)) {
			continue
		}
		if id, ok := itemID(text); ok && !wanted(id) {
			continue
		}
		if err := json.Unmarshal(text, &l); err != nil || l.State == "" && l.Event == "" && l.Run == "" {
			return fmt.Errorf("%s:%d is no line of a journal", f.name, at.number+1)
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
	return id, found && closed && len(id) > 0
}

var seed = maphash.MakeSeed()

func hashOf(id []byte) uint64 { return maphash.Bytes(seed, id) }
