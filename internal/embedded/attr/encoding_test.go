package attr

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDecodeItem(t *testing.T) {
	tests := []struct{ in, want, reason string }{
		{`{}`, `{}`, "no attributes"},
		{`{"a":{"S":"x"}}`, `{"a":{"S":"x"}}`, "text"},
		{`{"a":{"S":""}}`, `{"a":{"S":""}}`, "an empty text"},
		{`{"a":{"N":"01.50"}}`, `{"a":{"N":"1.5"}}`, "a number in canonical form"},
		{`{"a":{"B":"YWI="}}`, `{"a":{"B":"YWI="}}`, "binary"},
		{`{"a":{"B":""}}`, `{"a":{"B":""}}`, "an empty binary"},
		{`{"a":{"BOOL":true},"b":{"BOOL":false}}`, `{"a":{"BOOL":true},"b":{"BOOL":false}}`, "booleans"},
		{`{"a":{"BOOL":"yes"},"b":{"BOOL":"False"},"c":{"BOOL":"1"}}`, `{"a":{"BOOL":true},"b":{"BOOL":false},"c":{"BOOL":true}}`, "as words: dynalite, updateItem"},
		{`{"a":{"NULL":true}}`, `{"a":{"NULL":true}}`, "null"},
		{`{"a":{"SS":["b","a",""]}}`, `{"a":{"SS":["","a","b"]}}`, "a set, with an empty member"},
		{`{"a":{"NS":["10","9","-1.0"]}}`, `{"a":{"NS":["-1","9","10"]}}`, "numbers in their order"},
		{`{"a":{"BS":["YQ==",""]}}`, `{"a":{"BS":["","YQ=="]}}`, "a set of binaries"},
		{`{"a":{"L":[]},"b":{"M":{}}}`, `{"a":{"L":[]},"b":{"M":{}}}`, "empty documents"},
		{`{"a":{"L":[{"S":"x"},{"L":[{"NULL":true}]}]}}`, `{"a":{"L":[{"S":"x"},{"L":[{"NULL":true}]}]}}`, "a list"},
		{`{"a":{"M":{"z":{"N":"1"},"b":{"S":"x"}}}}`, `{"a":{"M":{"b":{"S":"x"},"z":{"N":"1"}}}}`, "a map, sorted"},
		{`{"b":{"S":"x"},"a":{"S":"y"}}`, `{"a":{"S":"y"},"b":{"S":"x"}}`, "sorted by name"},
		{`{"a":{"S":"x"},"a":{"S":"y"}}`, `{"a":{"S":"y"}}`, "the later one of two"},
		{` { "a" : { "S" : "x" } } `, `{"a":{"S":"x"}}`, "white space"},
		{`{"a":{"S":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}}`, `{"a":{"S":"\"\\/\u0008\u000c\n\r\té😀"}}`, "escapes"},
		{`{"\u0061":{"S":"x"}}`, `{"a":{"S":"x"}}`, "an escape in a name"},
		{`{"a":{"S":"\ud800x"}}`, `{"a":{"S":"` + "\uFFFD" + `x"}}`, "half a pair is not a character"},
		{"{\"a\":{\"S\":\"\xff\xfex\"}}", `{"a":{"S":"` + "\uFFFD\uFFFD" + `x"}}`, "a byte that is not UTF-8 is not a character"},
		{`{"a":{"S":"x","N":null}}`, `{"a":{"S":"x"}}`, "a null is not a type"},
		{`{"a":{"S":"x","Other":[1,{"a":null}]}}`, `{"a":{"S":"x"}}`, "unknown types are passed over"},
	}
	for _, tt := range tests {
		s := NewScanner(tt.in)
		it, err := s.Item()
		if err != nil {
			t.Errorf("Item(%s) = %v, want %s: %s", tt.in, err, tt.want, tt.reason)
			continue
		}
		if err := s.End(); err != nil {
			t.Errorf("Item(%s) leaves something: %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.want, it.JSON()); diff != "" {
			t.Errorf("Item(%s): %s (-want +got):\n%s", tt.in, tt.reason, diff)
		}
	}
}

// A body of another shape is a SerializationError.
func TestDecodeSerialization(t *testing.T) {
	tests := []struct{ in, want string }{
		{`[]`, "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"},
		{`"x"`, "Unexpected field type"},
		{`7`, "Unexpected field type"},
		{`{"a":[]}`, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
		{`{"a":"x"}`, "Unexpected value type in payload"},
		{`{"a":{"S":1}}`, "NUMBER_VALUE cannot be converted to String"},
		{`{"a":{"S":1.5}}`, "DECIMAL_VALUE cannot be converted to String"},
		{`{"a":{"S":true}}`, "TRUE_VALUE cannot be converted to String"},
		{`{"a":{"N":false}}`, "FALSE_VALUE cannot be converted to String"},
		{`{"a":{"S":[]}}`, "Unrecognized collection type class java.lang.String"},
		{`{"a":{"N":{}}}`, "Start of structure or map found where not expected"},
		{`{"a":{"B":7}}`, "only base-64-encoded strings are convertible to bytes"},
		{`{"a":{"B":[]}}`, "Unrecognized collection type class java.nio.ByteBuffer"},
		{`{"a":{"B":"23456"}}`, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{`{"a":{"B":"=+/="}}`, "Invalid last non-pad Base64 character dectected"},
		{`{"a":{"B":"+/+="}}`, "Invalid last non-pad Base64 character dectected"},
		{`{"a":{"B":"a!bc"}}`, "Invalid Base64 character: '!'"},
		{`{"a":{"BOOL":"23"}}`, "Unexpected token received from parser"},
		{`{"a":{"BOOL":1}}`, "NUMBER_VALUE cannot be converted to Boolean"},
		{`{"a":{"NULL":1.5}}`, "DECIMAL_VALUE cannot be converted to Boolean"},
		{`{"a":{"SS":"x"}}`, "Unexpected field type"},
		{`{"a":{"SS":{}}}`, "Start of structure or map found where not expected"},
		{`{"a":{"NS":[1]}}`, "NUMBER_VALUE cannot be converted to String"},
		{`{"a":{"BS":["x"]}}`, "Base64 encoded length is expected a multiple of 4 bytes but found: 1"},
		{`{"a":{"L":{}}}`, "Start of structure or map found where not expected"},
		{`{"a":{"L":["x"]}}`, "Unexpected value type in payload"},
		{`{"a":{"M":[]}}`, "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"},
		{`{"a":{"M":7}}`, "Unexpected field type"},
		{`{"a":{"M":{"b":[]}}}`, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
		{``, ""}, {`{`, ""}, {`{"a"`, ""}, {`{"a":`, ""}, {`{"a":{"S":"x"}`, ""}, {`{"a":{"S":"x`, ""}, {`{"a":{"S":"x"},}`, ""},
		{`{a:{"S":"x"}}`, ""}, {`{"a":{"S":"\x"}}`, ""}, {`{"a":{"S":"\u12"}}`, ""}, {"{\"a\":{\"S\":\"\n\"}}", ""}, {`{"a":{"BOOL":tru}}`, ""},
		{`{"a":` + strings.Repeat(`{"L":[`, 2000), ""},
	}
	for _, tt := range tests {
		_, err := NewScanner(tt.in).Item()
		var serialization *SerializationError
		if !errors.As(err, &serialization) {
			t.Errorf("Item(%.40s) = %v, want a SerializationError %q", tt.in, err, tt.want)
			continue
		}
		if serialization.Message != tt.want {
			t.Errorf("Item(%.40s) = %q, want %q", tt.in, serialization.Message, tt.want)
		}
	}
}

// A value that DynamoDB refuses is a ValidationError, and the Scanner continues.
func TestDecodeValidation(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	const empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	tests := []struct{ in, want, older string }{
		{`{}`, empty, ""},
		{`null`, empty, ""},
		{`{"S":null}`, empty, ""},
		{`{"X":"a"}`, empty, ""},
		{`{"L":[{}]}`, empty, ""},
		{`{"NULL":false}`, "One or more parameter values were invalid: Null attribute value types must have the value of true", ""},
		{`{"L":[{"NULL":"no"}]}`, "One or more parameter values were invalid: Null attribute value types must have the value of true", ""},
		{`{"M":{"b":{}}}`, empty, ""},
		{`{"M":{"":{"S":"a"}}}`, "Empty attribute name", ""}, // DynamoDB Local; bare and at the top: dynamodb-conformance, deepRequests
		{`{"S":"a","N":"1"}`, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes", ""},
		{`{"N":""}`, numberNotOne + ": ", numberNotOne},
		{`{"N":"abc"}`, "The parameter cannot be converted to a numeric value: abc", "The parameter cannot be converted to a numeric value: abc"},
		{`{"NS":["1","b"]}`, "The parameter cannot be converted to a numeric value: b", "The parameter cannot be converted to a numeric value: b"},
		{`{"N":"1e126"}`, numberOverflow, numberOverflow},
		{`{"SS":[]}`, "One or more parameter values were invalid: An string set  may not be empty", ""},
		{`{"NS":[]}`, "One or more parameter values were invalid: An number set  may not be empty", ""},
		{`{"BS":[]}`, "One or more parameter values were invalid: Binary sets should not be empty", ""},
		{`{"SS":["a",null]}`, "One or more parameter values were invalid: An string set may not have a null string as a member", ""},
		{`{"SS":["b","a","b"]}`, invalid + `Input collection ["a", "b", "b"] contains duplicates.`, invalid + "Input collection [b, a, b] contains duplicates."},
		{`{"NS":["1","1.0"]}`, invalid + "Input collection contains duplicates.", "Input collection contains duplicates"},
		// dynalite, putItem and others: the service has no space there.
		{`{"BS":["YQ==","YQ=="]}`, invalid + `Input collection ["YQ==","YQ=="]of type BS contains duplicates.`, invalid + "Input collection [YQ==, YQ==]of type BS contains duplicates."},
		// dynalite, putItem: the contents are checked before their number.
		{`{"S":"","N":""}`, numberNotOne + ": ", numberNotOne},
		{`{"S":"a","N":"b"}`, numberNotOne + ": b", numberNotOne + ": b"},
		// dynamodb-conformance, error-messages/valueLayers: the members before the first
		// that is there twice are sorted in the newer text.
		{`{"BS":["/w==","AA==","AA=="]}`, invalid + `Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.`, invalid + "Input collection [/w==, AA==, AA==]of type BS contains duplicates."},
		{`{"SS":["c","a","c","b","a"]}`, invalid + `Input collection ["a", "c", "c", "b", "a"] contains duplicates.`, invalid + "Input collection [c, a, c, b, a] contains duplicates."},
		{`{"N":"1e2147483647"}`, numberOverflow, numberUnderflow},
		{`{"N":"1e2147483648"}`, numberOverflow, numberOverflow},
		{`{"N":"1e2147483646"}`, numberOverflow, numberOverflow},
		{`{"SS":[],"N":"1"}`, "One or more parameter values were invalid: An string set  may not be empty", ""},
	}
	for _, tt := range tests {
		s := NewScanner(`{"good":{"S":"x"},"bad":` + tt.in + `,"worse":{"N":"worse"}} "next"`)
		_, err := s.Item()
		var refused *ValidationError
		if !errors.As(err, &refused) {
			t.Errorf("Item(%s) = %v, want a ValidationError", tt.in, err)
			continue
		}
		if diff := cmp.Diff(&ValidationError{Message: tt.want, Attribute: "bad", Older: tt.older}, refused); diff != "" {
			t.Errorf("Item(%s) (-want +got):\n%s", tt.in, diff)
		}
		if next, err := s.Text(), s.End(); err != nil || next != "next" {
			t.Errorf("after Item(%s) the Scanner reads %q, %v, want what follows", tt.in, next, err)
		}
	}
}

func TestScanner(t *testing.T) {
	s := NewScanner(`{"TableName":"t","Limit":10,"ConsistentRead":true,"Select":null,"Keys":[{"a":{"S":"x"}},{"a":{"S":"y"}}],
		"Other":{"deep":[1,-2.5e3,"x",false,null,{}]},"Time":1700000000.5,"Fraction":2.9,"Huge":1e400}`)
	got := map[string]any{}
	s.Object("", "", func(name string) {
		if s.Null() {
			return
		}
		switch name {
		case "TableName":
			got[name] = s.Text()
		case "Limit", "Fraction", "Huge":
			got[name] = s.Int("Integer")
		case "ConsistentRead":
			got[name] = s.Bool()
		case "Time":
			got[name] = s.Float()
		case "Keys":
			var keys []string
			s.Array(func() {
				it, err := s.Item()
				if err != nil {
					t.Error(err)
				}
				keys = append(keys, it.JSON())
			})
			got[name] = keys
		default:
			s.Skip()
		}
	})
	want := map[string]any{"TableName": "t", "Limit": int64(10), "ConsistentRead": true, "Time": 1700000000.5, "Fraction": int64(2),
		"Huge": int64(1<<63 - 1024), "Keys": []string{`{"a":{"S":"x"}}`, `{"a":{"S":"y"}}`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Object (-want +got):\n%s", diff)
	}
	if err := s.End(); err != nil {
		t.Errorf("End = %v", err)
	}
	if err := NewScanner("x").End(); err == nil {
		t.Error("End of a Scanner with something left = nil, want an error")
	}
	for in, want := range map[string]string{`"5"`: "STRING_VALUE cannot be converted to Integer", `true`: "TRUE_VALUE cannot be converted to Integer",
		`[]`: "Unrecognized collection type class java.lang.Integer", `{}`: "Start of structure or map found where not expected", `01`: ""} {
		s := NewScanner(in)
		s.Int("Integer")
		err := s.End()
		var serialization *SerializationError
		if !errors.As(err, &serialization) || serialization.Message != want {
			t.Errorf("Int(%s) = %v, want %q", in, err, want)
		}
	}
}

// Skip takes what encoding/json takes.
func FuzzSkip(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e+3,"x\u00e9",true,false,null,{}]}`, `01`, `1.`, `"\ud800"`, `[,]`, ` [] `, `-`, "\"\x7f\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := NewScanner(text)
		s.Skip()
		err := s.End()
		if valid := json.Valid([]byte(text)); valid != (err == nil) && strings.Count(text, "[")+strings.Count(text, "{") < maxJSONDepth {
			t.Errorf("Skip(%q) = %v, but valid JSON is %t", text, err, valid)
		}
	})
}

// FuzzItem finds no text that panics, and none that changes on its way.
func FuzzItem(f *testing.F) {
	for _, seed := range []string{`{"a":{"S":"x"},"b":{"NS":["1","2e3"]}}`, `{"a":{"L":[{"M":{"b":{"B":"YQ=="}}},{"NULL":true}]}}`, `{"a":{}}`, `{"a":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		it, err := NewScanner(text).Item()
		if err != nil {
			return
		}
		again, err := NewScanner(it.JSON()).Item()
		if err != nil || !again.Equal(it) {
			t.Errorf("Item(%q) = %s, which reads as %s, %v", text, it.JSON(), again.JSON(), err)
		}
		if back, err := ReadItem(AppendItem(nil, it)); it.Check() == nil && (err != nil || !back.Equal(it)) {
			t.Errorf("ReadItem(AppendItem(%s)) = %s, %v", it.JSON(), back.JSON(), err)
		}
	})
}

// genValue draws values of all types.
func genValue(t *rapid.T, depth int) Value {
	types := rapid.SampledFrom([]Type{S, N, B, BOOL, NULL, SS, NS, BS, L, M})
	if depth == 0 {
		types = rapid.SampledFrom([]Type{S, N, B, BOOL, NULL, SS, NS, BS})
	}
	switch typ := types.Draw(t, "type"); typ {
	case S:
		return String(rapid.String().Draw(t, "S"))
	case N:
		return genNumber.Draw(t, "N")
	case B:
		return Binary(string(rapid.SliceOf(rapid.Byte()).Draw(t, "B")))
	case BOOL:
		return Bool(rapid.Bool().Draw(t, "BOOL"))
	case SS:
		return Set(SS, rapid.SliceOfN(rapid.Map(rapid.String(), String), 1, 4).Draw(t, "SS"))
	case NS:
		return Set(NS, rapid.SliceOfN(genNumber, 1, 4).Draw(t, "NS"))
	case BS:
		bytes := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) Value { return Binary(string(b)) })
		return Set(BS, rapid.SliceOfN(bytes, 1, 4).Draw(t, "BS"))
	case L:
		list := make([]Value, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = genValue(t, depth-1)
		}
		return List(list)
	case M:
		return Map(genItem(t, depth-1))
	}
	return Null()
}

func genItem(t *rapid.T, depth int) Item {
	var attrs []Attr
	for _, name := range rapid.SliceOfN(rapid.StringN(1, -1, -1), 0, 12).Draw(t, "names") {
		attrs = append(attrs, Attr{name, genValue(t, depth)})
	}
	return NewItem(attrs...)
}

func TestItemRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := genItem(t, 3)
		wire := it.JSON()
		if !json.Valid([]byte(wire)) {
			t.Fatalf("JSON() = %s, which is not JSON", wire)
		}
		if back, err := NewScanner(wire).Item(); err != nil || !back.Equal(it) {
			t.Fatalf("Item(%s) = %s, %v", wire, back.JSON(), err)
		}
		if back, err := ReadItem(AppendItem(nil, it)); err != nil || !back.Equal(it) {
			t.Fatalf("ReadItem(AppendItem(%s)) = %s, %v", wire, back.JSON(), err)
		}
	})
}

// Damaged bytes of a stored item are an error or another item, never a panic.
func TestReadItemOfDamagedBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := AppendItem(nil, genItem(t, 2))
		if rapid.Bool().Draw(t, "cut") {
			cut := rapid.IntRange(0, len(stored)-1).Draw(t, "length")
			if _, err := ReadItem(stored[:cut]); !errors.Is(err, ErrStorage) {
				t.Fatalf("ReadItem of %d of %d bytes = %v, want ErrStorage", cut, len(stored), err)
			}
			return
		}
		stored[rapid.IntRange(0, len(stored)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		_, _ = ReadItem(stored)
	})
	if _, err := ReadItem(append(AppendItem(nil, nil), 0)); !errors.Is(err, ErrStorage) {
		t.Errorf("ReadItem with a byte too many = %v, want ErrStorage", err)
	}
}

func benchmarkItem(b *testing.B) (string, Item) {
	wire := `{"id":{"S":"3f6c0a52-6a3a-4b8e-9f1d-2b8f0f3a1c77"},"email":{"S":"someone@example.com"},"ttl":{"N":"1790000000"},` +
		`"activity":{"M":{"page":{"S":"/shop/cart"},"task":{"S":"buying"}}},"amount":{"N":"12.50"}}`
	it, err := NewScanner(wire).Item()
	if err != nil {
		b.Fatal(err)
	}
	return wire, it
}

func BenchmarkDecodeJSON(b *testing.B) {
	wire, _ := benchmarkItem(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewScanner(wire).Item(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	_, it := benchmarkItem(b)
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = it.AppendJSON(buf[:0])
	}
}

func BenchmarkReadItem(b *testing.B) {
	_, it := benchmarkItem(b)
	stored := AppendItem(nil, it)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadItem(stored); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendItem(b *testing.B) {
	_, it := benchmarkItem(b)
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendItem(buf[:0], it)
	}
}
