package agent

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Delete implements resource.Resource: an agent is delisted, a reservation is cancelled. Protection is looked at again before any request, as a plan
// of a tainted agent never saw it.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultDeleteTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.protected(state) {
		resp.Diagnostics.Append(protectedError(state))
		return
	}
	stops := r.data.Desk().BeforeDestroy(ctx, purchase.AgentLaunch, purchaseKey(state.Ticker.ValueString()), state.ID.ValueString())
	resp.Diagnostics.Append(diagnose.Problems(stops)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	first, second := api.Agents.Delete, api.Agents.CancelReservation
	if state.Status.ValueString() == statusPending {
		first, second = second, first
	}
	err := first(ctx, state.ID.ValueString())
	if conflict := err; client.IsConflict(err) {
		// It was activated, or reserved, since state was read: the other call is the right one. Its 404 may mean that there is no reservation, not that
		// there is no agent.
		err = second(ctx, state.ID.ValueString())
		if client.IsNotFound(err) {
			if _, lookup := api.Agents.Get(ctx, state.ID.ValueString()); !client.IsNotFound(lookup) {
				err = conflict
			}
		}
	}
	r.walk.mine.Wrote(state.ID.ValueString())
	r.data.Moved() // a cancelled reservation gives its fee back
	if err != nil && !client.IsNotFound(err) {
		resp.Diagnostics.Append(diagnose.Error("Could not destroy agent "+nameOf(state), err, fieldPaths)...)
		return
	}
	resp.Diagnostics.Append(r.forget(ctx, state)...)
}
