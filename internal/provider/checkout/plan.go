package checkout

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
)

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (r *Resource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(complete(config)...)
}

// complete tells whether a checkout names the agent that it needs.
func complete(m model) diag.Diagnostics {
	if m.Type.ValueString() != forService || !m.AgentID.IsNull() {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("agent_id"), "Agent is missing", "A checkout for a service needs agent_id: "+
		"the agent whose service is paid for.")}
}

// ModifyPlan implements resource.ResourceWithModifyPlan: it looks whether the agent is there, and says what giving a link up means.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	var state, plan model
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() {
		if req.Plan.Raw.IsNull() || plan.arguments() != state.arguments() {
			resp.Diagnostics.AddWarning("Link can't be revoked", fmt.Sprintf("Giving the checkout %s up only forgets it: AUTX takes no link back, "+
				"and whoever has it can still pay on it.", state.ID.ValueString()))
		}
		return
	}
	if plan.AgentID.IsNull() || plan.AgentID.IsUnknown() || !r.data.Reachable() {
		return
	}
	_, diags := live.Of(r.data).CheckAgent(ctx, live.Wanted{
		Agent: live.ID(plan.AgentID.ValueString()), AgentAt: path.Root("agent_id"), Noun: "checkout", Nouns: "checkouts",
	})
	resp.Diagnostics.Append(diags...)
}
