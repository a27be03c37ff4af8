// Package embedded is a DynamoDB in this process. It has tables, streams and TTL, and
// stores them in an SQLite file or in memory. The SDK's clients talk to it through an
// HTTP client that passes their requests on without a port. Serialization, retries and
// your own code run exactly as they do against AWS:
//
//	db, err := embedded.Open(".dynamodb", embedded.Options{})
//	...
//	client := dynamodb.New(dynamodb.Options{
//		Region:      db.Region(),
//		HTTPClient:  db.HTTPClient(),
//		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
//		BaseEndpoint: aws.String(embedded.BaseEndpoint),
//	})
//
// Several processes may open a folder at the same time. An acknowledged write survives
// the end of the process, even a kill: an item and its stream record are one
// transaction. Only a power cut can undo the writes of the last moments, newest first
// and never half of one.
//
// Secondary indexes change together with the table: a read of an index sees every
// acknowledged write. An index that is added to a large table is filled while other
// writes continue. It can't be read until DescribeTable shows it as ACTIVE.
//
// It has no PartiQL, no backups and no global tables: a request
// for one of them gets an error that says so. It does not limit throughput, and every
// read is consistent.
package embedded

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/store"
	"dynamostreamer/internal/embedded/wire"
)

// A Clock tells a DB the time, on which TTL, iterators, retention and rollover depend.
type Clock = engine.Clock

// Options configure a DB. The zero Options match the service.
type Options = engine.Options

// These are the clocks: the system's, one that runs faster, and one that a test advances.
type (
	RealClock   = engine.RealClock
	ScaledClock = engine.ScaledClock
	ManualClock = engine.ManualClock
)

// NewScaledClock makes a clock that starts at the present time and advances by scale
// seconds in each real second.
func NewScaledClock(scale int) *ScaledClock { return engine.NewScaledClock(scale) }

// NewManualClock makes a clock that shows now until it is advanced.
func NewManualClock(now time.Time) *ManualClock { return engine.NewManualClock(now) }

// An OpenError says why a file can't be used and what to do about it.
type OpenError = store.OpenError

// fileName is the name of the database's file in its folder.
const fileName = "dynamodb.sqlite"

// BaseEndpoint is the endpoint to give to clients. Nothing dials it, so any address would
// do, but this one can't be AWS's.
const BaseEndpoint = "http://embedded.invalid"

// A DB is an open database. Its methods may be called from any goroutine.
type DB struct {
	engine  *engine.Engine
	handler *wire.Handler
}

// Open opens the database in a folder, and creates both if they do not exist. The folder
// must not be shared over a network. An error that the user can fix is an *OpenError,
// and its text says how.
func Open(dir string, o Options) (*DB, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder of the embedded DynamoDB: %w", &OpenError{Path: dir, Err: err,
			Problem: fmt.Sprintf("can't be created (%v): make its parent folder writable or name another folder", err)})
	}
	s, err := store.Open(filepath.Join(dir, fileName))
	if err != nil {
		return nil, err
	}
	return newDB(s, o), nil
}

// OpenMemory makes an empty database in memory. Closing it discards it.
func OpenMemory(o Options) (*DB, error) {
	s, err := store.OpenMemory()
	if err != nil {
		return nil, err
	}
	return newDB(s, o), nil
}

func newDB(s *store.Store, o Options) *DB {
	e := engine.New(s, o)
	return &DB{engine: e, handler: wire.NewHandler(e)}
}

// Close stops the sweeper and closes the database. Later requests get a 500.
func (db *DB) Close() error { return db.engine.Close() }

// InPlace returns an error once the database's file was removed, moved or replaced:
// what is written to it from then on is lost.
func (db *DB) InPlace() error { return db.engine.InPlace() }

// Now returns the time of the database's clock.
func (db *DB) Now() time.Time { return db.engine.Now() }

// Region returns the region in ARNs, for the configuration of clients.
func (db *DB) Region() string { return db.engine.Region() }

// Handler returns a handler of DynamoDB's protocol, for tables and for streams.
func (db *DB) Handler() http.Handler { return db.handler }

// HTTPClient returns a client that runs Handler on the caller's goroutine.
func (db *DB) HTTPClient() *http.Client { return &http.Client{Transport: transport{db.handler}} }

// Sweep does immediately what the database otherwise does every SweepInterval: it removes
// expired items, closes old shards and trims old records.
func (db *DB) Sweep(ctx context.Context) error { return db.engine.Sweep(ctx) }

// The methods below are for tests. They trigger what the service does at times of its
// choice.

// RollShards closes every open shard of a table's stream and opens one child for each.
func (db *DB) RollShards(ctx context.Context, table string) error {
	return db.engine.RollShards(ctx, table)
}

// SplitShard closes an open shard of a table's stream and opens two children. An empty
// shardID is the oldest open shard.
func (db *DB) SplitShard(ctx context.Context, table, shardID string) error {
	return db.engine.SplitShard(ctx, table, shardID)
}

// TrimTo removes the records that a table's stream made before a time. Reading them
// fails with TrimmedDataAccessException.
func (db *DB) TrimTo(ctx context.Context, table string, before time.Time) error {
	return db.engine.TrimTo(ctx, table, before)
}

// ExpireIterators expires every shard iterator that this DB has issued so far.
func (db *DB) ExpireIterators() { db.engine.ExpireIterators() }

// A Fault makes a valid request fail, or falsifies its answer.
type Fault = wire.Fault

// These are the faults for Inject. Package wire describes them.
const (
	Throttle       = wire.Throttle
	LimitExceeded  = wire.LimitExceeded
	ServerError    = wire.ServerError
	LostAnswer     = wire.LostAnswer
	EmptyPage      = wire.EmptyPage
	HiddenChildren = wire.HiddenChildren
	Hang           = wire.Hang
)

// Inject makes the next count requests of an operation, such as "GetRecords", meet a
// fault. The SDK retries throttled and failed requests, so a caller sees the fault only
// if count exceeds the SDK's attempts.
func (db *DB) Inject(operation string, count int, fault Fault) {
	db.handler.Inject(operation, count, fault)
}

// InjectFor is Inject for the requests that are signed with an access key, whose own fault
// comes before that of all. An empty key is that of all requests.
func (db *DB) InjectFor(accessKey, operation string, count int, fault Fault) {
	db.handler.InjectFor(accessKey, operation, count, fault)
}

// Faults lists the faults that have been injected and not yet met, by operation.
func (db *DB) Faults() []wire.WaitingFault { return db.handler.Faults() }

// ClearFaults removes the faults that have not been met, and breaks the connections of
// the requests that hang.
func (db *DB) ClearFaults() { db.handler.ClearFaults() }

// SwitchStream enables a table's stream with a view type such as NEW_AND_OLD_IMAGES, or
// with an empty one disables it.
func (db *DB) SwitchStream(ctx context.Context, table, view string) error {
	return db.engine.SwitchStream(ctx, table, view)
}

// Streams tells the state of the streams of a table, or with an empty name of all
// streams, oldest first.
func (db *DB) Streams(ctx context.Context, table string) ([]engine.StreamState, error) {
	return db.engine.Streams(ctx, table)
}
