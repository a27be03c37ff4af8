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
)

// fileVersion is the version of the file's format.
const fileVersion = 1

type checkpointFile struct {
	path string
	lock *os.File // nil: not in possession
	kept map[checkpointKey]Checkpoint
}

type checkpointKey struct{ stream, shard string }

func (c Checkpoint) key() checkpointKey { return checkpointKey{c.Stream, c.Shard} }

type fileContent struct {
	Version     int          `json:"version"`
	Checkpoints []Checkpoint `json:"checkpoints"`
}

// FileCheckpoints keeps checkpoints in a file, as JSON. Each Save replaces
// the file as a whole and waits until the disk has it. While a reader has
// it, any other is refused with a *TakenError; the operating system ends
// that with the process, however it ends. The lock is a file beside it
// that ends in ".lock" and stays. A network's file system may not honour
// it.
func FileCheckpoints(path string) Checkpoints { return &checkpointFile{path: path} }

func (f *checkpointFile) Load(context.Context) ([]Checkpoint, error) {
	lock, err := lockFile(f.path + ".lock")
	if errors.Is(err, errLocked) {
		return nil, &TakenError{Name: f.path}
	}
	if err != nil {
		return nil, fmt.Errorf("locking checkpoint %s: %w", f.path, err)
	}
	f.kept = make(map[checkpointKey]Checkpoint)
	content, err := f.read()
	if err != nil {
		lock.Close()
		return nil, err
	}
	for _, c := range content.Checkpoints {
		f.kept[c.key()] = c
	}
	f.lock = lock
	return content.Checkpoints, nil
}

func (f *checkpointFile) read() (content fileContent, err error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return content, nil
	}
	if err != nil {
		return content, fmt.Errorf("loading a checkpoint: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&content); err != nil || content.Version < 1 {
		return content, fmt.Errorf("%s is no checkpoint file: move it away to start anew", f.path)
	}
	if content.Version > fileVersion {
		return content, fmt.Errorf("checkpoint %s has version %d, and this reader knows %d only", f.path, content.Version, fileVersion)
	}
	return content, nil
}

func (f *checkpointFile) Save(_ context.Context, changed, gone []Checkpoint) error {
	if f.lock == nil {
		return &TakenError{Name: f.path}
	}
	for _, c := range changed {
		f.kept[c.key()] = c
	}
	for _, c := range gone {
		delete(f.kept, c.key())
	}
	content := fileContent{fileVersion, slices.SortedFunc(maps.Values(f.kept), func(a, b Checkpoint) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Shard, b.Shard))
	})}
	text, err := json.MarshalIndent(content, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(f.path, append(text, '\n'))
}

// replaceFile puts a new file in the place of an old one. After a crash
// there is the one or the other.
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
	f.lock = nil
	return err
}
