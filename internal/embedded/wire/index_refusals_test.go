package wire_test

import (
	"fmt"
	"strings"
	"testing"
)

// The messages of these tests are the service's: from the ack-api-quirks catalogue
// of live errors, dynamodb-conformance and the tests of dynalite.

func TestIndexSchemas(t *testing.T) {
	const (
		hashG = `"KeySchema":[{"AttributeName":"g","KeyType":"HASH"}]`
		all   = `"Projection":{"ProjectionType":"ALL"}`
	)
	create := func(indexes string) string {
		return `{"TableName":"new","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"q","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST",
			"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"q","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],` + indexes + `}`
	}
	global := func(parts ...string) string {
		return create(`"GlobalSecondaryIndexes":[{` + strings.Join(parts, "},{") + `}]`)
	}
	local := func(key, more string) string {
		return create(`"LocalSecondaryIndexes":[{"IndexName":"one","KeySchema":` + key + `,` + all + `}` + more + `]`)
	}
	many := func(n int, index string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(index, i)
		}
		return strings.Join(all, "},{")
	}
	attributes := func(from, n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(`"a%d"`, from+i)
		}
		return strings.Join(all, ",")
	}
	without := func(body string) string { // the definition of g
		return strings.Replace(body, `,{"AttributeName":"g","AttributeType":"S"}`, "", 1)
	}
	const localKey = `[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}]`
	const shape = v + "1 validation error detected: Value "
	newWorld(t).refuse(t, []refusalCase{
		{"no local indexes", "CreateTable", without(create(`"LocalSecondaryIndexes":[]`)), vi + "List of LocalSecondaryIndexes is empty"},
		{"no global indexes", "CreateTable", without(create(`"GlobalSecondaryIndexes":[]`)), vi + "List of GlobalSecondaryIndexes is empty"},
		{"no name, no projection", "CreateTable", global(hashG), v + "2 validation errors detected: Value null at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy constraint: Member must not be null; " +
			"Value null at 'globalSecondaryIndexes.1.member.projection' failed to satisfy constraint: Member must not be null"},
		{"short name", "CreateTable", global(`"IndexName":"gs",` + hashG + `,` + all), shape + "'gs' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy constraint: Member must have length greater than or equal to 3"},
		{"bad name", "CreateTable", global(`"IndexName":"g!s",` + hashG + `,` + all), shape + "'g!s' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
		{"no key", "CreateTable", global(`"IndexName":"one",` + all), shape + "null at 'globalSecondaryIndexes.1.member.keySchema' failed to satisfy constraint: Member must not be null"},
		{"bad key type", "CreateTable", local(`[{"AttributeName":"p","KeyType":"X"}]`, ""), shape + "'X' at 'localSecondaryIndexes.1.member.keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]"},
		{"undefined key", "CreateTable", global(`"IndexName":"one","KeySchema":[{"AttributeName":"z","KeyType":"HASH"}],` + all), vi + "Some index key attributes are not defined in AttributeDefinitions. Keys: [z], AttributeDefinitions: [p, q, g]"},
		{"unused definition", "CreateTable", global(`"IndexName":"one","KeySchema":[{"AttributeName":"q","KeyType":"HASH"}],` + all), vi + "Some AttributeDefinitions are not used. AttributeDefinitions: [p, q, g], keys used: [p, q]"},
		{"unused definition before projection", "CreateTable", global(`"IndexName":"one","KeySchema":[{"AttributeName":"q","KeyType":"HASH"}],"Projection":{}`), vi + "Some AttributeDefinitions are not used. AttributeDefinitions: [p, q, g], keys used: [p, q]"},
		{"a key twice", "CreateTable", global(`"IndexName":"one","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"g","KeyType":"HASH"}],` + all), v + "The KeySchema contains multiple key attributes with the same name"},
		{"names of both kinds", "CreateTable", create(`"LocalSecondaryIndexes":[{"IndexName":"aa","KeySchema":` + localKey + `,` + all + `}],"GlobalSecondaryIndexes":[{"IndexName":"zz",` + hashG + `,` + all + `}]`),
			broken(unmet("'zz'", "globalSecondaryIndexes.1.member.indexName", shortest+"3"), unmet("'aa'", "localSecondaryIndexes.1.member.indexName", shortest+"3"))},
		{"range first", "CreateTable", global(`"IndexName":"one","KeySchema":[{"AttributeName":"g","KeyType":"RANGE"}],` + all), v + "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"no projection type", "CreateTable", global(`"IndexName":"one",` + hashG + `,"Projection":{}`), vi + "Unknown ProjectionType: null"},
		{"bad projection type", "CreateTable", global(`"IndexName":"one",` + hashG + `,"Projection":{"ProjectionType":"SOME"}`), shape + "'SOME' at 'globalSecondaryIndexes.1.member.projection.projectionType' failed to satisfy constraint: Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]"},
		{"include nothing", "CreateTable", global(`"IndexName":"one",` + hashG + `,"Projection":{"ProjectionType":"INCLUDE"}`), vi + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
		{"all and some", "CreateTable", global(`"IndexName":"one",` + hashG + `,"Projection":{"ProjectionType":"ALL","NonKeyAttributes":["a"]}`), vi + "ProjectionType is ALL, but NonKeyAttributes is specified"},
		{"included twice", "CreateTable", global(`"IndexName":"one",` + hashG + `,"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["a","a"]}`), vi + "Duplicate element in NonKeyAttributes: a"},
		{"too many included", "CreateTable", global(`"IndexName":"one",` + hashG + `,"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":[` + attributes(0, 21) + `]}`),
			shape + "'[" + strings.ReplaceAll(strings.ReplaceAll(attributes(0, 21), `"`, ""), ",", ", ") + "]' at 'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' failed to satisfy constraint: Member must have length less than or equal to 20"},
		{"too many included in all", "CreateTable", global(many(6, `"IndexName":"one%d",`+hashG+`,"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":[`+attributes(0, 20)+`]}`)), vi + "Number of NonKeyAttributes in all indexes exceeds the per-table limit of 100"},
		{"a name twice", "CreateTable", global(`"IndexName":"one",`+hashG+`,`+all, `"IndexName":"one",`+hashG+`,`+all), vi + "Duplicate index name: one"},
		{"a name of both kinds", "CreateTable", create(`"LocalSecondaryIndexes":[{"IndexName":"one","KeySchema":` + localKey + `,` + all + `}],"GlobalSecondaryIndexes":[{"IndexName":"one",` + hashG + `,` + all + `}]`), vi + "Duplicate index name: one"},
		{"too many global", "CreateTable", global(many(21, `"IndexName":"one%d",`+hashG+`,`+all)), vi + "GlobalSecondaryIndex count exceeds the per-table limit of 20"},
		{"too many local", "CreateTable", create(`"LocalSecondaryIndexes":[{` + many(6, `"IndexName":"one%d","KeySchema":`+localKey+`,`+all) + `}]`), vi + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"},
		{"local without range", "CreateTable", without(local(`[{"AttributeName":"p","KeyType":"HASH"}]`, "")), vi + "Index KeySchema does not have a range key for index: one"},
		{"local with another hash", "CreateTable", local(`[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"q","KeyType":"RANGE"}]`, ""),
			vi + "Index KeySchema does not have the same leading hash key as table KeySchema for index: one. index hash key: g, table hash key: p"},
		{"local, table without range", "CreateTable", `{"TableName":"new","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],
			"LocalSecondaryIndexes":[{"IndexName":"one","KeySchema":` + localKey + `,` + all + `}]}`, vi + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"},
		{"capacity on demand", "CreateTable", global(`"IndexName":"one",` + hashG + `,` + all + `,"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`), vi + "ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST"},
		{"no capacity", "CreateTable", strings.Replace(global(`"IndexName":"one",`+hashG+`,`+all), `"BillingMode":"PAY_PER_REQUEST"`, `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`, 1), vi + "ProvisionedThroughput is not specified for index: one"},
	})
}

func TestIndexUpdateRefusals(t *testing.T) {
	update := func(updates, more string) string {
		return `{"TableName":"tab","GlobalSecondaryIndexUpdates":[` + updates + `]` + more + `}`
	}
	create := func(name, attribute, more string) string {
		return `{"Create":{"IndexName":"` + name + `","KeySchema":[{"AttributeName":"` + attribute + `","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}` + more + `}}`
	}
	const (
		units = `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`
		defs  = `,"AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"S"},{"AttributeName":"new","AttributeType":"S"}]`
		none  = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
	)
	w := newWorld(t).withIndexes()
	w.refuse(t, []refusalCase{
		{"nothing", "UpdateTable", update("", ""), v + none},
		{"nothing beside something", "UpdateTable", update("", `,"BillingMode":"PAY_PER_REQUEST"`), vi + "List of GlobalSecondaryIndexUpdates is empty"},
		{"no action", "UpdateTable", update("{}", ""), vi + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"},
		{"two actions", "UpdateTable", update(`{"Delete":{"IndexName":"g-all"},"Update":{"IndexName":"g-all",`+units+`}}`, ""), vi + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"},
		{"an index twice", "UpdateTable", update(`{"Delete":{"IndexName":"g-all"}},{"Delete":{"IndexName":"g-all"}}`, ""), vi + "Only one global secondary index update per index is allowed simultaneously. Index: g-all"},
		{"two deletions", "UpdateTable", update(`{"Delete":{"IndexName":"g-all"}},{"Delete":{"IndexName":"g-include"}}`, ""), "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"},
		{"with a stream", "UpdateTable", update(`{"Delete":{"IndexName":"g-all"}}`, `,"StreamSpecification":{"StreamEnabled":false}`), vi + "You cannot create or delete index while changing stream status"},
		{"delete what is not there", "UpdateTable", update(`{"Delete":{"IndexName":"nothing"}}`, ""), "ResourceNotFoundException: Requested resource not found: Index nothing for table tab"},
		{"delete a local one", "UpdateTable", update(`{"Delete":{"IndexName":"l-all"}}`, ""), v + "Cannot delete an index that is not a GlobalSecondaryIndex: l-all"},
		{"update a local one", "UpdateTable", update(`{"Update":{"IndexName":"l-all",`+units+`}}`, ""), v + "Cannot update an index that is not a GlobalSecondaryIndex: l-all"},
		{"capacity on demand", "UpdateTable", update(`{"Update":{"IndexName":"g-all",`+units+`}}`, ""), vi + "The only Updates for index: g-all when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"},
		{"create what is there", "UpdateTable", update(create("g-all", "g", ""), defs), v + "Attempting to create an index which already exists"},
		{"create with a local one's name", "UpdateTable", update(create("l-all", "g", ""), defs), v + "Attempting to create an index which already exists"},
		{"create without definitions", "UpdateTable", update(create("one", "g", ""), ""), vi + "AttributeDefinitions is not specified for index: one"},
		{"create without its definition", "UpdateTable", update(create("one", "z", ""), defs), vi + "Some index key attributes are not defined in AttributeDefinitions. Keys: [z], AttributeDefinitions: [g, n, new]"},
		{"create with another type", "UpdateTable", update(create("one", "n", ""), defs), vi + "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. " +
			"Existing schema: Schema:[SchemaElement: key{n:N}] New schema: Schema:[SchemaElement: key{n:S:HASH}]"},
		{"create with capacity", "UpdateTable", update(create("one", "new", ","+units), defs), vi + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: one when BillingMode is PAY_PER_REQUEST"},
		{"provisioned without indexes", "UpdateTable", `{"TableName":"tab","BillingMode":"PROVISIONED",` + units + `}`, vi + "ProvisionedThroughput must be specified for index: g-all"},
		{"refusals change nothing", "UpdateTable", update(create("one", "new", ""), defs), ""},
	})
	if table := encoded(w.must("DescribeTable", `{"TableName":"tab"}`)); strings.Count(table, `"IndexName"`) != 5 || strings.Contains(table, "PROVISIONED") {
		t.Errorf("the refused requests left %s", table)
	}
}

func TestIndexKeyRefusals(t *testing.T) {
	w := newWorld(t).withIndexes()
	put := func(more string) string { return `"Item":{"p":{"S":"p"},"q":{"N":"1"},` + more + `}` }
	set := func(name, value string) string {
		return `"Key":{"p":{"S":"p"},"q":{"N":"1"}},"UpdateExpression":"SET ` + name + ` = :v","ExpressionAttributeValues":{":v":` + value + `}`
	}
	on := func(body string) string { return `{"TableName":"tab",` + body + `}` }
	const (
		typeG  = "Type mismatch for Index Key g Expected: S Actual: N IndexName: g-all"
		empty  = v + "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty "
		scalar = v + "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
	)
	cancelled := "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"
	long := strings.Repeat("x", 2049)
	w.refuse(t, []refusalCase{
		{"type", "PutItem", on(put(`"g":{"N":"1"}`)), vi + typeG},
		{"no scalar", "PutItem", on(put(`"g":{"L":[]}`)), vi + "Type mismatch for Index Key g Expected: S Actual: L IndexName: g-all"},
		{"null", "PutItem", on(put(`"n":{"NULL":true}`)), vi + "Type mismatch for Index Key n Expected: N Actual: NULL IndexName: g-all"},
		{"empty string", "PutItem", on(put(`"g":{"S":""}`)), empty + "string value. IndexName: g-all, IndexKey: g"},
		{"empty binary", "PutItem", on(put(`"b":{"B":""}`)), empty + "binary value. IndexName: l-all, IndexKey: b"},
		{"long", "PutItem", on(put(`"g":{"S":"` + long + `"}`)), vi + "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"update, type", "UpdateItem", on(set("g", `{"N":"1"}`)), vi + typeG},
		{"update, empty", "UpdateItem", on(set("g", `{"S":""}`)), v + "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. " +
			"The AttributeValue for a key attribute cannot contain an empty string value."},
		{"update, nested", "UpdateItem", on(set("g.x", `{"S":"x"}`)), scalar + "IndexKey: g"},
		{"condition, nested", "DeleteItem", on(`"Key":{"p":{"S":"p"},"q":{"N":"1"}},"ConditionExpression":"attribute_exists(p.x)"`), scalar + "Key: p"},
		{"batch", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{` + put(`"g":{"N":"1"}`) + `}}]}}`, vi + typeG},
		{"transaction, type", "TransactWriteItems", `{"TransactItems":[{"Put":` + on(put(`"g":{"N":"1"}`)) + `}]}`, cancelled},
		{"transaction, update", "TransactWriteItems", `{"TransactItems":[{"Update":` + on(set("g", `{"N":"1"}`)) + `}]}`, cancelled},
		{"transaction, empty", "TransactWriteItems", `{"TransactItems":[{"Put":` + on(put(`"g":{"S":""}`)) + `}]}`, empty + "string value. IndexName: g-all, IndexKey: g"},
	})
	if n := len(w.items("Scan", map[string]any{"TableName": "tab"})); n != 0 {
		t.Errorf("%d items after refusals only", n)
	}
}

func TestIndexReadRefusals(t *testing.T) {
	w := newWorld(t).withIndexes()
	query := func(index, more string) string {
		return `{"TableName":"tab","IndexName":"` + index + `","KeyConditionExpression":"g = :v","ExpressionAttributeValues":{":v":{"S":"g"}}` + more + `}`
	}
	local := func(more string) string {
		return `{"TableName":"tab","IndexName":"l-keys","KeyConditionExpression":"p = :v","ExpressionAttributeValues":{":v":{"S":"g"}}` + more + `}`
	}
	get := func(projection string) string {
		return `{"TableName":"tab","Key":{"p":{"S":"p"},"q":{"N":"1"}},"ProjectionExpression":"` + projection + `"}`
	}
	const (
		invalidStart = v + "The provided starting key is invalid"
		scalar       = v + "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
	)
	w.refuse(t, []refusalCase{
		{"no such index", "Query", query("nothing", ""), v + "The table does not have the specified index: nothing"},
		{"no such index", "Scan", `{"TableName":"tab","IndexName":"nothing"}`, v + "The table does not have the specified index: nothing"},
		{"consistent", "Query", query("g-all", `,"ConsistentRead":true`), v + "Consistent reads are not supported on global secondary indexes"},
		{"consistent", "Scan", `{"TableName":"tab","IndexName":"g-all","ConsistentRead":true}`, v + "Consistent reads are not supported on global secondary indexes"},
		{"consistent on a local index", "Query", local(`,"ConsistentRead":true`), ""},
		{"all attributes", "Query", query("g-include", `,"Select":"ALL_ATTRIBUTES"`), vi + "Select type ALL_ATTRIBUTES is not supported for global secondary index g-include because its projection type is not ALL"},
		{"all attributes of all", "Query", query("g-all", `,"Select":"ALL_ATTRIBUTES"`), ""},
		{"all projected", "Query", query("g-include", `,"Select":"ALL_PROJECTED_ATTRIBUTES"`), ""},
		{"all projected of a table", "Scan", `{"TableName":"tab","Select":"ALL_PROJECTED_ATTRIBUTES"}`, v + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
		{"not projected", "Query", query("g-include", `,"ProjectionExpression":"a, y, z.b, y.c"`), v + "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [y], path two: [y, c]"},
		{"not projected", "Query", query("g-include", `,"ProjectionExpression":"a, y.b, z, y.c, q"`), vi + "Global secondary index g-include does not project [y, z]"},
		{"filter not projected", "Query", query("g-include", `,"FilterExpression":"y = :v AND size(z) > :v AND a = :v"`), vi + "Secondary index g-include does not project one or more filter attributes: [y, z]"},
		{"filter not projected", "Query", local(`,"FilterExpression":"y = :v"`), vi + "Secondary index l-keys does not project one or more filter attributes: [y]"},
		{"filter on the index's key", "Query", query("g-all", `,"FilterExpression":"n = :v"`), v + "Filter Expression can only contain non-primary key attributes: Primary key attribute: n"},
		{"filter on the table's key", "Query", query("g-all", `,"FilterExpression":"q = :v"`), ""},
		{"filter into a key", "Scan", `{"TableName":"tab","FilterExpression":"attribute_exists(b.x)"}`, scalar + "IndexKey: b"},
		{"projection into a key", "GetItem", get("p.x"), scalar + "Key: p"},
		{"projection into an index's key", "GetItem", get("b[0]"), scalar + "IndexKey: b"},
		{"wrong key before the projection", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"p"}},"ProjectionExpression":"p.x"}`, v + "The provided key element does not match the schema"},
		{"projection into a key", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"p":{"S":"p"},"q":{"N":"1"}}],"ProjectionExpression":"q.x"}}}`, scalar + "Key: q"},
		{"projection into a key", "TransactGetItems", `{"TransactItems":[{"Get":` + get("p.x") + `}]}`, "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"},
		{"count and projection", "Query", local(`,"Select":"COUNT","ProjectionExpression":"p"`), v + "Cannot specify the ProjectionExpression when choosing to get only the Count"},
		{"missed key", "Query", query("l-keys", ""), v + "Query condition missed key schema element: p"},
		{"start short", "Query", query("g-all", `,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"N":"1"}}`), invalidStart},
		{"start with another attribute", "Query", query("g-all", `,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"N":"1"},"g":{"S":"g"},"z":{"N":"1"}}`), invalidStart},
		{"start of another type", "Query", query("g-all", `,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"N":"1"},"g":{"S":"g"},"n":{"S":"1"}}`), v + "The provided key element does not match the schema"},
		{"start of another type of table", "Query", query("g-all", `,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"S":"1"},"g":{"S":"g"},"n":{"N":"1"}}`), invalidStart + ": The provided key element does not match the schema"},
		{"start elsewhere", "Query", query("g-all", `,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"N":"1"},"g":{"S":"h"},"n":{"N":"1"}}`), v + "The provided starting key is outside query boundaries based on provided conditions"},
		{"start", "Query", query("g-all", `,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"N":"1"},"g":{"S":"g"},"n":{"N":"1"}}`), ""},
		{"start in another segment", "Scan", `{"TableName":"tab","Segment":0,"TotalSegments":1000000,"ExclusiveStartKey":{"p":{"S":"p"},"q":{"N":"1"}}}`,
			invalidStart + ": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 1000000 Segment: 0"},
	})
}
