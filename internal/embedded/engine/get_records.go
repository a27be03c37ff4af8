package engine

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// Limits of a page of GetRecords.
const (
	maxRecords     = 1000
	maxRecordBytes = 1 << 20
)

// GetRecordsInput is the request of GetRecords.
type GetRecordsInput struct {
	ShardIterator *string `api:",required,1..2048"`
	Limit         *int64  `api:",1.."`
}

// GetRecordsOutput is the answer of GetRecords.
type GetRecordsOutput struct {
	Records           []Record
	NextShardIterator string // empty: the shard is closed and has no more records
}

// A Record is a change in a stream.
type Record struct {
	EventID      string       `api:"eventID"`
	EventName    string       `api:"eventName"` // INSERT, MODIFY or REMOVE
	EventVersion string       `api:"eventVersion"`
	EventSource  string       `api:"eventSource"`
	Region       string       `api:"awsRegion"`
	Change       StreamRecord `api:"dynamodb"`
	// UserIdentity is DynamoDB's identity if it removed the item because it had
	// expired, else nil.
	UserIdentity *Identity `api:"userIdentity"`
}

// A StreamRecord describes the change. An image is nil if the view type omits it.
type StreamRecord struct {
	ApproximateCreationDateTime int64 // Unix seconds: the service rounds too
	Keys, NewImage, OldImage    attr.Item
	SequenceNumber              string
	SizeBytes                   int
	StreamViewType              string
}

// An Identity identifies who changed an item.
type Identity struct{ PrincipalId, Type string }

// dynamoDB is the identity that removes expired items.
var dynamoDB = Identity{"dynamodb.amazonaws.com", "Service"}

var eventNames = map[int64]string{
	recordInsert: "INSERT", recordModify: "MODIFY", recordRemove: "REMOVE", recordExpire: "REMOVE",
}

// GetRecords reads a page of a shard: at most 1,000 records and 1 MB. A page may be
// empty. The page with the last records of a closed shard has no next iterator.
func (e *Engine) GetRecords(ctx context.Context, in *GetRecordsInput) (*GetRecordsOutput, error) {
	it, limit, err := e.checkGetRecords(in)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*GetRecordsOutput, error) {
		s := c.findStream(tx, it.arn)
		sh, found := tx.ShardByID(it.shard)
		if s == nil || !found {
			return nil, fail(TrimmedDataAccessException, "The shard of this iterator has vanished: all of its records were older than 24 hours")
		}
		if sh.Stream != s.id {
			return nil, invalid("Invalid ShardIterator")
		}
		if err := e.checkTrimmed(tx, sh, it.next); err != nil {
			return nil, err
		}
		return e.recordsFrom(tx, s, sh, it.next, limit), nil
	})
}

// recordsFrom reads a page.
func (e *Engine) recordsFrom(tx *store.Tx, s *stream, sh store.Shard, next int64, limit int) *GetRecordsOutput {
	out := &GetRecordsOutput{Records: []Record{}}
	size, more := 0, false
	tx.Records(sh.ID, next, func(r store.Record) bool {
		record := e.describeRecord(tx, s, sh, r)
		if len(out.Records) == limit || len(out.Records) > 0 && size+record.Change.SizeBytes > maxRecordBytes {
			more = true
			return false
		}
		out.Records = append(out.Records, record)
		size += record.Change.SizeBytes
		next = r.Sequence + 1
		return true
	})
	if sh.Ending == 0 || more {
		out.NextShardIterator = e.iteratorAt(s, sh.ID, next)
	}
	return out
}

func (e *Engine) checkGetRecords(in *GetRecordsInput) (it iterator, limit int, err error) {
	if limit = orElse(in.Limit, maxRecords); limit > maxRecords {
		return it, 0, invalid(badValues+"Limit should be less than or equal to %d", maxRecords)
	}
	it, ok := parseIterator(*in.ShardIterator)
	if !ok {
		return it, 0, invalid("Invalid ShardIterator")
	}
	return it, limit, e.checkLife(it)
}

// describeRecord returns the record that the API shows.
func (e *Engine) describeRecord(tx *store.Tx, s *stream, sh store.Shard, r store.Record) Record {
	c := StreamRecord{
		ApproximateCreationDateTime: r.At / 1000,
		SequenceNumber:              formatSequence(r.Sequence),
		StreamViewType:              s.View,
		Keys:                        readItem(tx, r.Keys),
		NewImage:                    readItem(tx, r.New),
		OldImage:                    readItem(tx, r.Old),
	}
	switch {
	case c.Keys != nil:
	case c.NewImage != nil:
		c.Keys = c.NewImage.Only(s.names)
	default:
		c.Keys = c.OldImage.Only(s.names)
	}
	c.SizeBytes = c.Keys.Size() + c.NewImage.Size() + c.OldImage.Size()
	out := Record{
		EventID: eventID(sh.ID, r.Sequence), EventName: eventNames[r.Kind],
		EventVersion: "1.1", EventSource: "aws:dynamodb", Region: e.options.Region, Change: c,
	}
	if r.Kind == recordExpire {
		out.UserIdentity = &dynamoDB
	}
	return out
}

// eventID derives a record's ID from its shard and its sequence number, so that it is
// the same whenever the record is read.
func eventID(shard, seq int64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(shard))
	binary.BigEndian.PutUint64(b[8:], uint64(seq))
	sum := md5.Sum(b[:])
	return hex.EncodeToString(sum[:])
}
