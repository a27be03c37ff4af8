package table

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

const streamARN = "arn:aws:dynamodb:ddblocal:000000000000:table/user-activities/stream/2026-03-01T12:00:00.000"

// ours is the table as Create and EnableTTL make it, but for change.
func ours(change func(*Description)) Description {
	d := Description{
		Name:     DefaultName,
		Status:   types.TableStatusActive,
		Keys:     []string{"id (S, HASH)", "email (S, RANGE)"},
		Capacity: "1 read, 1 write",

		StreamARN:      streamARN,
		StreamViewType: types.StreamViewTypeNewAndOldImages,

		TTLAttribute: "ttl",
		TTLStatus:    types.TimeToLiveStatusEnabled,
	}
	if change != nil {
		change(&d)
	}
	return d
}

func TestDifferences(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		change       func(*Description)
		want         []string
	}{
		{"ours", "it is what Create makes", nil, nil},
		{"other key", "the partition key has another name",
			func(d *Description) { d.Keys[0] = "user (S, HASH)" },
			[]string{"its keys are user (S, HASH), email (S, RANGE), not id (S, HASH), email (S, RANGE)"}},
		{"number key", "the type is a part of the key",
			func(d *Description) { d.Keys[0] = "id (N, HASH)" },
			[]string{"its keys are id (N, HASH), email (S, RANGE), not id (S, HASH), email (S, RANGE)"}},
		{"no sort key", "rows of one id would replace each other",
			func(d *Description) { d.Keys = d.Keys[:1] },
			[]string{"its keys are id (S, HASH), not id (S, HASH), email (S, RANGE)"}},
		{"keys swapped", "which of the two is the partition key matters",
			func(d *Description) { d.Keys = []string{"email (S, HASH)", "id (S, RANGE)"} },
			[]string{"its keys are email (S, HASH), id (S, RANGE), not id (S, HASH), email (S, RANGE)"}},
		{"no stream", "nothing could be read",
			func(d *Description) { d.StreamARN, d.StreamViewType = "", "" },
			[]string{"it has no stream"}},
		{"keys-only stream", "the images would be missing",
			func(d *Description) { d.StreamViewType = types.StreamViewTypeKeysOnly },
			[]string{"its stream shows KEYS_ONLY, not NEW_AND_OLD_IMAGES"}},
		{"new images only", "what a row was would be missing",
			func(d *Description) { d.StreamViewType = types.StreamViewTypeNewImage },
			[]string{"its stream shows NEW_IMAGE, not NEW_AND_OLD_IMAGES"}},
		{"other TTL attribute", "nothing that we write would expire",
			func(d *Description) { d.TTLAttribute = "delete_at" },
			[]string{"its TTL attribute is delete_at, not ttl"}},
		{"TTL disabled", "EnableTTL mends it",
			func(d *Description) { d.TTLAttribute, d.TTLStatus = "", types.TimeToLiveStatusDisabled }, nil},
		{"on demand", "capacity is no difference",
			func(d *Description) { d.Capacity = "on demand" }, nil},
		{"all of them", "each difference is named",
			func(d *Description) {
				d.Keys, d.StreamARN, d.TTLAttribute = []string{"k (B, HASH)"}, "", "expires"
			},
			[]string{"its keys are k (B, HASH), not id (S, HASH), email (S, RANGE)",
				"it has no stream", "its TTL attribute is expires, not ttl"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := ours(test.change)
			if got := d.Differences(); !cmp.Equal(got, test.want) {
				t.Errorf("Differences() of\n%v= %q, want %q (%s)", d, got, test.want, test.reason)
			}
		})
	}
}

func TestString(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		change       func(*Description)
		line         int
		want         string
	}{
		{"status", "a table may still be made", func(d *Description) { d.Status = types.TableStatusCreating },
			0, "  status    CREATING"},
		{"keys", "the partition key comes first", nil, 1, "  keys      id (S, HASH), email (S, RANGE)"},
		{"capacity", "it is what is paid for", nil, 2, "  capacity  1 read, 1 write"},
		{"stream", "a reader needs its ARN", nil, 3, "  stream    NEW_AND_OLD_IMAGES, " + streamARN},
		{"no stream", "its absence is said", func(d *Description) { d.StreamARN = "" }, 3, "  stream    none"},
		{"ttl", "the attribute comes with its status", nil, 4, "  ttl       ttl, ENABLED"},
		{"no ttl", "a disabled TTL has no attribute",
			func(d *Description) { d.TTLAttribute, d.TTLStatus = "", types.TimeToLiveStatusDisabled },
			4, "  ttl       DISABLED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := ours(test.change).String()
			lines := strings.Split(text, "\n")
			if len(lines) != 6 || lines[5] != "" {
				t.Fatalf("String() = %q, want five whole lines", text)
			}
			if lines[test.line] != test.want {
				t.Errorf("line %d of String() = %q, want %q (%s)", test.line, lines[test.line], test.want, test.reason)
			}
		})
	}
}

func TestTTLEnabled(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		status       types.TimeToLiveStatus
		want         bool
	}{
		{"enabled", "rows are removed", types.TimeToLiveStatusEnabled, true},
		{"enabling", "they are about to be, and enabling twice is refused", types.TimeToLiveStatusEnabling, true},
		{"disabling", "they are about not to be", types.TimeToLiveStatusDisabling, false},
		{"disabled", "they stay", types.TimeToLiveStatusDisabled, false},
		{"unsaid", "no answer is no promise", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := Description{TTLStatus: test.status}
			if got := d.TTLEnabled(); got != test.want {
				t.Errorf("TTLEnabled() of %q = %v, want %v (%s)", test.status, got, test.want, test.reason)
			}
		})
	}
}

// DynamoDB lists the attributes in any order: the key schema decides.
func TestKeys(t *testing.T) {
	in := &types.TableDescription{
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("page"), AttributeType: types.ScalarAttributeTypeB}, // of an index
			{AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeN},
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("email"), KeyType: types.KeyTypeRange},
		},
	}
	if got, want := keys(in), []string{"id (S, HASH)", "email (N, RANGE)"}; !cmp.Equal(got, want) {
		t.Errorf("keys(id and email) = %q, want %q", got, want)
	}
}

func TestCapacity(t *testing.T) {
	units := func(read, write int64) *types.ProvisionedThroughputDescription {
		return &types.ProvisionedThroughputDescription{ReadCapacityUnits: &read, WriteCapacityUnits: &write}
	}
	for _, test := range []struct {
		name, reason string
		in           types.TableDescription
		want         string
	}{
		{"provisioned", "reads come first", types.TableDescription{ProvisionedThroughput: units(1, 2)}, "1 read, 2 write"},
		{"said to be provisioned", "a table that was on demand once still says how it is billed",
			types.TableDescription{
				BillingModeSummary:    &types.BillingModeSummary{BillingMode: types.BillingModeProvisioned},
				ProvisionedThroughput: units(3, 4),
			}, "3 read, 4 write"},
		{"on demand", "its units are zeros that mean nothing",
			types.TableDescription{
				BillingModeSummary:    &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest},
				ProvisionedThroughput: units(0, 0),
			}, "on demand"},
		{"unsaid", "nothing is made up", types.TableDescription{}, "unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := capacity(&test.in); got != test.want {
				t.Errorf("capacity(%s) = %q, want %q (%s)", test.name, got, test.want, test.reason)
			}
		})
	}
}

func TestIsMissing(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		err          error
		want         bool
	}{
		{"missing", "DynamoDB says so", fmt.Errorf("describing table t: %w", &types.ResourceNotFoundException{}), true},
		{"in use", "the table is there", &types.ResourceInUseException{}, false},
		{"other", "the table may be there", errors.New("no answer"), false},
		{"none", "the table is there", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := IsMissing(test.err); got != test.want {
				t.Errorf("IsMissing(%v) = %v, want %v (%s)", test.err, got, test.want, test.reason)
			}
		})
	}
}
