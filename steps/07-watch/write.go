package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/table"
	"dynamostreamer/internal/watch"
)

// A writer writes rows, at a rate and when it is told to.
type writer struct {
	db    *dynamodb.Client
	table string
	ttl   time.Duration // how long rows live
	model *watch.Model  // which knows the time, and the rows

	mu      sync.Mutex
	rate    float64       // writes a second; 0: none
	changed chan struct{} // closed when the rate changes
}

// setRate sets the rate.
func (w *writer) setRate(perSecond float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rate = perSecond
	if w.changed != nil {
		close(w.changed)
	}
	w.changed = make(chan struct{})
	w.model.SetRate(perSecond)
}

// run writes at the rate until ctx ends.
func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.mu.Lock()
		perSecond, changed := w.rate, w.changed
		w.mu.Unlock()
		same, stop := context.WithCancel(ctx)
		go func() {
			select {
			case <-changed:
				stop()
			case <-same.Done():
			}
		}()
		if perSecond > 0 {
			w.session(same, perSecond)
		} else {
			<-same.Done()
		}
		stop()
	}
}

// session writes as users would, until ctx ends.
func (w *writer) session(ctx context.Context, perSecond float64) {
	pace, batch := activity.Pace(perSecond)
	s := activity.Session{
		Writer: w.activities(), Rows: w.rows(w.ttl), Pace: pace,
		Updates: 0.5, Deletes: 0.2,
	}
	for ctx.Err() == nil {
		if err := s.Write(ctx, batch); err != nil && ctx.Err() == nil {
			w.model.Note(fmt.Sprintf("writing failed: %v", err))
			sleep(ctx, 2*time.Second)
		}
	}
}

func (w *writer) activities() *activity.Writer {
	return &activity.Writer{API: w.db, Table: w.table}
}

func (w *writer) rows(ttl time.Duration) *activity.Generator {
	return activity.NewGenerator(ttl, w.model.Now)
}

// insert writes n rows that live for a time, 0 for the usual one, and
// returns them.
func (w *writer) insert(ctx context.Context, n int, ttl time.Duration) ([]activity.UserActivity, error) {
	if ttl == 0 {
		ttl = w.ttl
	}
	rows := w.rows(ttl).Rows(n)
	s := w.activities()
	for rest := rows; len(rest) > 0; {
		batch := rest[:min(len(rest), activity.MaxBatch)]
		if err := s.Insert(ctx, batch); err != nil {
			return nil, err
		}
		rest = rest[len(batch):]
	}
	return rows, nil
}

// remove deletes rows.
func (w *writer) remove(ctx context.Context, rows ...activity.UserActivity) error {
	return w.make(ctx, w.rows(w.ttl).Later(rows, 0, 1))
}

// change writes other activities to rows.
func (w *writer) change(ctx context.Context, rows ...activity.UserActivity) error {
	return w.make(ctx, w.rows(w.ttl).Later(rows, 1, 0))
}

// make makes changes, to rows that must be there.
func (w *writer) make(ctx context.Context, changes []activity.Change) error {
	s := w.activities()
	for _, change := range changes {
		if err := s.Change(ctx, change); err != nil {
			return err
		}
	}
	if s.Counts.Missed > 0 {
		return errNoRow
	}
	return nil
}

var errNoRow = refusef("The row is no longer there: choose another one.")

// update sets a row's ttl by an expression, if the row is there.
func (w *writer) update(ctx context.Context, row activity.UserActivity, expression string, values map[string]types.AttributeValue) error {
	_, err := w.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &w.table, Key: row.Key(),
		UpdateExpression:          aws.String(expression),
		ConditionExpression:       aws.String("attribute_exists(" + table.PartitionKey + ")"),
		ExpressionAttributeNames:  map[string]string{"#ttl": table.TTLAttribute},
		ExpressionAttributeValues: values,
	})
	var missing *types.ConditionalCheckFailedException
	if errors.As(err, &missing) {
		return errNoRow
	}
	return err
}

// prolong lets a row live for a time from now on.
func (w *writer) prolong(ctx context.Context, row activity.UserActivity, ttl time.Duration) error {
	later := fmt.Sprint(w.model.Now().Add(ttl).Unix())
	return w.update(ctx, row, "SET #ttl = :later", map[string]types.AttributeValue{":later": &types.AttributeValueMemberN{Value: later}})
}

// same writes what is there already: that makes no record.
func (w *writer) same(ctx context.Context, row activity.UserActivity) error {
	return w.update(ctx, row, "SET #ttl = #ttl", nil)
}

// A rowAction is what the page does to a row.
type rowAction struct {
	Do  string `json:"do"`
	Key string `json:"key"`
}

// act does something to a row that the page knows, and says what.
// The row that it takes without a key may have just left: then it
// takes another one, once the stream has told the page so.
func (w *writer) act(ctx context.Context, a rowAction) (said string, err error) {
	for end := time.Now().Add(2 * time.Second); ; {
		said, err = w.actOnce(ctx, a)
		if a.Key != "" || err != errNoRow || time.Now().After(end) || !sleep(ctx, 50*time.Millisecond) {
			return said, err
		}
	}
}

func (w *writer) actOnce(ctx context.Context, a rowAction) (said string, err error) {
	known, found := w.model.Row(a.Key)
	switch {
	case !found && a.Key != "":
		return "", errNoRow
	case !found:
		return "", refusef("There is no row: write one.")
	case known.Email == "":
		return "", refusef("The row %s is another program's: it stays as it is.", known.ID)
	}
	row := activity.UserActivity{
		ID: known.ID, Email: known.Email, TTL: known.TTL,
		Activity: activity.Activity{Page: known.Page, Task: known.Task},
	}
	switch a.Do {
	case "delete":
		return "deleted " + known.Email, w.remove(ctx, row)
	case "prolong":
		return fmt.Sprintf("%s lives for %v from now on", known.Email, w.ttl), w.prolong(ctx, row, w.ttl)
	case "change":
		return "changed " + known.Email, w.change(ctx, row)
	case "same":
		return "wrote to " + known.Email + " what it has already", w.same(ctx, row)
	}
	return "", refusef("do %q is none of delete, prolong, change, same.", a.Do)
}
