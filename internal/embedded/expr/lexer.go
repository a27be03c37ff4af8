package expr

import (
	"strings"
	"unicode/utf8"
)

// A token is a piece of an expression's text.
type token struct {
	kind       kind
	text       string // of a keyword in capitals
	start, end int    // its position in the expression
}

type kind uint8

const (
	end    kind = iota
	word        // a name or a function
	name        // #n
	value       // :v
	digits      // 0, 12
	symbol      // a keyword, or one of = < > <= >= <> + - ( ) [ ] . ,
	other       // anything else, one character
)

// keywords are case-insensitive and apply to every kind of expression.
var keywords = []string{"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE"}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// isWordByte reports whether c may follow the first character of a name or a placeholder.
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// scan returns the first token at or after pos.
func scan(text string, pos int) token {
	for pos < len(text) && strings.IndexByte(" \t\r\n\f", text[pos]) >= 0 {
		pos++
	}
	if pos == len(text) {
		return token{end, "", pos, pos}
	}
	k, size := other, 1
	extend := func(may func(byte) bool) {
		for pos+size < len(text) && may(text[pos+size]) {
			size++
		}
	}
	switch c := text[pos]; {
	case isLetter(c):
		k = word
		extend(isWordByte)
	case c == '#' || c == ':':
		if extend(isWordByte); size > 1 && c == '#' {
			k = name
		} else if size > 1 {
			k = value
		}
	case isDigit(c):
		if k = digits; c != '0' {
			extend(isDigit)
		}
	case strings.IndexByte("<>=+-()[].,", c) >= 0:
		k = symbol
		if next := text[pos+1:]; next != "" && (c == '<' && next[0] == '>' || c|2 == '>' && next[0] == '=') {
			size = 2
		}
	default:
		_, size = utf8.DecodeRuneInString(text[pos:])
	}
	t := token{k, text[pos : pos+size], pos, pos + size}
	for _, keyword := range keywords {
		if k == word && strings.EqualFold(keyword, t.text) {
			t.kind, t.text = symbol, keyword
		}
	}
	return t
}
