package engine

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// iteratorLife is how long a shard iterator can be used ("GetRecords":
// ExpiredIteratorException).
const iteratorLife = 15 * time.Minute

// An iterator is a place in a shard: before the record with the sequence number
// next, or before the first one that follows.
type iterator struct {
	arn        string // of the stream
	identity   uint32 // of the engine that issued it
	generation uint32
	issued     int64 // milliseconds
	shard      int64
	next       int64
}

const iteratorForm = "%08x.%x.%x.%x.%x"

// token is the iterator as the API shows it: like the service's, the stream's
// ARN and something opaque. It is not a secret, only guarded against mistakes.
func (it iterator) token() string {
	place := fmt.Sprintf(iteratorForm, it.identity, it.generation, it.issued, it.shard, it.next)
	return it.arn + "|1|" + base64.StdEncoding.EncodeToString([]byte(place))
}

func parseIterator(token string) (it iterator, ok bool) {
	arn, coded, _ := strings.Cut(token, "|1|")
	place, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return it, false
	}
	it.arn = arn
	_, err = fmt.Sscanf(string(place), iteratorForm, &it.identity, &it.generation, &it.issued, &it.shard, &it.next)
	return it, err == nil && it.token() == token
}

// iteratorAt makes the token of a new iterator.
func (e *Engine) iteratorAt(s *stream, shard, next int64) string {
	return iterator{s.arn, e.identity, e.generation.Load(), e.nowMilli(), shard, next}.token()
}

// ExpireIterators makes all iterators that this engine has issued so far answer
// ExpiredIteratorException.
func (e *Engine) ExpireIterators() { e.generation.Add(1) }

func (e *Engine) checkLife(it iterator) error {
	old := it.identity == e.identity && it.generation != e.generation.Load()
	if old || e.nowMilli()-it.issued >= iteratorLife.Milliseconds() {
		return fail(ExpiredIteratorException, "The iterator has expired: it was issued at %s and lives for %v; ask for a new one after the last sequence number that you have read",
			time.UnixMilli(it.issued).UTC().Format(time.RFC3339), iteratorLife)
	}
	return nil
}
