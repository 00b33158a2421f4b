package order

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// ModifyPlan implements resource.ResourceWithModifyPlan: the plan says what an apply will buy and what it may cost.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	planned.Modify(ctx, req, resp, planned.Steps[resourceModel]{Create: r.planCreate, Update: r.planUpdate, Destroy: r.planDestroy})
}

func (r *Resource) planCreate(ctx context.Context, plan *resourceModel) diag.Diagnostics {
	most, ok := plan.MaxPrice.Amount()
	authorized := usd.Unknown()
	if ok {
		authorized = usd.Of(most)
	}
	plan.Spend = spend.Of(authorized, usd.Unknown())
	files, contents, diags := withDigests(ctx, plan.Files, nil)
	plan.Files = files
	problems := r.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: kind, Key: plan.IdempotencyKey.ValueString(), Title: title(*plan), Authorized: most, UnknownAmount: !ok,
	})
	diags.Append(diagnose.Problems(problems)...)
	if !diags.HasError() && !r.data.Desk().UsedBefore(ctx, kind, plan.IdempotencyKey.ValueString()) {
		diags.Append(r.liveFacts(ctx, *plan, contents)...)
	}
	return diags
}

func (r *Resource) planDestroy(ctx context.Context, state resourceModel) diag.Diagnostics {
	diags := r.sawInState(ctx, state)
	problems := r.data.Desk().PlanDestroy(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString())
	diags.Append(diagnose.Problems(problems)...)
	diags.AddWarning("Destroying forgets the order", fmt.Sprintf("%s is only forgotten: %s Its answer leaves the state. Under its idempotency_key it "+
		"can be taken over again for $0.00; import %s finds it too.", diagnose.Capital(nameOf(state)), whatIsLost(state), state.ID.ValueString()))
	return diags
}

// whatIsLost says of an order what giving it up means.
func whatIsLost(state resourceModel) string {
	paid, known := state.AmountPaid.Amount()
	amount := "what was paid for it"
	if known {
		amount = paid.USD()
	}
	switch state.Status.ValueString() {
	case statusFailed:
		return "it failed, and AUTX has refunded it."
	case statusCompleted:
		return "AUTX takes no order back, and " + amount + " is not refunded."
	}
	return "AUTX takes no order back, it goes on, and " + amount + " is not refunded unless it fails."
}

// sawInState lets the purchase journal learn which order a key belongs to, and what was bought, so that no later run buys under the key again.
func (r *Resource) sawInState(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	return diagnose.Problems(r.data.Desk().SawInputs(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString(), state.digest(ctx)))
}

// title names the purchase of an order for a reader.
func title(plan resourceModel) string {
	key := "whose key is not known yet"
	if !plan.IdempotencyKey.IsUnknown() {
		key = fmt.Sprintf("%q", plan.IdempotencyKey.ValueString())
	}
	if plan.AgentID.IsUnknown() {
		return "order " + key
	}
	return "order " + key + " from agent " + plan.AgentID.ValueString()
}

// nameOf names an order in state for a reader.
func nameOf(state resourceModel) string {
	id := state.ID.ValueString()
	if key := state.IdempotencyKey.ValueString(); key != "" {
		return fmt.Sprintf("order %q (id %s)", key, id)
	}
	return "order " + id
}

// costOf is what an order in state has cost, for a reader.
func costOf(state resourceModel) string {
	paid, ok := state.AmountPaid.Amount()
	switch {
	case state.Status.ValueString() == statusFailed:
		return money.Zero().USD()
	case !ok:
		return "an amount that is not known"
	}
	return paid.USD()
}
