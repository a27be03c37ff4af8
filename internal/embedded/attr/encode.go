package attr

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// AppendJSON appends the JSON form of the item, {"name":{"S":"text"}}.
func (it Item) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range it {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendQuoted(dst, it[i].Name)
		dst = append(dst, ':')
		dst = it[i].Value.AppendJSON(dst)
	}
	return append(dst, '}')
}

// AppendJSON appends the JSON form of the value, {"S":"text"}.
func (v Value) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"`...)
	dst = append(dst, v.typ.String()...)
	dst = append(dst, `":`...)
	return append(v.appendContent(dst), '}')
}

// appendContent appends the content of the value, without its type.
func (v Value) appendContent(dst []byte) []byte {
	switch v.typ {
	case S:
		return AppendQuoted(dst, v.text)
	case N:
		return append(appendDecimal(append(dst, '"'), v.text), '"')
	case B:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), []byte(v.text)), '"')
	case BOOL:
		return strconv.AppendBool(dst, v.flag)
	case NULL:
		return append(dst, "true"...)
	case M:
		return v.doc.item.AppendJSON(dst)
	}
	dst = append(dst, '[')
	for i, e := range v.List() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.typ == L {
			dst = e.AppendJSON(dst)
		} else {
			dst = e.appendContent(dst)
		}
	}
	return append(dst, ']')
}

// AppendQuoted appends s as a JSON string. s must be UTF-8.
func AppendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(append(dst, s[start:i]...), '\\')
		start = i + 1
		if at := strings.IndexByte("\"\\\n\r\t", c); at >= 0 {
			dst = append(dst, `"\nrt`[at])
		} else {
			dst = append(dst, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}

// JSON returns the JSON form of the value, for messages and tests.
func (v Value) JSON() string { return string(v.AppendJSON(nil)) }

// JSON returns the JSON form of the item, for messages and tests.
func (it Item) JSON() string { return string(it.AppendJSON(nil)) }
