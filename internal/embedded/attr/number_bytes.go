package attr

import "errors"

// The binary form of a number sorts, compared as bytes, as the numbers do; keys
// and stored items both use it.
//
// A number is written in base 100 as ±0.D1D2…Dn × 100^E with D1 other than zero.
// E is from -64 to 63, so one byte holds sign and exponent:
//
//	positive  0x80+64+E, then each digit plus 1
//	zero      0x80 alone, before the positive numbers, which all have digits
//	negative  0x7F-64-E, then 101 less each digit, then 0xFF
//
// A longer positive number is larger than its prefix, which is how bytes
// compare; a longer negative number is smaller, which the final 0xFF brings
// about.
const (
	positiveBase = 0x80 + 64
	negativeBase = 0x7F - 64
	zeroByte     = 0x80
	negativeEnd  = 0xFF
)

func (d *decimal) appendBytes(dst []byte) []byte {
	if d.count == 0 {
		return append(dst, zeroByte)
	}
	// With an odd point the first base-100 digit holds one decimal digit.
	odd := d.point & 1
	exponent := (d.point + odd) / 2
	if d.negative {
		dst = append(dst, byte(negativeBase-exponent))
	} else {
		dst = append(dst, byte(positiveBase+exponent))
	}
	for i := -odd; i < d.count; i += 2 {
		var pair byte
		if i >= 0 {
			pair = d.digits[i] * 10
		}
		if i+1 < d.count {
			pair += d.digits[i+1]
		}
		if d.negative {
			dst = append(dst, 101-pair)
		} else {
			dst = append(dst, pair+1)
		}
	}
	if d.negative {
		dst = append(dst, negativeEnd)
	}
	return dst
}

var errNumberBytes = errors.New("not the bytes of a number")

// decimalOfBytes reads what appendBytes wrote.
func decimalOfBytes(src []byte) (decimal, error) {
	var d decimal
	if len(src) == 0 {
		return d, errNumberBytes
	}
	if len(src) == 1 {
		if src[0] != zeroByte {
			return d, errNumberBytes
		}
		return d, nil
	}
	d.negative = src[0] < zeroByte
	pairs := src[1:]
	if d.negative {
		d.point = 2 * (negativeBase - int(src[0]))
		if pairs[len(pairs)-1] != negativeEnd {
			return d, errNumberBytes
		}
		pairs = pairs[:len(pairs)-1]
	} else {
		d.point = 2 * (int(src[0]) - positiveBase)
	}
	for i, p := range pairs {
		if d.negative {
			p = 101 - p
		} else {
			p--
		}
		if p > 99 || d.count+2 > maxDigits+1 {
			return d, errNumberBytes
		}
		tens, ones := p/10, p%10
		switch {
		case i == 0 && tens == 0:
			d.point--
		case d.count == maxDigits:
			return d, errNumberBytes
		default:
			d.digits[d.count] = tens
			d.count++
		}
		if d.count == maxDigits {
			if ones != 0 {
				return d, errNumberBytes
			}
			continue
		}
		d.digits[d.count] = ones
		d.count++
	}
	for d.count > 0 && d.digits[d.count-1] == 0 {
		d.count--
	}
	if d.count == 0 || d.digits[0] == 0 {
		return d, errNumberBytes
	}
	return d, nil
}
