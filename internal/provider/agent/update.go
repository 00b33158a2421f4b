package agent

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

// Update implements resource.Resource. It may take several calls; where one fails, state says what the calls before it achieved.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan, config, state resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultUpdateTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	u := &updater{api: api, plan: plan, config: config, state: state, done: state, unsent: readUnsent(ctx, req.Private)}
	// What only Terraform knows needs no call.
	u.done.DeletionProtection, u.done.Timeouts, u.done.Launch, u.done.Spend = plan.DeletionProtection, plan.Timeouts, plan.Launch, plan.Spend
	for _, step := range []func(context.Context) diag.Diagnostics{u.activate, u.patch, u.sendProviderKey, u.changeImage} {
		diags := step(ctx)
		resp.Diagnostics.Append(diags...)
		if diags.HasError() {
			break
		}
	}
	r.walk.mine.Wrote(u.id())
	if resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &u.done)...)
		return
	}
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(observed.Set(ctx, &u.done)...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the updated agent", fmt.Sprintf("%v. This is a bug in the provider; please report it.", err))
		return
	}
	resp.State.Raw = filled
	resp.Diagnostics.Append(keepUnsent(ctx, resp.Private, unsent{})...)
}

// updater carries out one update; done is the state that is true so far.
type updater struct {
	api                       *client.Client
	plan, config, state, done resourceModel
	unsent                    unsent
}

func (u *updater) id() string { return u.state.ID.ValueString() }

func (u *updater) title(what string) string {
	return fmt.Sprintf("Could not %s agent %s", what, u.state.Ticker.ValueString())
}

// take records an answer of AUTX.
func (u *updater) take(ctx context.Context, answer *client.Agent) diag.Diagnostics {
	observed, diags := fromAPI(ctx, u.done.listing, answer)
	u.done.listing = observed
	return diags
}

func (u *updater) activate(ctx context.Context) diag.Diagnostics {
	activation, ok, diags := object.Get[activationModel](ctx, u.plan.Activation)
	if !ok || u.state.Status.ValueString() != statusPending {
		u.done.Activation = u.plan.Activation
		return diags
	}
	answer, err := u.api.Agents.Activate(ctx, u.id(), activation.TxHash.ValueString(), activation.DeployerAddress.ValueString())
	if failure, ok := client.AsError(err); ok && (failure.MayHaveBeenCarriedOut() || client.IsConflict(err)) {
		// Activation is never sent twice: whether it happened is read, and "already active" means that it did.
		if now, lookup := u.api.Agents.Get(ctx, u.id()); lookup == nil && now.Status.Or(statusPending) != statusPending {
			answer, err = now, nil
		}
	}
	if err != nil {
		return diagnose.Error(u.title("activate"), err, fieldPaths)
	}
	u.done.Activation = u.plan.Activation
	return u.take(ctx, answer)
}

func (u *updater) patch(ctx context.Context) diag.Diagnostics {
	patch, changed, diags := patchFor(ctx, u.done.listing, u.plan.listing)
	before, had, more := object.Get[providerKeyModel](ctx, u.state.ProviderKey)
	diags.Append(more...)
	after, has, more := object.Get[providerKeyModel](ctx, u.plan.ProviderKey)
	diags.Append(more...)
	if had && has && before.Provider.ValueString() != after.Provider.ValueString() {
		patch.Provider, changed = cleared(after.Provider), true
	}
	if u.unsent.Endpoint {
		patch.EndpointURL, changed = client.Of(u.plan.EndpointURL.ValueString()), true
	}
	if diags.HasError() || !changed {
		u.done.listing = keepWritten(u.plan.listing, u.done.listing)
		return diags
	}
	answer, err := u.api.Agents.Update(ctx, u.id(), patch)
	if err != nil {
		diags.Append(diagnose.Error(u.title("update"), err, fieldPaths)...)
		return diags
	}
	wanted := keepWritten(u.plan.listing, u.done.listing)
	u.done.listing = wanted
	diags.Append(u.take(ctx, answer)...)
	diags.Append(notTaken(ctx, wanted, answer)...)
	if had && has {
		before.Provider = after.Provider
		u.done.ProviderKey, more = types.ObjectValueFrom(ctx, providerKeyTypes, before)
		diags.Append(more...)
	}
	return diags
}

// keepWritten is the planned listing with the values that the plan does not know taken from what is true so far.
func keepWritten(plan, done listing) listing {
	out := done
	out.Name, out.EndpointURL, out.Description, out.Category = plan.Name, plan.EndpointURL, plan.Description, plan.Category
	out.ServicePrice, out.AuthTier, out.Manifest, out.Profile = plan.ServicePrice, plan.AuthTier, plan.Manifest, plan.Profile
	if !plan.Status.IsUnknown() {
		out.Status = plan.Status
	}
	return out
}

func (u *updater) sendProviderKey(ctx context.Context) diag.Diagnostics {
	sends, diags := sendsProviderKey(ctx, u.state, u.plan)
	sends = sends || (u.unsent.ProviderKey && !u.plan.ProviderKey.IsNull())
	if !sends || diags.HasError() {
		u.done.ProviderKey = u.plan.ProviderKey
		return diags
	}
	key, _, more := object.Get[providerKeyModel](ctx, u.config.ProviderKey)
	diags.Append(more...)
	if diags.HasError() {
		return diags
	}
	answer, err := u.api.Agents.SetProviderKey(ctx, u.id(), client.ProviderKey{APIKey: key.ValueWO.ValueString(), Provider: key.Provider.ValueString()})
	if err != nil {
		diags.Append(diagnose.Error(u.title("send the provider key of"), err, fieldPaths)...)
		return diags
	}
	u.done.ProviderKey = u.plan.ProviderKey
	diags.Append(u.take(ctx, answer)...)
	return diags
}

func (u *updater) changeImage(ctx context.Context) diag.Diagnostics {
	if u.plan.Image.IsNull() {
		if u.state.Image.IsNull() {
			return nil
		}
		if err := u.api.Agents.DeleteImage(ctx, u.id()); err != nil && !client.IsNotFound(err) {
			return diagnose.Error(u.title("delete the image of"), err, fieldPaths)
		}
		u.done.Image, u.done.ImageURL = u.plan.Image, types.StringNull()
		return nil
	}
	image, _, diags := object.Get[imageModel](ctx, u.plan.Image)
	if diags.HasError() || !image.ContentSHA256.IsUnknown() {
		u.done.Image = u.plan.Image
		return diags
	}
	file, more := imageOf(ctx, u.plan.Image)
	diags.Append(more...)
	if diags.HasError() {
		return diags
	}
	answer, err := u.api.Agents.UploadImage(ctx, u.id(), file.Image)
	if err != nil {
		diags.Append(diagnose.Error(u.title("upload the image of"), err, fieldPaths)...)
		return diags
	}
	u.done.Image = uploadedImage(u.plan.Image, file)
	diags.Append(u.take(ctx, answer)...)
	return diags
}
