package session

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
)

// ImportState implements resource.ResourceWithImportState: by id or by identity. The read that follows fills in what AUTX tells, and an apply the
// rest, from the configuration.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted := req.ID
	if wanted == "" && req.Identity != nil {
		var id types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
		wanted = id.ValueString()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := api.Sessions.Get(ctx, wanted)
	switch {
	case client.IsNotFound(err):
		resp.Diagnostics.AddError("No such session", fmt.Sprintf("Your account has no session %q. Import by the session's id; the data source "+
			"autx_sessions and the list resource autx_session list your sessions.\n\n%s", wanted, err))
		return
	case err != nil:
		resp.Diagnostics.Append(diagnose.Error("Could not import session "+wanted, err, nil)...)
		return
	}
	imported := newResourceModel(unset())
	imported.ID = types.StringValue(found.ID)
	resp.Diagnostics.Append(resp.State.Set(ctx, &imported)...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, found.ID)...)
}
