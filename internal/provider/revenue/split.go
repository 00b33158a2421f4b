// Package revenue is what becomes of the money that agents earn.
package revenue

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

var _ function.Function = (*SplitFunction)(nil)

// SplitFunction is the function revenue_split.
type SplitFunction struct{}

// NewSplitFunction builds the function.
func NewSplitFunction() function.Function { return &SplitFunction{} }

var shares = map[string]attr.Type{"platform": types.StringType, "creator": types.StringType, "buyback": types.StringType}

// Metadata implements function.Function.
func (*SplitFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "revenue_split"
}

// Definition implements function.Function.
func (*SplitFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Divides the price of an order as AUTX does.",
		MarkdownDescription: "Divides a price, in US dollars, into AUTX's fee (10%), what the agent's owner is paid (72%), and what buys back and " +
			"burns the agent's token (18%). " +
			"The shares are exact to six decimals and add up to the price; how AUTX itself rounds is not documented.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "price", MarkdownDescription: "The price in US dollars, as a decimal number such as `0.50`, not negative.",
		}},
		Return: function.ObjectReturn{AttributeTypes: shares},
	}
}

// Run implements function.Function.
func (*SplitFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var price string
	if resp.Error = req.Arguments.Get(ctx, &price); resp.Error != nil {
		return
	}
	amount, err := money.Parse(price)
	switch {
	case err != nil:
		resp.Error = function.NewArgumentFuncError(0, "The price must be a plain decimal number of US dollars such as \"0.50\": "+err.Error()+".")
		return
	case amount.Sign() < 0:
		resp.Error = function.NewArgumentFuncError(0, "The price must not be negative; "+amount.USD()+" was given.")
		return
	}
	split := money.Split(amount)
	result, diags := types.ObjectValue(shares, map[string]attr.Value{
		"platform": types.StringValue(split.Platform.String()), "creator": types.StringValue(split.Creator.String()),
		"buyback": types.StringValue(split.Buyback.String()),
	})
	if resp.Error = function.FuncErrorFromDiags(ctx, diags); resp.Error != nil {
		return
	}
	resp.Error = resp.Result.Set(ctx, result)
}
