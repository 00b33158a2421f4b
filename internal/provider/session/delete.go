package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
)

// Delete implements resource.Resource. It closes a session that is still open; of one that has ended there is nothing to take back. The key stays
// used for ever, and creating the session again under it takes the old one over.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultCloseTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// A plan without refresh may not have told the journal, and the session may be taken over right after this.
	resp.Diagnostics.Append(r.sawInState(ctx, state)...)
	if !ended(state.Status.ValueString()) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		resp.Diagnostics.Append(r.end(ctx, state)...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	resp.Diagnostics.Append(r.forget(ctx, state)...)
}

// end closes a session that is to be destroyed.
func (r *Resource) end(ctx context.Context, state resourceModel) diag.Diagnostics {
	// With create_before_destroy a replacement under the same key has taken this very session over.
	diags := diagnose.Problems(r.data.Desk().BeforeDestroy(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
	api, more := r.data.Client()
	diags.Append(more...)
	if diags.HasError() {
		return diags
	}
	_, err := closeSession(ctx, api, state.ID.ValueString())
	r.walk.wrote(state.ID.ValueString())
	if err != nil {
		diags.Append(diagnose.Error("Could not close "+nameOf(state), err, nil)...)
	}
	return diags
}
