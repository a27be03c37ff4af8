package conformance

import (
	"encoding/json"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// A shaping is what a point makes of the reader's calls besides the engine's own faults.
// The service's mutex guards it.
type shaping struct {
	pageSize   int     // the records of a page at most; 0: as many as the engine gives
	shardsPage int     // the shards of a page at most
	ghosts     []shard // are listed although they have vanished
	throttled  string  // a shard whose records are refused
	slow       string  // a shard whose records are answered after slowness
	limited    bool    // calls beyond the service's rates are refused
	refused    int     // how many calls were, for that
}

// slowness is how late an answer about a slow shard is.
const slowness = 150 * time.Millisecond

// A shard is one as DescribeStream lists it.
type shard struct {
	ShardId             string
	ParentShardId       string `json:",omitempty"`
	SequenceNumberRange struct {
		StartingSequenceNumber string
		EndingSequenceNumber   string `json:",omitempty"`
	}
}

// A request is what matters in a body.
type request struct {
	TableName             string
	Item                  map[string]json.RawMessage
	RequestItems          map[string][]write
	TransactItems         []write
	ShardId               string
	ShardIterator         string
	ExclusiveStartShardId string
	ShardFilter           json.RawMessage
}

// A write is one in a batch or a transaction.
type write struct {
	PutRequest struct{ Item map[string]json.RawMessage }
	Put        struct {
		TableName string
		Item      map[string]json.RawMessage
	}
}

// The service's limits: DescribeStream of an account and GetRecords of a shard, a second.
const (
	describesASecond = 10
	recordsASecond   = 5
	// What a reader calls a second apart may arrive a little less apart.
	limitWindow = time.Second - 50*time.Millisecond
)

// refuses reports whether a call is refused because it is one too many.
func (s *service) refuses(c *call) bool {
	if c.operation == "GetRecords" && s.throttled != "" && c.shard == s.throttled {
		return true
	}
	limit := map[string]int{"DescribeStream": describesASecond, "GetRecords": recordsASecond}[c.operation]
	if !s.limited || limit == 0 {
		return false
	}
	n := 0
	for _, before := range slices.Backward(s.calls) {
		if c.at.Sub(before.at) >= limitWindow {
			break
		}
		if before.operation == c.operation && before.code == "" && (c.operation != "GetRecords" || before.shard == c.shard) {
			n++
		}
	}
	if n < limit {
		return false
	}
	s.refused++
	return true
}

// shape makes the pages of a request smaller.
func (s *service) shape(operation string, body []byte) []byte {
	limit := map[string]int{"GetRecords": s.pageSize, "DescribeStream": s.shardsPage}[operation]
	if limit == 0 {
		return body
	}
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil {
		return body
	}
	if given, ok := in["Limit"].(float64); !ok || int(given) > limit {
		in["Limit"] = limit
	}
	shaped, err := json.Marshal(in)
	if err != nil {
		return body
	}
	return shaped
}

// addGhosts lists the ghosts before the first of the other shards.
func (s *service) addGhosts(in request, out *answer) {
	if len(s.ghosts) == 0 || in.ExclusiveStartShardId != "" || in.ShardFilter != nil {
		return
	}
	var body struct{ StreamDescription map[string]json.RawMessage }
	var shards []shard
	if json.Unmarshal(out.body.Bytes(), &body) != nil || json.Unmarshal(body.StreamDescription["Shards"], &shards) != nil {
		return
	}
	listed := func(ghost shard) bool {
		return slices.ContainsFunc(shards, func(s shard) bool { return s.ShardId == ghost.ShardId })
	}
	ghosts := slices.DeleteFunc(slices.Clone(s.ghosts), listed)
	body.StreamDescription["Shards"], _ = json.Marshal(append(ghosts, shards...))
	text, err := json.Marshal(body)
	if err != nil {
		return
	}
	out.replace(text)
}

// replace gives an answer another body.
func (a *answer) replace(text []byte) {
	a.body.Reset()
	a.body.Write(text)
	a.header.Set("Content-Length", strconv.Itoa(len(text)))
	a.header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(text)), 10))
}

// refuse answers that a call was one too many.
func (a *answer) refuse() {
	a.status = http.StatusBadRequest
	a.header.Set("Content-Type", "application/x-amz-json-1.0")
	a.replace([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException","message":"the limit of calls was exceeded: try again later"}`))
}
