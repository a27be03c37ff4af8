package wire_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// FuzzRequest: no request breaks the engine. Each is answered with JSON, and
// what is wrong with it is the client's fault.
func FuzzRequest(f *testing.F) {
	const key = `{"p":{"S":"a"},"q":{"N":"1"}}`
	for _, seed := range [][2]string{
		{"CreateTable", `{"TableName":"new","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
			"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"i","AttributeType":"B"}],
			"GlobalSecondaryIndexes":[{"IndexName":"by-i","KeySchema":[{"AttributeName":"i","KeyType":"HASH"}],
				"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]}}]}`},
		{"UpdateTable", `{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"i","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[
			{"Create":{"IndexName":"by-i","KeySchema":[{"AttributeName":"i","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`},
		{"DeleteTable", `{"TableName":"tab"}`},
		{"DescribeTable", `{"TableName":"tab"}`},
		{"ListTables", `{"ExclusiveStartTableName":"tab","Limit":1}`},
		{"UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`},
		{"DescribeTimeToLive", `{"TableName":"tab"}`},
		{"TagResource", `{"ResourceArn":"` + tabARN + `","Tags":[{"Key":"k","Value":"v"}]}`},
		{"UntagResource", `{"ResourceArn":"` + tabARN + `","TagKeys":["k"]}`},
		{"ListTagsOfResource", `{"ResourceArn":"` + tabARN + `"}`},
		{"UpdateTable", `{"TableName":"tab","SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"k"}}`},
		{"UpdateTable", `{"TableName":"tab","OnDemandThroughput":{"MaxReadRequestUnits":5},"BillingMode":"PAY_PER_REQUEST"}`},
		{"UpdateTable", `{"TableName":"tab","WarmThroughput":{"ReadUnitsPerSecond":20000},"TableClass":"STANDARD","DeletionProtectionEnabled":false}`},
		{"DescribeLimits", `{}`},
		{"DescribeEndpoints", `{}`},
		{"PutItem", `{"TableName":"tab","Item":{"p":{"S":"a"},"q":{"N":"1.50e-3"},"m":{"M":{"l":{"L":[{"NULL":true},{"BOOL":false}]}}},"bs":{"BS":["AAE="]},
			"ns":{"NS":["1","-2"]}},"ConditionExpression":"attribute_not_exists(#p)","ExpressionAttributeNames":{"#p":"p"},
			"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"}`},
		{"UpdateItem", `{"TableName":"tab","Key":` + key + `,"UpdateExpression":"SET a.b[0] = if_not_exists(c, :v) + :v REMOVE d ADD e :v DELETE f :s",
			"ExpressionAttributeValues":{":v":{"N":"1"},":s":{"SS":["x"]}},"ReturnValues":"UPDATED_NEW"}`},
		{"DeleteItem", `{"TableName":"tab","Key":` + key + `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`},
		{"GetItem", `{"TableName":"tab","Key":` + key + `,"ProjectionExpression":"p, m.l[0]","ConsistentRead":true}`},
		{"Query", `{"TableName":"tab","KeyConditionExpression":"p = :p AND q BETWEEN :a AND :b","FilterExpression":"size(m) > :a OR NOT contains(ns, :a)",
			"ExpressionAttributeValues":{":p":{"S":"a"},":a":{"N":"1"},":b":{"N":"2"}},"ExclusiveStartKey":` + key + `,"Limit":3,"ScanIndexForward":false}`},
		{"Scan", `{"TableName":"tab","Segment":0,"TotalSegments":2,"Select":"COUNT"}`},
		{"BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":` + key + `}},{"DeleteRequest":{"Key":{"p":{"S":"b"},"q":{"N":"2"}}}}]}}`},
		{"BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + key + `],"AttributesToGet":["p"]}}}`},
		{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"ConditionCheck":{"TableName":"tab","Key":` + key + `,"ConditionExpression":"attribute_exists(p)"}}]}`},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":` + key + `}}]}`},
		// Legacy parameters, an ARN, and a key of several attributes.
		{"UpdateItem", `{"TableName":"` + tabARN + `","Key":` + key + `,"AttributeUpdates":{"a":{"Value":{"N":"1"},"Action":"ADD"},"b":{"Action":"DELETE"}},
			"Expected":{"c":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"S":"a"},{"S":"b"}]},"d":{"Exists":false}},"ConditionalOperator":"OR"}`},
		{"Query", `{"TableName":"tab","KeyConditions":{"p":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]}},"QueryFilter":{"a":{"ComparisonOperator":"NOT_NULL"}},"AttributesToGet":["p","a"]}`},
		{"Scan", `{"TableName":"tab","ScanFilter":{"a":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"a"},{"S":"b"}]}}}`},
		{"UpdateTable", `{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"i","AttributeType":"S"},{"AttributeName":"j","AttributeType":"N"}],"GlobalSecondaryIndexUpdates":[
			{"Create":{"IndexName":"by-i","KeySchema":[{"AttributeName":"i","KeyType":"HASH"},{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"j","KeyType":"RANGE"},{"AttributeName":"q","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}}]}`},
		{"Query", `{"TableName":"tab","IndexName":"by-i","KeyConditionExpression":"i = :i AND p = :i AND j = :j AND q > :j","ExpressionAttributeValues":{":i":{"S":"a"},":j":{"N":"1"}}}`},

		{"streams:ListStreams", `{"TableName":"tab","Limit":1}`},
		{"streams:DescribeStream", `{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2030-01-01T00:00:00.000","Limit":1,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":"shardId-00000001893456000000-00000001"}}`},
		{"streams:GetShardIterator", `{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2030-01-01T00:00:00.000","ShardId":"shardId-00000001893456000000-00000001","ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":"100000000000000000001"}`},
		{"streams:GetRecords", `{"ShardIterator":"arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2030-01-01T00:00:00.000|1|AAAA","Limit":1}`},
	} {
		f.Add(seed[0], seed[1])
	}
	w, requests := newWorld(f).withTable(), 0
	f.Fuzz(func(t *testing.T, operation, body string) {
		if requests++; requests%100 == 0 {
			w.send("CreateTable", theTable) // it may have been deleted
		}
		answered(t, w, operation, body)
	})
}

// FuzzIterator: an iterator that was cut, forged or made up is refused, or reads
// what it may.
func FuzzIterator(f *testing.F) {
	w := newWorld(f).withTable()
	for n := range 3 {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"a"},"q":{"N":"%d"}}}`, n))
	}
	arn := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)["LatestStreamArn"].(string)
	stream := w.must("streams:DescribeStream", `{"StreamArn":"`+arn+`"}`)["StreamDescription"].(map[string]any)
	shard := stream["Shards"].([]any)[0].(map[string]any)["ShardId"].(string)
	for _, kind := range []string{"TRIM_HORIZON", "LATEST"} {
		f.Add(w.must("streams:GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":%q}`, arn, shard, kind))["ShardIterator"].(string))
	}
	f.Add("")
	f.Add("arn|1|")
	f.Fuzz(func(t *testing.T, iterator string) {
		body, err := json.Marshal(map[string]string{"ShardIterator": iterator})
		if err != nil {
			t.Fatal(err)
		}
		answered(t, w, "streams:GetRecords", string(body))
	})
}

// answered sends a request, which must get a proper answer.
func answered(t *testing.T, w *world, operation, body string) {
	t.Helper()
	rec := w.send(operation, body)
	if rec.Code != 200 && rec.Code != 400 && rec.Code != 413 {
		t.Errorf("%s %s: %d %s, want 200 or 400", operation, body, rec.Code, rec.Body)
	}
	silent := rec.Code == 200 && (operation == "TagResource" || operation == "UntagResource")
	if !json.Valid(rec.Body.Bytes()) && !(silent && rec.Body.Len() == 0) {
		t.Errorf("%s %s: %q is not JSON", operation, body, rec.Body)
	}
}
