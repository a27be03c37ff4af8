package activity

import (
	"bytes"
	crand "crypto/rand"
	"encoding/base32"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dynamostreamer/internal/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// plainValues lets cmp compare attribute values, whose types have a
// marker that it can't see.
var plainValues = cmpopts.IgnoreUnexported(
	types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberM{},
)

func TestSeedMakesTheSameAgain(t *testing.T) {
	play := func(seed uint64, now time.Time) ([]UserActivity, []Change) {
		g := NewSeededGenerator(seed, time.Hour, at(now))
		rows := g.Rows(50)
		return rows, g.Later(rows, 0.5, 0.3)
	}
	rows, later := play(7, noon)

	again, laterAgain := play(7, noon)
	if diff := cmp.Diff(rows, again); diff != "" {
		t.Errorf("the same seed made other rows (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(later, laterAgain); diff != "" {
		t.Errorf("the same seed made other changes (-first +second):\n%s", diff)
	}

	// Only the TTLs follow the clock.
	evening, _ := play(7, noon.Add(6*time.Hour))
	if diff := cmp.Diff(rows, evening, cmpopts.IgnoreFields(UserActivity{}, "TTL")); diff != "" {
		t.Errorf("the same seed at another time made other rows (-noon +evening):\n%s", diff)
	}
	if got, want := evening[0].TTL-rows[0].TTL, int64(6*60*60); got != want {
		t.Errorf("six hours later the TTL is %d s later, want %d", got, want)
	}

	others, _ := play(8, noon)
	for i := range rows {
		if rows[i].ID == others[i].ID {
			t.Errorf("seeds 7 and 8 both made id %s", rows[i].ID)
		}
	}
	if cmp.Equal(activities(rows), activities(others)) {
		t.Error("seeds 7 and 8 made the same 50 activities")
	}
}

func TestWithoutSeedEachRunDiffers(t *testing.T) {
	one, two := NewGenerator(time.Hour, at(noon)), NewGenerator(time.Hour, at(noon))
	if one.ids != crand.Reader {
		t.Errorf("ids come from %T, want the cryptographic source", one.ids)
	}
	first, second := one.Rows(50), two.Rows(50)
	if cmp.Equal(activities(first), activities(second)) {
		t.Error("two generators without a seed made the same 50 activities")
	}
}

func activities(rows []UserActivity) []Activity {
	var all []Activity
	for _, row := range rows {
		all = append(all, row.Activity)
	}
	return all
}

func TestIDs(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{26}$`)
	for name, g := range map[string]*Generator{
		"seeded":   NewSeededGenerator(1, time.Hour, at(noon)),
		"unseeded": NewGenerator(time.Hour, at(noon)),
	} {
		seen := make(map[string]bool)
		for _, row := range g.Rows(1000) {
			if !form.MatchString(row.ID) {
				t.Errorf("%s: id %q does not match %v", name, row.ID, form)
			}
			if seen[row.ID] {
				t.Errorf("%s: id %s was made twice", name, row.ID)
			}
			seen[row.ID] = true
		}
	}
}

// An id says all the randomness that was drawn for it, and draws no more.
func TestIDKeepsItsRandomness(t *testing.T) {
	random := []byte("\x00\x01\xfe\xff0123456789ab the next id's")
	source := bytes.NewReader(random)
	g := Generator{ids: source}
	want := strings.ToLower(strings.TrimRight(base32.StdEncoding.EncodeToString(random[:idBytes]), "="))
	if got := g.id(); got != want {
		t.Errorf("id() of %x = %q, want %q", random[:idBytes], got, want)
	}
	if got, want := source.Len(), len(random)-idBytes; got != want {
		t.Errorf("after one id %d bytes are left, want %d", got, want)
	}
}

// The doc comment of idBytes states the risk; this computes it.
func TestCollisionRisk(t *testing.T) {
	const ids = 1e7
	space, _ := new(big.Float).SetInt(new(big.Int).Lsh(big.NewInt(1), 8*idBytes)).Float64()
	oneIn := space / (ids * ids / 2)
	if oneIn < 1e15 {
		t.Errorf("two of %.0e ids are alike once in %.1e, want at most once in 1e15", ids, oneIn)
	}
	if got, want := fmt.Sprintf("%.1e", oneIn), "6.8e+24"; got != want {
		t.Errorf("two of %.0e ids are alike once in %s, but the doc comment says %s", ids, got, want)
	}
}

func TestRowsExpire(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		now          time.Time
		ttl          time.Duration
		want         int64
	}{
		{"an hour", "the tutorial's default", noon, time.Hour, noon.Unix() + 3600},
		{"at once", "the flag allows 0", noon, 0, noon.Unix()},
		{"half seconds", "they count before the rounding to whole seconds",
			noon.Add(700 * time.Millisecond), 1500 * time.Millisecond, noon.Unix() + 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, row := range NewSeededGenerator(1, test.ttl, at(test.now)).Rows(3) {
				if row.TTL != test.want {
					t.Errorf("Rows at %v with ttl %v has TTL %d, want %d (%s)",
						test.now, test.ttl, row.TTL, test.want, test.reason)
				}
			}
		})
	}
}

func TestClockIsReadForEachRow(t *testing.T) {
	now := noon
	g := NewSeededGenerator(1, time.Minute, func() time.Time { now = now.Add(time.Second); return now })
	for i, row := range g.Rows(3) {
		if want := noon.Unix() + 60 + int64(i) + 1; row.TTL != want {
			t.Errorf("row %d has TTL %d, want %d", i, row.TTL, want)
		}
	}
}

// An update that changes nothing makes no stream record.
func TestChangeAlwaysDiffers(t *testing.T) {
	g := NewSeededGenerator(1, time.Hour, at(noon))
	sameTask := 0
	const times = 40
	for _, page := range pages {
		for _, task := range tasks {
			row := UserActivity{ID: "a", Email: "a@example.com", Activity: Activity{page, task}, TTL: 1}
			for range times {
				got := g.change(row)
				if got.Activity.Page == page || !slices.Contains(pages, got.Activity.Page) {
					t.Fatalf("change(%+v) has page %q, want another one of %q", row, got.Activity.Page, pages)
				}
				if !slices.Contains(tasks, got.Activity.Task) {
					t.Fatalf("change(%+v) has task %q, want one of %q", row, got.Activity.Task, tasks)
				}
				if got.Activity.Task == task {
					sameTask++
				}
				if got.Activity = row.Activity; got != row {
					t.Fatalf("change(%+v) = %+v, want only its activity changed", row, got)
				}
			}
		}
	}
	share := float64(sameTask) / float64(times*len(pages)*len(tasks))
	if math.Abs(share-0.5) > 0.1 {
		t.Errorf("change kept the task %.2f of the times, want about half", share)
	}
}

func TestOther(t *testing.T) {
	choices := []string{"a", "b", "c", "d"}
	for _, test := range []struct {
		name, reason string
		current      string
		want         []string
	}{
		{"first", "all but the current one can come", "a", []string{"b", "c", "d"}},
		{"middle", "it wraps around the end", "c", []string{"d", "a", "b"}},
		{"last", "it begins again at the start", "d", []string{"a", "b", "c"}},
		{"unknown", "any choice differs from it", "x", choices},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for i := range test.want {
				got = append(got, other(choices, test.current, func(n int) int {
					if n != len(test.want) {
						t.Errorf("other(%q, %q) chooses among %d, want %d", choices, test.current, n, len(test.want))
					}
					return i
				}))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("other(%q, %q) = %q, want %q (%s)", choices, test.current, got, test.want, test.reason)
			}
		})
	}
}

func TestLater(t *testing.T) {
	const n = 1000
	for _, test := range []struct {
		name, reason      string
		updates, deletes  float64
		modified, deleted int
		plusMinus         int
	}{
		{"none", "a share of 0 is never", 0, 0, 0, 0, 0},
		{"all changed", "a share of 1 is always", 1, 0, n, 0, 0},
		{"all deleted", "a share of 1 is always", 0, 1, 0, n, 0},
		{"all both", "a delete follows the change of its row", 1, 1, n, n, 0},
		{"some", "shares are probabilities", 0.5, 0.25, n / 2, n / 4, 60},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := NewSeededGenerator(1, time.Hour, at(noon))
			rows := g.Rows(n)
			stored := make(map[string]UserActivity)
			for _, row := range rows {
				stored[row.ID] = row
			}
			counts := make(map[ChangeKind]int)
			for _, c := range g.Later(rows, test.updates, test.deletes) {
				counts[c.Kind]++
				switch before, there := stored[c.Row.ID]; {
				case !there:
					t.Fatalf("%s: a change of a row that is not there: %+v", test.name, c)
				case c.Kind == Modified && before.Activity == c.Row.Activity:
					t.Errorf("a change changes nothing: %+v", c)
				case c.Kind == Deleted && before != c.Row:
					t.Errorf("deleted %+v, want it as it was before: %+v", c.Row, before)
				}
				stored[c.Row.ID] = c.Row
				if c.Kind == Deleted {
					delete(stored, c.Row.ID)
				}
			}
			for kind, want := range map[ChangeKind]int{Modified: test.modified, Deleted: test.deleted, Inserted: 0} {
				if got := counts[kind]; got < want-test.plusMinus || got > want+test.plusMinus {
					t.Errorf("Later(%d rows, %v, %v) has %d %s, want %d±%d (%s)",
						n, test.updates, test.deletes, got, kind, want, test.plusMinus, test.reason)
				}
			}
		})
	}
}

// What is written has the attributes that the table is made with: with
// two spellings of ttl nothing would ever expire.
func TestRowHasTheTablesAttributes(t *testing.T) {
	row := UserActivity{ID: "abc", Email: "ada1@example.com", Activity: Activity{"/cart", "buying"}, TTL: 1772366400}
	got, err := attributevalue.MarshalMap(row)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]types.AttributeValue{
		table.PartitionKey: &types.AttributeValueMemberS{Value: "abc"},
		table.SortKey:      &types.AttributeValueMemberS{Value: "ada1@example.com"},
		table.TTLAttribute: &types.AttributeValueMemberN{Value: "1772366400"},
		"activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"page": &types.AttributeValueMemberS{Value: "/cart"},
			"task": &types.AttributeValueMemberS{Value: "buying"},
		}},
	}
	if diff := cmp.Diff(want, got, plainValues); diff != "" {
		t.Errorf("MarshalMap(%+v) (-want +got):\n%s", row, diff)
	}

	delete(want, table.TTLAttribute)
	delete(want, "activity")
	if diff := cmp.Diff(want, row.Key(), plainValues); diff != "" {
		t.Errorf("%+v.Key() (-want +got):\n%s", row, diff)
	}
}

func TestLateness(t *testing.T) {
	row := UserActivity{TTL: noon.Unix()}
	for _, test := range []struct {
		name, reason string
		now          time.Time
		want         time.Duration
	}{
		{"after", "it expired a while ago", noon.Add(90 * time.Second), 90 * time.Second},
		{"on time", "it expires now", noon, 0},
		{"before", "it has not expired", noon.Add(-1500 * time.Millisecond), -1500 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := row.Lateness(test.now); got != test.want {
				t.Errorf("Lateness(%v) = %v, want %v (%s)", test.now, got, test.want, test.reason)
			}
		})
	}
}
