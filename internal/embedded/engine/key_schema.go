package engine

import (
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
)

// A KeySchemaElement is an attribute of a key. KeyType is HASH or RANGE.
type KeySchemaElement struct {
	AttributeName string `api:",required,1..255"`
	KeyType       string `api:",required,one of HASH RANGE"`
}

// An AttributeDefinition declares the type of a key attribute: S, N or B.
type AttributeDefinition struct {
	AttributeName string `api:",required,1..255"`
	AttributeType string `api:",required,one of B N S"`
}

// A schema is the key of a table or an index: the attributes of the partition key and of
// the sort key, if there is one. Only a global index may have more than one of each.
type schema struct {
	all        []expr.KeyAttribute // the partition key's, then the sort key's
	hash, sort []expr.KeyAttribute // the parts of all
}

// maxKeyAttributes is how many attributes a global index's partition key may have, and its
// sort key ("Multi-attribute key schema").
const maxKeyAttributes = 4

func newSchema(key []KeySchemaElement, defs []AttributeDefinition) schema {
	all := make([]expr.KeyAttribute, len(key))
	for i, k := range key {
		all[i] = expr.KeyAttribute{Name: k.AttributeName, Type: attr.TypeNamed(attributeType(defs, k.AttributeName))}
	}
	n := countOf("HASH", key)
	return schema{all, all[:n:n], all[n:]}
}

// countOf returns how many attributes of a key have the type HASH or RANGE.
func countOf(keyType string, key []KeySchemaElement) (n int) {
	for _, k := range key {
		if k.KeyType == keyType {
			n++
		}
	}
	return n
}

func (s *schema) has(attribute string) bool {
	return slices.ContainsFunc(s.all, func(k expr.KeyAttribute) bool { return k.Name == attribute })
}

// checkGlobalKey compares the key of a global index with the attribute definitions. The
// messages are ack-api-quirks' (DDB-TABLE-123 and DDB-TABLE-442).
func checkGlobalKey(key []KeySchemaElement, defs []AttributeDefinition) error {
	hashes := countOf("HASH", key)
	for i, k := range key {
		switch {
		case attributeType(defs, k.AttributeName) == "":
			return invalid(badValues+"Some index key attributes are not defined in AttributeDefinitions. Keys: %s, AttributeDefinitions: %s",
				keyNames(key), definedNames(defs))
		case slices.ContainsFunc(key[:i], func(other KeySchemaElement) bool { return other.AttributeName == k.AttributeName }):
			return invalid("The KeySchema contains multiple key attributes with the same name")
		}
	}
	switch {
	case key[0].KeyType != "HASH":
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case countOf("HASH", key[:hashes]) < hashes:
		return invalid(badValues + "All HASH key attributes must precede RANGE key attributes in the KeySchema")
	case hashes > maxKeyAttributes:
		return invalid(badValues + "The KeySchema exceeds the maximum allowed number of HASH key attributes")
	case len(key)-hashes > maxKeyAttributes:
		return invalid(badValues + "The KeySchema exceeds the maximum allowed number of RANGE key attributes")
	}
	return nil
}

// checkKey compares the key of a table or a local index with the attribute definitions.
func checkKey(key []KeySchemaElement, defs []AttributeDefinition, ofTable bool) error {
	undefined := slices.ContainsFunc(key, func(k KeySchemaElement) bool { return attributeType(defs, k.AttributeName) == "" })
	sorted := len(key) == 2
	switch {
	case ofTable && (sorted && undefined || len(defs) < len(key)):
		return invalid("Invalid KeySchema: Some index key attribute have no definition")
	case undefined:
		return invalid(badValues+"Some index key attributes are not defined in AttributeDefinitions. Keys: %s, AttributeDefinitions: %s",
			keyNames(key), definedNames(defs))
	case sorted && key[0].AttributeName == key[1].AttributeName:
		return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	case key[0].KeyType != "HASH":
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case sorted && key[1].KeyType != "RANGE":
		return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	return nil
}

// attributeType returns the defined type of an attribute, empty if it has none.
func attributeType(defs []AttributeDefinition, name string) string {
	for _, d := range defs {
		if d.AttributeName == name {
			return d.AttributeType
		}
	}
	return ""
}

func keyNames(key []KeySchemaElement) string {
	return listed(key, func(k KeySchemaElement) string { return k.AttributeName })
}

func definedNames(defs []AttributeDefinition) string {
	return listed(defs, func(d AttributeDefinition) string { return d.AttributeName })
}

// listed returns names in the form of the service's messages: [a, b].
func listed[T any](all []T, name func(T) string) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = name(one)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// names returns the names of all key attributes, sorted and without duplicates.
func names(keys ...[]KeySchemaElement) (names []string) {
	for _, key := range keys {
		for _, k := range key {
			names = append(names, k.AttributeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
