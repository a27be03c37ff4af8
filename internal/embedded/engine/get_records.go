package engine

import (
	"cmp"
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
	ShardIterator *string
	Limit         *int64
}

// GetRecordsOutput is the answer of GetRecords.
type GetRecordsOutput struct {
	Records           []Record
	NextShardIterator string // empty at the end of a closed shard
}

// A Record is a change in a stream. Images are nil where the view has none.
type Record struct {
	EventID        string
	EventName      string // INSERT, MODIFY or REMOVE
	Region         string
	Created        int64 // Unix seconds: the service rounds too
	Keys           attr.Item
	NewImage       attr.Item
	OldImage       attr.Item
	SequenceNumber string
	SizeBytes      int
	View           string
	ByTTL          bool // removed by DynamoDB since it had expired
}

var eventNames = map[int64]string{
	recordInsert: "INSERT", recordModify: "MODIFY", recordRemove: "REMOVE", recordExpire: "REMOVE",
}

// GetRecords reads a page of a shard: at most 1,000 records and 1 MB. A page may
// be empty. The end of a closed shard is where there is no next iterator; the
// last records come in that same page.
func (e *Engine) GetRecords(ctx context.Context, in *GetRecordsInput) (*GetRecordsOutput, error) {
	it, limit, err := e.checkGetRecords(in)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*GetRecordsOutput, error) {
		s := c.byARN[it.arn]
		sh, found, err := tx.ShardByID(it.shard)
		if err != nil {
			return nil, err
		}
		if s == nil || !found {
			return nil, fail(TrimmedDataAccessException, "The shard of this iterator is gone: all that it had was recorded more than 24 hours ago")
		}
		if sh.Stream != s.id {
			return nil, invalid("Invalid ShardIterator")
		}
		if err := e.checkTrimmed(tx, sh, it.next); err != nil {
			return nil, err
		}
		return e.recordsFrom(tx, s, sh, it.next, limit)
	})
}

// recordsFrom reads a page.
func (e *Engine) recordsFrom(tx *store.Tx, s *stream, sh store.Shard, next int64, limit int) (*GetRecordsOutput, error) {
	out := &GetRecordsOutput{}
	size, more := 0, false
	var failed error
	err := tx.Records(sh.ID, next, func(r store.Record) bool {
		var record Record
		if record, failed = s.decode(sh, r, e.options.Region); failed != nil {
			return false
		}
		if len(out.Records) == limit || len(out.Records) > 0 && size+record.SizeBytes > maxRecordBytes {
			more = true
			return false
		}
		out.Records = append(out.Records, record)
		size += record.SizeBytes
		next = r.Sequence + 1
		return true
	})
	if sh.Ending == 0 || more {
		out.NextShardIterator = e.iteratorAt(s, sh.ID, next)
	}
	return out, cmp.Or(err, failed)
}

func (e *Engine) checkGetRecords(in *GetRecordsInput) (it iterator, limit int, err error) {
	var c checks
	c.required(in.ShardIterator != nil, "shardIterator")
	c.length(in.ShardIterator, "shardIterator", 1, 2048)
	c.atLeast(in.Limit, "limit", 1)
	if err := c.err(); err != nil {
		return it, 0, err
	}
	if limit = orElse(in.Limit, maxRecords); limit > maxRecords {
		return it, 0, invalid(badValues+"Limit should be less than or equal to %d", maxRecords)
	}
	it, ok := parseIterator(*in.ShardIterator)
	if !ok {
		return it, 0, invalid("Invalid ShardIterator")
	}
	return it, limit, e.checkLife(it)
}

// decode makes the record that the API shows.
func (s *stream) decode(sh store.Shard, r store.Record, region string) (out Record, err error) {
	out = Record{
		EventID:        eventID(sh.ID, r.Sequence),
		EventName:      eventNames[r.Kind],
		Region:         region,
		Created:        r.At / 1000,
		SequenceNumber: formatSequence(r.Sequence),
		View:           s.View,
		ByTTL:          r.Kind == recordExpire,
	}
	for _, image := range []struct {
		raw []byte
		to  *attr.Item
	}{{r.New, &out.NewImage}, {r.Old, &out.OldImage}, {r.Keys, &out.Keys}} {
		if image.raw == nil {
			continue
		}
		if *image.to, err = attr.ReadItem(image.raw); err != nil {
			return Record{}, err
		}
		out.SizeBytes += image.to.Size()
	}
	if out.Keys == nil {
		image := out.NewImage
		if image == nil {
			image = out.OldImage
		}
		out.Keys = image.Only(s.names)
		out.SizeBytes += out.Keys.Size()
	}
	return out, nil
}

// eventID names a record by the place where it stands, so that it is the same
// whenever it is read.
func eventID(shard, seq int64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(shard))
	binary.BigEndian.PutUint64(b[8:], uint64(seq))
	sum := md5.Sum(b[:])
	return hex.EncodeToString(sum[:])
}
