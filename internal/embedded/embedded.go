// Package embedded is a DynamoDB in this process: tables, streams and TTL, kept
// in an SQLite file or in memory. The SDK's clients talk to it through an HTTP
// client that hands their requests over without a port, so that the same code,
// serialization and retries run as against AWS:
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
// Several processes may have a folder open at once. A write that was acknowledged
// outlives the process, even one that is killed: an item and its stream record
// are one transaction. Only a power cut may take back the last moments' writes,
// newest first and never half of one.
//
// Secondary indexes change together with the table: what reads one sees every
// write that was acknowledged. An index that is added to a large table is filled
// beside other writes; until DescribeTable has it ACTIVE it can't be read.
//
// What it is not: it has no PartiQL, no legacy parameters, no backups and no global
// tables, and says so where asked; it has no limits of throughput; and every read
// is consistent.
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

// A Clock is where a DB takes its time from: TTL, iterators, retention and
// rollover go by it.
type Clock = engine.Clock

// Options set a DB's ways; the zero Options are the service's.
type Options = engine.Options

// Clocks to choose from: the system's, one that runs faster, one that a test
// moves.
type (
	RealClock   = engine.RealClock
	ScaledClock = engine.ScaledClock
	ManualClock = engine.ManualClock
)

// NewScaledClock makes a clock that starts now and passes scale seconds in each
// real one.
func NewScaledClock(scale int) *ScaledClock { return engine.NewScaledClock(scale) }

// NewManualClock makes a clock that stands at now until it is advanced.
func NewManualClock(now time.Time) *ManualClock { return engine.NewManualClock(now) }

// An OpenError says why a file can't be used, and what to do about it.
type OpenError = store.OpenError

// fileName is the database's file in its folder.
const fileName = "dynamodb.sqlite"

// BaseEndpoint is what to give a client as its endpoint: any address will do,
// since none is dialled, but this one can't be AWS's.
const BaseEndpoint = "http://embedded.invalid"

// A DB is an open DynamoDB. Its methods may be called from any goroutine.
type DB struct {
	engine  *engine.Engine
	handler *wire.Handler
}

// Open opens the database in a folder, and makes both where they do not exist.
// The folder must not be shared over a network. An error that the user can do
// something about is an *OpenError, whose text says what.
func Open(dir string, o Options) (*DB, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder of the embedded DynamoDB: %w", &OpenError{Path: dir, Err: err,
			Problem: fmt.Sprintf("can't be made (%v): make what it lies in writable or name another folder", err)})
	}
	s, err := store.Open(filepath.Join(dir, fileName))
	if err != nil {
		return nil, err
	}
	return newDB(s, o), nil
}

// OpenMemory makes an empty database that is gone when it is closed.
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

// Close ends the sweeper and closes the database. Requests that come later are
// answered with a 500.
func (db *DB) Close() error { return db.engine.Close() }

// Now is the time of the database's clock.
func (db *DB) Now() time.Time { return db.engine.Now() }

// Region is the region that ARNs name, for the clients' configuration.
func (db *DB) Region() string { return db.engine.Region() }

// Handler answers requests of DynamoDB's protocol, for tables and for streams.
func (db *DB) Handler() http.Handler { return db.handler }

// HTTPClient hands requests to Handler on the caller's goroutine.
func (db *DB) HTTPClient() *http.Client { return &http.Client{Transport: transport{db.handler}} }

// Sweep does at once what the database else does every SweepInterval: it removes
// expired items, closes old shards and trims old records.
func (db *DB) Sweep(ctx context.Context) error { return db.engine.Sweep(ctx) }

// The rest are controls for tests: they bring about what the service does when
// it sees fit.

// RollShards closes every open shard of a table's stream and opens a child of
// each.
func (db *DB) RollShards(ctx context.Context, table string) error {
	return db.engine.RollShards(ctx, table)
}

// SplitShard closes an open shard of a table's stream and opens two children.
func (db *DB) SplitShard(ctx context.Context, table, shardID string) error {
	return db.engine.SplitShard(ctx, table, shardID)
}

// TrimTo removes what a table's stream recorded before a time: reading there
// answers TrimmedDataAccessException.
func (db *DB) TrimTo(ctx context.Context, table string, before time.Time) error {
	return db.engine.TrimTo(ctx, table, before)
}

// ExpireIterators makes every shard iterator that this DB has issued so far
// answer ExpiredIteratorException.
func (db *DB) ExpireIterators() { db.engine.ExpireIterators() }

// A Fault is a way in which a request goes wrong without being wrong.
type Fault = wire.Fault

// The faults that Inject takes; package wire tells what each does.
const (
	Throttle       = wire.Throttle
	LimitExceeded  = wire.LimitExceeded
	ServerError    = wire.ServerError
	LostAnswer     = wire.LostAnswer
	EmptyPage      = wire.EmptyPage
	HiddenChildren = wire.HiddenChildren
)

// Inject makes the next count requests of an operation, such as "GetRecords",
// meet a fault. The SDK repeats throttled and failed requests by itself, so a
// caller sees the fault only if count exceeds its attempts.
func (db *DB) Inject(operation string, count int, fault Fault) {
	db.handler.Inject(operation, count, fault)
}
