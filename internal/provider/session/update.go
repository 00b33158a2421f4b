package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

// Update implements resource.Resource. It sends no message: it notes what is free to change, and closes a session that is to be closed.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan, state resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultCloseTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	done := plan
	done.opened = state.opened
	if closing(state, plan) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		closed, err := closeSession(ctx, api, state.ID.ValueString())
		r.walk.wrote(state.ID.ValueString())
		if err != nil {
			// The state keeps what it has, so that the next apply closes it.
			resp.Diagnostics.Append(diagnose.Error("Could not close "+nameOf(state), err, nil)...)
			return
		}
		done.opened = fromAPI(state.opened, closed)
	}
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(observed.Set(ctx, &done)...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the session", err.Error()+". This is a bug in the provider; please report it.")
		return
	}
	resp.State.Raw = filled
	resp.Diagnostics.Append(r.sawInState(ctx, done)...)
}
