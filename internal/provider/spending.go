package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func spendingSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Allows charges, within limits. Without it every plan and read works, and an apply that would charge is refused before " +
			"anything is sent. All amounts are US dollars, written as decimal numbers.",
		Attributes: map[string]schema.Attribute{
			"max_per_apply": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				MarkdownDescription: "The most that one apply may authorise, in US dollars, over all its purchases and over all provider blocks of the run. A " +
					"plan above it fails.",
			},
			"max_per_purchase": schema.StringAttribute{
				CustomType: usd.Type{}, Optional: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				MarkdownDescription: "The most that one purchase may cost, in US dollars. Not limited when not set.",
			},
			"keep_balance": schema.StringAttribute{
				CustomType: usd.Type{}, Optional: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				MarkdownDescription: "The balance that no purchase may go below, in US dollars. Checked right before each charge. Not limited when not set.",
			},
			"namespace": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 100)},
				MarkdownDescription: "Keeps the purchase journal of this configuration apart from others that share the directory, up to 100 characters. " +
					"Defaults to none.",
			},
			"strict_plan": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Makes live facts, such as a ticker that is taken, fail the plan instead of warning: for pull-request checks. Defaults to " +
					"`false`. Such a plan error also blocks `destroy`; `destroy -refresh=false` gets past it.",
			},
			"allow_deposits": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Allows deposits into the account's credits, by `autx_credit_deposit` and `autx_credit_floor`. They count towards no " +
					"limit. Defaults to `false`.",
			},
			"allow_withdrawals": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Allows withdrawals from the account's credits, by `autx_credit_withdrawal`. They count towards no limit, and " +
					"`keep_balance` holds for them. Defaults to `false`.",
			},
			"journal": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The directory of the purchase journal, which remembers what was sent to AUTX when an apply dies half-way. Keep it " +
					"between runs. Defaults to `autx` below the CLI's data directory (`TF_DATA_DIR`, else `.terraform`).",
			},
		},
	}
}

type spending struct {
	MaxPerApply      usd.Value    `tfsdk:"max_per_apply"`
	MaxPerPurchase   usd.Value    `tfsdk:"max_per_purchase"`
	KeepBalance      usd.Value    `tfsdk:"keep_balance"`
	Namespace        types.String `tfsdk:"namespace"`
	StrictPlan       types.Bool   `tfsdk:"strict_plan"`
	AllowDeposits    types.Bool   `tfsdk:"allow_deposits"`
	AllowWithdrawals types.Bool   `tfsdk:"allow_withdrawals"`
	Journal          types.String `tfsdk:"journal"`
}

// spendingSettings is the spending block.
type spendingSettings struct {
	limits  *purchase.Limits
	journal string
	// unplaced says that this walk does not know where purchases are remembered: the journal's directory or its namespace is not known yet.
	unplaced bool
}

// readSpending reads the spending block. Where anything of it is not known in this walk its limits are Unknown: the apply knows and checks them.
func readSpending(ctx context.Context, object types.Object) (spendingSettings, diag.Diagnostics) {
	switch {
	case object.IsNull():
		return spendingSettings{}, nil
	case object.IsUnknown():
		return spendingSettings{limits: &purchase.Limits{Unknown: true}, unplaced: true}, nil
	}
	var s spending
	diags := object.As(ctx, &s, basetypes.ObjectAsOptions{})
	if diags.HasError() {
		return spendingSettings{}, diags
	}
	out := spendingSettings{
		journal:  s.Journal.ValueString(),
		unplaced: s.Journal.IsUnknown() || s.Namespace.IsUnknown(),
		limits: &purchase.Limits{
			Namespace:        s.Namespace.ValueString(),
			StrictPlan:       s.StrictPlan.ValueBool(),
			AllowDeposits:    s.AllowDeposits.ValueBool(),
			AllowWithdrawals: s.AllowWithdrawals.ValueBool(),
		},
	}
	for _, value := range []interface{ IsUnknown() bool }{
		s.MaxPerApply, s.MaxPerPurchase, s.KeepBalance, s.Namespace, s.StrictPlan, s.AllowDeposits, s.AllowWithdrawals, s.Journal,
	} {
		out.limits.Unknown = out.limits.Unknown || value.IsUnknown()
	}
	maxPerApply, ok := s.MaxPerApply.Amount()
	if !ok && !s.MaxPerApply.IsUnknown() {
		diags.AddAttributeError(path.Root("spending").AtName("max_per_apply"), "Not an amount of US dollars", "Write the amount as plain digits, "+
			"such as \"50.00\".")
	}
	out.limits.MaxPerApply = maxPerApply
	if amount, ok := s.MaxPerPurchase.Amount(); ok {
		out.limits.MaxPerPurchase = &amount
	}
	if amount, ok := s.KeepBalance.Amount(); ok {
		out.limits.KeepBalance = &amount
	}
	return out, diags
}
