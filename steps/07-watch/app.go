package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/naive"
	"dynamostreamer/internal/table"
	"dynamostreamer/internal/watch"
)

// bounds are how much the page shows.
var bounds = watch.Bounds{Rows: 20_000, Records: 20_000}

// An app is all that the page shows and moves.
type app struct {
	step    *cli.Step
	address string // of the page
	model   *watch.Model
	hub     *watch.Hub
	follow  *follower
	writer  *writer
	lab     *lab // nil: the endpoint has none
	movable bool // its clock can be moved
	foreign bool // the table is another program's
	ours    *process
	naive   *process

	mu   sync.Mutex
	kind string // of the naive reader

	stage   sync.Mutex              // one step of a scene at a time
	onStage string                  // the scene whose first step was taken last
	cast    []activity.UserActivity // the rows that it is about
}

// newApp makes what the page shows: of a table, at an endpoint that
// the readers reach by a name. The folder has their checkpoints.
func newApp(step *cli.Step, o *options, db *dynamodb.Client, streams *dynamodbstreams.Client, t table.Description, folder string) *app {
	model := watch.NewModel(table.TTLAttribute, bounds)
	a := &app{step: step, model: model, kind: "side-by-side", foreign: t.OtherKeys() != ""}
	a.hub = &watch.Hub{Model: model, Hello: a.hello}
	a.writer = &writer{db: db, table: step.Table, ttl: o.ttl, model: model}
	a.follow = &follower{db: db, streams: streams, table: step.Table, pace: step.Pace(), poll: 200 * time.Millisecond, model: model}
	if step.OnAWS() {
		a.follow.poll, a.follow.pace = 2*time.Second, 1
	}
	a.ours = &process{id: ours, model: model, checkpoint: filepath.Join(folder, "checkpoint.json")}
	a.ours.args = func(kind string) []string { return a.readerArgs(ours, kind, "-checkpoint", a.ours.checkpoint) }
	a.naive = &process{id: "naive", model: model}
	a.naive.args = func(kind string) []string { return a.readerArgs("naive", kind) }
	return a
}

// readerArgs are the arguments of a reader's process.
func (a *app) readerArgs(id, kind string, more ...string) []string {
	args := []string{"-kind", kind, "-table", a.step.Table}
	if a.step.HasEngine() {
		args = append(args, "-endpoint", a.address)
	} else if name := a.step.EndpointFlag(); name != "" {
		args = append(args, "-endpoint", name)
	}
	if a.lab != nil {
		args = append(args, "-key", id)
	}
	return append(args, more...)
}

// run runs all until ctx ends, and stops it.
func (a *app) run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { a.hub.Run(ctx) })
	all.Go(func() { a.follow.run(ctx) })
	all.Go(func() { a.writer.run(ctx) })
	all.Go(func() { a.ours.followCheckpoint(ctx) })
	if a.lab != nil {
		all.Go(func() { a.lab.follow(ctx) })
	}
	a.model.Judge(ours, ours, "stream.Reader, the tutorial's", watch.Words{
		Lost:       "DynamoDB trims a record after 24 hours, read or not.",
		OutOfOrder: "A later change of the same row was handled first.",
	}, false)
	a.judgeNaive()
	err := a.ours.start(ours)
	if !a.step.OnAWS() { // DynamoDB throttles more than two readers
		err = errors.Join(err, a.naive.start(a.naiveKind()))
	}
	if err != nil {
		a.model.Note(err.Error())
	}
	<-ctx.Done()
	a.ours.stop()
	a.naive.stop()
	all.Wait()
}

func (a *app) naiveKind() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.kind
}

// choose starts another naive reader in the place of the one that
// runs, and has it judged anew.
func (a *app) choose(kind string) error {
	if _, found := naive.Named(kind); !found {
		return refusef("There is no naive reader %s.", kind)
	}
	if err := a.naive.killed(); err != nil {
		return err
	}
	a.mu.Lock()
	a.kind = kind
	a.mu.Unlock()
	a.judgeNaive()
	return a.naive.start(kind)
}

// judgeNaive has the naive reader judged anew. The one that starts at
// LATEST is not to handle what is there already.
func (a *app) judgeNaive() {
	r, _ := naive.Named(a.naiveKind())
	a.model.Judge("naive", r.ID, r.Title, watch.Words{Lost: r.Why, OutOfOrder: r.Why}, r.ID == "latest")
}

// hello is what the page must know before all else.
func (a *app) hello() any {
	type naiveReader struct {
		ID      string `json:"id"`
		Title   string `json:"title"`
		Mistake string `json:"mistake"`
	}
	var readers []naiveReader
	for _, r := range naive.Readers {
		readers = append(readers, naiveReader{r.ID, r.Title, r.Mistake})
	}
	cost := "The rows come from the stream’s records, without a scan. Here nothing costs anything."
	if a.step.OnAWS() {
		cost = "The rows come from the stream’s records, without a scan. AWS bills each GetRecords: for an open shard, the page makes one a second " +
			"at most, ours two, and a naive reader, once you start it, five."
	}
	return struct {
		V         int           `json:"v"`
		Endpoint  string        `json:"endpoint"`
		Address   string        `json:"address"`
		Table     string        `json:"table"`
		Controls  bool          `json:"controls"`
		Movable   bool          `json:"movable"`
		Freezes   bool          `json:"freezes"`
		AWS       bool          `json:"aws"`
		Cost      string        `json:"cost"`
		Retention int64         `json:"retention"`
		Bounds    watch.Bounds  `json:"bounds"`
		Naive     []naiveReader `json:"naive"`
		Buttons   []button      `json:"buttons"`
		Scenes    []scene       `json:"scenes"`
	}{
		1, a.step.EndpointName(), a.address, a.step.Table, a.lab != nil, a.movable, freezes, a.step.OnAWS(), cost,
		(24 * time.Hour).Milliseconds(), bounds, readers, a.buttons(), a.scenes(),
	}
}

func (a *app) postWrite(ctx context.Context, _ *http.Request, in struct {
	N   int   `json:"n"`
	TTL int64 `json:"ttl"` // seconds; 0: as usual
},
) (string, error) {
	if off := a.why("write"); off != "" {
		return "", refusef("%s", off)
	}
	if in.N < 1 || in.N > 1000 || in.TTL < 0 || in.TTL > 1e6 {
		return "", &refusal{http.StatusBadRequest, "n is from 1 to 1000, and ttl from 0 to 1000000 seconds."}
	}
	_, err := a.writer.insert(ctx, in.N, time.Duration(in.TTL)*time.Second)
	return a.noted(fmt.Sprintf("wrote %d rows", in.N)), err
}

func (a *app) postRate(_ context.Context, _ *http.Request, in struct {
	Rate *float64 `json:"rate"`
},
) (string, error) {
	if off := a.why("write"); off != "" {
		return "", refusef("%s", off)
	}
	if in.Rate == nil || !(*in.Rate >= 0 && *in.Rate <= maxRate) {
		return "", &refusal{http.StatusBadRequest, fmt.Sprintf("rate is from 0 to %d writes a second.", maxRate)}
	}
	a.writer.setRate(*in.Rate)
	return fmt.Sprintf("%v writes a second", *in.Rate), nil
}

func (a *app) postReader(_ context.Context, r *http.Request, in struct {
	Do   string `json:"do"`
	Kind string `json:"kind"`
},
) (string, error) {
	id := r.PathValue("id")
	p, kind := a.naive, a.naiveKind()
	switch id {
	case ours:
		p, kind = a.ours, ours
	case "naive":
	default:
		return "", &refusal{http.StatusNotFound, "The readers are ours and naive."}
	}
	var err error
	switch {
	case in.Do == "kill":
		err = p.kill()
	case in.Do == "freeze":
		err = p.freeze()
	case in.Do == "thaw":
		err = p.thaw()
	case in.Do == "start":
		err = p.start(kind)
	case in.Do == "forget" && id == ours:
		err = p.forget()
	case in.Do == "choose" && id == "naive":
		err = a.choose(in.Kind)
	default:
		err = &refusal{http.StatusBadRequest, fmt.Sprintf("do %q is nothing that can be done to %s.", in.Do, id)}
	}
	if err != nil {
		return "", err
	}
	return a.noted(in.Do + " " + id), nil
}

func (a *app) postLab(ctx context.Context, r *http.Request, in map[string]any) (string, error) {
	if a.lab == nil {
		return "", refusef("%s", a.why("shards"))
	}
	name := r.PathValue("call")
	// A fault for everyone would be met by the page too, which then
	// doesn't see what the stream has.
	calls := []map[string]any{in}
	if name == "fault" && in["accessKey"] == nil {
		calls = nil
		for _, key := range []string{ours, "naive"} {
			aimed := maps.Clone(in)
			if aimed == nil {
				aimed = body{}
			}
			aimed["accessKey"] = key
			calls = append(calls, aimed)
		}
	}
	for _, call := range calls {
		if err := a.lab.post(ctx, name, call); err != nil {
			return "", err
		}
	}
	return a.noted(saidOf(name, in)), nil
}

func (a *app) postScene(ctx context.Context, r *http.Request, in struct {
	Step int `json:"step"`
},
) (string, error) {
	said, err := a.play(ctx, r.PathValue("id"), in.Step)
	if err != nil {
		return "", err
	}
	return a.noted(said), nil
}

// noted notes what was done for all who look, and returns it.
func (a *app) noted(text string) string {
	a.model.Note(text)
	return text
}
