package expr

import (
	"strings"
	"unicode/utf8"
)

// A token is a piece of an expression's text. Keywords are not case-sensitive and
// are keywords in every kind of expression.
type token struct {
	kind       kind
	start, end int
}

type kind uint8

const (
	end    kind = iota
	word        // a name or a function
	name        // #n
	value       // :v
	digits      // 0, 12
	symbol      // one of = < > <= >= <> + - ( ) [ ] . ,
	other       // anything else, one character
	kwAnd
	kwOr
	kwNot
	kwIn
	kwBetween
	kwSet
	kwRemove
	kwAdd
	kwDelete
)

var keywords = [...]struct {
	text string
	kind kind
}{
	{"AND", kwAnd}, {"OR", kwOr}, {"NOT", kwNot}, {"IN", kwIn}, {"BETWEEN", kwBetween},
	{"SET", kwSet}, {"REMOVE", kwRemove}, {"ADD", kwAdd}, {"DELETE", kwDelete},
}

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
		return token{end, pos, pos}
	}
	c := text[pos]
	switch {
	case isLetter(c):
		stop := wordEnd(text, pos+1)
		return token{wordKind(text[pos:stop]), pos, stop}
	case c == '#' || c == ':':
		stop := wordEnd(text, pos+1)
		switch {
		case stop == pos+1:
			return token{other, pos, stop}
		case c == '#':
			return token{name, pos, stop}
		}
		return token{value, pos, stop}
	case c == '0':
		return token{digits, pos, pos + 1}
	case isDigit(c):
		stop := pos + 1
		for stop < len(text) && isDigit(text[stop]) {
			stop++
		}
		return token{digits, pos, stop}
	case c == '<' || c == '>':
		if next := pos + 1; next < len(text) && (text[next] == '=' || c == '<' && text[next] == '>') {
			return token{symbol, pos, pos + 2}
		}
		return token{symbol, pos, pos + 1}
	case strings.IndexByte("=+-()[].,", c) >= 0:
		return token{symbol, pos, pos + 1}
	}
	_, size := utf8.DecodeRuneInString(text[pos:])
	return token{other, pos, pos + size}
}

func wordEnd(text string, pos int) int {
	for pos < len(text) && isWordByte(text[pos]) {
		pos++
	}
	return pos
}

func wordKind(text string) kind {
	if len(text) <= len("BETWEEN") {
		for _, k := range keywords {
			if len(k.text) == len(text) && strings.EqualFold(k.text, text) {
				return k.kind
			}
		}
	}
	return word
}
