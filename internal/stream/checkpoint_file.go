package stream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// checkpointVersion is the version of what is kept, in files and in tables.
// Version 1, from before November 2026, is read too.
const checkpointVersion = 2

// copyVersion is the version of what is kept with a copy. A reader from before
// December 2026 refuses it: it knows nothing of copies.
const copyVersion = 3

// A checkpoint1 is what version 1 kept in place of State and NotBefore.
type checkpoint1 struct {
	Ended bool      `json:"ended"`
	Gone  bool      `json:"gone"`
	Last  bool      `json:"last"`
	Floor time.Time `json:"floor"`
}

// upgrade gives a checkpoint what version 1 has of it.
func (old checkpoint1) upgrade(c *Checkpoint) {
	c.NotBefore = old.Floor
	switch {
	case old.Gone:
		c.State = Vanished
	case old.Last:
		c.State = Final
	case old.Ended:
		c.State = Consumed
	}
}

// laterVersion is the error of checkpoints that a later version of this
// package wrote.
func laterVersion(name string, version int64) error {
	return fmt.Errorf("checkpoint %s has version %d, and this reader knows versions up to %d: read it with the program that wrote it, or a newer one",
		name, version, copyVersion)
}

type checkpointFile struct {
	path       string
	lock       *os.File // nil: not the owner
	generation int64
	kept       map[checkpointKey]Checkpoint // nil: not loaded
}

type fileContent struct {
	Version     int64             `json:"version"`
	Generation  int64             `json:"generation"` // of the last owner
	Checkpoints []json.RawMessage `json:"checkpoints"`
}

// FileCheckpoints keeps checkpoints in a file, as JSON. Each Save replaces
// the file as a whole and waits until the disk has it. While a reader owns
// it, others stand by, or are refused; the operating system ends that with the
// process, however it ends. The lock is a file beside it that ends in
// ".lock" and stays. A network's file system may not honour it.
func FileCheckpoints(path string) Checkpoints { return &checkpointFile{path: path} }

// Peek reads the file without its lock: Save replaces it as a whole.
func (f *checkpointFile) Peek(context.Context) ([]Checkpoint, error) {
	all, _, err := f.read()
	return all, err
}

// Acquire locks the file.
func (f *checkpointFile) Acquire(ctx context.Context, standby func()) (generation int64, err error) {
	if f.lock != nil {
		return 0, &FencedError{Name: f.path} // by a Reader of this value
	}
	for {
		f.lock, err = lockFile(f.path + ".lock")
		switch {
		case err == nil:
			return f.begin()
		case !errors.Is(err, errLocked):
			return 0, fmt.Errorf("locking checkpoint %s: %w", f.path, err)
		case standby == nil:
			return 0, &FencedError{Name: f.path}
		}
		standby()
		if err := sleep(ctx, watchEvery); err != nil {
			return 0, err
		}
	}
}

// begin reads the file and writes the next generation to it.
func (f *checkpointFile) begin() (generation int64, err error) {
	all, generation, err := f.read()
	if err == nil {
		f.generation, f.kept = generation+1, make(map[checkpointKey]Checkpoint)
		for _, c := range all {
			f.kept[c.key()] = c
		}
		err = f.write()
	}
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	return f.generation, nil
}

// Renew has nothing to do: the lock lasts as long as the process.
func (f *checkpointFile) Renew(context.Context) error { return nil }

// Load returns what Acquire found. Without it, Load acquires the file, or
// fails.
func (f *checkpointFile) Load(ctx context.Context) ([]Checkpoint, error) {
	if f.lock == nil {
		if _, err := f.Acquire(ctx, nil); err != nil {
			return nil, err
		}
	}
	return f.sorted(), nil
}

// sorted returns what is kept, by stream and shard.
func (f *checkpointFile) sorted() []Checkpoint {
	return slices.SortedFunc(maps.Values(f.kept), func(a, b Checkpoint) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Shard, b.Shard))
	})
}

func (f *checkpointFile) read() (all []Checkpoint, generation int64, err error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if info, statErr := os.Stat(f.path); statErr == nil && info.IsDir() {
		return nil, 0, fmt.Errorf("checkpoint %s is a folder: name a file", f.path)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("loading a checkpoint: %w", err)
	}
	var content fileContent
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&content); err != nil || content.Version < 1 {
		return nil, 0, fmt.Errorf("%s is not a checkpoint file: move it away to start over", f.path)
	}
	if content.Version > copyVersion {
		return nil, 0, laterVersion(f.path, content.Version)
	}
	for _, text := range content.Checkpoints {
		var c Checkpoint
		var old checkpoint1
		if err := errors.Join(json.Unmarshal(text, &c), json.Unmarshal(text, &old)); err != nil {
			return nil, 0, fmt.Errorf("%s is not a checkpoint file: move it away to start over: %w", f.path, err)
		}
		if content.Version == 1 {
			old.upgrade(&c)
		}
		all = append(all, c)
	}
	return all, content.Generation, nil
}

func (f *checkpointFile) Save(_ context.Context, changed, removed []Checkpoint) error {
	if f.lock == nil {
		return &FencedError{Name: f.path}
	}
	for _, c := range changed {
		f.kept[c.key()] = c
	}
	for _, c := range removed {
		delete(f.kept, c.key())
	}
	return f.write()
}

func (f *checkpointFile) write() error {
	content := fileContent{Version: checkpointVersion, Generation: f.generation}
	for _, c := range f.sorted() {
		if c.OfCopy() {
			content.Version = copyVersion
		}
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		content.Checkpoints = append(content.Checkpoints, text)
	}
	text, err := json.MarshalIndent(content, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(f.path, append(text, '\n'))
}

// replaceFile puts a new file in the place of an old one. After a crash there
// is the one or the other.
func replaceFile(path string, content []byte) (err error) {
	next, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = next.Write(content)
	err = errors.Join(err, next.Sync(), next.Close())
	if err != nil {
		os.Remove(next.Name())
		return err
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (f *checkpointFile) Close() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock, f.kept = nil, nil
	return err
}
