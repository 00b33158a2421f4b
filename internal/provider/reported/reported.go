// Package reported turns the fields of AUTX's answers into values of a state. A field that AUTX does not report says nothing, so the prior value
// stays; the same value in other words is no drift, so the prior spelling stays.
package reported

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// Text reads a text that may be absent. "" and null are one to AUTX, so whichever of them was there before stays.
func Text(prior types.String, f client.Field[string]) types.String {
	if !f.Reported() {
		return Known(prior)
	}
	value, ok := f.Value()
	switch {
	case ok && value != "":
		return types.StringValue(value)
	case !prior.IsNull() && !prior.IsUnknown() && prior.ValueString() == "":
		return prior
	}
	return types.StringNull()
}

// Known is a prior text, null where it was not known.
func Known(prior types.String) types.String {
	if prior.IsUnknown() {
		return types.StringNull()
	}
	return prior
}

// Amount reads an amount of US dollars that may be absent.
func Amount(prior usd.Value, f client.Field[money.Amount]) usd.Value {
	value, ok := f.Value()
	switch {
	case ok:
		return prior.Keep(value)
	case f.Reported() || prior.IsUnknown():
		return usd.Null()
	}
	return prior
}
