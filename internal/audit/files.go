package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// Find lists the journals among names: files, and all *.jsonl files of
// folders. A file that is named twice is listed once.
func Find(names ...string) (journals []string, err error) {
	var seen []os.FileInfo
	add := func(name string) error {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("reading a journal: %w", err)
		}
		same := func(other os.FileInfo) bool { return os.SameFile(info, other) }
		if !slices.ContainsFunc(seen, same) {
			seen, journals = append(seen, info), append(journals, name)
		}
		return nil
	}
	for _, name := range names {
		inside := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if inside, err = inFolder(name); err != nil {
				return nil, err
			}
			if len(inside) == 0 {
				return nil, fmt.Errorf("folder %s has no journals (*.jsonl)", name)
			}
		}
		for _, name := range inside {
			if err := add(name); err != nil {
				return nil, err
			}
		}
	}
	return journals, nil
}

// inFolder lists the journals in a folder, whatever its name.
func inFolder(dir string) (names []string, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for journals: %w", err)
	}
	for _, f := range files {
		if filepath.Ext(f.Name()) == ".jsonl" {
			names = append(names, filepath.Join(dir, f.Name()))
		}
	}
	return names, nil
}

// A RunJournals is the pair of journals of one run of a generator and a
// reader.
type RunJournals struct {
	Writes *Journal
	Events *EventJournal

	dir   string
	began time.Time
	names []string
}

// OpenRun opens new journals in a folder, which it makes if need be. The
// reader of the given name is about to read the stream.
func OpenRun(dir, reader, stream string) (*RunJournals, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("making the folder of the journals: %w", err)
	}
	j := &RunJournals{dir: dir, began: time.Now()}
	run := fmt.Sprintf("%s-%d", j.began.UTC().Format("20060102T150405.000"), os.Getpid())
	j.names = []string{filepath.Join(dir, run+"-writes.jsonl"), filepath.Join(dir, run+"-events.jsonl")}
	var err error
	if j.Writes, err = OpenJournal(j.names[0]); err != nil {
		return nil, err
	}
	if j.Events, err = OpenEventJournal(j.names[1], reader); err != nil {
		j.Writes.Close()
		return nil, err
	}
	if err := j.Events.Begin(stream); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

// Reconcile audits this run. Writes of other runs in the folder, which its
// reader may have seen, are recognized: a stream keeps nothing longer than a
// day.
func (j *RunJournals) Reconcile() (*Report, error) {
	all, err := inFolder(j.dir)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(all, func(name string) bool {
		info, err := os.Stat(name)
		return slices.Contains(j.names, name) || err != nil || j.began.Sub(info.ModTime()) > 25*time.Hour
	})
	return Reconcile(j.names, others)
}

// Close closes both journals.
func (j *RunJournals) Close() error { return errors.Join(j.Writes.Close(), j.Events.Close()) }

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
}

// A place is where a line begins.
type place struct {
	offset int64
	number int // of lines before it
}

// A section is a journal of writes or, of one of events, the part from where
// a reader began.
type section struct {
	name   string
	known  bool // it is another run's
	writes bool
	begin  time.Time
	from   place
	size   int64 // how much of the journal is read
}

// sections puts the journals in the order in which readers began, so that
// what a crash undid comes before what made up for it, and what another
// reader saw between two runs comes between them. Those that are only known
// come last, and are read to their end.
func sections(names, known []string) ([]section, error) {
	var all []section
	for _, name := range names {
		some, err := divide(name)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b section) int { return a.begin.Compare(b.begin) })
	// Someone may append meanwhile. A write is journaled before its event,
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
		all = append(all, section{name: name, known: true, size: math.MaxInt64})
	}
	return all, nil
}

// divide divides a journal of events where its reader began again. A clock
// that went back in between does not change their order.
func divide(name string) ([]section, error) {
	all := []section{{name: name, size: math.MaxInt64}}
	last := &all[0]
	enough := errors.New("the first line of a journal of writes is enough")
	err := all[0].scan(func(text []byte, at place) error {
		if at.number > 0 && !bytes.Contains(text, []byte(`"run":"`)) {
			return nil
		}
		l, err := parse(name, text, at)
		switch {
		case err != nil:
			return err
		case l.State != "":
			last.writes = true
			return enough
		case at.number == 0:
			last.begin = l.At
		case l.Run == Begin || l.Run == Start:
			last.size = at.offset
			begin := l.At
			if begin.Before(last.begin) {
				begin = last.begin
			}
			all = append(all, section{name: name, from: at, begin: begin, size: math.MaxInt64})
			last = &all[len(all)-1]
		}
		return nil
	})
	if err == enough {
		err = nil
	}
	return all, err
}

// scan calls each for every line. A last line without its end is skipped, as
// is one that was torn before others: whoever wrote it died, or had no space
// left, before relying on it.
func (s section) scan(each func(text []byte, at place) error) error {
	journal, err := os.Open(s.name)
	if err != nil {
		return fmt.Errorf("reading a journal: %w", err)
	}
	defer journal.Close()
	if _, err := journal.Seek(s.from.offset, io.SeekStart); err != nil {
		return fmt.Errorf("reading a journal: %w", err)
	}
	in := bufio.NewReaderSize(io.LimitReader(journal, s.size-s.from.offset), 1<<20)
	for at := s.from; ; at.number++ {
		text, err := readLine(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading journal %s: %w", s.name, err)
		}
		if !bytes.HasSuffix(text, []byte(tornEnd)) {
			if err := each(text, at); err != nil {
				return err
			}
		}
		at.offset += int64(len(text))
	}
}

func parse(name string, text []byte, at place) (*line, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil || l.State == "" && l.Event == "" && l.Run == "" {
		return nil, fmt.Errorf("%s:%d: not a line of a journal", name, at.number+1)
	}
	return &l, nil
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
