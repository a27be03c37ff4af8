package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// Settings are what a request says of a table beside keys, indexes, capacity and
// stream. Except for DeletionProtection they change nothing here: the engine
// keeps them and shows them. Nil is absent.
type Settings struct {
	DeletionProtection *bool
	TableClass         *string
	SSE                *SSESpecification
	OnDemand           *OnDemandThroughput
	Warm               *WarmThroughput
}

// An SSESpecification says how a table is encrypted at rest.
type SSESpecification struct {
	Enabled *bool
	Type    *string
	Key     *string
}

// An OnDemandThroughput bounds a table that is billed by request; -1 is no bound.
type OnDemandThroughput struct {
	MaxReadRequestUnits  *int64 `json:",omitempty"`
	MaxWriteRequestUnits *int64 `json:",omitempty"`
}

// A WarmThroughput is what a table can serve at once.
type WarmThroughput struct {
	ReadUnitsPerSecond  *int64
	WriteUnitsPerSecond *int64
}

// A Tag is a label of a table.
type Tag struct{ Key, Value string }

// kept is what of the settings a table's definition holds.
type kept struct {
	DeletionProtection bool                `json:",omitempty"`
	TableClass         string              `json:",omitempty"`
	ClassSince         time.Time           `json:",omitzero"`
	SSEKey             string              `json:",omitempty"` // empty: AWS's own key
	OnDemand           *OnDemandThroughput `json:",omitempty"`
	Warm               WarmThroughput      `json:",omitzero"`
	Tags               []Tag               `json:",omitempty"` // by key
}

// The parts of a TableDescription that tell of settings.
type (
	TableClassSummary struct {
		TableClass         string
		LastUpdateDateTime *Seconds `json:",omitempty"`
	}
	SSEDescription struct {
		Status          string
		SSEType         string
		KMSMasterKeyArn string
	}
	WarmThroughputDescription struct {
		ReadUnitsPerSecond  int64
		WriteUnitsPerSecond int64
		Status              string
	}
)

func (s *Settings) given() bool { return *s != Settings{} }

func (c *checks) settings(s *Settings) {
	c.oneOf(s.TableClass, "tableClass", "STANDARD", "STANDARD_INFREQUENT_ACCESS")
	if s.SSE != nil {
		c.oneOf(s.SSE.Type, "sSESpecification.sSEType", "AES256", "KMS")
	}
	if s.Warm != nil {
		c.atLeast(s.Warm.ReadUnitsPerSecond, "warmThroughput.readUnitsPerSecond", 1)
		c.atLeast(s.Warm.WriteUnitsPerSecond, "warmThroughput.writeUnitsPerSecond", 1)
	}
}

// keep takes in what a request says.
func (e *Engine) keep(k *kept, s *Settings) {
	if s.DeletionProtection != nil {
		k.DeletionProtection = *s.DeletionProtection
	}
	if s.TableClass != nil {
		if k.TableClass != "" && k.TableClass != *s.TableClass {
			k.ClassSince = e.clock.Now()
		}
		k.TableClass = *s.TableClass
	}
	if s.SSE != nil {
		k.SSEKey = ""
		if s.SSE.Enabled != nil && *s.SSE.Enabled {
			k.SSEKey = cmp.Or(text(s.SSE.Key), "alias/aws/dynamodb")
		}
	}
	if s.OnDemand != nil {
		k.OnDemand = s.OnDemand
	}
	if s.Warm != nil {
		k.Warm.ReadUnitsPerSecond = cmp.Or(s.Warm.ReadUnitsPerSecond, k.Warm.ReadUnitsPerSecond)
		k.Warm.WriteUnitsPerSecond = cmp.Or(s.Warm.WriteUnitsPerSecond, k.Warm.WriteUnitsPerSecond)
	}
}

// What a new table that is billed by request can serve at once ("Understanding
// DynamoDB warm throughput in different scenarios" in the Developer Guide). A
// provisioned one can serve what it provides.
const warmReads, warmWrites = 12_000, 4_000

// describeSettings adds the settings to a description.
func (e *Engine) describeSettings(d *TableDescription, t *table) {
	d.DeletionProtectionEnabled = t.Kept.DeletionProtection
	d.OnDemandThroughput = t.Kept.OnDemand
	if t.Kept.TableClass != "" {
		d.TableClassSummary = &TableClassSummary{t.Kept.TableClass, sometime(t.Kept.ClassSince)}
	}
	if key := t.Kept.SSEKey; key != "" {
		if !strings.HasPrefix(key, "arn:") {
			if !strings.HasPrefix(key, "alias/") {
				key = "key/" + key
			}
			key = "arn:aws:kms:" + e.options.Region + ":" + Account + ":" + key
		}
		d.SSEDescription = &SSEDescription{"ENABLED", "KMS", key}
	}
	warm := WarmThroughputDescription{t.Throughput.ReadCapacityUnits, t.Throughput.WriteCapacityUnits, "ACTIVE"}
	if t.BillingMode == "PAY_PER_REQUEST" {
		warm.ReadUnitsPerSecond, warm.WriteUnitsPerSecond = warmReads, warmWrites
	}
	warm.ReadUnitsPerSecond = max(warm.ReadUnitsPerSecond, int64(orElse(t.Kept.Warm.ReadUnitsPerSecond, 0)))
	warm.WriteUnitsPerSecond = max(warm.WriteUnitsPerSecond, int64(orElse(t.Kept.Warm.WriteUnitsPerSecond, 0)))
	d.WarmThroughput = &warm
}

// TagResourceInput is the request of TagResource, UntagResource and
// ListTagsOfResource.
type TagResourceInput struct {
	ResourceArn *string
	Tags        []Tag
	TagKeys     []string
}

// TagResource gives a table tags, or new values for those that it has.
func (e *Engine) TagResource(ctx context.Context, in *TagResourceInput) (struct{}, error) {
	if err := checkTags(in.Tags); err != nil {
		return struct{}{}, err
	}
	return e.retag(ctx, in, len(in.Tags) > 0, "Atleast one Tag needs to be provided as Input.", func(tags []Tag) []Tag {
		return withTags(tags, in.Tags)
	})
}

// UntagResource takes tags away. Those that the table lacks are passed over.
func (e *Engine) UntagResource(ctx context.Context, in *TagResourceInput) (struct{}, error) {
	return e.retag(ctx, in, len(in.TagKeys) > 0, "Atleast one Tag Key needs to be provided as Input.", func(tags []Tag) []Tag {
		return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return slices.Contains(in.TagKeys, t.Key) })
	})
}

func (e *Engine) retag(ctx context.Context, in *TagResourceInput, any bool, none string, change func([]Tag) []Tag) (struct{}, error) {
	name, err := e.taggedTable(in)
	if err == nil && !any {
		err = invalid("%s", none)
	}
	if err != nil {
		return struct{}{}, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (struct{}, error) {
		old, err := tagged(c, name, *in.ResourceArn)
		if err != nil {
			return struct{}{}, err
		}
		d := old.definition
		if d.Kept.Tags = change(d.Kept.Tags); len(d.Kept.Tags) > maxTags {
			return struct{}{}, invalid("One or more parameter values were invalid: Too many tags: at most %d are allowed", maxTags)
		}
		return struct{}{}, tx.UpdateTable(old.id, encode(d))
	})
}

// ListTagsOfResourceOutput is the answer of ListTagsOfResource: all tags, which
// fit on one page.
type ListTagsOfResourceOutput struct{ Tags []Tag }

// ListTagsOfResource lists a table's tags.
func (e *Engine) ListTagsOfResource(ctx context.Context, in *TagResourceInput) (*ListTagsOfResourceOutput, error) {
	name, err := e.taggedTable(in)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(_ *store.Tx, c *catalog) (*ListTagsOfResourceOutput, error) {
		t, err := tagged(c, name, *in.ResourceArn)
		if err != nil {
			return nil, err
		}
		return &ListTagsOfResourceOutput{append([]Tag{}, t.Kept.Tags...)}, nil
	})
}

// maxTags is the service's limit for a table.
const maxTags = 50

func checkTags(tags []Tag) error {
	for i, t := range tags {
		switch {
		case t.Key == "" || len(t.Key) > 128:
			return invalid(badValues + "Tag key must be between 1 and 128 characters")
		case len(t.Value) > 256:
			return invalid(badValues + "Tag value must be between 0 and 256 characters")
		case slices.ContainsFunc(tags[:i], func(other Tag) bool { return other.Key == t.Key }):
			return invalid(badValues+"Duplicate tag key: %s", t.Key)
		}
	}
	return nil
}

// withTags adds tags to others, by key.
func withTags(tags, more []Tag) []Tag {
	tags = slices.DeleteFunc(slices.Clone(tags), func(old Tag) bool {
		return slices.ContainsFunc(more, func(t Tag) bool { return t.Key == old.Key })
	})
	tags = append(tags, more...)
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags
}

// taggedTable is the name of the table that an ARN means.
func (e *Engine) taggedTable(in *TagResourceInput) (string, error) {
	if in.ResourceArn == nil {
		return "", invalid("Invalid TableArn")
	}
	name, ok := strings.CutPrefix(*in.ResourceArn, e.tableARN(""))
	if !ok || len(name) < 3 || !nameRegexp.MatchString(name) {
		return "", invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", *in.ResourceArn)
	}
	return name, nil
}

func tagged(c *catalog, name, arn string) (*table, error) {
	if t := c.tables[name]; t != nil {
		return t, nil
	}
	return nil, fail(ResourceNotFoundException, "Requested resource not found: ResourcArn: %s not found", arn)
}

// LimitsDescription is the answer of DescribeLimits: the service's first limits.
type LimitsDescription struct {
	AccountMaxReadCapacityUnits, AccountMaxWriteCapacityUnits int64
	TableMaxReadCapacityUnits, TableMaxWriteCapacityUnits     int64
}

// DescribeLimits tells the limits of a new account. None is held here.
func (e *Engine) DescribeLimits(context.Context, *struct{}) (LimitsDescription, error) {
	return LimitsDescription{80_000, 80_000, 40_000, 40_000}, nil
}
