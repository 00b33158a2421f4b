package order

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

// Update implements resource.Resource. It makes no call: an order can't change, and the plan has held what is bound to the key to what was bought.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	if resp.Diagnostics.HasError() {
		return
	}
	done := plan
	// What an unreadable file held is not known, and was not sent by this apply either.
	files, _, diags := withDigests(ctx, plan.Files, noPrior(plan.Files))
	resp.Diagnostics.Append(diags...)
	done.Files = files
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(observed.Set(ctx, &done)...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the order", err.Error()+". This is a bug in the provider; please report it.")
		return
	}
	resp.State.Raw = filled
	resp.Diagnostics.Append(r.sawInState(ctx, done)...)
}
