package engine

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"dynamostreamer/internal/embedded/store"
)

// A Tag is a label of a table. Only in a request may a field be absent (nil).
type Tag struct{ Key, Value *string }

// TagResourceInput is the request of TagResource.
type TagResourceInput struct {
	ResourceArn *string
	Tags        []Tag `api:",required"`
}

// UntagResourceInput is the request of UntagResource.
type UntagResourceInput struct {
	ResourceArn *string
	TagKeys     []string `api:",required"`
}

// ListTagsOfResourceInput is the request of ListTagsOfResource.
type ListTagsOfResourceInput struct{ ResourceArn *string }

// TagResource adds tags to a table, or changes the values of its tags.
func (e *Engine) TagResource(ctx context.Context, in *TagResourceInput) (*struct{}, error) {
	return e.retag(ctx, in.ResourceArn, func(tags []Tag) ([]Tag, error) {
		if len(in.Tags) == 0 {
			return nil, invalid("Atleast one Tag needs to be provided as Input.")
		}
		return withTags(tags, in.Tags)
	})
}

// UntagResource removes tags from a table. It ignores tags that the table lacks.
func (e *Engine) UntagResource(ctx context.Context, in *UntagResourceInput) (*struct{}, error) {
	return e.retag(ctx, in.ResourceArn, func(tags []Tag) ([]Tag, error) {
		switch {
		case len(in.TagKeys) == 0:
			return nil, invalid("Atleast one Tag Key needs to be provided as Input.")
		case len(in.TagKeys) > maxTags:
			return nil, errTooManyTags
		}
		for _, key := range in.TagKeys {
			if err := checkTagKey(&key); err != nil {
				return nil, err
			}
		}
		return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return slices.Contains(in.TagKeys, *t.Key) }), nil
	})
}

// retag replaces the tags of the table that a request names.
func (e *Engine) retag(ctx context.Context, arn *string, change func([]Tag) ([]Tag, error)) (*struct{}, error) {
	name, err := e.taggedTable(arn)
	if err != nil {
		return nil, err
	}
	if _, err := change(nil); err != nil { // an error that does not depend on the table
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*struct{}, error) {
		old, err := tagged(c, name, *arn)
		if err != nil {
			return nil, err
		}
		d := old.definition
		if d.Settings.Tags, err = change(d.Settings.Tags); err != nil {
			return nil, err
		}
		tx.UpdateTable(old.id, encode(d))
		return &struct{}{}, nil
	})
}

// ListTagsOfResourceOutput is the answer of ListTagsOfResource. All tags fit on one
// page.
type ListTagsOfResourceOutput struct{ Tags []Tag }

// ListTagsOfResource lists a table's tags.
func (e *Engine) ListTagsOfResource(ctx context.Context, in *ListTagsOfResourceInput) (*ListTagsOfResourceOutput, error) {
	name, err := e.taggedTable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(_ *store.Tx, c *catalog) (*ListTagsOfResourceOutput, error) {
		t, err := tagged(c, name, *in.ResourceArn)
		if err != nil {
			return nil, err
		}
		return &ListTagsOfResourceOutput{append([]Tag{}, t.Settings.Tags...)}, nil
	})
}

// maxTags is the service's limit for a table.
const maxTags = 50

var errTooManyTags = invalid("Number of Tags exceed the current limit for the provided ResourceArn")

// withTags adds more to tags. A tag replaces the one with the same key.
func withTags(tags, more []Tag) ([]Tag, error) {
	for i, t := range more {
		if err := checkTagKey(t.Key); err != nil {
			return nil, err
		}
		if !isTagText(t.Value, 0, 256) {
			return nil, invalid("The Tag Value provided is invalid, Value: %s", orNull(t.Value))
		}
		if hasTag(more[:i], *t.Key) {
			return nil, invalid("Duplicate Tag Keys provided as input: Duplicate Tag Key found %s", *t.Key)
		}
	}
	tags = slices.DeleteFunc(slices.Clone(tags), func(old Tag) bool { return hasTag(more, *old.Key) })
	tags = append(tags, more...)
	if len(tags) > maxTags {
		return nil, errTooManyTags
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return tags, nil
}

func hasTag(tags []Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return *t.Key == key })
}

func checkTagKey(key *string) error {
	switch {
	case !isTagText(key, 1, 128):
		return invalid("The Tag Key provided is invalid, Key: %s", orNull(key))
	case strings.HasPrefix(*key, "aws:"):
		return invalid("Tag Key cannot be prefixed with aws:, Key: %s", *key)
	}
	return nil
}

var tagText = regexp.MustCompile(`^[\p{L}\p{N}\p{Z}+\-=._:/@]*$`)

// isTagText reports whether a tag's key or value is present, has an allowed length and
// only allowed characters.
func isTagText(text *string, least, most int) bool {
	if text == nil {
		return false
	}
	n := utf8.RuneCountInString(*text)
	return n >= least && n <= most && tagText.MatchString(*text)
}

func orNull(text *string) string {
	if text == nil {
		return "null"
	}
	return *text
}

// taggedTable returns the name of the table with an ARN. Streams and indexes have ARNs
// but no tags.
func (e *Engine) taggedTable(resource *string) (string, error) {
	arn := text(resource)
	name, ours := strings.CutPrefix(arn, e.tableARN(""))
	switch {
	case resource == nil:
		return "", invalid("Invalid TableArn")
	case !strings.HasPrefix(arn, "arn:"):
		return "", invalid(badValues+"ARNs must start with 'arn:': %s", arn)
	case ours && strings.Contains(name, "/index/"):
		return "", invalid(badValues+"Invalid resource arn provided, only table or stream is accepted. Provided resource arn: %s", arn)
	case ours && strings.Contains(name, "/stream/"):
		return "", noSuchResource(arn)
	case !ours || len(name) < 3 || !tableName.MatchString(name):
		return "", invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	return name, nil
}

var tableName = regexp.MustCompile("^[a-zA-Z0-9_.-]+$")

func tagged(c *catalog, name, arn string) (*table, error) {
	if t := c.tables[name]; t != nil {
		return t, nil
	}
	return nil, noSuchResource(arn)
}

func noSuchResource(arn string) error {
	return fail(ResourceNotFoundException, "Requested resource not found: ResourceArn: %s not found", arn)
}
