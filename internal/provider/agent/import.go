package agent

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
)

// ImportState implements resource.ResourceWithImportState: by id, by ticker, or by identity. An agent of somebody else is refused, as nothing could
// be changed of it.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted := req.ID
	byIdentity := wanted == "" && req.Identity != nil
	if byIdentity {
		var id types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
		wanted = id.ValueString()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	found, owner, err := r.lookUp(ctx, api, wanted, byIdentity || uuid.Validate(wanted) == nil)
	if client.IsNotFound(err) {
		resp.Diagnostics.AddError("No such agent", fmt.Sprintf("AUTX knows no agent %q. Import by id (a UUID) or by ticker; the list resource "+
			"autx_agent lists your agents.\n\n%s", wanted, err))
		return
	}
	if err != nil && found != nil {
		resp.Diagnostics.Append(diagnose.Error(fmt.Sprintf("Could not find out whose agent %s is", wanted), err, nil)...)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error(fmt.Sprintf("Could not import agent %s", wanted), err, fieldPaths)...)
		return
	}
	switch owner {
	case ownerOther:
		resp.Diagnostics.AddError("Agent belongs to somebody else",
			fmt.Sprintf("Agent %s (id %s) is not one of your account, so it can't be managed. To read it, use the data source autx_agent.",
				found.Ticker, found.ID))
		return
	case ownerUnknown:
		resp.Diagnostics.AddWarning("Agent may belong to somebody else",
			fmt.Sprintf("Agent %s (id %s) is not in the list of your agents. It may be too new to be listed; if it is not yours, changing it will be "+
				"refused.", found.Ticker, found.ID))
	case ownerUs:
	}
	imported := newResourceModel(unset())
	imported.ID = types.StringValue(found.ID)
	resp.Diagnostics.Append(resp.State.Set(ctx, &imported)...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, found.ID)...)
}

// lookUp finds the agent to import and whose it is: in the list of own agents first, as that answers the imports of a whole account in one request.
// An agent comes with an error where it was found, but not whose it is.
func (r *Resource) lookUp(ctx context.Context, api *client.Client, wanted string, isID bool) (*client.Agent, ownership, error) {
	mine, _ := r.walk.mine.All(ctx) // without the list the agent is asked for, and then the list once more
	for _, a := range mine {
		if a.ID == wanted || (!isID && sameTicker(a.Ticker, wanted) && !delisted(a)) {
			return a, ownerUs, nil
		}
	}
	get := api.Agents.GetByTicker
	if isID {
		get = api.Agents.Get
	}
	found, err := get(ctx, wanted)
	if err != nil {
		return nil, ownerUnknown, err //nolint:wrapcheck // the client's typed error is what the translator reads
	}
	owner, err := r.walk.owner(ctx, found)
	return found, owner, err
}
