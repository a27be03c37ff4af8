package naive

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
)

// What the tutorial says of three of the readers.

func Example_untilEmptyPage() {
	w := newWorld()
	defer w.close()
	w.put("ada", "grace")
	w.db.Inject("GetRecords", 1, embedded.EmptyPage)
	s := w.source()
	s.untilEmptyPage(s.shards()[0])
	fmt.Println("the end")
	// Output: the end
}

func Example_withoutLastPage() {
	w := newWorld()
	defer w.close()
	w.put("ada", "grace", "barbara")
	w.roll()
	s := w.source()
	s.withoutLastPage(s.shards()[0])
	// Output:
	// INSERT ada
	// INSERT grace
}

func Example_sideBySide() {
	w := newWorld()
	defer w.close()
	w.put("ada", "grace", "barbara")
	w.roll()
	w.delete("barbara")
	ctx, enough := context.WithCancel(context.Background())
	shown := 0
	in := w.input()
	in.Handle = func(_ string, records []types.Record) {
		show("", records)
		if shown += len(records); shown == 4 {
			enough()
		}
	}
	reader, _ := Named("side-by-side")
	reader.Read(ctx, in)
	//weave:order-output
	// Output:
	// INSERT ada
	// INSERT grace
	// REMOVE barbara
	// INSERT barbara
	//weave:end
}

// source is one whose methods can be called directly.
func (w *world) source() *source {
	return newSource(context.Background(), func(err error) { panic(err) }, w.input())
}

func show(_ string, records []types.Record) {
	for _, r := range records {
		fmt.Println(r.EventName, nameOf(r))
	}
}
