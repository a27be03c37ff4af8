package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"dynamostreamer/internal/stream"
)

// ofRecords keeps nothing of a shard of which nothing was read.
type ofRecords struct {
	stream.Checkpoints
	stream.Lease
	stream.Peeker
}

func newOfRecords(c stream.Checkpoints) ofRecords {
	return ofRecords{c, c.(stream.Lease), c.(stream.Peeker)}
}

func (c ofRecords) Save(ctx context.Context, changed, removed []stream.Checkpoint) error {
	changed = slices.DeleteFunc(slices.Clone(changed), func(one stream.Checkpoint) bool { return one.Sequence == "" && one.State == "" })
	return c.Checkpoints.Save(ctx, changed, removed)
}

// unleased are checkpoints in a file that any number of readers may write.
type unleased struct{}

func (u unleased) path() string { return filepath.Join(os.Getenv("DIR"), "unleased") }

func (u unleased) Load(context.Context) (all []stream.Checkpoint, err error) {
	text, err := os.ReadFile(u.path())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return all, errors.Join(err, json.Unmarshal(text, &all))
}

func (u unleased) Save(ctx context.Context, changed, removed []stream.Checkpoint) error {
	all, err := u.Load(ctx)
	if err != nil {
		return err
	}
	replaced := append(slices.Clone(changed), removed...)
	all = slices.DeleteFunc(all, func(c stream.Checkpoint) bool {
		return slices.ContainsFunc(replaced, func(r stream.Checkpoint) bool { return r.Stream == c.Stream && r.Shard == c.Shard })
	})
	text, err := json.Marshal(append(all, changed...))
	if err != nil {
		return err
	}
	next := u.path() + strconv.Itoa(os.Getpid())
	return errors.Join(os.WriteFile(next, text, 0o666), os.Rename(next, u.path()))
}

func (u unleased) Close() error { return nil }
