package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// finish ends the journals and audits them. ctx may be over by now.
func finish(step *cli.Step, counts *counts, j *journals) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	have, err := counts.load(ctx)
	if err != nil {
		return counts.explain(err)
	}
	if err := j.events.End(have); err != nil {
		return err
	}
	known, err := j.others()
	if err != nil {
		return err
	}
	return report(step, j.names, known)
}

// others are the journals of other runs, whose writes this one's reader
// may have seen. A stream keeps nothing longer than a day.
func (j *journals) others() ([]string, error) {
	all, err := inFolder(j.dir)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(name string) bool {
		info, err := os.Stat(name)
		return slices.Contains(j.names, name) || err != nil || j.began.Sub(info.ModTime()) > 25*time.Hour
	}), nil
}

// auditFiles audits the journals of earlier runs.
func auditFiles(step *cli.Step, names []string) error {
	var files []string
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("reading a journal: %w", err)
		}
		if !info.IsDir() {
			files = append(files, name)
			continue
		}
		inside, err := inFolder(name)
		if err != nil {
			return err
		}
		if len(inside) == 0 {
			return fmt.Errorf("folder %s holds no journals", name)
		}
		files = append(files, inside...)
	}
	files, err := distinct(files)
	if err != nil {
		return err
	}
	return report(step, files, nil)
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

// distinct leaves out files that are named again: what they hold happened once.
func distinct(names []string) (once []string, err error) {
	var seen []os.FileInfo
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("reading a journal: %w", err)
		}
		same := func(other os.FileInfo) bool { return os.SameFile(info, other) }
		if !slices.ContainsFunc(seen, same) {
			seen, once = append(seen, info), append(once, name)
		}
	}
	return once, nil
}

func report(step *cli.Step, names, known []string) error {
	size := int64(0)
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	if size > 50<<20 {
		step.Notef("auditing %d MB of journals: this takes a few seconds for each 100 MB", size>>20)
	}
	r, err := audit.Reconcile(names, known)
	if err != nil {
		return err
	}
	if err := step.Printf("%v", r); err != nil {
		return err
	}
	return r.Err()
}

// unfinished is the error of a run that can't go on, and what to do about
// its journals.
func (o *options) unfinished(err error, j *journals) error {
	if taken := (*stream.FencedError)(nil); errors.As(err, &taken) {
		err = fmt.Errorf("another program reads as %s now and has taken over: give this one a -reader of its own (%w)", o.reader, err)
	}
	return fmt.Errorf("%w\nnot audited: what was written may not be read yet; run again, then audit all: "+
		"go run ./steps/05-supervise -audit %s", err, j.dir)
}
