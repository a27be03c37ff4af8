package watch

// A Delta is what changed since the one before. All of it is in JSON as a browser gets it:
// times are Unix milliseconds of DynamoDB's clock, durations milliseconds, and an element
// replaces the one with the same key.
type Delta struct {
	Clock    *Clock          `json:"clock,omitempty"`
	Rate     *float64        `json:"rate,omitempty"` // writes a second
	Stream   string          `json:"stream,omitempty"`
	Ready    bool            `json:"ready,omitempty"` // the whole state was sent
	Rows     []*Row          `json:"rows,omitempty"`
	Gone     []Gone          `json:"gone,omitempty"`
	Shards   []*Shard        `json:"shards,omitempty"`
	Records  []*Record       `json:"records,omitempty"`
	Dropped  *Dropped        `json:"dropped,omitempty"`
	Readers  []*ReaderState  `json:"readers,omitempty"`
	Verdicts []Verdict       `json:"verdicts,omitempty"`
	Reset    []string        `json:"reset,omitempty"` // readers that are judged anew
	Faults   []Fault         `json:"faults,omitzero"` // all that wait; nil: as before
	Notes    []string        `json:"notes,omitempty"`
	rowsBy   map[string]*Row // pending
}

// A Clock is DynamoDB's, which may run faster than the browser's.
type Clock struct {
	Now    int64 `json:"now"`
	Speed  int   `json:"speed"`
	Jumped bool  `json:"jumped,omitempty"`
}

// A Row is an item of the table, as its last record left it.
type Row struct {
	Key     string `json:"key"`
	ID      string `json:"id"`
	Email   string `json:"email"`
	Task    string `json:"task"`
	Page    string `json:"page"`
	TTL     int64  `json:"ttl"`     // Unix seconds
	Expires bool   `json:"expires"` // DynamoDB will remove it some time after TTL
	Changed int64  `json:"changed"`
}

// Gone is a row that left. How is deleted, expired, or forgotten: it is beyond the bound.
type Gone struct {
	Key  string `json:"key"`
	How  string `json:"how"`
	At   int64  `json:"at"`
	Late int64  `json:"late"` // how long after its ttl; negative: before it
}

// A Shard is open or closed, vanished where DynamoDB no longer lists it, or forgotten
// where none of its records is kept either. Closed is 0 while it isn't.
type Shard struct {
	ID      string `json:"id"`
	Parent  string `json:"parent"`
	Open    bool   `json:"open"`
	Made    int64  `json:"made"`
	Closed  int64  `json:"closed"`
	Trimmed string `json:"trimmed"` // the last sequence number that was trimmed
	State   string `json:"state"`
}

// A Record is one of the stream's. N counts them.
type Record struct {
	N     int64  `json:"n"`
	Seq   string `json:"seq"`
	Shard string `json:"shard"`
	Kind  string `json:"kind"`
	Key   string `json:"key"`
	At    int64  `json:"at"`
}

// Dropped tells what is no longer kept: the records before one, and how many rows.
type Dropped struct {
	Before  int64 `json:"before"`
	Records int64 `json:"records"`
	Rows    int64 `json:"rows"`
}

// A ReaderState is how a reader does. Lag is the age of the oldest record that waits for
// it, and 0 where none does. Left is the time until a record may be trimmed that it hasn't
// handled, and -1 where that is not known.
type ReaderState struct {
	ID          string  `json:"id"`
	Kind        string  `json:"kind"`
	Title       string  `json:"title"`
	State       string  `json:"state"`
	PID         int     `json:"pid"`
	Note        string  `json:"note"`
	Lag         int64   `json:"lag"`
	Left        int64   `json:"left"`
	Handled     int64   `json:"handled"`
	Redelivered int64   `json:"redelivered"`
	Lost        int64   `json:"lost"`
	OutOfOrder  int64   `json:"outOfOrder"`
	Marks       []*Mark `json:"marks"` // those that changed
}

// A Mark is how far a reader is in a shard: the last sequence number of each.
type Mark struct {
	Shard   string `json:"shard"`
	Fetched string `json:"fetched"`
	Handled string `json:"handled"`
	Saved   string `json:"saved"`
	State   string `json:"state"`
}

// These are the words of verdicts.
const (
	Lost       = "lost"
	OutOfOrder = "out of order"
	Cleared    = "cleared" // what was called lost was handled after all
)

// A Verdict is on a record of which a reader did something wrong. A record that is out of
// order was handled after Other, a later change of the same row.
type Verdict struct {
	Reader string `json:"reader"`
	Seq    string `json:"seq"`
	N      int64  `json:"n"`
	What   string `json:"what"`
	Why    string `json:"why"`
	Other  string `json:"other,omitempty"`
}

// A Fault waits in the engine's lab.
type Fault struct {
	Operation string `json:"operation"`
	Fault     string `json:"fault"`
	Calls     int    `json:"calls"`
	AccessKey string `json:"accessKey,omitempty"`
}

// piece is the number of elements of a delta at most, where a whole state is sent.
const piece = 1000

// pieces cuts a delta that is a whole state into small ones, of which the last is ready.
func (d *Delta) pieces() []*Delta {
	all := []*Delta{{Clock: d.Clock, Rate: d.Rate, Stream: d.Stream, Dropped: d.Dropped, Shards: d.Shards, Readers: d.Readers, Faults: d.Faults}}
	for rest := d.Rows; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		all = append(all, &Delta{Rows: rest[:min(piece, len(rest))]})
	}
	for rest := d.Records; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		all = append(all, &Delta{Records: rest[:min(piece, len(rest))]})
	}
	for rest := d.Verdicts; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		all = append(all, &Delta{Verdicts: rest[:min(piece, len(rest))]})
	}
	return append(all, &Delta{Ready: true, Notes: d.Notes})
}
