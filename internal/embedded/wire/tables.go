package wire

import "dynamostreamer/internal/embedded/engine"

// This file reads the requests about tables and streams.

func readTable(d *decoder, in *engine.TableInput) error {
	return d.request("TableName", &in.TableName)
}

func readCreateTable(d *decoder, in *engine.CreateTableInput) error {
	fields := []any{
		"TableName", &in.TableName,
		"AttributeDefinitions", func() error { return d.attributeDefinitions(&in.AttributeDefinitions) },
		"KeySchema", func() error { return d.keySchema(&in.KeySchema) },
		"LocalSecondaryIndexes", d.indexes("LocalSecondaryIndex", &in.LocalIndexes),
		"GlobalSecondaryIndexes", d.indexes("GlobalSecondaryIndex", &in.GlobalIndexes),
		"BillingMode", &in.BillingMode,
		"ProvisionedThroughput", func() error { return d.throughput(&in.Throughput) },
		"StreamSpecification", func() error { return d.streamSpecification(&in.Stream) },
		"Tags", func() error { return d.tags(&in.Tags) },
	}
	return d.request(append(fields, d.settings(&in.Settings)...)...)
}

func readUpdateTable(d *decoder, in *engine.UpdateTableInput) error {
	fields := []any{
		"TableName", &in.TableName,
		"BillingMode", &in.BillingMode,
		"ProvisionedThroughput", func() error { return d.throughput(&in.Throughput) },
		"StreamSpecification", func() error { return d.streamSpecification(&in.Stream) },
		"AttributeDefinitions", func() error { return d.attributeDefinitions(&in.AttributeDefinitions) },
		"GlobalSecondaryIndexUpdates", func() error { return d.indexUpdates(&in.IndexUpdates) },
	}
	return d.request(append(fields, d.settings(&in.Settings)...)...)
}

func (d *decoder) attributeDefinitions(to *[]engine.AttributeDefinition) error {
	return d.list(func() { *to = []engine.AttributeDefinition{} }, func(int) error {
		var a engine.AttributeDefinition
		err := d.element("AttributeDefinition", "AttributeName", &a.AttributeName, "AttributeType", &a.AttributeType)
		*to = append(*to, a)
		return err
	})
}

func (d *decoder) keySchema(to *[]engine.KeyElement) error {
	return d.list(func() { *to = []engine.KeyElement{} }, func(int) error {
		var k engine.KeyElement
		err := d.element("KeySchemaElement", "AttributeName", &k.AttributeName, "KeyType", &k.KeyType)
		*to = append(*to, k)
		return err
	})
}

func (d *decoder) throughput(to **engine.Throughput) error {
	var t engine.Throughput
	if d.Kind() == '{' {
		*to = &t
	}
	return d.structure("ProvisionedThroughput", "ReadCapacityUnits", &t.ReadCapacityUnits, "WriteCapacityUnits", &t.WriteCapacityUnits)
}

func (d *decoder) streamSpecification(to **engine.StreamSpecification) error {
	var s engine.StreamSpecification
	if d.Kind() == '{' {
		*to = &s
	}
	return d.structure("StreamSpecification", "StreamEnabled", &s.StreamEnabled, "StreamViewType", &s.StreamViewType)
}

func readListTables(d *decoder, in *engine.ListTablesInput) error {
	return d.request("ExclusiveStartTableName", &in.ExclusiveStartTableName, "Limit", &in.Limit)
}

func readUpdateTimeToLive(d *decoder, in *engine.UpdateTimeToLiveInput) error {
	return d.request(
		"TableName", &in.TableName,
		"TimeToLiveSpecification", func() error {
			var s engine.TimeToLiveSpecification
			if d.Kind() == '{' {
				in.Specification = &s
			}
			return d.structure("TimeToLiveSpecification", "AttributeName", &s.AttributeName, "Enabled", &s.Enabled)
		},
	)
}

func readListStreams(d *decoder, in *engine.ListStreamsInput) error {
	return d.request("TableName", &in.TableName, "ExclusiveStartStreamArn", &in.ExclusiveStartStreamArn, "Limit", &in.Limit)
}

func readDescribeStream(d *decoder, in *engine.DescribeStreamInput) error {
	return d.request(
		"StreamArn", &in.StreamArn,
		"ExclusiveStartShardId", &in.ExclusiveStartShardId,
		"Limit", &in.Limit,
		"ShardFilter", func() error {
			var f engine.ShardFilter
			if d.Kind() == '{' {
				in.ShardFilter = &f
			}
			return d.structure("ShardFilter", "Type", &f.Type, "ShardId", &f.ShardId)
		},
	)
}

func readGetShardIterator(d *decoder, in *engine.GetShardIteratorInput) error {
	return d.request(
		"StreamArn", &in.StreamArn,
		"ShardId", &in.ShardId,
		"ShardIteratorType", &in.Type,
		"SequenceNumber", &in.SequenceNumber,
		"Timestamp", &in.Timestamp,
	)
}

func readGetRecords(d *decoder, in *engine.GetRecordsInput) error {
	return d.request("ShardIterator", &in.ShardIterator, "Limit", &in.Limit)
}
