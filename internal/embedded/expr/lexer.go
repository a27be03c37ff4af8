package expr

import (
	"strings"
	"unicode/utf8"
)

// A token is a piece of an expression's text.
type token struct {
	kind       kind
	keyword    uint8 // its number in keywords plus 1, 0 for others
	start, end int
}

// of is the token's text, of a keyword in capitals.
func (t token) of(text string) string {
	if t.keyword > 0 {
		return keywords[t.keyword-1]
	}
	return text[t.start:t.end]
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

// keywords are not case-sensitive and are keywords in every kind of expression.
var keywords = []string{"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE"}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// isWordByte says whether c may follow in a name or a placeholder.
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// scan finds the token at or after pos.
func scan(text string, pos int) token {
	for pos < len(text) && strings.IndexByte(" \t\r\n\f", text[pos]) >= 0 {
		pos++
	}
	if pos == len(text) {
		return token{end, 0, pos, pos}
	}
	size := 1
	take := func(k kind, may func(byte) bool) token {
		for pos+size < len(text) && may(text[pos+size]) {
			size++
		}
		return token{k, 0, pos, pos + size}
	}
	none := func(byte) bool { return false }
	switch c := text[pos]; {
	case isLetter(c):
		t := take(word, isWordByte)
		for i, k := range keywords {
			if len(k) == size && strings.EqualFold(k, t.of(text)) {
				t.kind, t.keyword = symbol, uint8(i+1)
			}
		}
		return t
	case c == '#' || c == ':':
		t := take(name, isWordByte)
		if c == ':' {
			t.kind = value
		}
		if size == 1 {
			t.kind = other
		}
		return t
	case c == '0':
		return take(digits, none)
	case isDigit(c):
		return take(digits, isDigit)
	case strings.IndexByte("<>=+-()[].,", c) >= 0:
		if next := text[pos+1:]; next != "" && (c == '<' && next[0] == '>' || c|2 == '>' && next[0] == '=') {
			size = 2
		}
		return take(symbol, none)
	}
	_, size = utf8.DecodeRuneInString(text[pos:])
	return take(other, none)
}
