package wire_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestListStreamsOfDeletedTables: pages list the streams of tables that exist and of
// deleted ones, oldest first, each once, even if the clock was set back between two.
func TestListStreamsOfDeletedTables(t *testing.T) {
	w := newWorld(t)
	var all, own []string
	for i := range 12 {
		name := []string{"tab", "tab2", "atab"}[i%3]
		arn := w.must("CreateTable", strings.Replace(theTable, `"tab"`, fmt.Sprintf("%q", name), 1))["TableDescription"].(map[string]any)["LatestStreamArn"].(string)
		all = append(all, arn)
		if name == "tab" {
			own = append(own, arn)
		}
		if i < 9 {
			w.must("DeleteTable", fmt.Sprintf(`{"TableName":%q}`, name))
		}
		w.clock.Advance(-1500)
		if i == 5 {
			w.clock.Advance(-3600e9)
		}
	}
	list := func(filter string) (arns []string) {
		next := ""
		for range 20 {
			page := w.must("streams:ListStreams", `{"Limit":2`+filter+next+`}`)
			for _, s := range page["Streams"].([]any) {
				arns = append(arns, s.(map[string]any)["StreamArn"].(string))
			}
			last, more := page["LastEvaluatedStreamArn"]
			if !more {
				return arns
			}
			next = fmt.Sprintf(`,"ExclusiveStartStreamArn":%q`, last)
		}
		t.Fatal("ListStreams does not end")
		return nil
	}
	if got := list(""); strings.Join(got, " ") != strings.Join(all, " ") {
		t.Errorf("all streams: %v, want %v", got, all)
	}
	if got := list(`,"TableName":"tab"`); strings.Join(got, " ") != strings.Join(own, " ") {
		t.Errorf("streams of tab: %v, want %v", got, own)
	}
	if got := list(`,"TableName":"none"`); len(got) != 0 {
		t.Errorf("streams of no table: %v", got)
	}
}
