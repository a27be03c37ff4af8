package wire

import "dynamostreamer/internal/embedded/engine"

// This file reads the requests about tables and streams.

type tableName struct{ name *string }

func readTableName(d *decoder, in *tableName) error {
	return d.request(func(name string) error {
		if name == "TableName" {
			return d.text(&in.name)
		}
		return d.other(name)
	})
}

func readCreateTable(d *decoder, in *engine.CreateTableInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TableName":
			return d.text(&in.TableName)
		case "AttributeDefinitions":
			return d.attributeDefinitions(&in.AttributeDefinitions)
		case "KeySchema":
			return d.keySchema(&in.KeySchema)
		case "BillingMode":
			return d.text(&in.BillingMode)
		case "ProvisionedThroughput":
			return d.throughput(&in.Throughput)
		case "StreamSpecification":
			return d.streamSpecification(&in.Stream)
		}
		return d.other(name)
	})
}

func readUpdateTable(d *decoder, in *engine.UpdateTableInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TableName":
			return d.text(&in.TableName)
		case "BillingMode":
			return d.text(&in.BillingMode)
		case "ProvisionedThroughput":
			return d.throughput(&in.Throughput)
		case "StreamSpecification":
			return d.streamSpecification(&in.Stream)
		case "AttributeDefinitions":
			return d.Skip() // they only matter to an index
		}
		return d.other(name)
	})
}

func (d *decoder) attributeDefinitions(to *[]engine.AttributeDefinition) error {
	return d.list(func() { *to = []engine.AttributeDefinition{} }, func(int) error {
		var a engine.AttributeDefinition
		err := d.element("AttributeDefinition", func(name string) error {
			switch name {
			case "AttributeName":
				return d.plainText(&a.AttributeName)
			case "AttributeType":
				return d.plainText(&a.AttributeType)
			}
			return d.Skip()
		})
		*to = append(*to, a)
		return err
	})
}

func (d *decoder) keySchema(to *[]engine.KeyElement) error {
	return d.list(func() { *to = []engine.KeyElement{} }, func(int) error {
		var k engine.KeyElement
		err := d.element("KeySchemaElement", func(name string) error {
			switch name {
			case "AttributeName":
				return d.plainText(&k.AttributeName)
			case "KeyType":
				return d.plainText(&k.KeyType)
			}
			return d.Skip()
		})
		*to = append(*to, k)
		return err
	})
}

func (d *decoder) throughput(to **engine.Throughput) error {
	return d.structure("ProvisionedThroughput", func(name string) error {
		if *to == nil {
			*to = &engine.Throughput{}
		}
		switch name {
		case "ReadCapacityUnits":
			return d.long(&(*to).ReadCapacityUnits)
		case "WriteCapacityUnits":
			return d.long(&(*to).WriteCapacityUnits)
		}
		return d.Skip()
	})
}

func (d *decoder) streamSpecification(to **engine.StreamSpecification) error {
	if d.Kind() == '{' {
		*to = &engine.StreamSpecification{}
	}
	return d.structure("StreamSpecification", func(name string) error {
		switch name {
		case "StreamEnabled":
			return d.boolean(&(*to).StreamEnabled)
		case "StreamViewType":
			return d.text(&(*to).StreamViewType)
		}
		return d.Skip()
	})
}

func readListTables(d *decoder, in *engine.ListTablesInput) error {
	return d.request(func(name string) error {
		switch name {
		case "ExclusiveStartTableName":
			return d.text(&in.ExclusiveStartTableName)
		case "Limit":
			return d.integer(&in.Limit)
		}
		return d.other(name)
	})
}

func readUpdateTimeToLive(d *decoder, in *engine.UpdateTimeToLiveInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TableName":
			return d.text(&in.TableName)
		case "TimeToLiveSpecification":
			if d.Kind() == '{' {
				in.Specification = &engine.TimeToLiveSpecification{}
			}
			return d.structure("TimeToLiveSpecification", func(name string) error {
				switch name {
				case "AttributeName":
					return d.text(&in.Specification.AttributeName)
				case "Enabled":
					return d.boolean(&in.Specification.Enabled)
				}
				return d.Skip()
			})
		}
		return d.other(name)
	})
}

func readListStreams(d *decoder, in *engine.ListStreamsInput) error {
	return d.request(func(name string) error {
		switch name {
		case "TableName":
			return d.text(&in.TableName)
		case "ExclusiveStartStreamArn":
			return d.text(&in.ExclusiveStartStreamArn)
		case "Limit":
			return d.integer(&in.Limit)
		}
		return d.other(name)
	})
}

func readDescribeStream(d *decoder, in *engine.DescribeStreamInput) error {
	return d.request(func(name string) error {
		switch name {
		case "StreamArn":
			return d.text(&in.StreamArn)
		case "ExclusiveStartShardId":
			return d.text(&in.ExclusiveStartShardId)
		case "Limit":
			return d.integer(&in.Limit)
		case "ShardFilter":
			if d.Kind() == '{' {
				in.ShardFilter = &engine.ShardFilter{}
			}
			return d.structure("ShardFilter", func(name string) error {
				switch name {
				case "Type":
					return d.text(&in.ShardFilter.Type)
				case "ShardId":
					return d.text(&in.ShardFilter.ShardId)
				}
				return d.Skip()
			})
		}
		return d.other(name)
	})
}

func readGetShardIterator(d *decoder, in *engine.GetShardIteratorInput) error {
	return d.request(func(name string) error {
		switch name {
		case "StreamArn":
			return d.text(&in.StreamArn)
		case "ShardId":
			return d.text(&in.ShardId)
		case "ShardIteratorType":
			return d.text(&in.Type)
		case "SequenceNumber":
			return d.text(&in.SequenceNumber)
		case "Timestamp":
			return d.number(&in.Timestamp)
		}
		return d.other(name)
	})
}

func readGetRecords(d *decoder, in *engine.GetRecordsInput) error {
	return d.request(func(name string) error {
		switch name {
		case "ShardIterator":
			return d.text(&in.ShardIterator)
		case "Limit":
			return d.integer(&in.Limit)
		}
		return d.other(name)
	})
}
