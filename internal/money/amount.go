// Package money holds exact amounts of US dollars. Every amount in the provider, the API client and the mock server is one of these:
// no binary floating point touches money anywhere between a user's configuration and the wire.
package money

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// MaxDigits bounds the digits an amount may have before the decimal point, and again after it. It keeps a hostile or mistyped number from
// costing memory; no real amount of US dollars comes near it.
const MaxDigits = 18

// Amount is an exact amount of US dollars. The zero value is $0.
type Amount struct {
	d decimal.Decimal
}

// ErrSyntax is returned, wrapped, for text that is not a plain decimal number such as 12.50.
var ErrSyntax = errors.New("not a decimal number like 12.50")

// ErrRange is returned, wrapped, for a number with more than MaxDigits digits on either side of the decimal point.
var ErrRange = fmt.Errorf("more than %d digits before or after the decimal point", MaxDigits)

// Zero is $0.
func Zero() Amount { return Amount{} }

// FromInt gives a whole number of dollars.
func FromInt(dollars int64) Amount { return Amount{decimal.NewFromInt(dollars)} }

// Parse reads a plain decimal number of dollars as a person writes it: an optional minus sign, digits, and optionally a point with more digits.
// Exponents, thousands separators, currency signs, NaN and infinities are refused with ErrSyntax, absurdly long numbers with ErrRange.
func Parse(text string) (Amount, error) {
	whole, frac, hasPoint := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if !allDigits(whole) || (hasPoint && !allDigits(frac)) {
		return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrSyntax)
	}
	if len(strings.TrimLeft(whole, "0")) > MaxDigits || len(strings.TrimRight(frac, "0")) > MaxDigits {
		return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrRange)
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrSyntax)
	}
	return Amount{d}, nil
}

// MustParse is Parse for constants; it panics on text that Parse refuses.
func MustParse(text string) Amount {
	a, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return a
}

// String writes the amount exactly, without trailing zeros and without a currency sign: "5", "0.05", "-12.5". Parse reads it back.
func (a Amount) String() string { return a.d.String() }

// USD writes the amount for a person to read, with a dollar sign and at least two decimals: "$5.00", "$0.125", "-$3.00".
func (a Amount) USD() string {
	places := max(2, a.Decimals())
	text := a.d.Abs().StringFixed(int32(places)) //nolint:gosec // bounded by the digits of a decimal held in memory
	if a.Sign() < 0 {
		return "-$" + text
	}
	return "$" + text
}

// Decimals is the number of digits after the decimal point that the amount needs.
func (a Amount) Decimals() int {
	_, frac, _ := strings.Cut(a.String(), ".")
	return len(frac)
}

// Sign is -1, 0 or +1.
func (a Amount) Sign() int { return a.d.Sign() }

// IsZero tells whether the amount is $0.
func (a Amount) IsZero() bool { return a.d.IsZero() }

// Cmp is -1 when a is less than b, 0 when they are the same amount however they are spelled, and +1 when a is more.
func (a Amount) Cmp(b Amount) int { return a.d.Cmp(b.d) }

// Equal tells whether both are the same amount: 5, 5.0 and 5.00 are.
func (a Amount) Equal(b Amount) bool { return a.d.Equal(b.d) }

// LessThan tells whether a is less than b.
func (a Amount) LessThan(b Amount) bool { return a.d.LessThan(b.d) }

// GreaterThan tells whether a is more than b.
func (a Amount) GreaterThan(b Amount) bool { return a.d.GreaterThan(b.d) }

// Add gives a + b.
func (a Amount) Add(b Amount) Amount { return Amount{a.d.Add(b.d)} }

// Sub gives a - b.
func (a Amount) Sub(b Amount) Amount { return Amount{a.d.Sub(b.d)} }

// Neg gives -a.
func (a Amount) Neg() Amount { return Amount{a.d.Neg()} }

// Times gives a × n.
func (a Amount) Times(n int64) Amount { return Amount{a.d.Mul(decimal.NewFromInt(n))} }

// Max gives the larger amount.
func Max(a, b Amount) Amount {
	if a.LessThan(b) {
		return b
	}
	return a
}

// Min gives the smaller amount.
func Min(a, b Amount) Amount {
	if b.LessThan(a) {
		return b
	}
	return a
}

// Sum adds amounts up.
func Sum(amounts ...Amount) Amount {
	var total Amount
	for _, a := range amounts {
		total = total.Add(a)
	}
	return total
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// abbreviate keeps error messages readable when a whole file was given as an amount.
func abbreviate(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
