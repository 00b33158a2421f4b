package credit

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
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
		MarkdownDescription: "Takes credits out of the account, once. AUTX allows one withdrawal an hour; the provider's `spending` block has to " +
			"allow it with `allow_withdrawals`, " +
			"and `keep_balance` holds for it too.\n\nDestroying the resource only forgets it: no money is moved back.",
		Attributes: movementAttributes(ctx, "withdrawal", usd.Positive(), "The amount to take out, in US dollars, more than `0`. Bound to "+
			"`idempotency_key`."),
	}
}

// withdrawalFacts looks at the balance and at the hour that must lie between two withdrawals.
func withdrawalFacts(ctx context.Context, m *mover, plan *movement) diag.Diagnostics {
	api, diags := m.data.Client()
	if diags.HasError() {
		return diags
	}
	balance, err := m.walk.balance(ctx, api)
	if err != nil {
		return diagnose.Warning("Could not look up whether a withdrawal is possible", err, nil)
	}
	if wait := coolingDown(balance, api.ServiceTime()); wait != "" {
		diags.Append(m.liveFact(path.Root("idempotency_key"), "Too early for a withdrawal", wait))
	}
	if amount, ok := plan.Amount.Amount(); ok && amount.GreaterThan(balance.Available) {
		diags.Append(m.liveFact(path.Root("amount"), "Balance is too low", fmt.Sprintf(
			"%s is available, so a withdrawal of %s will be refused.", balance.Available.USD(), amount.USD())))
	}
	return diags
}

// coolingDown tells when a withdrawal is possible again; empty where it is now.
func coolingDown(balance *client.Balance, now time.Time) string {
	next, ok := nextWithdrawal(balance)
	if !ok || !now.Before(next) {
		return ""
	}
	return fmt.Sprintf("AUTX allows one withdrawal an hour, and the last one was at %s. The next is possible again at %s.",
		next.Add(-cooldown).UTC().Format(time.RFC3339), next.UTC().Format(time.RFC3339))
}

func explainWithdrawal(ctx context.Context, m *mover, title string, err error) diag.Diagnostics {
	if !client.IsConflict(err) {
		return diagnose.Refused(title, err, diagnose.Same)
	}
	when := "The next is possible an hour after the last one."
	if api, diags := m.data.Client(); !diags.HasError() {
		if balance, lookup := api.Credits.Balance(ctx); lookup == nil {
			if next, ok := nextWithdrawal(balance); ok {
				when = "The next is possible again at " + next.UTC().Format(time.RFC3339) + "."
			}
		}
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Too early for a withdrawal",
		"AUTX allows one withdrawal an hour, so it refused this one. Nothing was moved. "+when+" Apply again then.\n\n"+err.Error())}
}
