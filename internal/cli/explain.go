package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/agnivade/levenshtein"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// explain puts in place of an error that a newcomer is sure to meet what
// to do about it, and leaves others as they are.
func (s *Step) explain(err error) error {
	var noTable *types.ResourceNotFoundException
	var noStream *streamtypes.ResourceNotFoundException
	var answer *awshttp.ResponseError
	deleted, isDeleted := endpoint.Deleted(err)
	switch {
	case isDeleted:
		return errors.New(deleted)
	case errors.As(err, &noTable):
		return s.noTable()
	case errors.As(err, &noStream):
		return fmt.Errorf("the stream of table %s has vanished: was the table deleted? Run %s", s.Table, s.command("01-create-table"))
	case errors.Is(err, syscall.ECONNREFUSED) && !s.OnAWS():
		return s.resolved.Unreachable()
	case errors.As(err, &answer) && answer.HTTPStatusCode() != 0 && answer.ServiceRequestID() == "" && !s.OnAWS():
		// DynamoDB gives each of its answers an id. Where nothing was
		// answered there is no status either.
		return s.resolved.Stranger(answer.HTTPStatusCode())
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}

// noTable says that the table does not exist, and which do. Where one of
// them has almost the same name, that is offered, and creating is not: a typo
// would become a table.
func (s *Step) noTable() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var there []string
	if s.db != nil {
		if out, err := s.db.ListTables(ctx, &dynamodb.ListTablesInput{}); err == nil {
			there = out.TableNames
		}
	}
	for _, name := range there {
		if levenshtein.ComputeDistance(name, s.Table) <= min(2, len(s.Table)/4) {
			return fmt.Errorf("table %s does not exist: did you mean -table %s?", s.Table, name)
		}
	}
	message := fmt.Sprintf("table %s does not exist: run %s", s.Table, s.command("01-create-table"))
	if len(there) > 5 {
		there = append(there[:5], "…")
	}
	if len(there) > 0 {
		message += "; these exist: " + strings.Join(there, ", ")
	}
	return errors.New(message)
}

// command is the command line of another step with this one's endpoint
// and table, as a shell reads it.
func (s *Step) command(step string) string {
	line := "go run ./steps/" + step
	if s.endpoint != "" {
		line += " -endpoint " + endpoint.Quoted(s.endpoint)
	}
	if s.Table != table.DefaultName {
		line += " -table " + s.Table
	}
	return line
}

// NoStreamError says that the table can't be read as a stream. One with
// other keys is another program's: it gets a stream, and keeps its rows.
func (s *Step) NoStreamError(t table.Description) error {
	if t.OtherKeys() == "" {
		return fmt.Errorf("table %s has no stream: run %s -recreate, which deletes its rows", s.Table, s.command("01-create-table"))
	}
	return fmt.Errorf("table %s has no stream: enable one with %s", s.Table,
		s.resolved.AWSCLI("dynamodb update-table --table-name "+s.Table+
			" --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"))
}

// WhyEnded says why reading the stream of the table called name ended, if err
// is an *EndedError: the table was deleted, or the stream was disabled. Where
// it was neither, or can't be told, and for all other errors, it returns an
// error instead.
func WhyEnded(ctx context.Context, db *dynamodb.Client, name string, err error) (string, error) {
	var ended *stream.EndedError
	if !errors.As(err, &ended) {
		return "", err
	}
	t, err := table.Describe(ctx, db, name)
	switch {
	case table.IsMissing(err) || t.Status == types.TableStatusDeleting:
		return fmt.Sprintf("table %s was deleted", name), nil
	case err != nil:
		return "", errors.Join(ended, err)
	case t.StreamARN == "":
		return fmt.Sprintf("table %s has no stream any more", name), nil
	case t.StreamARN != ended.Stream:
		return "", fmt.Errorf("%w\ntable %s has the newer stream %s: run this again to read it", ended, name, t.StreamARN)
	}
	return "", ended
}

// NoTTLError says that DynamoDB doesn't remove the table's expired rows.
func (s *Step) NoTTLError() error {
	return fmt.Errorf("table %s has no TTL on the attribute %s: run %s, which enables it",
		s.Table, table.TTLAttribute, s.command("01-create-table"))
}
