package naive

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// untilEmptyPage reads a shard, it believes, to its end.
func (s *source) untilEmptyPage(shard types.Shard) {
	//weave:empty
	iterator := s.start(shard)
	for iterator != nil {
		page := s.records(iterator)
		if len(page.Records) == 0 {
			break // wrong: nothing is left
		}
		s.handle(shard, page.Records)
		iterator = page.NextShardIterator
	}
	//weave:end
}

// withoutLastPage reads a shard, it believes, to its end.
func (s *source) withoutLastPage(shard types.Shard) {
	//weave:last
	iterator := s.start(shard)
	for {
		page := s.records(iterator)
		if page.NextShardIterator == nil {
			break // wrong: the shard has ended
		}
		s.handle(shard, page.Records)
		iterator = page.NextShardIterator
	}
	//weave:end
}

// sideBySide reads all shards.
func (s *source) sideBySide() {
	//weave:order
	// Wrong: all shards side by side, a page of each in turn.
	iterators := make(map[string]*string)
	for {
		for _, shard := range s.shards() {
			iterator, begun := iterators[*shard.ShardId]
			if !begun {
				iterator = s.start(shard)
			}
			if iterator != nil {
				page := s.records(iterator)
				s.handle(shard, page.Records)
				iterator = page.NextShardIterator
			}
			iterators[*shard.ShardId] = iterator
		}
	}
	//weave:end
}

// firstShards reads the shards that there are.
func (s *source) firstShards() {
	//weave:first-shards
	listed := s.shards() // wrong: once
	for s.begin(listed, s.toTheEnd) {
		s.wait(time.Now())
	}
	//weave:end
}

// toTheEnd reads a shard, and nothing is wrong with it.
func (s *source) toTheEnd(shard types.Shard) {
	iterator := s.start(shard)
	for iterator != nil {
		page := s.records(iterator)
		s.handle(shard, page.Records)
		iterator = page.NextShardIterator
	}
}

// fromLatest reads a shard from now on.
func (s *source) fromLatest(shard types.Shard) {
	//weave:latest
	iterator := s.latest(shard) // wrong: what was written before?
	for iterator != nil {
		page := s.records(iterator)
		s.handle(shard, page.Records)
		iterator = page.NextShardIterator
	}
	//weave:end
}

// withOneIterator reads a shard as long as its iterator lives.
func (s *source) withOneIterator(shard types.Shard) {
	//weave:one-iterator
	iterator := s.start(shard)
	for iterator != nil {
		page, err := s.ask(iterator)
		if err != nil {
			continue // wrong: it never gets better
		}
		s.handle(shard, page.Records)
		iterator = page.NextShardIterator
	}
	//weave:end
}
