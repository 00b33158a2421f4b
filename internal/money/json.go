package money

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// maxExponent bounds the exponent of a JSON number: 1e999999999 is a short text for a number that fills the memory.
const maxExponent = 2 * MaxDigits

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE]([+-]?[0-9]+))?$`)

// MarshalJSON writes the amount as a JSON number with its exact digits, the way the AUTX API takes amounts (client 0.4.1).
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalJSON reads a JSON number by its digits, or a decimal number in a JSON string: AUTX sends both (SDK reference: strings for credits;
// client 0.4.1: numbers). Numbers beyond the bounds of Parse are an error.
func (a *Amount) UnmarshalJSON(data []byte) error {
	text := string(bytes.TrimSpace(data))
	if strings.HasPrefix(text, `"`) {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("read an amount: %w", err)
		}
		text = strings.TrimSpace(s)
	}
	parsed, err := parseNumber(text)
	if err != nil {
		return fmt.Errorf("read an amount: %w", err)
	}
	*a = parsed
	return nil
}

// parseNumber reads what Parse reads and, beyond that, a JSON number's exponent, within bounds.
func parseNumber(text string) (Amount, error) {
	if a, err := Parse(text); err == nil {
		return a, nil
	}
	match := jsonNumber.FindStringSubmatch(text)
	if match == nil {
		return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrSyntax)
	}
	if exp := match[4]; exp != "" {
		if n, err := strconv.Atoi(exp); err != nil || n > maxExponent || n < -maxExponent {
			return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrRange)
		}
	}
	if len(text) > 4*MaxDigits {
		return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrRange)
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return Amount{}, fmt.Errorf("%q: %w", abbreviate(text), ErrSyntax)
	}
	return Parse(d.String()) // again for the bounds, now that the exponent is spelled out
}
