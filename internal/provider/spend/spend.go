// Package spend is the computed object spend of whatever charges: what it was allowed to cost, and what it cost. Policies sum it over a plan.
package spend

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// Types are the types of the object's attributes.
var Types = map[string]attr.Type{"authorized_usd": usd.Type{}, "charged_usd": usd.Type{}}

// Model is the object as a struct.
type Model struct {
	AuthorizedUSD usd.Value `tfsdk:"authorized_usd"`
	ChargedUSD    usd.Value `tfsdk:"charged_usd"`
}

// Of is the object of a purchase.
func Of(authorized, charged usd.Value) types.Object {
	return types.ObjectValueMust(Types, map[string]attr.Value{"authorized_usd": authorized, "charged_usd": charged})
}

// Nothing is the object of what was not bought here, as after an import.
func Nothing() types.Object { return Of(usd.Of(money.Zero()), usd.Of(money.Zero())) }
