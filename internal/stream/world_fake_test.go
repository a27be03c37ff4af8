package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A fakeBackend has the world's fake streams themselves.
type fakeBackend struct {
	*played
	open [items]*fakeShard // where an item is written now
}

func (b *fakeBackend) create() {
	n := len(b.streams)
	label := b.now().Format("2006-01-02T15:04:05.000")
	f := b.addStream("arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/"+label, "999999999999999999990") // soon a digit longer
	for i := range b.Roots {
		b.addShard(f, fmt.Sprintf("%d-r%d", n, i), "")
	}
	for item := range items {
		b.open[item] = f.shards[item%b.Roots]
	}
}

func (b *fakeBackend) recreate() {
	b.newest().disable()
	b.create()
}

func (b *fakeBackend) switchOff() {}

func (b *fakeBackend) switchOn() { b.create() }

func (b *fakeBackend) write(item, count int) {
	if b.off {
		return
	}
	f, s := b.newest(), b.open[item]
	for range count {
		f.put(s, fmt.Sprint("i", item))
		b.wrote(item, f, s)
	}
}

// divide has the children listed a while later.
func (b *fakeBackend) divide(s worldStep, n int) {
	f, parent := b.newest(), b.open[s.Item]
	f.set(func() {
		f.close(parent)
		parent.looksOpen = s.Open
		var children []*fakeShard
		for i := range n {
			child := b.addShard(f, fmt.Sprintf("%s.%d", parent.id, i), parent.id)
			children = append(children, child)
			// It is not listed before its parent is.
			child.listedAt = later(parent.listedAt, f.now().Add(s.Hidden))
		}
		// Nothing orders the shards of a description.
		f.shards = append(children, f.shards[:len(f.shards)-n]...)
		for item, shard := range b.open {
			if shard == parent {
				b.open[item] = children[item%n]
			}
		}
	})
}

func (b *fakeBackend) skewed() {}
func (b *fakeBackend) sync()   {}
func (b *fakeBackend) close()  {}

func (b *fakeBackend) lifetime(d time.Duration) time.Duration { return d }

func (b *fakeBackend) api(stream int) API { return b.streams[stream] }

func (b *fakeBackend) listStreams(context.Context, *dynamodbstreams.ListStreamsInput) (*dynamodbstreams.ListStreamsOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := &dynamodbstreams.ListStreamsOutput{}
	for i, f := range b.streams {
		f.set(func() {
			f.trim()
			out.ResultMetadata = f.metadata()
			if f.known() {
				out.Streams = append(out.Streams, types.Stream{StreamArn: &b.arns[i]})
			}
		})
	}
	return out, nil
}
