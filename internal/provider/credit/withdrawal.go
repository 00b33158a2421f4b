package credit

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

var (
	_ resource.ResourceWithConfigure   = (*WithdrawalResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*WithdrawalResource)(nil)
	_ resource.ResourceWithImportState = (*WithdrawalResource)(nil)
	_ resource.ResourceWithIdentity    = (*WithdrawalResource)(nil)
)

// WithdrawalResource is the resource autx_credit_withdrawal.
type WithdrawalResource struct {
	mover
}

// NewWithdrawalResource builds the resource.
func NewWithdrawalResource() resource.Resource {
	return &WithdrawalResource{mover{
		direction: out,
		newModel:  func() model { return &withdrawalModel{} },
		facts:     withdrawalFacts,
		explain:   explainWithdrawal,
	}}
}

type withdrawalModel struct {
	movement
}

func (*withdrawalModel) moved(usd.Value) {}

// Metadata implements resource.Resource.
func (*WithdrawalResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_withdrawal"
}

// Schema implements resource.Resource.
func (*WithdrawalResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Takes credits out of the account, once. AUTX allows one withdrawal an hour. The provider's `spending` block has to " +
			"allow withdrawals with `allow_withdrawals`, and its `keep_balance` holds for them too.\n\n" +
			"Destroying the resource only forgets it: no money is moved back.",
		Attributes: movementAttributes(ctx, "withdrawal", usd.Positive(), "The amount to take out, in US dollars, more than `0`."),
	}
}

// withdrawalFacts looks at the balance and at the hour that must lie between two withdrawals.
func withdrawalFacts(ctx context.Context, m *mover, plan *movement) diag.Diagnostics {
	amount, _ := plan.Amount.Amount()
	n, total := m.walk.withdraws(plan.IdempotencyKey.ValueString(), amount)
	balance, err := m.walk.balance(ctx)
	if err != nil {
		return diagnose.Warning("Could not look up whether a withdrawal is possible", err, nil)
	}
	var diags diag.Diagnostics
	if wait := coolingDown(balance, m.walk.api.ServiceTime()); wait != "" {
		diags.Append(m.liveFact(path.Empty(), "Too early for a withdrawal", wait+" An apply before is refused, and moves nothing."))
	}
	if n > 1 {
		diags.Append(m.liveFact(path.Empty(), "More than one withdrawal at once", fmt.Sprintf(
			"AUTX allows one withdrawal an hour, and this plan makes %d of them so far: an apply makes one of them at most, and the others are refused. "+
				"Apply them an hour "+
				"apart, for example with -target, or withdraw the sum.", n)))
	}
	diags.Append(m.checkBalance(balance.Available, amount, total)...)
	return diags
}

// checkBalance tells whether the balance suffices for the withdrawals of a plan.
func (m *mover) checkBalance(available, amount, total money.Amount) diag.Diagnostics {
	if total.GreaterThan(available) {
		together := ""
		if !total.Equal(amount) {
			together = fmt.Sprintf(", together with the others of this plan %s,", total.USD())
		}
		return diag.Diagnostics{m.liveFact(path.Root("amount"), "Balance is too low", fmt.Sprintf(
			"%s is available, so a withdrawal of %s%s will be refused. What this plan deposits is not counted.", available.USD(), amount.USD(), together))}
	}
	limits := m.data.Desk().Limits()
	if limits == nil || limits.KeepBalance == nil {
		return nil
	}
	if left := available.Sub(total); left.LessThan(*limits.KeepBalance) {
		return diag.Diagnostics{m.liveFact(path.Root("amount"), "Balance would fall too low", fmt.Sprintf(
			"%s is available, so a withdrawal of %s would leave %s, and spending.keep_balance wants %s left: the apply will refuse it. Top the credits up, "+
				"withdraw less, or "+
				"lower keep_balance.", available.USD(), total.USD(), left.USD(), limits.KeepBalance.USD()))}
	}
	return nil
}

// explainWithdrawal tells why AUTX refused a withdrawal, and when the next one is possible.
func explainWithdrawal(ctx context.Context, api *client.Client, title string, err error) diag.Diagnostics {
	if _, desk := errors.AsType[*purchase.Refusal](err); desk || !client.IsConflict(err) {
		return diagnose.Refused(title, err, amountOnly)
	}
	when := "The next is possible an hour after the last one."
	if balance, lookup := api.Credits.Balance(ctx); lookup == nil {
		if wait := coolingDown(balance, api.ServiceTime()); wait != "" {
			when = wait
		}
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Too early for a withdrawal",
		"AUTX refused the withdrawal, as it does within an hour of another one. Nothing was moved. "+when+" Apply again then.\n\n"+err.Error()+".")}
}
