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

// A schema is the key of a table or an index: the partition key and the sort key, if
// there is one.
type schema []expr.KeyAttribute

func newSchema(key []KeySchemaElement, defs []AttributeDefinition) schema {
	s := make(schema, len(key))
	for i, k := range key {
		s[i] = expr.KeyAttribute{Name: k.AttributeName, Type: attr.TypeNamed(attributeType(defs, k.AttributeName))}
	}
	return s
}

// sort returns the sort key. Without one, its name is empty.
func (s schema) sort() expr.KeyAttribute {
	if len(s) < 2 {
		return expr.KeyAttribute{}
	}
	return s[1]
}

func (s schema) has(attribute string) bool {
	return slices.ContainsFunc(s, func(k expr.KeyAttribute) bool { return k.Name == attribute })
}

// checkKey compares the key of a table or an index with the attribute definitions.
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
