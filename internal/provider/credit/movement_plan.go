package credit

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. What is planned needs no correction: a plan tells what an apply will do, and refuses what
// would move money again under a key.
func (m *mover) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if m.data == nil {
		return
	}
	var state, plan *movement
	if !req.State.Raw.IsNull() {
		_, read, diags := m.read(ctx, req.State)
		resp.Diagnostics.Append(diags...)
		state = read
	}
	if !req.Plan.Raw.IsNull() {
		_, read, diags := m.read(ctx, req.Plan)
		resp.Diagnostics.Append(diags...)
		plan = read
	}
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case plan == nil:
		resp.Diagnostics.Append(m.planDestroy(ctx, state)...)
	case state == nil:
		resp.Diagnostics.Append(m.planCreate(ctx, plan, false)...)
	case !state.IdempotencyKey.IsNull() && !plan.IdempotencyKey.Equal(state.IdempotencyKey):
		// Terraform plans the new one in a call of its own; this one is about the old one.
		resp.RequiresReplace.Append(path.Root("idempotency_key"))
		resp.Diagnostics.Append(m.planReplacement(ctx, state, plan)...)
	default:
		resp.Diagnostics.Append(m.planUpdate(ctx, state, plan)...)
	}
}

// planCreate plans a movement; repeatable says that the run may ask for it several times under its key.
func (m *mover) planCreate(ctx context.Context, plan *movement, repeatable bool) diag.Diagnostics {
	amount, known := plan.Amount.Amount()
	diags := diagnose.Problems(m.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: m.kind, Key: plan.IdempotencyKey.ValueString(), Title: m.title(plan.Amount), Authorized: amount, UnknownAmount: !known,
		Repeatable: repeatable,
	}))
	// Under a key that was used before, an apply moves nothing.
	if !diags.HasError() && m.data.Reachable() && !m.data.Desk().UsedBefore(ctx, m.kind, plan.IdempotencyKey.ValueString()) {
		diags.Append(m.facts(ctx, m, plan)...)
	}
	return diags
}

func (m *mover) planReplacement(ctx context.Context, state, plan *movement) diag.Diagnostics {
	diags := m.sawInState(ctx, state)
	summary, what := "Another key moves money again", fmt.Sprintf("under the key %q money is moved once more, a %s",
		plan.IdempotencyKey.ValueString(), m.title(plan.Amount))
	if plan.IdempotencyKey.IsUnknown() {
		summary = "A key that is not known yet may move money again"
		what = "if the key turns out to be another one, money is moved once more, a " + m.title(plan.Amount)
	}
	diags.AddAttributeWarning(path.Root("idempotency_key"), summary, fmt.Sprintf("The %s is forgotten and stays as it is; %s.", m.nameOf(state), what))
	return diags
}

func (m *mover) planUpdate(ctx context.Context, state, plan *movement) diag.Diagnostics {
	diags := m.sawInState(ctx, state)
	if key, id := plan.IdempotencyKey.ValueString(), state.ID.ValueString(); key != "" {
		if other := m.walk.keeps(m.kind, key, id); other != "" {
			diags.AddAttributeError(path.Root("idempotency_key"), "One key for two resources", fmt.Sprintf(
				"Two resources of the state, with the ids %s and %s, have the idempotency_key %q, which names one %s. Give one of them a key of its own, "+
					"which moves money once more, or take it out of the state: terraform state rm autx_credit_%s.NAME (tofu state rm with OpenTofu).%s",
				other, id, key, m.noun, m.noun, bound.PastTheError))
		}
	}
	switch {
	case state.IdempotencyKey.IsNull():
		// Imported: what AUTX does not return is filled in without a call.
		diags.Append(m.checkImported(ctx, state, plan)...)
	case plan.Amount.IsUnknown():
		diags.AddAttributeWarning(path.Root("amount"), "May turn out to move money again", fmt.Sprintf(
			"amount is not known yet. It is bound to the idempotency_key of the %s: if it turns out to be the same, nothing happens; if it is another one, "+
				"the apply refuses it, and idempotency_key has to be changed too.", m.nameOf(state)))
	case !sameAmount(state.Amount, plan.Amount):
		diags.Append(m.movesAgain(state, plan))
	}
	return diags
}

// sameAmount tells whether two amounts are the same, however they are spelled.
func sameAmount(a, b usd.Value) bool {
	amount, ok := b.Amount()
	return a.Equal(b) || ok && a.Is(amount)
}

// movesAgain refuses another amount under the same key.
func (m *mover) movesAgain(state, plan *movement) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("amount"), "This would move money again", fmt.Sprintf(
		"Under the key %q the %s was made, and amount is %s now. What has moved can't be changed: to move another amount, change idempotency_key too, "+
			"which authorises it; otherwise put the amount back.%s",
		state.IdempotencyKey.ValueString(), m.nameOf(state), plan.Amount.ValueString(), bound.PastTheError))
}

// checkImported compares the amount of the configuration with the ledger's.
func (m *mover) checkImported(ctx context.Context, state, plan *movement) diag.Diagnostics {
	amount, known := plan.Amount.Amount()
	if !known || !m.data.Reachable() {
		return nil
	}
	entries, err := m.walk.entries.All(ctx)
	if err != nil {
		return diagnose.Warning("Could not compare the imported "+m.noun+" with the ledger", err, nil)
	}
	if entry := find(entries, state.ID.ValueString()); entry != nil && !ledger.Magnitude(entry.Amount).Equal(amount) {
		return diag.Diagnostics{m.liveFact(path.Root("amount"), "Imported "+m.noun+" is of another amount", fmt.Sprintf(
			"By the ledger the %s was of %s, and amount says %s. Nothing is moved in either case. Correct amount, or import another %s.",
			m.nameOf(state), ledger.Magnitude(entry.Amount).USD(), amount.USD(), m.noun))}
	}
	return nil
}

func (m *mover) planDestroy(ctx context.Context, state *movement) diag.Diagnostics {
	diags := m.sawInState(ctx, state)
	if key := state.IdempotencyKey.ValueString(); key != "" {
		diags.Append(diagnose.Problems(m.data.Desk().PlanDestroy(ctx, m.kind, key, state.ID.ValueString()))...)
	}
	diags.AddWarning("Destroying only forgets the "+m.noun, fmt.Sprintf(
		"The %s is taken out of the state. No money is moved back, and its key stays used: under it the same %s can be taken over again, without moving "+
			"money.", m.nameOf(state), m.noun))
	return diags
}

// sawInState lets the purchase journal learn which entry a key belongs to, so that no later run moves money under it again.
func (m *mover) sawInState(ctx context.Context, state *movement) diag.Diagnostics {
	if !m.data.Reachable() {
		return nil
	}
	digest := ""
	if amount, ok := state.Amount.Amount(); ok {
		digest = digestOf(amount)
	}
	return diagnose.Problems(m.data.Desk().SawInputs(ctx, m.kind, state.IdempotencyKey.ValueString(), state.ID.ValueString(), digest))
}

// liveFact is something that is so at plan but may be otherwise at apply.
func (m *mover) liveFact(at path.Path, summary, detail string) diag.Diagnostic {
	return diagnose.LiveFact(m.data.Desk().Limits(), at, summary, detail)
}
