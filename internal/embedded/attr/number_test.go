package attr

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"
)

func TestParseNumber(t *testing.T) {
	const nines = "99999999999999999999999999999999999999" // 38 of them
	tests := []struct{ in, want, reason string }{
		{"0", "0", "zero"},
		{"-0", "0", "zero has no sign"},
		{"0e125", "0", "nor an exponent"},
		{"0.000", "0", "nor decimals"},
		{"00042", "42", "leading zeros"},
		{"1.0", "1", "trailing zeros"},
		{"3.1400", "3.14", "trailing zeros"},
		{"0042.1200", "42.12", "both"},
		{"100", "100", "zeros that count"},
		{"1.5E2", "150", "an exponent"},
		{"1e+5", "100000", "a sign of the exponent"},
		{"15e-1", "1.5", "a negative exponent"},
		{"+5", "5", "a plus sign"},
		{".5", "0.5", "no integer digits"},
		{"5.", "5", "no decimals"},
		{"-1.10", "-1.1", "negative"},
		{"0.00001", "0.00001", "no exponent in what is returned"},
		{nines, nines, "38 digits"},
		{nines + "000", nines + "000", "38 significant digits"},
		{"1E125", "1" + strings.Repeat("0", 125), "expanded"},
		{"1E-130", "0." + strings.Repeat("0", 129) + "1", "expanded"},
		{"9.9999999999999999999999999999999999999E+125", nines + strings.Repeat("0", 88), "the largest"},
		{"-9.9999999999999999999999999999999999999E+125", "-" + nines + strings.Repeat("0", 88), "the smallest"},
	}
	for _, tt := range tests {
		if got, err := ParseNumber(tt.in); err != nil || got.Text() != tt.want {
			t.Errorf("ParseNumber(%q) = %v, %v, want %s: %s", tt.in, got, err, tt.want, tt.reason)
		}
	}
}

func TestParseNumberErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", numberNotOne + ": "},
		{"abc", numberNotOne + ": abc"},
		{" 5", numberNotOne + ":  5"},
		{"5 ", numberNotOne + ": 5 "},
		{"-", numberNotOne + ": -"},
		{".", numberNotOne + ": ."},
		{"1.2.3", numberNotOne + ": 1.2.3"},
		{"1e", numberNotOne + ": 1e"},
		{"1e+", numberNotOne + ": 1e+"},
		// dynamodb-conformance, numberExponent: measured at the service.
		{"1e99999999999", numberOverflow},
		{"1e-99999999999", numberUnderflow},
		{"1e2147483648", numberOverflow},
		{"1e9223372036854775808", numberNotOne + ": 1e9223372036854775808"},
		{"0e126", numberOverflow},
		{"0e-131", numberUnderflow},
		{"0x1", numberNotOne + ": 0x1"},
		{"1_000", numberNotOne + ": 1_000"},
		{"NaN", numberNotOne + ": NaN"},
		{"Infinity", numberNotOne + ": Infinity"},
		{"1e126", numberOverflow},
		{"-1e126", numberOverflow},
		{"9e999999", numberOverflow},
		{"1e-131", numberUnderflow},
		{"123456789012345678901234567890123456789", numberTooLong},
		{"1.23456789012345678901234567890123456789", numberTooLong},
		{"1000000000000000000000000000000000000000.1", numberTooLong},
	}
	for _, tt := range tests {
		got, err := ParseNumber(tt.in)
		if _, ok := err.(*ValidationError); !ok || err.Error() != tt.want {
			t.Errorf("ParseNumber(%q) = %v, %v, want the error %q", tt.in, got, err, tt.want)
		}
	}
}

// genText draws numbers in and around the limits, in all spellings.
var genText = rapid.Custom(func(t *rapid.T) string {
	digits := rapid.StringMatching(`[0-9]{1,39}`).Draw(t, "digits")
	if rapid.Bool().Draw(t, "few") {
		digits = rapid.StringMatching(`[0-9]{1,3}`).Draw(t, "few digits")
	}
	if at := rapid.IntRange(-1, len(digits)).Draw(t, "point"); at >= 0 {
		digits = digits[:at] + "." + digits[at:]
	}
	text := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign") + digits
	if rapid.Bool().Draw(t, "scientific") {
		text += fmt.Sprintf("e%d", rapid.IntRange(-140, 140).Draw(t, "exponent"))
	}
	return text
})

// genNumber draws numbers that are ones.
var genNumber = rapid.Custom(func(t *rapid.T) Value {
	return rapid.Map(genText.Filter(func(text string) bool {
		_, err := ParseNumber(text)
		return err == nil
	}), func(text string) Value { n, _ := ParseNumber(text); return n }).Draw(t, "number")
})

func decimalOf(t *rapid.T, text string) *apd.Decimal {
	d, _, err := apd.NewFromString(text)
	if err != nil {
		t.Fatalf("apd: %v", err)
	}
	return d
}

// What ParseNumber takes has the value that apd reads, and it takes exactly what
// apd finds within the limits, but for zeros.
func TestParseNumberAgainstDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genText.Draw(t, "text")
		want := decimalOf(t, text)
		reduced, _ := new(apd.Decimal).Reduce(want)
		magnitude := reduced.NumDigits() + int64(reduced.Exponent)
		if want.IsZero() { // then the exponent counts that it is written with
			_, exponent, _ := strings.Cut(text, "e")
			e, _ := strconv.Atoi(exponent)
			magnitude = 1 + int64(e)
		}
		within := reduced.NumDigits() <= 38 && magnitude <= 126 && magnitude >= -129
		n, err := ParseNumber(text)
		if (err == nil) != within {
			t.Fatalf("ParseNumber(%q) = %v, %v, want an error: %t", text, n, err, !within)
		}
		if err == nil && decimalOf(t, n.Text()).Cmp(want) != 0 {
			t.Fatalf("ParseNumber(%q) = %v, want %v", text, n, want)
		}
	})
}

func TestNumberBytesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := genNumber.Draw(t, "n")
		key := AppendKey(nil, n)
		if again, err := ParseNumber(n.Text()); err != nil || !Equal(again, n) {
			t.Fatalf("ParseNumber(%s) = %v, %v, want %x", n.Text(), again, err, key)
		}
		if len(key) > maxForm {
			t.Fatalf("%s takes %d bytes, want at most %d", n.Text(), len(key), maxForm)
		}
	})
}

// The order of the bytes, and that of Compare, is the order of the numbers.
func TestNumberOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genNumber.Draw(t, "a"), genNumber.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") {
			// The next larger number that differs in the last place but a few.
			digits := rapid.IntRange(1, 9).Draw(t, "difference")
			if sum, err := a.Add(Int64(int64(digits))); err == nil {
				b = sum
			}
		}
		want := decimalOf(t, a.Text()).Cmp(decimalOf(t, b.Text()))
		if got := bytes.Compare(AppendKey(nil, a), AppendKey(nil, b)); got != want {
			t.Fatalf("bytes of %v and %v compare as %d, want %d", a, b, got, want)
		}
		if got, _ := Compare(a, b); got != want {
			t.Fatalf("Compare(%v, %v) = %d, want %d", a, b, got, want)
		}
		if (a == b) != (want == 0) {
			t.Fatalf("%v == %v is %t", a, b, a == b)
		}
	})
}

func TestArithmetic(t *testing.T) {
	tests := []struct {
		a, b       string
		sum, minus string
	}{
		{"1", "2", "3", "-1"},
		{"0.1", "0.2", "0.3", "-0.1"},
		{"-5", "5", "0", "-10"},
		{"99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000", "99999999999999999999999999999999999998"},
		{"1e37", "0.1", "overflow", "9999999999999999999999999999999999999.9"},
		{"1e50", "1", "overflow", "overflow"}, // scylladb, test_number
		{"9.9e125", "9.9e125", "overflow", "0"},
		{"1.1e-130", "1e-130", "0." + strings.Repeat("0", 129) + "21", "underflow"},
	}
	result := func(n Value, err error) string {
		switch {
		case err == nil:
			return n.Text()
		case err.Error() == numberOverflow:
			return "overflow"
		case err.Error() == numberUnderflow:
			return "underflow"
		}
		return err.Error()
	}
	for _, tt := range tests {
		a, errA := ParseNumber(tt.a)
		b, errB := ParseNumber(tt.b)
		if errA != nil || errB != nil {
			t.Fatalf("%s, %s: %v, %v", tt.a, tt.b, errA, errB)
		}
		if got := result(a.Add(b)); got != tt.sum {
			t.Errorf("%s + %s = %s, want %s", tt.a, tt.b, got, tt.sum)
		}
		if got := result(a.Sub(b)); got != tt.minus {
			t.Errorf("%s - %s = %s, want %s", tt.a, tt.b, got, tt.minus)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"0", "-1.5e10", "1E-130", "9.9E+125", "00.100", "1e99999999999", "--1", "1e", "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNumber(text)
		if err != nil {
			return
		}
		if again, err := ParseNumber(n.Text()); err != nil || again != n {
			t.Errorf("ParseNumber(%q) = %v, which parses as %v, %v", text, n, again, err)
		}
	})
}
