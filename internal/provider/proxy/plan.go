package proxy

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// ModifyPlan implements resource.ResourceWithModifyPlan: the plan says what an apply will ask and what that may cost.
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
	plan.ID, plan.answered, plan.Spend = types.StringUnknown(), toCome(), spend.Of(authorized, usd.Unknown())
	key := plan.IdempotencyKey.ValueString()
	diags := diagnose.Problems(r.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: kind, Key: key, Title: title(plan.IdempotencyKey, plan.Agent), Authorized: most, UnknownAmount: !ok,
	}))
	diags.Append(r.walk.answers.create(key)...)
	// Under a key that was used before, an apply sends nothing.
	if !diags.HasError() && r.data.Reachable() && !r.data.Desk().UsedBefore(ctx, kind, key) {
		diags.Append(r.walk.checkLive(ctx, plan.Agent, plan.MaxPrice)...)
	}
	return diags
}

// checkLive looks, at plan, whether AUTX would pass a request on and what it would cost.
func (w *walk) checkLive(ctx context.Context, agentName types.String, most usd.Value) diag.Diagnostics {
	if agentName.IsUnknown() {
		return w.facts.CheckBalance(ctx, path.Root("max_price"), most)
	}
	asked := wanted(inquiry{agent: agentName.ValueString()})
	agent, diags := w.facts.CheckAgent(ctx, asked)
	if agent == nil {
		return diags
	}
	price, told := agent.ServicePrice.Value()
	if told && !price.IsZero() {
		ours, err := w.facts.Ours(ctx, agent)
		switch {
		case err != nil:
			diags.Append(diagnose.Warning("Could not look up whose agent "+asked.Agent.String()+" is", err, nil)...)
		case ours:
			return diags // it is free
		default:
			diags.Append(w.facts.CheckPrice(asked, agent, price, path.Root("max_price"), most)...)
		}
	}
	if !told || !price.IsZero() {
		diags.Append(w.facts.CheckBalance(ctx, path.Root("max_price"), most)...)
	}
	return diags
}

func (r *Resource) planDestroy(ctx context.Context, state resourceModel) diag.Diagnostics {
	diags := r.sawInState(ctx, state)
	diags.Append(r.walk.answers.plan(state)...)
	problems := r.data.Desk().PlanDestroy(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString())
	diags.Append(diagnose.Problems(problems)...)
	diags.AddWarning("Destroying forgets the request", fmt.Sprintf("The %s is only forgotten: what was paid for it, %s, is not refunded, and its "+
		"answer is lost with the state, as AUTX keeps none. Its key stays used: under it nothing is sent again.", nameOf(state), costOf(ctx, state)))
	return diags
}

// planReplacement warns of what another key gives up and what it may cost.
func (r *Resource) planReplacement(ctx context.Context, state, plan resourceModel) diag.Diagnostics {
	diags := r.goesOn(ctx, state)
	most := "an amount that is not known yet"
	if authorized, ok := plan.MaxPrice.Amount(); ok {
		most = "up to " + authorized.USD()
	}
	summary, what := "Another key asks again", fmt.Sprintf("Under the key %q the agent is asked anew,", plan.IdempotencyKey.ValueString())
	if plan.IdempotencyKey.IsUnknown() {
		summary, what = "A key that is not known yet may ask again", "The key is not known yet. If it is another than before, the agent is asked anew,"
	}
	diags.AddAttributeWarning(path.Root("idempotency_key"), summary, fmt.Sprintf("%s for %s. The %s, which has cost %s, is forgotten, and its "+
		"answer with it.", what, most, nameOf(state), costOf(ctx, state)))
	return diags
}

// planUpdate plans a request that the state has. Nothing of it can change: what is bound to its key is held to what was sent, and the rest is only
// noted.
func (r *Resource) planUpdate(ctx context.Context, state resourceModel, plan *resourceModel) diag.Diagnostics {
	if !plan.IdempotencyKey.Equal(state.IdempotencyKey) {
		// Terraform plans the new request in a call of its own; this one is about the old one.
		return r.planReplacement(ctx, state, *plan)
	}
	diags := r.goesOn(ctx, state)
	diags.Append(r.walk.answers.plan(state)...)
	diags.Append(r.walk.keys.Keep("autx_proxy_request", "proxy request", plan.IdempotencyKey.ValueString(), state.ID.ValueString())...)
	diags.Append(compare(state, plan.question)...)
	plan.ID, plan.answered, plan.Spend = state.ID, state.answered, state.Spend
	return diags
}

// compare holds a question to what was asked under the key. A prompt and a body that send the same are the same.
func compare(state resourceModel, plan question) diag.Diagnostics {
	b := &bound.Inputs{Name: nameOf(state)}
	switch {
	case plan.Agent.IsUnknown():
		b.Unknown(path.Root("agent"))
	case !sameAgent(plan.Agent.ValueString(), state.Agent.ValueString()):
		b.Changed(path.Root("agent"), bound.Excerpt(state.Agent.ValueString()), bound.Excerpt(plan.Agent.ValueString()))
	}
	at := path.Root("body")
	if plan.Body.IsNull() {
		at = path.Root("prompt")
	}
	was, _ := state.body()
	now, known := plan.body()
	switch {
	case !known && (plan.Prompt.IsUnknown() || plan.Body.IsUnknown()):
		b.Unknown(at)
	case canonical(was) != canonical(now):
		// Neither is quoted: they may be marked as sensitive in the configuration, which a provider is not told.
		b.Changed(at, "something else", fmt.Sprintf("one of %d bytes", len(now)))
	}
	return b.Diags
}

// goesOn tells the purchase journal of a request in state with whose key a plan goes on, or which it leaves for another.
func (r *Resource) goesOn(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	diags := diagnose.Problems(r.data.Desk().PlanKeep(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
	diags.Append(r.sawInState(ctx, state)...)
	return diags
}

// sawInState lets the purchase journal learn which request a key belongs to, and what was asked, so that no later run asks under the key again.
func (r *Resource) sawInState(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	return diagnose.Problems(r.data.Desk().SawInputs(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString(), state.digest()))
}

// nameOf names a request in state for a reader.
func nameOf(state resourceModel) string {
	return fmt.Sprintf("proxy request %q (id %s)", state.IdempotencyKey.ValueString(), state.ID.ValueString())
}

// costOf is what a request in state has cost, for a reader.
func costOf(ctx context.Context, state resourceModel) string {
	spent, ok, _ := object.Get[spend.Model](ctx, state.Spend)
	if amount, known := spent.ChargedUSD.Amount(); ok && known {
		return amount.USD()
	}
	return "an amount that is not known"
}
