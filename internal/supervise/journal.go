package supervise

import "dynamostreamer/internal/activity"

// A Journal is a journal of writes that counts them, and a place to crash:
// between any two of the intent, the write and what says that it is done.
type Journal struct {
	activity.Journal
	Progress *Progress
	Crash    func()
}

// Intent crashes before or after the intent.
func (j Journal) Intent(changes []activity.Change) error {
	j.Crash()
	err := j.Journal.Intent(changes)
	j.Crash()
	return err
}

// Done crashes before it.
func (j Journal) Done(changes []activity.Change) error {
	j.Crash()
	if err := j.Journal.Done(changes); err != nil {
		return err
	}
	j.Progress.Wrote(changes)
	return nil
}
