package engine

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// iteratorLife is the time for which a shard iterator can be used ("GetRecords":
// ExpiredIteratorException).
const iteratorLife = 15 * time.Minute

// An iterator is a position in a shard: before the first record whose sequence number
// is next or greater.
type iterator struct {
	arn        string // of the stream
	identity   uint32 // of the engine that issued it
	generation uint32
	issued     int64 // milliseconds
	shard      int64
	next       int64
}

const iteratorForm = "%08x.%x.%x.%x.%x"

// token returns the iterator in the form of the API: like the service's, the stream's
// ARN and an opaque part. The form detects mistakes but hides nothing.
func (it iterator) token() string {
	position := fmt.Sprintf(iteratorForm, it.identity, it.generation, it.issued, it.shard, it.next)
	return it.arn + "|1|" + base64.StdEncoding.EncodeToString([]byte(position))
}

func parseIterator(token string) (it iterator, ok bool) {
	arn, coded, _ := strings.Cut(token, "|1|")
	position, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return it, false
	}
	it.arn = arn
	_, err = fmt.Sscanf(string(position), iteratorForm, &it.identity, &it.generation, &it.issued, &it.shard, &it.next)
	return it, err == nil && it.token() == token
}

// iteratorAt returns the token of a new iterator.
func (e *Engine) iteratorAt(s *stream, shard, next int64) string {
	return iterator{s.arn, e.identity, e.generation.Load(), e.nowMilli(), shard, next}.token()
}

// ExpireIterators expires all iterators that this engine has issued so far.
func (e *Engine) ExpireIterators() { e.generation.Add(1) }

// checkLife refuses an iterator that has expired.
func (e *Engine) checkLife(it iterator) error {
	old := it.identity == e.identity && it.generation != e.generation.Load()
	if old || e.nowMilli()-it.issued >= iteratorLife.Milliseconds() {
		return fail(ExpiredIteratorException, "The iterator has expired: it was issued at %s and is valid for %v; get a new one after the last sequence number that you have read",
			time.UnixMilli(it.issued).UTC().Format(time.RFC3339), iteratorLife)
	}
	return nil
}
