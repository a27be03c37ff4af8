package attr

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// A number has at most 38 significant digits and a magnitude from 1E-130 to
// 9.9999999999999999999999999999999999999E+125 ("Supported data types and
// naming rules in Amazon DynamoDB").
const (
	maxDigits = 38
	maxPoint  = 126  // integer digits of the largest number
	minPoint  = -129 // 1E-130 is 0.1 with the point moved 129 places
)

const (
	numberOverflow  = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	numberUnderflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	numberTooLong   = "Attempting to store more than 38 significant digits in a Number"
	numberNotOne    = "The parameter cannot be converted to a numeric value"
)

// A Number is a decimal number within DynamoDB's limits, exact to its 38 digits.
// The zero Number is 0. Two Numbers are equal if and only if == says so.
type Number struct {
	text string // canonical: no exponent, no needless zero, no "-0"; "" is 0
}

// ParseNumber reads a number as the wire has it: a sign, digits with or without
// a point, an exponent. The error is a ValidationError.
func ParseNumber(text string) (Number, error) {
	if isShortInteger(text) {
		return Number{text}, nil
	}
	d, err := parseDecimal(text)
	if err != nil {
		return Number{}, err
	}
	return Number{d.text()}, nil
}

// isShortInteger says whether text is a positive integer that is canonical
// already, which most numbers are: counters, times, money in cents.
func isShortInteger(text string) bool {
	if len(text) == 0 || len(text) > maxDigits || text[0] < '1' || text[0] > '9' {
		return false
	}
	for i := 1; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// Int makes a Number of an integer.
func Int(i int64) Number {
	var d apd.Decimal
	d.SetInt64(i)
	return Number{d.Text('f')}
}

// String is the number as the service returns it: plain decimals, no exponent,
// without leading zeros and without trailing zeros after the point.
func (n Number) String() string {
	if n.text == "" {
		return "0"
	}
	return n.text
}

// Add is n + other. The sum must be within the limits of a Number.
func (n Number) Add(other Number) (Number, error) { return arithmetic(n, other, apd.BaseContext.Add) }

// Sub is n - other. The difference must be within the limits of a Number.
func (n Number) Sub(other Number) (Number, error) { return arithmetic(n, other, apd.BaseContext.Sub) }

// arithmetic computes exactly and then holds the result against the limits.
func arithmetic(a, b Number, op func(d, x, y *apd.Decimal) (apd.Condition, error)) (Number, error) {
	var x, y, sum apd.Decimal
	if _, _, err := x.SetString(a.String()); err != nil {
		return Number{}, invalid(numberNotOne)
	}
	if _, _, err := y.SetString(b.String()); err != nil {
		return Number{}, invalid(numberNotOne)
	}
	if _, err := op(&sum, &x, &y); err != nil {
		return Number{}, invalid(numberOverflow)
	}
	return ParseNumber(sum.Text('f'))
}

// decimal is the value ±0.d1d2…dn × 10^point, with d1 and dn other than zero; no
// digits for zero. It is what the text forms and the binary forms go through.
type decimal struct {
	negative bool
	count    int // of digits
	point    int
	digits   [maxDigits]byte // values 0 to 9
}

func parseDecimal(text string) (decimal, error) {
	var d decimal
	notOne := func() (decimal, error) {
		if text == "" {
			return decimal{}, invalid(numberNotOne)
		}
		return decimal{}, invalid(numberNotOne + ": " + text)
	}
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		d.negative = text[i] == '-'
		i++
	}
	seen, sawPoint, zeros, tooLong := false, false, 0, false
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && !sawPoint {
			sawPoint = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		seen = true
		if !sawPoint && (d.count > 0 || zeros > 0 || c != '0') {
			d.point++
		}
		switch {
		case c == '0' && d.count == 0:
			if sawPoint {
				d.point--
			}
		case c == '0':
			zeros++ // kept only if another digit follows
		default:
			tooLong = !d.push(zeros, c-'0') || tooLong
			zeros = 0
		}
	}
	if !seen {
		return notOne()
	}
	exponent, ok := parseExponent(text[i:])
	if !ok {
		return notOne()
	}
	if d.count == 0 {
		return decimal{}, nil
	}
	d.point += exponent
	return d, d.check(tooLong)
}

// push appends zeros and then a digit; it reports false when there is no room.
func (d *decimal) push(zeros int, digit byte) bool {
	if d.count+zeros >= maxDigits {
		return false
	}
	d.count += zeros
	d.digits[d.count] = digit
	d.count++
	return true
}

func (d *decimal) check(tooLong bool) error {
	switch {
	case d.point > maxPoint:
		return invalid(numberOverflow)
	case d.point < minPoint:
		return invalid(numberUnderflow)
	case tooLong:
		return invalid(numberTooLong)
	}
	return nil
}

// parseExponent reads what follows the digits: nothing, or e and an integer. A
// number of ten digits and more is out of any range and is cut off there.
func parseExponent(text string) (int, bool) {
	if text == "" {
		return 0, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	text = text[1:]
	sign := 1
	if text != "" && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if text == "" || len(text) > 10 {
		return 0, false
	}
	e := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		e = e*10 + int(text[i]-'0')
	}
	return sign * e, true
}

// text writes d in canonical form.
func (d *decimal) text() string {
	if d.count == 0 {
		return "0"
	}
	var buf [maxPoint - minPoint + maxDigits]byte
	out := buf[:0]
	if d.negative {
		out = append(out, '-')
	}
	if d.point <= 0 {
		out = append(out, '0', '.')
		for range -d.point {
			out = append(out, '0')
		}
	}
	for i := range d.count {
		if i == d.point && i > 0 {
			out = append(out, '.')
		}
		out = append(out, '0'+d.digits[i])
	}
	for range d.point - d.count {
		out = append(out, '0')
	}
	return string(out)
}

// compareDecimals orders two canonical texts by value.
func compareDecimals(a, b string) int {
	an, bn := strings.HasPrefix(a, "-"), strings.HasPrefix(b, "-")
	switch {
	case an && bn:
		return compareMagnitudes(b[1:], a[1:])
	case an:
		return -1
	case bn:
		return 1
	}
	return compareMagnitudes(a, b)
}

// compareMagnitudes orders two unsigned canonical texts: by the length of the
// integer part, then digit by digit, where a shorter fraction is the smaller.
func compareMagnitudes(a, b string) int {
	if d := integerLength(a) - integerLength(b); d != 0 {
		return d / max(d, -d)
	}
	return strings.Compare(a, b)
}

func integerLength(text string) int {
	if i := strings.IndexByte(text, '.'); i >= 0 {
		return i
	}
	return len(text)
}
