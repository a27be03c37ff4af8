package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"dynamostreamer/internal/stream"
)

// A Checkpoint is where a step keeps its reader's position: the value of
// -checkpoint, a file or table:NAME or table:NAME/READER. Empty: nowhere.
type Checkpoint struct {
	Value string
	step  *Step
}

// NewCheckpoint gives a step the flag.
func NewCheckpoint(step *Step) *Checkpoint {
	c := &Checkpoint{step: step}
	step.StringVar(&c.Value, "checkpoint", "",
		"keep the position in this `file`, or in a table as\n"+
			"table:NAME or, to be the reader of another name,\ntable:NAME/READER; resume from there the next time")
	return c
}

// Check refuses a value that names no table or no reader.
func (c *Checkpoint) Check() error {
	if !c.InTable() {
		return nil
	}
	switch name, reader := c.reader(); {
	case name == "":
		return Usagef("-checkpoint table: names no table: give table:NAME")
	case reader == "":
		return Usagef("-checkpoint %s names no reader: give table:%s/READER", c.Value, name)
	default:
		return CheckTable("-checkpoint table:", name)
	}
}

// InTable reports whether it is in a table.
func (c *Checkpoint) InTable() bool { return strings.HasPrefix(c.Value, "table:") }

// reader is the table of the checkpoints and the reader's name in it: one
// table may have those of many.
func (c *Checkpoint) reader() (table, name string) {
	table, name, named := strings.Cut(strings.TrimPrefix(c.Value, "table:"), "/")
	if !named {
		name = c.step.Name() + "/" + c.step.Table
	}
	return table, name
}

// In returns the reader's checkpoints, with the client where they are in a table;
// nil: there are none.
func (c *Checkpoint) In(db *dynamodb.Client) stream.Checkpoints {
	switch {
	case c.InTable():
		table, name := c.reader()
		return stream.TableCheckpoints(db, table, name)
	case c.Value != "":
		return stream.FileCheckpoints(c.Value)
	}
	return nil
}

// Hint says why a table can't have checkpoints. A reader asks DynamoDB for
// nothing else that could be invalid or missing.
func (c *Checkpoint) Hint(err error) error {
	var call *smithy.OperationError
	var answer smithy.APIError
	if !c.InTable() || !errors.As(err, &call) || call.Service() != dynamodb.ServiceID || !errors.As(err, &answer) {
		return err
	}
	name, _ := c.reader()
	switch answer.ErrorCode() {
	case "ResourceNotFoundException":
		return fmt.Errorf("the checkpoints' table %s was deleted while this step ran: run it again, "+
			"which makes the table and starts over", name)
	case "ValidationException":
		return fmt.Errorf("table %s can't have checkpoints: its keys are not the attributes reader and place; "+
			"give -checkpoint another table:NAME, which is made if it does not exist", name)
	}
	return err
}
