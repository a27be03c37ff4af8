package wire

import (
	"reflect"
	"slices"
	"strconv"
	"time"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// write writes an answer or a part of one.
func write(dst []byte, s *shape, v reflect.Value) []byte {
	switch s.kind {
	case attributes:
		return v.Addr().Interface().(*attr.Item).AppendJSON(dst)
	case structure:
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		return writeFields(dst, s, v)
	case list:
		dst = append(dst, '[')
		begin := len(dst)
		for i := range v.Len() {
			dst = write(comma(dst, i), s.elem, v.Index(i))
			if i == 0 { // the others are probably about as long
				dst = slices.Grow(dst, (len(dst)-begin+16)*v.Len())
			}
		}
		return append(dst, ']')
	case mapping:
		dst = append(dst, '{')
		for i := range v.Len() {
			pair := v.Index(i)
			dst = append(attr.AppendQuoted(comma(dst, i), pair.Field(0).String()), ':')
			dst = write(dst, s.elem, pair.Field(1))
		}
		return append(dst, '}')
	}
	return writeScalar(dst, v)
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// writeFields writes a structure without its absent fields.
func writeFields(dst []byte, s *shape, v reflect.Value) []byte {
	dst = append(dst, '{')
	n := 0
	for _, f := range s.fields {
		value := v.FieldByIndex(f.index)
		if absent(value) {
			continue
		}
		dst = write(append(comma(dst, n), f.label...), f.shape, value)
		n++
	}
	return append(dst, '}')
}

func writeScalar(dst []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		return attr.AppendQuoted(dst, v.String())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Float64:
		return strconv.AppendFloat(dst, v.Float(), 'f', 1, 64)
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	}
	if v.Kind() == reflect.Pointer {
		return writeScalar(dst, v.Elem())
	}
	at := v.Interface().(engine.Seconds)
	return strconv.AppendFloat(dst, float64(time.Time(at).UnixMilli())/1000, 'f', 3, 64)
}
