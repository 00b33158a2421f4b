package agent

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Read implements resource.Resource. It never changes anything at AUTX.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, id)...)
	if !r.data.Reachable() {
		resp.Diagnostics.Append(r.data.KeptWarning()...)
		return
	}
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	found, next, diags, err := r.look(ctx, state)
	if client.IsNotFound(err) {
		gone, diags := r.gone(ctx, state, err)
		resp.Diagnostics.Append(diags...)
		if gone {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read agent "+nameOf(state), err, fieldPaths)...)
		return
	}
	if delisted(found) {
		resp.Diagnostics.AddWarning("Agent was delisted outside of Terraform", fmt.Sprintf(
			"AUTX reports agent %s (id %s) as %s. It is planned anew; where AUTX keeps the ticker of a delisted agent, launching under the same ticker "+
				"is refused.",
			nameOf(state), id, found.Status.Or("delisted")))
		resp.Diagnostics.Append(r.forget(ctx, state)...)
		resp.State.RemoveResource(ctx)
		return
	}
	if !strings.EqualFold(found.ID, id) {
		resp.Diagnostics.AddError("AUTX answered with another agent",
			fmt.Sprintf("Agent %s (id %s) was asked for, and AUTX answered with the one that has the id %s. The state was left as it is. Check "+
				"base_url, and whether a proxy on the way answers in AUTX's place.", nameOf(state), id, found.ID))
		return
	}
	next.ID = state.ID // the same one in another case is no other agent
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.sawInState(ctx, next)...)
	if !resp.Diagnostics.HasError() && !reflect.DeepEqual(next, state) { // encoding what has not changed costs as much as all the rest
		resp.Diagnostics.Append(resp.State.Set(ctx, &next)...)
	}
}

// look reads an agent, and gives the state that follows. The list of own agents may be older than what the last apply wrote, and a plan that believed
// it would take that back; so where it shows another agent than state does, the agent itself is asked. After an import state has nothing to compare.
func (r *Resource) look(ctx context.Context, state resourceModel) (*client.Agent, resourceModel, diag.Diagnostics, error) {
	id := state.ID.ValueString()
	found, listed, err := r.walk.mine.Find(ctx, id)
	if err != nil {
		return nil, state, nil, err
	}
	next, diags := refreshed(ctx, state, found)
	imported := state.Name.IsNull()
	if !listed || imported || (!delisted(found) && reflect.DeepEqual(next.listing, state.listing) && next.ProviderKey.Equal(state.ProviderKey)) {
		return found, next, diags, nil
	}
	if found, err = r.walk.mine.Confirm(ctx, id); err != nil {
		return nil, state, nil, err
	}
	next, diags = refreshed(ctx, state, found)
	return found, next, diags, nil
}

// gone decides whether an agent that AUTX does not find is really gone. A wrong base URL or key would say 404 for every agent, and believing it would
// wipe them all from state; so the list of own agents must answer, and must not have it, or have it as a memory only.
func (r *Resource) gone(ctx context.Context, state resourceModel, notFound error) (bool, diag.Diagnostics) {
	mine, err := r.walk.mine.All(ctx)
	if err != nil {
		diags := diagnose.Error("Could not confirm that agent "+nameOf(state)+" is gone", err, nil)
		diags.AddWarning("Agent was kept in state", "AUTX does not find the agent, but the list of your agents could not be read either, so the "+
			"provider does not believe it. "+
			"Check base_url and api_key.\n\n"+notFound.Error())
		return false, diags
	}
	for _, a := range mine {
		if strings.EqualFold(a.ID, state.ID.ValueString()) && !delisted(a) {
			return false, diagnose.Error("AUTX contradicts itself about agent "+nameOf(state), fmt.Errorf("it is in the list of your agents, but it "+
				"can't be read: %w", notFound), nil)
		}
	}
	return true, r.forget(ctx, state)
}

func (r *Resource) forget(ctx context.Context, state resourceModel) diag.Diagnostics {
	return diagnose.Problems(r.data.Desk().Forget(ctx, purchase.AgentLaunch, purchaseKey(state.Ticker.ValueString()), state.ID.ValueString()))
}

// delisted tells whether an agent is only a memory: AUTX speaks of delete and delist alike (client 0.4.1), and a delisted agent may stay readable.
func delisted(a *client.Agent) bool {
	switch strings.ToLower(a.Status.Or("")) {
	case "delisted", "deleted", "removed":
		return true
	}
	return false
}

// refreshed is the state after a read.
func refreshed(ctx context.Context, state resourceModel, found *client.Agent) (resourceModel, diag.Diagnostics) {
	next := state
	observed, diags := fromAPI(ctx, state.listing, found)
	imported := state.Name.IsNull()
	if !imported && state.Manifest.IsNull() && observed.Manifest.Equal(defaultManifest()) {
		// AUTX fills in its defaults for an agent that was listed without a manifest; that is no drift.
		observed.Manifest = state.Manifest
	}
	next.listing = observed
	if state.Spend.IsNull() {
		next.Spend = spend.Nothing()
	}
	if state.DeletionProtection.IsNull() {
		next.DeletionProtection = types.BoolValue(true)
	}
	if image, ok, more := object.Get[imageModel](ctx, state.Image); ok && imageReplaced(state.ImageURL, observed.ImageURL) {
		image.ContentSHA256 = types.StringNull()
		next.Image, more = types.ObjectValueFrom(ctx, imageTypes, image)
		diags.Append(more...)
	} else {
		diags.Append(more...)
	}
	if key, ok, more := object.Get[providerKeyModel](ctx, state.ProviderKey); ok {
		key.Provider = reported.Text(key.Provider, found.Provider)
		next.ProviderKey, more = types.ObjectValueFrom(ctx, providerKeyTypes, key)
		diags.Append(more...)
	} else {
		diags.Append(more...)
	}
	return next, diags
}

// imageReplaced tells whether AUTX shows another image than the one that was uploaded. A query in the URL is no other image: it may be a signature
// that is new each time.
func imageReplaced(before, after types.String) bool {
	if before.IsNull() && after.IsNull() {
		return false
	}
	old, _, _ := strings.Cut(before.ValueString(), "?")
	now, _, _ := strings.Cut(after.ValueString(), "?")
	return old != now
}

// nameOf names an agent for a reader by what state knows of it.
func nameOf(state resourceModel) string {
	if ticker := state.Ticker.ValueString(); ticker != "" {
		return ticker
	}
	return state.ID.ValueString()
}
