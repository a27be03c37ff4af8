package watch

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SetShards tells which shards the stream has, with their ID, Parent, Open and Trimmed.
func (m *Model) SetShards(stream string, listed []Shard) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stream != m.stream {
		m.stream, m.delta.Stream = stream, stream
	}
	there := make(map[string]bool)
	for _, l := range listed {
		there[l.ID] = true
		was := m.shards[l.ID]
		s := l
		if was != nil {
			s.Made, s.Closed = was.Made, was.Closed
			if s.Trimmed == "" {
				s.Trimmed = was.Trimmed
			}
		} else {
			s.Made = m.made(l.ID)
		}
		if s.State = "open"; !s.Open {
			s.State = "closed"
			if s.Closed == 0 {
				s.Closed = m.now()
			}
		}
		m.setShard(was, &s)
	}
	for _, id := range slices.Sorted(maps.Keys(m.shards)) {
		if was := m.shards[id]; !there[id] {
			s := *was
			s.State, s.Open = "vanished", false
			if s.Closed == 0 {
				s.Closed = m.now()
			}
			if m.held[id] == 0 {
				s.State = "forgotten"
			}
			m.setShard(was, &s)
			if s.State == "forgotten" {
				delete(m.shards, id)
				delete(m.past, id)
				for _, r := range m.readers {
					delete(r.marks, id)
				}
			}
		}
	}
}

// SetTrimmed tells the last sequence number of a shard that was trimmed.
func (m *Model) SetTrimmed(shard, seq string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if was := m.shards[shard]; was != nil && seq != "" {
		s := *was
		s.Trimmed = seq
		m.setShard(was, &s)
	}
}

func (m *Model) setShard(was, s *Shard) {
	if was != nil && *was == *s {
		return
	}
	m.shards[s.ID] = s
	m.delta.Shards = append(slices.DeleteFunc(m.delta.Shards, func(o *Shard) bool { return o.ID == s.ID }), s)
}

// made is when a shard was made: its ID begins with that, in milliseconds. Where it
// doesn't, it is now.
func (m *Model) made(id string) int64 {
	parts := strings.Split(id, "-")
	if len(parts) > 1 {
		if ms, err := strconv.ParseInt(parts[1], 10, 64); err == nil {
			if year := time.UnixMilli(ms).Year(); year > 2000 && year < 2200 {
				return ms
			}
		}
	}
	return m.now()
}

// OpenShards is the number of shards that are open.
func (m *Model) OpenShards() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.shards {
		if s.Open {
			n++
		}
	}
	return n
}

// Shards is the number of shards that DynamoDB lists.
func (m *Model) Shards() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.shards {
		if s.State != "vanished" {
			n++
		}
	}
	return n
}
