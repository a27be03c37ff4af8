package wire

import (
	"context"

	"dynamostreamer/internal/embedded/engine"
)

// This file reads the requests about tables' settings and tags.

// settings are the fields that requests about a table share.
func (d *decoder) settings(to *engine.Settings) []any {
	return []any{
		"DeletionProtectionEnabled", &to.DeletionProtection,
		"TableClass", &to.TableClass,
		"SSESpecification", func() error {
			return inside(d, "SSESpecification", &to.SSE, func(s *engine.SSESpecification) []any {
				return []any{"Enabled", &s.Enabled, "SSEType", &s.Type, "KMSMasterKeyId", &s.Key}
			})
		},
		"OnDemandThroughput", func() error {
			return inside(d, "OnDemandThroughput", &to.OnDemand, func(o *engine.OnDemandThroughput) []any {
				return []any{"MaxReadRequestUnits", &o.MaxReadRequestUnits, "MaxWriteRequestUnits", &o.MaxWriteRequestUnits}
			})
		},
		"WarmThroughput", func() error {
			return inside(d, "WarmThroughput", &to.Warm, func(w *engine.WarmThroughput) []any {
				return []any{"ReadUnitsPerSecond", &w.ReadUnitsPerSecond, "WriteUnitsPerSecond", &w.WriteUnitsPerSecond}
			})
		},
	}
}

// inside reads a structure into its place, if it is there.
func inside[T any](d *decoder, class string, to **T, fields func(*T) []any) error {
	var v T
	if d.Kind() == '{' {
		*to = &v
	}
	return d.structure(class, fields(&v)...)
}

func (d *decoder) tags(to *[]engine.Tag) error {
	return d.list(func() { *to = []engine.Tag{} }, func(int) error {
		var t engine.Tag
		err := d.element("Tag", "Key", &t.Key, "Value", &t.Value)
		*to = append(*to, t)
		return err
	})
}

func readTagResource(d *decoder, in *engine.TagResourceInput) error {
	return d.request(
		"ResourceArn", &in.ResourceArn,
		"Tags", func() error { return d.tags(&in.Tags) },
		"TagKeys", func() error {
			return d.list(func() { in.TagKeys = []string{} }, func(int) error {
				key, err := d.String()
				in.TagKeys = append(in.TagKeys, key)
				return err
			})
		},
	)
}

func readNothing(d *decoder, _ *struct{}) error { return d.request() }

type endpoints struct{ Endpoints []endpoint }

type endpoint struct {
	Address              string
	CachePeriodInMinutes int
}

// describeEndpoints answers with the host that was asked: there is no other.
func describeEndpoints(_ context.Context, _ *engine.Engine, d *decoder) ([]byte, error) {
	if err := readNothing(d, nil); err != nil {
		return nil, err
	}
	return appendJSON(nil, endpoints{[]endpoint{{d.host, 1440}}}), nil
}
