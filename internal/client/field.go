package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Field is a JSON field with three states: absent, null and a value. The zero value is absent, which `omitzero` leaves out of a request.
//
// Reading is tolerant. A value of a type that cannot be read makes the field absent, not the whole object unreadable; what was wrong is logged by the
// call that read it. Identifiers and figures may come as JSON strings or numbers alike.
type Field[T any] struct {
	value   T
	state   fieldState
	problem string
}

type fieldState uint8

const (
	fieldAbsent fieldState = iota
	fieldNull
	fieldValue
)

// Of is a field with a value.
func Of[T any](value T) Field[T] { return Field[T]{value: value, state: fieldValue} }

// Null is a field that is there and null. In a request it clears what was set.
func Null[T any]() Field[T] { return Field[T]{state: fieldNull} }

// IsZero tells whether the field is absent.
func (f Field[T]) IsZero() bool { return f.state == fieldAbsent }

// Reported tells whether the field was there, be it null or a value.
func (f Field[T]) Reported() bool { return f.state != fieldAbsent }

// IsNull tells whether the field was there and null.
func (f Field[T]) IsNull() bool { return f.state == fieldNull }

// Value gives the field's value, and whether it has one: it has none when it is absent or null.
func (f Field[T]) Value() (T, bool) { return f.value, f.state == fieldValue }

// Or gives the field's value, or def when it has none.
func (f Field[T]) Or(def T) T {
	if f.state == fieldValue {
		return f.value
	}
	return def
}

// Complete takes over what another answer reports of the field where this one has no value.
func (f *Field[T]) Complete(from Field[T]) {
	if f.state != fieldValue && from.Reported() {
		*f = from
	}
}

// MarshalJSON writes the value, or null when there is none.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.state != fieldValue {
		return []byte("null"), nil
	}
	out, err := json.Marshal(f.value)
	if err != nil {
		return nil, fmt.Errorf("write a field: %w", err)
	}
	return out, nil
}

// UnmarshalJSON reads null or a value. It never fails: what cannot be read as T leaves the field absent with a note of what was wrong.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	*f = Field[T]{}
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		f.state = fieldNull
		return nil
	}
	var value T
	if err := readTolerantly(data, &value); err != nil {
		f.problem = err.Error()
		return nil //nolint:nilerr // the problem is noted, and the object around the field stays readable
	}
	f.value, f.state = value, fieldValue
	return nil
}

// reading is what a walk over decoded objects asks of every Field.
type reading interface {
	// readProblem is what was wrong with the field, or empty.
	readProblem() string
	// heldValue points to the field's value, for looking further into.
	heldValue() any
}

func (f Field[T]) readProblem() string { return f.problem }

func (f *Field[T]) heldValue() any { return &f.value }

// jsonFigure is a JSON number, also when it comes in a string.
var jsonFigure = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// maxFigure bounds the digits of a figure that is no amount of money; no real one comes near it.
const maxFigure = 64

// readTolerantly reads what encoding/json reads and, for text and figures, a JSON string where a number is due and the other way round.
func readTolerantly(data []byte, into any) error {
	switch into := into.(type) {
	case *string:
		text, err := textOf(data)
		*into = text
		return err
	case *json.Number:
		text, err := figureOf(data)
		*into = json.Number(text)
		return err
	case *int64:
		text, err := figureOf(data)
		if err != nil {
			return err
		}
		*into, err = wholeNumber(text)
		return err
	default:
		if err := json.Unmarshal(data, into); err != nil {
			return describeJSONError(err)
		}
		return nil
	}
}

// textOf reads a JSON string, or a number by its digits: AUTX's own client turns identifiers into text whatever they are (client 0.4.1).
func textOf(data []byte) (string, error) {
	data = bytes.TrimSpace(data)
	if jsonFigure.Match(data) {
		return string(data), nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return "", describeJSONError(err)
	}
	return text, nil
}

func figureOf(data []byte) (string, error) {
	text, err := textOf(data)
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	if len(text) > maxFigure || !jsonFigure.MatchString(text) {
		return "", fmt.Errorf("not a number: %s", excerpt(data))
	}
	return text, nil
}

// wholeNumber reads 12 and also 12.0, which a service written in Python may send for a count.
func wholeNumber(text string) (int64, error) {
	if whole, frac, found := strings.Cut(text, "."); found && strings.Trim(frac, "0") == "" {
		text = whole
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("not a whole number: %s", excerpt([]byte(text)))
	}
	return n, nil
}
