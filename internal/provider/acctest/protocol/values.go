package protocol

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Values are the attributes of an object as plain Go values: string, bool, int, float64, Values, a slice of any or of string, nil for null, Unknown.
// Attributes that are left out are null.
type Values = map[string]any

type unknown struct{}

// String names it in messages.
func (unknown) String() string { return "(known after apply)" }

// Unknown is a value that is known only after an apply.
var Unknown any = unknown{}

// Build builds the value of a type. A name that the type does not have is an error.
func Build(of tftypes.Type, from any) (tftypes.Value, error) {
	switch from := from.(type) {
	case nil:
		return tftypes.NewValue(of, nil), nil
	case unknown:
		return tftypes.NewValue(of, tftypes.UnknownValue), nil
	case Values:
		return buildObject(of, from)
	case []any:
		return buildList(of, from)
	case []string:
		elements := make([]any, len(from))
		for i, element := range from {
			elements[i] = element
		}
		return buildList(of, elements)
	case int:
		return checked(of, big.NewFloat(float64(from)))
	case int64:
		return checked(of, new(big.Float).SetInt64(from))
	case float64:
		return checked(of, big.NewFloat(from))
	}
	return checked(of, from)
}

func buildObject(of tftypes.Type, from Values) (tftypes.Value, error) {
	object, ok := of.(tftypes.Object)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("%v where %s is due", from, of)
	}
	for name := range from {
		if _, ok := object.AttributeTypes[name]; !ok {
			return tftypes.Value{}, fmt.Errorf("there is no attribute %q", name)
		}
	}
	attributes := make(map[string]tftypes.Value, len(object.AttributeTypes))
	for name, inner := range object.AttributeTypes {
		value, err := Build(inner, from[name])
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
		}
		attributes[name] = value
	}
	return checked(of, attributes)
}

func buildList(of tftypes.Type, from []any) (tftypes.Value, error) {
	list, ok := of.(tftypes.List)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("%v where %s is due", from, of)
	}
	elements := make([]tftypes.Value, len(from))
	for i := range from {
		value, err := Build(list.ElementType, from[i])
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("element %d: %w", i, err)
		}
		elements[i] = value
	}
	return checked(of, elements)
}

// checked is tftypes.NewValue with an error in place of a panic.
func checked(of tftypes.Type, from any) (tftypes.Value, error) {
	if err := tftypes.ValidateValue(of, from); err != nil {
		return tftypes.Value{}, fmt.Errorf("%v where %s is due: %w", from, of, err)
	}
	return tftypes.NewValue(of, from), nil
}

// Plain is the reverse of Build: numbers become int64, or text where they are no whole numbers, lists become []any.
func Plain(value tftypes.Value) any {
	switch {
	case !value.IsKnown():
		return Unknown
	case value.IsNull():
		return nil
	case value.Type().Is(tftypes.Object{}), value.Type().Is(tftypes.Map{}):
		return plainObject(value)
	case value.Type().Is(tftypes.String):
		return as[string](value)
	case value.Type().Is(tftypes.Bool):
		return as[bool](value)
	case value.Type().Is(tftypes.Number):
		number := as[*big.Float](value)
		if whole, accuracy := number.Int64(); accuracy == big.Exact {
			return whole
		}
		return number.Text('g', -1)
	}
	elements := as[[]tftypes.Value](value)
	out := make([]any, len(elements))
	for i := range elements {
		out[i] = Plain(elements[i])
	}
	return out
}

func as[T any](value tftypes.Value) T {
	var out T
	if err := value.As(&out); err != nil {
		panic(fmt.Sprintf("%s: %v", value, err)) // the type was looked at before
	}
	return out
}

func plainObject(value tftypes.Value) Values {
	if !value.IsKnown() || value.IsNull() {
		return nil
	}
	out := Values{}
	for name, inner := range as[map[string]tftypes.Value](value) {
		out[name] = Plain(inner)
	}
	return out
}

// unknowns are the paths of all that is unknown in a value, sorted.
func unknowns(value tftypes.Value) []string {
	var out []string
	_ = tftypes.Walk(value, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) { // the function gives no error
		if !v.IsKnown() {
			out = append(out, pathText(at))
		}
		return true, nil
	})
	slices.Sort(out)
	return out
}

// pathText writes a path as "manifest.input.file_types.0"; "" is the whole object.
func pathText(at *tftypes.AttributePath) string {
	var steps []string
	for _, step := range at.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			steps = append(steps, string(step))
		case tftypes.ElementKeyString:
			steps = append(steps, string(step))
		case tftypes.ElementKeyInt:
			steps = append(steps, strconv.FormatInt(int64(step), 10))
		case tftypes.ElementKeyValue:
			steps = append(steps, tftypes.Value(step).String())
		}
	}
	return strings.Join(steps, ".")
}
