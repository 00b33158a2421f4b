package proxy

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

// Read implements resource.Resource. It makes no call: AUTX keeps nothing of a request that could be read. The purchase journal learns of it.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.sawInState(ctx, state)...)
		r.walk.answers.note(state)
	}
}

// Update implements resource.Resource. It makes no call: what may change is only noted. What only the apply has told is held to what was asked.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(compare(state, plan.question)...)
	if resp.Diagnostics.HasError() {
		return
	}
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(observed.Set(ctx, &plan)...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the proxy request", err.Error()+". This is a bug in the provider; please report it.")
		return
	}
	resp.State.Raw = filled
	resp.Diagnostics.Append(r.sawInState(ctx, plan)...)
}

// Delete implements resource.Resource. It makes no call: a request can't be taken back. The key stays used for ever.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// A plan without refresh may not have told the journal, and the request may be created again right after this.
	resp.Diagnostics.Append(r.sawInState(ctx, state)...)
	resp.Diagnostics.Append(diagnose.Problems(r.data.Desk().Forget(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))...)
}
