package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"dynamostreamer/internal/watch"
)

// A lab makes the calls that move an engine, at the address where
// it is served.
type lab struct {
	base  string // such as http://127.0.0.1:8007
	model *watch.Model
}

// A labState is what the lab tells, as far as the page shows it.
type labState struct {
	Clock struct {
		Now   time.Time
		Speed int
	}
	Faults  []watch.Fault
	Streams []struct {
		Shards []struct{ ID, Trimmed string }
	}
	Error string
}

// call makes a call, and tells the model what it answers. The error
// of one that is refused is a refusal.
func (l *lab) call(ctx context.Context, method, name string, body []byte) (*labState, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, l.base+"/lab/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("calling the engine's lab: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the engine's lab: %w", err)
	}
	var state labState
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, errors.New("what answers under /lab/ is not an engine's lab")
	}
	switch {
	case answer.StatusCode != http.StatusOK && state.Error != "":
		return nil, &refusal{answer.StatusCode, state.Error}
	case answer.StatusCode != http.StatusOK || state.Clock.Now.IsZero():
		return nil, errors.New("what answers under /lab/ is not an engine's lab")
	}
	l.model.SetClock(state.Clock.Now, state.Clock.Speed)
	l.model.SetFaults(state.Faults)
	for _, s := range state.Streams {
		for _, shard := range s.Shards {
			l.model.SetTrimmed(shard.ID, shard.Trimmed)
		}
	}
	return &state, nil
}

// post makes a call that changes something.
func (l *lab) post(ctx context.Context, name string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = l.call(ctx, http.MethodPost, name, text)
	return err
}

// movable reports whether the engine's clock can be moved: the
// machine's can't, and is that of a folder.
func (l *lab) movable(ctx context.Context) bool {
	return l.post(ctx, "clock", map[string]any{"jump": "0s"}) == nil
}

// follow asks for the state until ctx ends, seldom, since the engine
// counts its records for it, and often while faults wait.
func (l *lab) follow(ctx context.Context) {
	for {
		every := 5 * time.Second
		if state, err := l.call(ctx, http.MethodGet, "state", nil); err == nil && len(state.Faults) > 0 {
			every = 500 * time.Millisecond
		}
		// A click may have injected one meanwhile.
		for end := time.Now().Add(every); time.Now().Before(end) && !(every > time.Second && l.model.Faulty()); {
			if !sleep(ctx, 200*time.Millisecond) {
				return
			}
		}
	}
}

// saidOf says what a call of the lab did.
func saidOf(name string, in map[string]any) string {
	switch name {
	case "split":
		return "split a shard"
	case "roll":
		return "rolled all shards over"
	case "trim":
		return "trimmed the records"
	case "expire-iterators":
		return "expired all iterators"
	case "sweep":
		return "swept: what has expired is removed"
	case "clear-faults":
		return "cleared all faults"
	case "stream":
		if in["enabled"] == true {
			return "enabled a new stream"
		}
		return "disabled the stream"
	case "clock":
		if jump := in["jump"]; jump != nil {
			return fmt.Sprintf("the clock jumped by %v", jump)
		}
		return fmt.Sprintf("the clock runs %v times as fast as yours", in["speed"])
	case "fault":
		who := "both readers"
		if key := in["accessKey"]; key != nil {
			who = fmt.Sprint(key)
		}
		calls := in["calls"]
		if calls == nil {
			calls = 1
		}
		return fmt.Sprintf("fault %v for the next calls of %v: %v, by %s", in["fault"], in["operation"], calls, who)
	}
	return name
}
