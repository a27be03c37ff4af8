package table

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// An Outcome is what Ensure did.
type Outcome int

const (
	Unchanged Outcome = iota
	Created
	TTLEnabled
)

// Ensure makes the table called name, its stream and its TTL, as far as they
// are missing, and describes it. One of a different schema is left as it is:
// that is a *MismatchError.
func Ensure(ctx context.Context, db *dynamodb.Client, name string) (d Description, done Outcome, err error) {
	// Creating is not instant: Create waits until the table
	// is active. A table that exists is left as it is.
	created, err := Create(ctx, db, name)
	if err != nil {
		return d, Unchanged, err
	}
	if d, err = Describe(ctx, db, name); err == nil {
		err = d.Mismatch()
	}
	if err != nil {
		return d, Unchanged, err
	}

	// A table has no TTL until it is told which attribute holds
	// the time. DynamoDB refuses to be told twice, so look first.
	if !d.TTLEnabled() {
		done = TTLEnabled
		if err = EnableTTL(ctx, db, name); err == nil {
			d, err = Describe(ctx, db, name)
		}
	}
	if created {
		done = Created
	}
	return d, done, err
}

// A MismatchError is the error of a table that has a different schema than
// the one that Ensure makes.
type MismatchError struct {
	Name        string
	Differences []string // as Description.Differences says them
	Keys        bool     // the keys differ: another program's rows may be in it
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("table %s exists with a different schema: %s; use another -table",
		e.Name, strings.Join(e.Differences, "; "))
}

// Mismatch is a *MismatchError where the table has a different schema than
// Ensure makes, and nil where Ensure can mend what is missing.
func (d Description) Mismatch() error {
	if diffs := d.Differences(); len(diffs) > 0 {
		return &MismatchError{d.Name, diffs, d.OtherKeys() != ""}
	}
	return nil
}

// CheckCheckpoints refuses a table that is meant for readers' checkpoints and
// has other keys than package stream makes. One that is missing is fine: the
// reader makes it.
func CheckCheckpoints(ctx context.Context, db *dynamodb.Client, name string) error {
	d, err := Describe(ctx, db, name)
	switch {
	case IsMissing(err):
		return nil
	case err == nil && !d.HoldsCheckpoints():
		return fmt.Errorf("table %s, for the reader's checkpoints, exists with other keys than reader, place; use another -table", name)
	}
	return err
}
