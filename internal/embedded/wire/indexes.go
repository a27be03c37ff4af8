package wire

import "dynamostreamer/internal/embedded/engine"

// This file reads the indexes in the requests about tables.

// indexes is the place of a list of indexes; class is LocalSecondaryIndex or
// GlobalSecondaryIndex.
func (d *decoder) indexes(class string, to *[]engine.IndexInput) func() error {
	return func() error {
		return d.list(func() { *to = []engine.IndexInput{} }, func(int) error {
			var ix engine.IndexInput
			err := d.element(class, d.index(&ix)...)
			*to = append(*to, ix)
			return err
		})
	}
}

func (d *decoder) index(ix *engine.IndexInput) []any {
	return []any{
		"IndexName", &ix.Name,
		"KeySchema", func() error { return d.keySchema(&ix.Key) },
		"Projection", func() error { return d.projection(&ix.Projection) },
		"ProvisionedThroughput", func() error { return d.throughput(&ix.Throughput) },
	}
}

func (d *decoder) projection(to **engine.Projection) error {
	var p engine.Projection
	if d.Kind() == '{' {
		*to = &p
	}
	return d.structure("Projection", "ProjectionType", &p.ProjectionType, "NonKeyAttributes", func() error {
		return d.list(func() { p.NonKeyAttributes = []string{} }, func(int) error {
			var name string
			err := d.into(&name)
			p.NonKeyAttributes = append(p.NonKeyAttributes, name)
			return err
		})
	})
}

func (d *decoder) indexUpdates(to *[]engine.IndexUpdate) error {
	return d.list(func() { *to = []engine.IndexUpdate{} }, func(int) error {
		var u engine.IndexUpdate
		action := func(class string, to **engine.IndexInput) func() error {
			return func() error {
				var ix engine.IndexInput
				if d.Kind() == '{' {
					*to = &ix
				}
				return d.structure(class, d.index(&ix)...)
			}
		}
		err := d.element("GlobalSecondaryIndexUpdate",
			"Create", action("CreateGlobalSecondaryIndexAction", &u.Create),
			"Update", action("UpdateGlobalSecondaryIndexAction", &u.Update),
			"Delete", action("DeleteGlobalSecondaryIndexAction", &u.Delete),
		)
		*to = append(*to, u)
		return err
	})
}
