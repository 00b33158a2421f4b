package session

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// ModifyPlan implements resource.ResourceWithModifyPlan: the plan says what an apply will buy and what it may cost. It opens no session.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	planned.Modify(ctx, req, resp, planned.Steps[resourceModel]{Create: r.planCreate, Update: r.planUpdate, Destroy: r.planDestroy})
}

func (r *Resource) planCreate(ctx context.Context, plan *resourceModel) diag.Diagnostics {
	most, ok := plan.MaxCost.Amount()
	authorized := usd.Unknown()
	if ok {
		authorized = usd.Of(most)
	}
	plan.Spend = spend.Of(authorized, usd.Unknown())
	diags := diagnose.Problems(r.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: kind, Key: plan.IdempotencyKey.ValueString(), Title: titleOf(*plan), Authorized: most, UnknownAmount: !ok,
	}))
	if !diags.HasError() && r.data.Reachable() && !r.data.Desk().UsedBefore(ctx, kind, plan.IdempotencyKey.ValueString()) {
		w := wish{max: plan.MaxCost, messages: -1}
		if !plan.Agent.IsUnknown() {
			w.agent = plan.Agent.ValueString()
		}
		if !plan.Messages.IsUnknown() {
			w.messages = len(plan.Messages.Elements())
		}
		diags.Append(r.walk.liveFacts(ctx, w)...)
	}
	return diags
}

// wish is what a plan wants of an agent, as far as it is known.
type wish struct {
	agent    string // "" where it is not known
	max      usd.Value
	messages int // -1 where it is not known how many
}

// liveFacts looks, at plan, whether AUTX would open a session: one read for each agent of a plan, and one of the balance. What it finds warns, as it
// may be otherwise when the plan is applied; with strict_plan it is an error.
func (w *walk) liveFacts(ctx context.Context, wanted wish) diag.Diagnostics {
	var diags diag.Diagnostics
	needed := wanted.max
	if wanted.agent != "" {
		agent, found := w.facts.CheckAgent(ctx, wantedOf(wanted.agent))
		diags.Append(found...)
		if agent != nil {
			diags.Append(w.checkSessions(agent)...)
			diags.Append(w.checkCost(agent, wanted)...)
			if hold, ok := holdOf(agent); ok {
				most, known := wanted.max.Amount()
				if known && hold.GreaterThan(most) {
					needed = usd.Of(hold)
				}
			}
		}
	}
	diags.Append(w.facts.CheckBalance(ctx, path.Root("max_cost"), needed)...)
	return diags
}

// checkSessions holds an agent to its manifest. Where AUTX does not show one nothing is claimed.
func (w *walk) checkSessions(agent *client.Agent) diag.Diagnostics {
	manifest, ok := agent.Manifest.Value()
	if (!ok && !agent.Manifest.IsNull()) || manifest.SupportsSessions.Or(false) {
		return nil
	}
	return diag.Diagnostics{w.facts.Fact(path.Root("agent"), "Agent holds no conversations", fmt.Sprintf("The manifest of agent %s does not support "+
		"sessions, so this session will be refused. Nothing is charged then. Choose another agent, or order from this one with autx_order.", agent.Ticker))}
}

// checkCost compares what the messages cost now with max_cost.
func (w *walk) checkCost(agent *client.Agent, wanted wish) diag.Diagnostics {
	price, ok := pricePerMessage(agent)
	most, known := wanted.max.Amount()
	if !ok || !known || wanted.messages < 1 {
		return nil
	}
	total := price.Times(int64(wanted.messages))
	if !total.GreaterThan(most) {
		return nil
	}
	return diag.Diagnostics{w.facts.Fact(path.Root("max_cost"), "Messages cost more than max_cost", fmt.Sprintf("A message to agent %s costs %s now, "+
		"so that the %d messages cost %s, and max_cost is %s: the apply will open no session unless the price falls. Raise max_cost to at least %s.",
		agent.Ticker, price.USD(), wanted.messages, total.USD(), most.USD(), total))}
}

func (r *Resource) planDestroy(ctx context.Context, state resourceModel) diag.Diagnostics {
	diags := r.sawInState(ctx, state)
	problems := r.data.Desk().PlanDestroy(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString())
	diags.Append(diagnose.Problems(problems)...)
	lost, more := whatIsLost(ctx, state)
	diags.Append(more...)
	diags.AddWarning("Destroying forgets the session", fmt.Sprintf("%s is forgotten: %s Its answers leave the state. Under its idempotency_key it can "+
		"be taken over again for $0.00; import %s finds it too.", diagnose.Capital(nameOf(state)), lost, state.ID.ValueString()))
	return diags
}

// whatIsLost says of a session what giving it up means.
func whatIsLost(ctx context.Context, state resourceModel) (string, diag.Diagnostics) {
	turns, diags := turnsOf(ctx, state.Turns)
	total, known := costOf(turns)
	cost := total.USD() + " was paid for its messages and is not refunded."
	switch {
	case state.Turns.IsNull():
		cost = "what was paid for its messages is not refunded."
	case !known && total.IsZero():
		cost = "what was paid for its messages, which is not known, is not refunded."
	case !known:
		cost = "at least " + cost
	case total.IsZero():
		cost = "nothing was paid for its messages."
	}
	if !ended(state.Status.ValueString()) {
		cost += " It is closed, which releases the credits that it holds."
	}
	return cost, diags
}

// sawInState lets the purchase journal learn which session a key belongs to, and what was bought, so that no later run buys under the key again.
func (r *Resource) sawInState(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	return diagnose.Problems(r.data.Desk().SawInputs(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString(), state.digest(ctx)))
}

// digest is inputsDigest of a session in state; "" where it is not known with which inputs it was opened.
func (m *resourceModel) digest(ctx context.Context) string {
	messages, diags := messagesOf(ctx, m.Messages)
	if m.AgentID.IsNull() || diags.HasError() {
		return ""
	}
	return inputsDigest(m.AgentID.ValueString(), messages)
}

// titleOf names the purchase of a planned session for a reader.
func titleOf(plan resourceModel) string {
	key := "whose key is not known yet"
	if !plan.IdempotencyKey.IsUnknown() {
		key = fmt.Sprintf("%q", plan.IdempotencyKey.ValueString())
	}
	if plan.Agent.IsUnknown() {
		return "session " + key
	}
	return "session " + key + " with agent " + plan.Agent.ValueString()
}

// nameOf names a session in state for a reader.
func nameOf(state resourceModel) string {
	id := state.ID.ValueString()
	if key := state.IdempotencyKey.ValueString(); key != "" {
		return fmt.Sprintf("session %q (id %s)", key, id)
	}
	return "session " + id
}

// paidFor is what a session in state has cost, for a reader.
func paidFor(ctx context.Context, state resourceModel) string {
	turns, _ := turnsOf(ctx, state.Turns)
	total, known := costOf(turns)
	switch {
	case state.Turns.IsNull():
		return "an amount that is not known"
	case !known:
		return "at least " + money.Max(total, money.Zero()).USD()
	}
	return total.USD()
}
