package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// sameImage reports whether two items in DynamoDB's JSON are equal: numbers by their value,
// whatever their spelling, and sets in any order.
func sameImage(a, b json.RawMessage) bool {
	x, errX := plain(a)
	y, errY := plain(b)
	return errX == nil && errY == nil && x == y
}

// plain is an item in one spelling.
func plain(image json.RawMessage) (string, error) {
	if len(image) == 0 {
		return "", nil
	}
	var attributes map[string]map[string]any
	decoder := json.NewDecoder(bytes.NewReader(image))
	decoder.UseNumber()
	if err := decoder.Decode(&attributes); err != nil {
		return "", err
	}
	fields := make(map[string]any, len(attributes))
	for name, value := range attributes {
		fields[name] = value
	}
	return plainMap(fields)
}

func plainMap(fields map[string]any) (string, error) {
	var parts []string
	for name, value := range fields {
		text, err := plainValue(value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}", nil
}

// plainValue is a value such as {"N": "1"} in one spelling.
func plainValue(value any) (string, error) {
	typed, ok := value.(map[string]any)
	if !ok || len(typed) != 1 {
		return "", fmt.Errorf("%v is not a value in DynamoDB's JSON", value)
	}
	for kind, content := range typed {
		text, err := plainContent(kind, content)
		return kind + text, err
	}
	return "", nil
}

func plainContent(kind string, content any) (string, error) {
	switch content := content.(type) {
	case string:
		return plainScalar(strings.TrimSuffix(kind, "S"), kind, content)
	case bool:
		return fmt.Sprint(content), nil
	case map[string]any:
		return plainMap(content)
	case []any:
		var parts []string
		for _, element := range content {
			text, err := plainElement(kind, element)
			if err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
		if kind != "L" {
			slices.Sort(parts)
		}
		return "[" + strings.Join(parts, ",") + "]", nil
	}
	return "", fmt.Errorf("%v is not a value in DynamoDB's JSON", content)
}

// plainElement is an element of a list or a set.
func plainElement(kind string, element any) (string, error) {
	text, ok := element.(string)
	if !ok {
		return plainValue(element)
	}
	return plainScalar(strings.TrimSuffix(kind, "S"), kind, text)
}

// plainScalar is a string, a number or binary.
func plainScalar(element, kind, text string) (string, error) {
	switch element {
	case "N":
		d, _, err := apd.NewFromString(text)
		if err != nil {
			return "", fmt.Errorf("%q is not a number", text)
		}
		d.Reduce(d)
		return d.String(), nil
	case "B":
		b, err := base64.StdEncoding.DecodeString(text)
		return fmt.Sprintf("%x", b), err
	}
	return fmt.Sprintf("%q", text), nil
}
