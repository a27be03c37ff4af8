package wire_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestValidation: what the service refuses, with its message.
func TestValidation(t *testing.T) {
	const (
		v        = "ValidationException: "
		noTable  = v + "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"
		missing  = "ResourceNotFoundException: Requested resource not found"
		noARN    = "a-text-that-is-long-enough-for-the-arn-of-a-stream"
		mismatch = v + "The provided key element does not match the schema"
		schema   = `"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}]`
		key      = `"TableName":"tab","Key":{"p":{"S":"there"},"q":{"N":"1"}}`
		values   = `"ExpressionAttributeValues":{":p":{"S":"there"}}`
	)
	runRefusals(t, []refusalCase{
		{"nothing", "PutItem", `{}`, v + "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'item' failed to satisfy constraint: Member must not be null"},
		{"characters", "PutItem", `{"TableName":"bad table!@#","Item":{}}`, v + "1 validation error detected: Value 'bad table!@#' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
		{"long name", "PutItem", fmt.Sprintf(`{"TableName":%q,"Item":{}}`, strings.Repeat("a", 256)), v + "1 validation error detected: Value '" + strings.Repeat("a", 256) + "' at 'tableName' failed to satisfy constraint: Member must have length less than or equal to 255"},
		{"no such table", "PutItem", `{"TableName":"nope","Item":{}}`, missing},
		{"no key", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"x"}}}`, v + "One or more parameter values were invalid: Missing the key q in the item"},
		{"key of another type", "PutItem", `{"TableName":"tab","Item":{"p":{"N":"1"},"q":{"N":"1"}}}`, v + "One or more parameter values were invalid: Type mismatch for key p expected: S actual: N"},
		{"empty key", "PutItem", `{"TableName":"tab","Item":{"p":{"S":""},"q":{"N":"1"}}}`, v + "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"},
		{"long key", "PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":%q},"q":{"N":"1"}}}`, strings.Repeat("k", 2049)), v + "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"large item", "PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"},"a":{"S":%q}}}`, strings.Repeat("x", 400<<10)), enveloped(v + "Item size has exceeded the maximum allowed size")},
		{"return values", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"}},"ReturnValues":"ALL_NEW"}`, enveloped(v + "ReturnValues can only be ALL_OLD or NONE")},
		{"no such return values", "PutItem", `{"TableName":"tab","Item":{},"ReturnValues":"X"}`, v + "1 validation error detected: Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"},
		{"empty set", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"},"s":{"SS":[]}}}`, enveloped(v + "One or more parameter values were invalid: An string set  may not be empty")},
		{"values without an expression", "PutItem", `{"TableName":"tab","Item":{},"ExpressionAttributeValues":{":v":{"S":"x"}}}`, enveloped(v + "ExpressionAttributeValues can only be specified when using expressions")},
		{"condition", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"there"},"q":{"N":"1"}},"ConditionExpression":"attribute_not_exists(p)"}`, "ConditionalCheckFailedException: The conditional request failed"},

		{"nothing", "GetItem", `{"Key":{}}`, noTable},
		{"no such table", "GetItem", `{"TableName":"nope","Key":{}}`, missing},
		{"half a key", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"x"}}}`, mismatch},
		{"more than a key", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"x"},"q":{"N":"1"},"r":{"N":"1"}}}`, mismatch},
		{"projection", "GetItem", `{` + key + `,"ProjectionExpression":"a, a"}`, v + "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"},

		{"key", "UpdateItem", `{` + key + `,"UpdateExpression":"SET q = :p",` + values + `}`, v + "One or more parameter values were invalid: Cannot update attribute q. This attribute is part of the key"},
		{"empty", "UpdateItem", `{` + key + `,"UpdateExpression":""}`, enveloped(v + "Invalid UpdateExpression: The expression can not be empty;")},
		{"unused", "UpdateItem", `{` + key + `,"UpdateExpression":"REMOVE a","ExpressionAttributeNames":{"#u":"x"}}`, enveloped(v + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#u}")},
		{"operand", "UpdateItem", `{` + key + `,"UpdateExpression":"SET a = a + :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`, v + "An operand in the update expression has an incorrect data type"},
		{"grows too large", "UpdateItem", fmt.Sprintf(`{%s,"UpdateExpression":"SET b = :b","ExpressionAttributeValues":{":b":{"S":%q}}}`, key, strings.Repeat("x", 400<<10)), v + "Item size to update has exceeded the maximum allowed size"},

		{"nothing", "DeleteItem", `{"Key":{}}`, noTable},
		{"return values", "DeleteItem", `{` + key + `,"ReturnValues":"UPDATED_OLD"}`, enveloped(v + "ReturnValues can only be ALL_OLD or NONE")},

		{"no condition", "Query", `{"TableName":"tab"}`, v + "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"no partition key", "Query", `{"TableName":"tab","KeyConditionExpression":"q = :p",` + values + `}`, v + "Query condition missed key schema element: p"},
		{"limit", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p",` + values + `,"Limit":0}`, v + "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"select", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p",` + values + `,"Select":"X"}`, v + "1 validation error detected: Value 'X' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"},
		{"filter on the key", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","FilterExpression":"q = :p",` + values + `}`, v + "Filter Expression can only contain non-primary key attributes: Primary key attribute: q"},
		{"start elsewhere", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p",` + values + `,"ExclusiveStartKey":{"p":{"S":"x"},"q":{"N":"1"}}}`, v + "The provided starting key is outside query boundaries based on provided conditions"},
		// dynalite, query and scan.
		{"start with no type", "Query", `{"TableName":"tab","KeyConditionExpression":"","ExclusiveStartKey":{"p":{}}}`, v + "The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"start with no number", "Scan", `{"TableName":"tab","FilterExpression":"","ExclusiveStartKey":{"p":{"N":"b"}}}`, v + "The provided starting key is invalid: The parameter cannot be converted to a numeric value: b"},
		{"index", "Query", `{"TableName":"tab","IndexName":"nope","KeyConditionExpression":"p = :p",` + values + `}`, v + "The table does not have the specified index: nope"},

		{"no such table", "Scan", `{"TableName":"nope"}`, missing},
		{"no total", "Scan", `{"TableName":"tab","Segment":0}`, v + "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{"no segment", "Scan", `{"TableName":"tab","TotalSegments":4}`, v + "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{"segment", "Scan", `{"TableName":"tab","Segment":5,"TotalSegments":5}`, v + "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5"},

		{"empty", "BatchWriteItem", `{"RequestItems":{}}`, v + "The requestItems parameter is required for BatchWriteItem"},
		{"no such table", "BatchWriteItem", `{"RequestItems":{"nope":[{"PutRequest":{"Item":{}}}]}}`, missing},
		{"twice", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"p":{"S":"x"},"q":{"N":"1"}}}},{"DeleteRequest":{"Key":{"p":{"S":"x"},"q":{"N":"1.0"}}}}]}}`, v + "Provided list of item keys contains duplicates"},
		{"key of another type", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"p":{"N":"5"},"q":{"N":"1"}}}}]}}`, mismatch},

		{"twice", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"p":{"S":"x"},"q":{"N":"1"}},{"p":{"S":"x"},"q":{"N":"1"}}]}}}`, v + "Provided list of item keys contains duplicates"},
		{"too many", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + strings.Repeat(`{"p":{"S":"x"}},`, 100) + `{}]}}}`, v + "1 validation error detected: Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100"},

		{"empty", "TransactWriteItems", `{"TransactItems":[]}`, v + "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"two in one", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{}},"Delete":{"TableName":"tab","Key":{}}}]}`, v + "TransactItems can only contain one of Check, Put, Update or Delete"},
		{"one item twice", "TransactWriteItems", `{"TransactItems":[{"Delete":{` + key + `}},{"Delete":{` + key + `}}]}`, v + "Transaction request cannot include multiple operations on one item"},
		{"key of another type", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"p":{"N":"5"},"q":{"N":"1"}}}}]}`, "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"},
		{"empty key", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"p":{"S":""},"q":{"N":"1"}}}}]}`, v + "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"},
		{"check without a condition", "TransactWriteItems", `{"TransactItems":[{"ConditionCheck":{` + key + `}}]}`, v + "1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null"},

		{"no such table", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"nope","Key":{}}}]}`, missing},
		{"no key", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{}}}]}`, "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"},

		{"nothing", "CreateTable", `{}`, v + "The parameter 'TableName' is required but was not present in the request"},
		{"short name", "CreateTable", `{"TableName":"ab",` + schema + `}`, v + "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"},
		{"key type", "CreateTable", `{"TableName":"new","KeySchema":[{"AttributeName":"p","KeyType":"X"}],"AttributeDefinitions":[]}`, v + "1 validation error detected: Value 'X' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]"},
		{"twice the key", "CreateTable", `{"TableName":"new","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"p","KeyType":"RANGE"}],"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}]}`, v + "Invalid KeySchema: Some index key attribute have no definition"},
		{"no capacity", "CreateTable", `{"TableName":"new",` + schema + `}`, v + "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{"stream without a view", "CreateTable", `{"TableName":"new",` + schema + `,"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true}}`, v + "One or more parameter values were invalid: Table is being created with a stream enabled, UpdateViewType is required"},
		{"exists", "CreateTable", `{"TableName":"tab",` + schema + `,"BillingMode":"PAY_PER_REQUEST"}`, "ResourceInUseException: Table already exists: tab"},
		{"a parameter that is not there", "CreateTable", `{"TableName":"new",` + schema + `,"BillingMode":"PAY_PER_REQUEST","ResourcePolicy":"{}"}`, v + "the embedded engine does not have resource policies (ResourcePolicy): it accepts any credentials: use AWS"},

		{"no such table", "DescribeTable", `{"TableName":"nope"}`, "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
		{"no such table", "DeleteTable", `{"TableName":"nope"}`, "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
		{"limit", "ListTables", `{"Limit":101}`, v + "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"},
		{"stream with a view and off", "CreateTable", `{"TableName":"new",` + schema + `,"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":false,"StreamViewType":"KEYS_ONLY"}}`, v + "One or more parameter values were invalid: Table is being created with a stream disabled, UpdateViewType should not be specified"},
		{"stream on without a view", "UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":true}}`, v + "One or more parameter values were invalid: If stream is being enabled then UpdateViewType is required"},
		{"stream off with a view", "UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":false,"StreamViewType":"KEYS_ONLY"}}`, v + "One or more parameter values were invalid: If stream is being disabled, then UpdateViewType must not be specified"},
		{"stream is on", "UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`, v + "Table already has an enabled stream: TableName: tab"},
		{"nothing to do", "UpdateTable", `{"TableName":"tab"}`, v + "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"},
		{"no specification", "UpdateTimeToLive", `{"TableName":"tab"}`, v + "1 validation error detected: Value null at 'timeToLiveSpecification' failed to satisfy constraint: Member must not be null"},
		{"already off", "UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{"Enabled":false,"AttributeName":"ttl"}}`, v + "TimeToLive is already disabled"},
		{"no such table", "DescribeTimeToLive", `{"TableName":"nope"}`, "ResourceNotFoundException: Requested resource not found: Table: nope not found"},

		{"limit", "streams:ListStreams", `{"Limit":0}`, v + "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"no such stream", "streams:DescribeStream", `{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2000"}`, "ResourceNotFoundException: Requested resource not found: Stream: arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2000 not found"},
		// scylladb, test_streams: the service says what is not the ARN of a stream.
		{"no ARN", "streams:DescribeStream", `{"StreamArn":"` + noARN + `"}`, v + "Invalid StreamArn"},
		{"no ARN", "streams:GetShardIterator", `{"StreamArn":"` + noARN + `","ShardId":"shardId-00000000000000000000-00000000","ShardIteratorType":"LATEST"}`, v + "Invalid StreamArn"},
		{"no ARN", "streams:ListStreams", `{"ExclusiveStartStreamArn":"` + noARN + `"}`, v + "Invalid StreamArn"},
		{"nothing", "streams:GetShardIterator", `{}`, v + "3 validation errors detected: Value null at 'streamArn' failed to satisfy constraint: Member must not be null; Value null at 'shardId' failed to satisfy constraint: Member must not be null; Value null at 'shardIteratorType' failed to satisfy constraint: Member must not be null"},
		{"no iterator", "streams:GetRecords", `{"ShardIterator":"x"}`, v + "Invalid ShardIterator"},
		{"limit", "streams:GetRecords", `{"ShardIterator":"x","Limit":1001}`, v + "One or more parameter values were invalid: Limit should be less than or equal to 1000"},
	})
}
