// Package usd is the Terraform type of an amount of US dollars. It is a string in configuration, plan and state, so that no digit is lost, and it
// compares amounts rather than spellings: "5", "5.0" and "5.00" are one amount.
package usd

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

var (
	_ basetypes.StringTypable                    = Type{}
	_ basetypes.StringValuableWithSemanticEquals = Value{}
)

// Type is the attribute type.
type Type struct {
	basetypes.StringType
}

// Value is a value of Type: null, unknown, or the text of an amount.
type Value struct {
	basetypes.StringValue
}

// Null is no amount.
func Null() Value { return Value{basetypes.NewStringNull()} }

// Unknown is an amount that only the apply will tell.
func Unknown() Value { return Value{basetypes.NewStringUnknown()} }

// Of is a known amount in its shortest spelling.
func Of(a money.Amount) Value { return Value{basetypes.NewStringValue(a.String())} }

// Amount gives the amount; ok is false where the value is null, unknown, or text that is not an amount.
func (v Value) Amount() (amount money.Amount, ok bool) {
	if v.IsNull() || v.IsUnknown() {
		return money.Zero(), false
	}
	amount, err := money.Parse(v.ValueString())
	return amount, err == nil
}

// Is tells whether the value is known and equal to the amount, however it is spelled.
func (v Value) Is(a money.Amount) bool {
	got, ok := v.Amount()
	return ok && got.Equal(a)
}

// Keep gives the value for an amount that the service reports: v itself where it is the same amount, so that the user's spelling stays in state.
func (v Value) Keep(a money.Amount) Value {
	if v.Is(a) {
		return v
	}
	return Of(a)
}

// Type implements attr.Value.
func (v Value) Type(context.Context) attr.Type { return Type{} }

// Equal implements attr.Value: the same text, not the same amount, as the framework demands.
func (v Value) Equal(o attr.Value) bool {
	other, ok := o.(Value)
	return ok && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals tells whether both are the same amount.
func (v Value) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(Value)
	if !ok {
		return false, nil
	}
	a, okA := v.Amount()
	b, okB := other.Amount()
	return okA && okB && a.Equal(b), nil
}

// String implements attr.Type.
func (Type) String() string { return "usd.Type" }

// Equal implements attr.Type.
func (Type) Equal(o attr.Type) bool {
	_, ok := o.(Type)
	return ok
}

// ValueType implements attr.Type.
func (Type) ValueType(context.Context) attr.Value { return Value{} }

// ValueFromString implements basetypes.StringTypable.
func (Type) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Value{in}, nil
}

// ValueFromTerraform implements attr.Type.
func (t Type) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("an amount is held by a %T", value)
	}
	return Value{text}, nil
}
