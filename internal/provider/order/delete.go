package order

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Delete implements resource.Resource. It makes no call: AUTX takes no order back. The key stays used for ever, and creating the order again under it
// takes the old one over.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// A plan without refresh may not have told the journal, and the order may be created again right after this.
	resp.Diagnostics.Append(r.sawInState(ctx, state)...)
	resp.Diagnostics.Append(r.forget(ctx, state)...)
}
