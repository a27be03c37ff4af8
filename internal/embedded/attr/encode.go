package attr

import (
	"encoding/base64"
	"unicode/utf8"
)

// AppendJSON appends the wire form of the item, {"name":{"S":"text"}}.
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

// AppendJSON appends the wire form of the value, {"S":"text"}.
func (v Value) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"`...)
	dst = append(dst, v.typ.String()...)
	dst = append(dst, `":`...)
	switch v.typ {
	case S:
		dst = AppendQuoted(dst, v.text)
	case N:
		dst = appendDecimal(dst, v.text)
	case B:
		dst = appendBase64(dst, v.text)
	case BOOL:
		if v.flag {
			dst = append(dst, "true"...)
		} else {
			dst = append(dst, "false"...)
		}
	case NULL:
		dst = append(dst, "true"...)
	case L:
		dst = append(dst, '[')
		for i, e := range v.doc.list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.AppendJSON(dst)
		}
		dst = append(dst, ']')
	case M:
		dst = v.doc.item.AppendJSON(dst)
	case SS, NS, BS:
		dst = appendMembers(dst, v)
	}
	return append(dst, '}')
}

func appendMembers(dst []byte, v Value) []byte {
	dst = append(dst, '[')
	for i, m := range v.doc.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch v.typ {
		case SS:
			dst = AppendQuoted(dst, m)
		case NS:
			dst = appendDecimal(dst, m)
		default:
			dst = appendBase64(dst, m)
		}
	}
	return append(dst, ']')
}

func appendDecimal(dst []byte, text string) []byte {
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

func appendBase64(dst []byte, bytes string) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, []byte(bytes))
	return append(dst, '"')
}

// AppendQuoted appends s as a JSON string.
func AppendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// JSON is the wire form of the value, for messages and tests.
func (v Value) JSON() string { return string(v.AppendJSON(nil)) }

// JSON is the wire form of the item, for messages and tests.
func (it Item) JSON() string { return string(it.AppendJSON(nil)) }
