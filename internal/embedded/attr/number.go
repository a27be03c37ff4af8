package attr

import (
	"math"
	"strconv"
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

// A number has one form in memory, in the store and for comparisons: bytes that sort like
// the numbers. Equal numbers have equal forms, and the length of a form is the size of
// the number.
//
// The form is ±0.D1D2…Dn × 100^E with base-100 digits, D1 other than zero. E is
// from -64 to 63, so one byte holds sign and exponent:
//
//	positive  0x80+64+E, then each digit plus 1
//	zero      0x80 alone, before the positive numbers, which all have digits
//	negative  0x7F-64-E, then 101 less each digit, then 0xFF
//
// A longer positive number is larger than its prefix, as bytes compare. A longer negative
// number must be smaller than its prefix: the final 0xFF makes it so.
const (
	zeroForm     = "\x80"
	exponentBase = 0x80 + 64
	negativeEnd  = 0xFF
	maxForm      = 1 + maxDigits/2 + 1 + 1
)

// ParseNumber makes an N of a number's text: a sign, digits with or without a point, an
// exponent. Its error is a ValidationError.
func ParseNumber(text string) (Value, error) {
	var buf [maxDigits]byte
	digits, point, rest := buf[:0], -1, text
	negative := strings.HasPrefix(text, "-")
	if negative || strings.HasPrefix(text, "+") {
		rest = text[1:]
	}
	for ; rest != ""; rest = rest[1:] {
		if c := rest[0]; c >= '0' && c <= '9' {
			digits = append(digits, c-'0')
		} else if c == '.' && point < 0 {
			point = len(digits)
		} else {
			break
		}
	}
	exponent, ok := parseExponent(rest)
	if len(digits) == 0 || !ok {
		older := numberNotOne
		if text != "" {
			older += ": " + text
		}
		return Value{}, &ValidationError{Message: numberNotOne + ": " + text, Older: older}
	}
	if point < 0 {
		point = len(digits)
	}
	for len(digits) > 0 && digits[0] == 0 {
		digits, point = digits[1:], point-1
	}
	if digits = trimZeros(digits); len(digits) == 0 {
		point = 1 // so that a zero with an exponent out of range is refused
	}
	// An exponent that is far out of range is replaced by one that still is.
	sum := point + int(max(-1e9, min(exponent, 1e9)))
	switch {
	case sum > maxPoint && exponent <= math.MaxInt32 && int64(point)+exponent > math.MaxInt32:
		return Value{}, &ValidationError{Message: numberOverflow, Older: numberUnderflow} // the sum wrapped in 32 bits
	case sum > maxPoint:
		return Value{}, badNumber(numberOverflow)
	case sum < minPoint:
		return Value{}, badNumber(numberUnderflow)
	case len(digits) > maxDigits:
		return Value{}, badNumber(numberTooLong)
	case len(digits) == 0:
		return Value{typ: N, text: zeroForm}, nil
	}
	return Value{typ: N, text: pack(negative, sum, digits)}, nil
}

func badNumber(message string) error { return &ValidationError{Message: message, Older: message} }

// parseExponent reads what follows the digits: nothing, or e and a 64-bit integer.
func parseExponent(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	e, err := strconv.ParseInt(text[1:], 10, 64)
	return e, text[0]|0x20 == 'e' && err == nil
}

func trimZeros(digits []byte) []byte {
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	return digits
}

// pack makes the form of ±0.d1d2…dn × 10^point, with d1 and dn other than zero.
func pack(negative bool, point int, digits []byte) string {
	odd := point & 1 // if 1, the first pair is one digit
	form := append(make([]byte, 0, maxForm), byte(exponentBase+(point+odd)/2))
	for i := -odd; i < len(digits); i += 2 {
		pair := byte(1)
		if i >= 0 {
			pair += digits[i] * 10
		}
		if i+1 < len(digits) {
			pair += digits[i+1]
		}
		form = append(form, pair)
	}
	if negative {
		form[0] = 0xFF - form[0]
		for i := range form[1:] {
			form[i+1] = 102 - form[i+1]
		}
		form = append(form, negativeEnd)
	}
	return string(form)
}

// unpack undoes pack, and appends the digits to buf. Zero has no digits.
func unpack(form string, buf []byte) (negative bool, point int, digits []byte) {
	if len(form) < 2 {
		return false, 0, nil
	}
	negative = form[0] < exponentBase-64
	exponent, pairs := form[0], form[1:]
	if negative {
		exponent, pairs = 0xFF-exponent, pairs[:len(pairs)-1]
	}
	for i := range len(pairs) {
		pair := pairs[i]
		if negative {
			pair = 102 - pair
		}
		pair--
		buf = append(buf, pair/10, pair%10)
	}
	point, digits = 2*(int(exponent)-exponentBase), trimZeros(buf)
	if len(digits) > 0 && digits[0] == 0 {
		point, digits = point-1, digits[1:]
	}
	return negative, point, digits
}

// appendDecimal appends the number in the service's format: decimal digits without an
// exponent, without leading zeros and, after a point, without trailing zeros.
func appendDecimal(dst []byte, form string) []byte {
	var buf [maxDigits + 2]byte
	negative, point, digits := unpack(form, buf[:0])
	if negative {
		dst = append(dst, '-')
	}
	if point <= 0 {
		dst = append(dst, '0')
	}
	if point <= 0 && len(digits) > 0 {
		dst = append(dst, '.')
		for range -point {
			dst = append(dst, '0')
		}
	}
	for i, d := range digits {
		if i == point && i > 0 {
			dst = append(dst, '.')
		}
		dst = append(dst, '0'+d)
	}
	for range point - len(digits) {
		dst = append(dst, '0')
	}
	return dst
}

// Int64 makes an N of an integer.
func Int64(i int64) Value {
	v, _ := ParseNumber(strconv.FormatInt(i, 10)) // every int64 is in range
	return v
}

// Add returns v + other, both N, or an error if that is out of range.
func (v Value) Add(other Value) (Value, error) { return arithmetic(v, other, apd.BaseContext.Add) }

// Sub returns v - other, both N, or an error if that is out of range.
func (v Value) Sub(other Value) (Value, error) { return arithmetic(v, other, apd.BaseContext.Sub) }

// arithmetic computes the exact result and then checks its range. The steps before that
// can't fail, since an N is a small decimal. If the result has too many digits, the
// service's message says that it is too large.
func arithmetic(a, b Value, op func(d, x, y *apd.Decimal) (apd.Condition, error)) (Value, error) {
	var x, y, result apd.Decimal
	_, _, _ = x.SetString(a.Text())
	_, _, _ = y.SetString(b.Text())
	_, _ = op(&result, &x, &y)
	v, err := ParseNumber(result.Text('f'))
	if err != nil && err.Error() == numberTooLong {
		err = invalid(numberOverflow)
	}
	return v, err
}
