package wire_test

import (
	"strings"
	"testing"
)

// broken is the message for constraints that a request breaks.
func broken(constraints ...string) string {
	errors := " validation errors detected: "
	if len(constraints) == 1 {
		errors = " validation error detected: "
	}
	return v + string('0'+rune(len(constraints))) + errors + strings.Join(constraints, "; ")
}

func unmet(value, at, constraint string) string {
	return "Value " + value + " at '" + at + "' failed to satisfy constraint: " + constraint
}

func missing(at string) string { return unmet("null", at, "Member must not be null") }

const (
	name      = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
	enum      = "Member must satisfy enum value set: "
	atLeast   = "Member must have value greater than or equal to "
	shortest  = "Member must have length greater than or equal to "
	longest   = "Member must have length less than or equal to "
	parameter = v + "The parameter 'TableName' is required but was not present in the request"
)

var (
	badCapacity = unmet("'hi'", "returnConsumedCapacity", enum+"[INDEXES, TOTAL, NONE]")
	badMetrics  = unmet("'hi'", "returnItemCollectionMetrics", enum+"[SIZE, NONE]")
	badReturn   = unmet("'hi'", "returnValues", enum+"[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]")
	badName     = unmet("'abc;'", "tableName", name)
)

// TestShapesOfWrites: dynamodb-conformance. A request with an item or a key is refused for
// the first thing alone (its messages of October 2026: validation-ordering/updateItem and
// deepRequests). Else the order is that of captures/2026-06-09-validation-rewording.json,
// us-east-1, family "ordering"; where that has no case, of dynalite's tests (putItem.js,
// updateItem.js).
func TestShapesOfWrites(t *testing.T) {
	const (
		first    = v + "1 validation error detected: "
		noName   = first + "Value at 'TableName' failed to satisfy constraint: " + shortest + "1"
		noReturn = first + "Failed to satisfy constraint: " + enum + "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
		operator = "Failed to satisfy constraint: " + enum + "[ALL, OR]"
		two      = `"Expected":{"a":{"Exists":false},"b":{"Exists":false}},"ConditionalOperator":"XOR"`
	)
	const bad = `"ReturnConsumedCapacity":"hi","ReturnItemCollectionMetrics":"hi","ReturnValues":"hi"`
	runRefusals(t, []refusalCase{
		{"empty name", "PutItem", `{"TableName":"","Item":{}}`, noName},
		{"empty name, no item", "PutItem", `{"TableName":""}`, broken(unmet("''", "tableName", shortest+"1"), missing("item"))},
		{"empty name, bad values", "PutItem", `{"TableName":"","Item":{},"ReturnValues":"hi"}`, noName},
		{"three enumerations", "PutItem", `{"TableName":"tab","Item":{},` + bad + `}`, noReturn},
		{"three enumerations beside a deep value", "PutItem", `{"TableName":"tab","Item":{"a":` + deep(63) + `},` + bad + `}`, broken(badReturn, badCapacity, badMetrics)},
		{"return values beside a value of 40 levels", "DeleteItem", `{"TableName":"tab","Key":{"p":` + deep(40) + `},"ReturnValues":"hi"}`, noReturn},
		{"return values beside a value of 100 levels", "DeleteItem", `{"TableName":"tab","Key":{"p":` + deep(100) + `},"ReturnValues":"hi"}`, broken(badReturn)},
		{"return values beside an expected value of 63 levels", "DeleteItem", `{"TableName":"tab","Key":{},"Expected":{"a":{"Value":` + deep(63) + `}},"ReturnValues":"hi"}`, broken(badReturn)},
		{"operator", "DeleteItem", `{"TableName":"tab","Key":{},` + two + `}`, first + operator},
		{"operator, no key", "UpdateItem", `{"TableName":"tab",` + two + `}`, broken(unmet("'XOR'", "conditionalOperator", enum+"[OR, AND]"), missing("key"))},
		{"operator beside a value of 100 levels", "PutItem", `{"TableName":"tab","Item":{"a":` + deep(100) + `},` + two + `}`, broken(unmet("'XOR'", "conditionalOperator", enum+"[OR, AND]"))},
		{"operator and select", "Query", `{"TableName":"tab","KeyConditions":{},"ConditionalOperator":"XOR","Select":"hi"}`, v + operator},
		{"everything", "PutItem", `{"TableName":"abc;",` + bad + `}`, broken(badReturn, badCapacity, badName, missing("item"), badMetrics)},
		{"two enumerations", "DeleteItem", `{"TableName":"tab","Key":{},"ReturnConsumedCapacity":"hi","ReturnValues":"hi"}`, noReturn},
		{"nothing", "DeleteItem", `{}`, broken(missing("tableName"), missing("key"))},
		{"two enumerations", "UpdateItem", `{"TableName":"tab","Key":{},"ReturnConsumedCapacity":"hi","ReturnValues":"hi"}`, noReturn},
		{"two enumerations but return values", "UpdateItem", `{"TableName":"tab","Key":{},"ReturnConsumedCapacity":"hi","ReturnItemCollectionMetrics":"hi"}`, broken(badCapacity, badMetrics)},
		{"everything", "UpdateItem", `{"TableName":"abc;",` + bad + `}`, broken(badCapacity, badName, badMetrics, badReturn, missing("key"))},
		{"on failure", "UpdateItem", `{"TableName":"tab","Key":{},"ReturnValuesOnConditionCheckFailure":"hi"}`, broken(unmet("'hi'", "returnValuesOnConditionCheckFailure", enum+"[ALL_OLD, NONE]"))},
		{"ignores what others have", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"}},"Key":1,"UpdateExpression":1,"FilterExpression":1}`, ""},
	})
}

// TestShapesOfReads: dynalite's validations (getItem.js, batchGetItem.js) and
// dynamodb-conformance (validation-ordering/scan and query).
func TestShapesOfReads(t *testing.T) {
	const condition = `"KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"x"}}`
	runRefusals(t, []refusalCase{
		// ScyllaDB's tests, which are run against the service.
		{"short name", "GetItem", `{"TableName":"ab","Key":{"p":{"S":"x"}}}`, broken(unmet("'ab'", "tableName", shortest+"3"))},
		{"short name", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"ab","Key":{"p":{"S":"x"}}}}]}`, broken(unmet("'ab'", "transactItems.1.member.get.tableName", shortest+"3"))},
		{"short name", "DescribeTable", `{"TableName":"ab"}`, broken(unmet("'ab'", "tableName", shortest+"3"))},
		{"everything", "GetItem", `{"TableName":"abc;","ReturnConsumedCapacity":"hi"}`, broken(badCapacity, badName, missing("key"))},
		{"index and select", "Query", `{"TableName":"tab","IndexName":"a;","Select":"hi",` + condition + `}`,
			broken(unmet("'a;'", "indexName", name), unmet("'a;'", "indexName", shortest+"3"), unmet("'hi'", "select", enum+"[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"))},
		{"capacity", "Query", `{"TableName":"tab","ReturnConsumedCapacity":"hi",` + condition + `}`, broken(badCapacity)},
		{"limit", "Query", `{"TableName":"tab","Limit":0,` + condition + `}`, v + "1 validation error detected: Value at 'Limit' failed to satisfy constraint: " + atLeast + "1"},
		{"limit", "Scan", `{"TableName":"tab","Limit":0}`, broken(unmet("'0'", "limit", atLeast+"1"))},
		{"segment", "Scan", `{"TableName":"tab","Segment":-1,"TotalSegments":4}`, broken(unmet("'-1'", "segment", atLeast+"0"))},
		{"segments", "Scan", `{"TableName":"tab","Segment":1,"TotalSegments":1000001}`, broken(unmet("'1000001'", "totalSegments", "Member must have value less than or equal to 1000000"))},
		{"segment alone", "Scan", `{"TableName":"tab","Segment":0}`, v + "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{"total alone", "Scan", `{"TableName":"tab","TotalSegments":4}`, v + "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{"segment too high", "Scan", `{"TableName":"tab","Segment":5,"TotalSegments":5}`, v + "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5"},
	})
}

// TestShapesOfBatches: dynalite's tests (batchWriteItem.js, batchGetItem.js) and the
// live captures of dynamodb-conformance (c_bw_over25), where what is shown of an
// attribute value varies with region and month; its later ones (error-messages/batchGetItem
// and batchWriteItem) for the length of tables' names and for a BatchGetItem of nothing.
func TestShapesOfBatches(t *testing.T) {
	const (
		one    = `{"DeleteRequest":{"Key":{}}}`
		shown  = "WriteRequest(deleteRequest=DeleteRequest(key={}), putRequest=null)"
		keys   = "Map keys must satisfy constraint: [" + longest + "255, " + shortest + "3, " + name + "]"
		values = "Map value must satisfy constraint: [" + longest + "25, " + shortest + "1]"
	)
	runRefusals(t, []refusalCase{
		{"nothing", "BatchWriteItem", `{"ReturnConsumedCapacity":"hi","ReturnItemCollectionMetrics":"hi"}`, broken(badCapacity, badMetrics, missing("requestItems"))},
		{"no tables", "BatchWriteItem", `{"RequestItems":{}}`, v + "The requestItems parameter is required for BatchWriteItem"},
		{"bad name, no requests", "BatchWriteItem", `{"RequestItems":{"a;":[]}}`, broken(unmet("'{a;=[]}'", "requestItems", keys), unmet("'{a;=[]}'", "requestItems", values))},
		{"short name", "BatchWriteItem", `{"RequestItems":{"ta":[` + one + `]}}`, broken(unmet("'{ta=["+shown+"]}'", "requestItems", keys))},
		// validation-ordering/batchOperations of October 2026.
		{"short name and capacity", "BatchWriteItem", `{"RequestItems":{"ta":[` + one + `]},"ReturnConsumedCapacity":"hi"}`, broken(badCapacity)},
		{"bad name", "BatchGetItem", `{"RequestItems":{"a;b":{"Keys":[{"p":{"S":"x"}}],"ConsistentRead":true}}}`,
			broken(unmet(`'{"a;b":{"Keys":[{"p":{"S":"x"}}],"ConsistentRead":true}}'`, "requestItems", keys))},
		{"bad name and capacity", "BatchGetItem", `{"ReturnConsumedCapacity":"hi","RequestItems":{"a;b":{"Keys":[{"p":{"S":"x"}}]}}}`,
			broken(unmet(`'{"a;b":{"Keys":[{"p":{"S":"x"}}]}}'`, "requestItems", keys), badCapacity)},
		{"26 requests", "BatchWriteItem", `{"RequestItems":{"tab":[` + strings.Repeat(one+",", 25) + one + `]}}`,
			broken(unmet("'{tab=["+strings.Repeat(shown+", ", 25)+shown+"]}'", "requestItems", values))},
		{"26 requests to two tables", "BatchWriteItem", `{"RequestItems":{"tab":[` + strings.Repeat(one+",", 24) + one + `],"tab2":[` + one + `]}}`, v + "Too many items requested for the BatchWriteItem call"},
		{"no key, no item", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{},"DeleteRequest":{}}]}}`,
			broken(missing("requestItems.tab.member.1.member.deleteRequest.key"), missing("requestItems.tab.member.1.member.putRequest.item"))},
		{"nothing", "BatchGetItem", `{"ReturnConsumedCapacity":"hi"}`, broken(badCapacity, missing("requestItems"))},
		{"no tables", "BatchGetItem", `{"RequestItems":{}}`, v + "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: " + shortest + "1"},
		{"no keys", "BatchGetItem", `{"RequestItems":{"tab":{}}}`, broken(missing("requestItems.tab.member.keys"))},
		{"empty keys", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[]}}}`, v + "1 validation error detected: Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: " + shortest + "1"},
	})
}

// TestShapesOfTransactions: dynalite's validations (transactWriteItems.js) and the
// constraints of "TransactWriteItems" in the API reference.
func TestShapesOfTransactions(t *testing.T) {
	runRefusals(t, []refusalCase{
		{"nothing", "TransactWriteItems", `{"ReturnConsumedCapacity":"hi","ReturnItemCollectionMetrics":"hi"}`, broken(badCapacity, badMetrics, missing("transactItems"))},
		{"long token", "TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"tab","Key":{}}}],"ClientRequestToken":"` + strings.Repeat("t", 37) + `"}`,
			broken(unmet("'"+strings.Repeat("t", 37)+"'", "clientRequestToken", longest+"36"))},
		// dynamodb-conformance, validation-ordering/transactions: the token comes first.
		{"long token and capacity", "TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"tab","Key":{}}}],"ReturnConsumedCapacity":"hi","ClientRequestToken":"` + strings.Repeat("t", 37) + `"}`,
			broken(unmet("'"+strings.Repeat("t", 37)+"'", "clientRequestToken", longest+"36"), badCapacity)},
		{"no item", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab"}}]}`, broken(missing("transactItems.1.member.put.item"))},
		{"no key", "TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"tab"}}]}`, broken(missing("transactItems.1.member.delete.key"))},
		{"no update", "TransactWriteItems", `{"TransactItems":[{"Update":{"TableName":"tab","Key":{}}}]}`, broken(missing("transactItems.1.member.update.updateExpression"))},
		{"second entry", "TransactWriteItems", `{"TransactItems":[{},{"Delete":{"Key":{}}}]}`, broken(missing("transactItems.2.member.delete.tableName"))},
		{"no entry", "TransactWriteItems", `{"TransactItems":[{}]}`, v + "TransactItems can only contain one of Check, Put, Update or Delete"},
		{"nothing", "TransactGetItems", `{"ReturnConsumedCapacity":"hi"}`, broken(badCapacity, missing("transactItems"))},
		{"no get", "TransactGetItems", `{"TransactItems":[{}]}`, broken(missing("transactItems.1.member.get"))},
		{"no table, no key", "TransactGetItems", `{"TransactItems":[{"Get":{}}]}`, broken(missing("transactItems.1.member.get.tableName"), missing("transactItems.1.member.get.key"))},
	})
}

// TestShapesOfTables: dynalite's tests (createTable.js, updateTable.js, deleteTable.js,
// updateTimeToLive.js), and for a missing TableName and three keys the live ones of
// dynamodb-conformance (error-messages/createTable).
func TestShapesOfTables(t *testing.T) {
	const (
		attributes = `"TableName":"new","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}]`
		key        = `"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}]`
		units      = "provisionedThroughput."
		undefined  = v + "Invalid KeySchema: Some index key attribute have no definition"
	)
	define := func(name string) string { return `{"AttributeName":"` + name + `","AttributeType":"S"}` }
	hash := func(name string) string { return `{"AttributeName":"` + name + `","KeyType":"HASH"}` }
	table := func(definitions, keys string) string {
		return `{"TableName":"new","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[` + definitions + `],"KeySchema":[` + keys + `]}`
	}
	throughput := func(reads, writes string) string {
		return `"ProvisionedThroughput":{"ReadCapacityUnits":` + reads + `,"WriteCapacityUnits":` + writes + `}`
	}
	runRefusals(t, []refusalCase{
		{"a name alone", "CreateTable", `{"TableName":"abc;"}`, broken(missing("attributeDefinitions"), badName, missing("keySchema"))},
		{"no units", "CreateTable", `{"TableName":"new","AttributeDefinitions":[],"ProvisionedThroughput":{}}`,
			broken(missing(units+"writeCapacityUnits"), missing(units+"readCapacityUnits"), missing("keySchema"))},
		{"negative units", "CreateTable", `{"TableName":"new","AttributeDefinitions":[],"KeySchema":[],` + throughput("-1", "-1") + `}`,
			broken(unmet("'-1'", units+"writeCapacityUnits", atLeast+"1"), unmet("'-1'", units+"readCapacityUnits", atLeast+"1"), unmet("'[]'", "keySchema", shortest+"1"))},
		{"empty members", "CreateTable", `{"TableName":"new","AttributeDefinitions":[{}],` + key + `,` + throughput("1", "1") + `}`,
			broken(missing("attributeDefinitions.1.member.attributeName"), missing("attributeDefinitions.1.member.attributeType"))},
		{"key without a name", "CreateTable", `{` + attributes + `,"KeySchema":[{"KeyType":"HASH"},{"AttributeName":"q"}]}`,
			broken(missing("keySchema.1.member.attributeName"), missing("keySchema.2.member.keyType"))},
		{"three keys", "CreateTable", `{` + attributes + `,"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"q","KeyType":"RANGE"},{"AttributeName":"r","KeyType":"RANGE"}]}`,
			broken(unmet("'[KeySchemaElement(attributeName=p, keyType=HASH), KeySchemaElement(attributeName=q, keyType=RANGE), KeySchemaElement(attributeName=r, keyType=RANGE)]'", "keySchema", longest+"2"))},
		{"attribute type", "CreateTable", `{"TableName":"new","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"SS"}],` + key + `}`,
			broken(unmet("'SS'", "attributeDefinitions.1.member.attributeType", enum+"[B, N, S]"))},
		{"billing mode", "CreateTable", `{` + attributes + `,` + key + `,"BillingMode":"hi"}`, broken(unmet("'hi'", "billingMode", enum+"[PROVISIONED, PAY_PER_REQUEST]"))},
		{"too many reads", "CreateTable", `{` + attributes + `,` + key + `,` + throughput("1000000000001", "1000000000001") + `}`, v + "Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
		{"too many writes", "CreateTable", `{` + attributes + `,` + key + `,` + throughput("1000000000000", "1000000000001") + `}`, v + "Given value 1000000000001 for WriteCapacityUnits is out of bounds"},
		{"capacity before the key", "CreateTable", `{` + attributes + `,"KeySchema":[{"AttributeName":"z","KeyType":"RANGE"}]}`, vi + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},

		// dynalite; with no definitions and one twice ack-api-quirks, finding 042 of tables.
		{"no definitions", "CreateTable", table(``, hash("p")), undefined},
		{"one definition twice", "CreateTable", table(define("p")+`,`+define("p"), hash("p")), v + "Attribute Name is duplicated: p"},
		{"another definition", "CreateTable", table(define("z"), hash("p")), vi + "Some index key attributes are not defined in AttributeDefinitions. Keys: [p], AttributeDefinitions: [z]"},
		{"definition before key type", "CreateTable", table(define("p")+`,`+define("z"), hash("p")+`,`+hash("q")), undefined},
		{"a key twice, defined once", "CreateTable", table(define("p"), hash("p")+`,`+hash("p")), undefined},
		{"a key twice before key type", "CreateTable", table(define("p")+`,`+define("q"), hash("p")+`,`+hash("p")), v + "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
		{"two partition keys", "CreateTable", table(define("p")+`,`+define("q"), hash("p")+`,`+hash("q")), v + "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},

		{"nothing", "UpdateTable", `{}`, parameter},
		{"no units", "UpdateTable", `{"TableName":"tab","ProvisionedThroughput":{}}`, broken(missing(units+"writeCapacityUnits"), missing(units+"readCapacityUnits"))},
		{"too many reads", "UpdateTable", `{"TableName":"tab",` + throughput("1000000000001", "1") + `}`, v + "Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
		{"index without a name", "UpdateTable", `{"TableName":"tab","GlobalSecondaryIndexUpdates":[{"Update":{"ProvisionedThroughput":{}}},{"Delete":{"IndexName":"a"}}]}`,
			broken(missing("globalSecondaryIndexUpdates.1.member.update.indexName"), missing("globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.writeCapacityUnits"),
				missing("globalSecondaryIndexUpdates.1.member.update.provisionedThroughput.readCapacityUnits"), unmet("'a'", "globalSecondaryIndexUpdates.2.member.delete.indexName", shortest+"3"))},

		{"nothing", "DeleteTable", `{}`, parameter},
		{"nothing", "DescribeTable", `{}`, parameter},
		{"nothing", "UpdateTimeToLive", `{}`, parameter},
		{"nothing", "DescribeTimeToLive", `{}`, parameter},
		{"empty specification", "UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{}}`, broken(missing("timeToLiveSpecification.enabled"), missing("timeToLiveSpecification.attributeName"))},
		{"empty attribute", "UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":""}}`, broken(unmet("''", "timeToLiveSpecification.attributeName", shortest+"1"))},
		{"name and limit", "ListTables", `{"ExclusiveStartTableName":"a;","Limit":0}`,
			broken(unmet("'a;'", "exclusiveStartTableName", name), unmet("'a;'", "exclusiveStartTableName", shortest+"3"), unmet("'0'", "limit", atLeast+"1"))},
	})
}

// TestShapesOfStreams: the constraints of "DescribeStream", "GetShardIterator",
// "GetRecords" and "ListStreams" in the API reference of DynamoDB Streams.
func TestShapesOfStreams(t *testing.T) {
	arn := "arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2000"
	const shard = "shardId-00000000000000000000-00000000"
	runRefusals(t, []refusalCase{
		{"nothing", "streams:DescribeStream", `{}`, broken(missing("streamArn"))},
		{"short", "streams:DescribeStream", `{"StreamArn":"x","ExclusiveStartShardId":"y","Limit":0,"ShardFilter":{"Type":"hi","ShardId":"z"}}`,
			broken(unmet("'x'", "streamArn", shortest+"37"), unmet("'y'", "exclusiveStartShardId", shortest+"28"), unmet("'0'", "limit", atLeast+"1"),
				unmet("'hi'", "shardFilter.type", enum+"[CHILD_SHARDS]"), unmet("'z'", "shardFilter.shardId", shortest+"28"))},
		{"type", "streams:GetShardIterator", `{"StreamArn":"` + arn + `","ShardId":"` + shard + `","ShardIteratorType":"hi","SequenceNumber":"1"}`,
			broken(unmet("'hi'", "shardIteratorType", enum+"[TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, AT_TIMESTAMP]"), unmet("'1'", "sequenceNumber", shortest+"21"))},
		{"nothing", "streams:GetRecords", `{"Limit":0}`, broken(missing("shardIterator"), unmet("'0'", "limit", atLeast+"1"))},
		{"empty", "streams:GetRecords", `{"ShardIterator":""}`, broken(unmet("''", "shardIterator", shortest+"1"))},
		{"short", "streams:ListStreams", `{"TableName":"a;","ExclusiveStartStreamArn":"x"}`,
			broken(unmet("'a;'", "tableName", name), unmet("'a;'", "tableName", shortest+"3"), unmet("'x'", "exclusiveStartStreamArn", shortest+"37"))},
	})
}
