package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/embedded"
)

// tableName is the table whose stream is read. Its key is id, a String, and its TTL
// attribute ttl.
const tableName = "users"

// A World is what a scenario plays with: a table, its stream, and a reader. Its methods
// don't return when the point's verdict is certain.
type World struct {
	command []string
	without []string // abilities
	stderr  io.Writer
	dir     string // a folder for the reader
	start   string // where the reader begins: TRIM_HORIZON or LATEST
	timeout time.Duration
	saves   time.Duration

	service   *service
	judge     *judge
	sink      *sink
	processes []*process
	written   int  // rows and changes so far, which makes each one another
	over      bool // the story is: the reader has handled all that it had to
}

// A verdict ends a scenario.
type verdict struct {
	outcome Outcome
	why     string
}

// newWorld makes a table with a stream, and the table handledTable.
func newWorld(o Options) (*World, error) {
	s, err := newService()
	if err != nil {
		return nil, err
	}
	w := &World{
		command: o.Command, without: o.Without, stderr: o.Stderr,
		start: "TRIM_HORIZON", timeout: o.Timeout, saves: cmp.Or(o.Saves, time.Second), service: s,
	}
	w.judge = &judge{truth: newTruth(s)}
	w.sink = newSink(w.judge.saw)
	s.put = w.sink.put
	if w.dir, err = os.MkdirTemp("", "conformance"); err == nil {
		err = errors.Join(w.createTable(tableName), w.createTable(handledTable), s.ask("UpdateTimeToLive", map[string]any{
			"TableName": tableName, "TimeToLiveSpecification": map[string]any{"AttributeName": "ttl", "Enabled": true},
		}, nil))
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *World) createTable(table string) error {
	in := map[string]any{
		"TableName": table, "BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": []any{map[string]any{"AttributeName": "id", "AttributeType": "S"}},
		"KeySchema":            []any{map[string]any{"AttributeName": "id", "KeyType": "HASH"}},
	}
	if table == tableName {
		in["StreamSpecification"] = map[string]any{"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}
	}
	return w.service.ask("CreateTable", in, nil)
}

// close leaves nothing: no process, no port, no file.
func (w *World) close() error {
	w.sink.resume()
	for _, p := range w.processes {
		p.kill()
		<-p.ended
	}
	return errors.Join(w.service.close(), os.RemoveAll(w.dir))
}

func (w *World) ends(outcome Outcome, format string, args ...any) {
	panic(verdict{outcome, fmt.Sprintf(format, args...)})
}

// must is for what can only fail by a mistake in a scenario or in the engine.
func (w *World) must(err error) {
	if err != nil {
		panic(err)
	}
}

// wrote learns of what the world did to the table.
func (w *World) wrote(err error) {
	w.must(err)
	w.must(w.judge.learn())
}

// ask sends the engine a request.
func (w *World) ask(operation string, in map[string]any) error {
	return w.service.ask(operation, in, nil)
}

// Put writes rows: new ones, or a change of those that exist.
func (w *World) Put(ids ...string) {
	var writes []any
	for _, id := range ids {
		w.written++
		writes = append(writes, map[string]any{"PutRequest": map[string]any{"Item": map[string]any{
			"id": text(id), "n": map[string]any{"N": fmt.Sprint(w.written)},
		}}})
	}
	for batch := range slices.Chunk(writes, 25) {
		w.must(w.ask("BatchWriteItem", map[string]any{"RequestItems": map[string]any{tableName: batch}}))
	}
	w.wrote(nil)
}

// PutItem writes a row with attributes in DynamoDB's JSON.
func (w *World) PutItem(id string, attributes map[string]any) {
	row := map[string]any{"id": text(id)}
	for name, value := range attributes {
		row[name] = value
	}
	w.wrote(w.ask("PutItem", map[string]any{"TableName": tableName, "Item": row}))
}

// Delete deletes rows.
func (w *World) Delete(ids ...string) {
	for _, id := range ids {
		w.must(w.ask("DeleteItem", map[string]any{"TableName": tableName, "Key": map[string]any{"id": text(id)}}))
	}
	w.wrote(nil)
}

func text(s string) map[string]any { return map[string]any{"S": s} }

// Rows makes up n ids.
func (w *World) Rows(n int) (ids []string) {
	for range n {
		w.written++
		ids = append(ids, fmt.Sprint("row-", w.written))
	}
	return ids
}

// Roll closes each open shard and opens a child of it.
func (w *World) Roll() { w.wrote(w.service.db.RollShards(context.Background(), tableName)) }

// Split closes each open shard and opens two children of it.
func (w *World) Split() {
	for _, shard := range w.open() {
		w.must(w.service.db.SplitShard(context.Background(), tableName, shard))
	}
	w.wrote(nil)
}

// open lists the open shards of the table's newest stream.
func (w *World) open() (open []string) {
	streams, err := w.service.db.Streams(context.Background(), tableName)
	w.must(err)
	for _, s := range streams[len(streams)-1].Shards {
		if s.Open {
			open = append(open, s.ID)
		}
	}
	return open
}

// Later lets time pass on the engine's clock, with all that DynamoDB does meanwhile.
func (w *World) Later(d time.Duration) {
	w.service.clock.Jump(d)
	w.wrote(w.service.db.Sweep(context.Background()))
}

// Fails makes the reader's next calls of an operation meet a fault.
func (w *World) Fails(operation string, calls int, fault embedded.Fault) {
	w.service.db.InjectFor(readerKey, operation, calls, fault)
}

// Meanwhile does something while no call of the reader is answered.
func (w *World) Meanwhile(do func()) { w.service.meanwhile(do) }

// shape changes what is made of the reader's calls.
func (w *World) shape(change func(*shaping)) {
	w.service.mu.Lock()
	defer w.service.mu.Unlock()
	change(&w.service.shaping)
}

// PagesOf makes the pages of GetRecords have n records at most.
func (w *World) PagesOf(n int) { w.shape(func(s *shaping) { s.pageSize = n }) }

// Expect says how often each change from now on has to be handled, and may be. At first it
// is once.
func (w *World) Expect(fewest, most int) {
	w.judge.mu.Lock()
	defer w.judge.mu.Unlock()
	w.judge.fewest, w.judge.most = fewest, most
}

// MayRepeat allows n more repeats of all changes of some rows.
func (w *World) MayRepeat(n int, ids ...string) {
	w.judge.mu.Lock()
	defer w.judge.mu.Unlock()
	for _, id := range ids {
		for _, c := range w.judge.byID[id] {
			c.most += n
		}
	}
}

// Forgives lets the changes be missing that were not handled until now.
func (w *World) Forgives() {
	w.judge.mu.Lock()
	defer w.judge.mu.Unlock()
	for _, c := range w.judge.changes {
		if c.times == 0 {
			c.fewest = 0
		}
	}
}

// Permit changes what the reader may do.
func (w *World) Permit(change func(*permits)) {
	w.judge.mu.Lock()
	defer w.judge.mu.Unlock()
	change(&w.judge.may)
}

// Start starts the reader.
func (w *World) Start() *process {
	arn, err := w.streamARN()
	w.must(err)
	command := slices.Clone(w.command)
	fill := strings.NewReplacer("{url}", w.service.url, "{table}", tableName, "{arn}", arn, "{dir}", w.dir, "{start}", w.start)
	for i, argument := range command {
		command[i] = fill.Replace(argument)
	}
	env := environment(os.Environ(), map[string]string{
		"AWS_ENDPOINT_URL": w.service.url, "AWS_ENDPOINT_URL_DYNAMODB": w.service.url, "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": w.service.url,
		"AWS_REGION": w.service.db.Region(), "AWS_DEFAULT_REGION": w.service.db.Region(),
		"AWS_ACCESS_KEY_ID": readerKey, "AWS_SECRET_ACCESS_KEY": readerKey, "AWS_EC2_METADATA_DISABLED": "true",
		"TABLE": tableName, "STREAM_ARN": arn, "DIR": w.dir, "START": w.start,
		"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
	})
	p, err := startProcess(command, env, w.sink.line, w.stderr)
	if err != nil {
		panic(fmt.Errorf("starting the command: %w", err))
	}
	w.processes = append(w.processes, p)
	return p
}

// environment replaces all of AWS's variables, and some more, by others.
func environment(env []string, with map[string]string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, replaced := with[name]
		return replaced || strings.HasPrefix(name, "AWS_")
	})
	for name, value := range with {
		env = append(env, name+"="+value)
	}
	return env
}

func (w *World) streamARN() (string, error) {
	var out struct {
		Table struct{ LatestStreamArn string }
	}
	err := w.service.ask("DescribeTable", map[string]any{"TableName": tableName}, &out)
	return out.Table.LatestStreamArn, err
}
