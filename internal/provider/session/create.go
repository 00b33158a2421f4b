package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// Create implements resource.Resource. Everything that can fail happens before the session is open; from then on only warnings follow, as an error
// would taint what was paid for.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	_, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	messages, diags := messagesOf(ctx, plan.Messages)
	resp.Diagnostics.Append(diags...)
	most, ok := plan.MaxCost.Amount()
	if !ok {
		resp.Diagnostics.AddAttributeError(path.Root("max_cost"), "Not an amount of US dollars", "max_cost is not an amount of US dollars. Nothing was "+
			"charged.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	b := &buyer{walk: r.walk, desk: r.data.Desk(), chat: &chat{
		key: plan.IdempotencyKey.ValueString(), agent: plan.Agent.ValueString(), messages: messages, most: most,
		closes: plan.CloseAfterMessages.ValueBool(), timeout: timeout,
	}}
	done, diags := b.buy(ctx)
	resp.Diagnostics.Append(diags...)
	if done == nil {
		return
	}
	resp.Diagnostics.Append(diagnose.Soft(identity.Set(ctx, resp.Identity, done.session.ID))...)
	resp.State.Raw = stateAfter(ctx, req.Plan, plan, done, &resp.Diagnostics)
}

// stateAfter is what to save of a session that was bought: the plan verbatim, and what was found out for what it left open.
func stateAfter(ctx context.Context, reqPlan tfsdk.Plan, plan resourceModel, done *bought, problems *diag.Diagnostics) tftypes.Value {
	seen := plan
	seen.opened = fromAPI(unset(), done.session)
	turns, diags := turnList(ctx, done.turns)
	problems.Append(diagnose.Soft(diags)...)
	seen.Turns = turns
	authorized, charged := plan.MaxCost, chargedBy(done.turns)
	if most, ok := plan.MaxCost.Amount(); ok {
		authorized = usd.Of(most)
	}
	if done.adopted {
		charged = usd.Of(money.Zero())
	}
	seen.Spend = spend.Of(authorized, charged)
	seen.ID = types.StringValue(done.session.ID)
	raw := tfsdk.State{Schema: reqPlan.Schema, Raw: reqPlan.Raw.Copy()}
	if diags := raw.Set(ctx, &seen); diags.HasError() {
		problems.Append(diagnose.Soft(diags)...)
		raw.Raw = reqPlan.Raw
	}
	filled, err := planned.Fill(reqPlan.Raw, raw.Raw)
	if err != nil {
		problems.AddWarning("Could not record everything that AUTX answered", err.Error())
	}
	return filled
}
