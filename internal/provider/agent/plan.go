package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// ModifyPlan implements resource.ResourceWithModifyPlan: the plan says what an apply will do and what it may cost.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	var chosen types.String // the status in the configuration; the plan has the one of before where there is none
	if !req.Config.Raw.IsNull() {
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("status"), &chosen)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	planned.Modify(ctx, req, resp, planned.Steps[resourceModel]{
		Create: func(ctx context.Context, plan *resourceModel) diag.Diagnostics {
			return r.planCreate(ctx, chosen, plan)
		},
		Update: func(ctx context.Context, state resourceModel, plan *resourceModel) diag.Diagnostics {
			return r.planUpdate(ctx, chosen, state, plan, readUnsent(ctx, req.Private))
		},
		Destroy: r.planDestroy,
	})
}

func (r *Resource) planCreate(ctx context.Context, chosen types.String, plan *resourceModel) diag.Diagnostics {
	diags := pendingChosen(chosen, *plan, "a new agent is reserved by launch.reserve, and is pending then")
	launch, _, more := object.Get[launchModel](ctx, plan.Launch)
	diags.Append(more...)
	if chosen.IsNull() {
		plan.Status = types.StringUnknown()
		if plan.Launch.IsNull() || (!plan.Launch.IsUnknown() && !launch.Reserve.IsUnknown() && !launch.Reserve.ValueBool()) {
			plan.Status = types.StringValue(statusActive)
		}
	}
	plan.Spend = spend.Of(usd.Of(launchFee), usd.Unknown())
	if image, ok, more := object.Get[imageModel](ctx, plan.Image); ok {
		if !image.Source.IsUnknown() {
			_, problem := readForPlan(image.Source.ValueString())
			diags.Append(problem...)
		}
	} else {
		diags.Append(more...)
	}
	diags.Append(diagnose.Problems(r.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind:       purchase.AgentLaunch,
		Key:        purchaseKey(plan.Ticker.ValueString()),
		Title:      launchTitle(plan.listing),
		Authorized: launchFee,
	}))...)
	if !diags.HasError() {
		diags.Append(r.checkAvailability(ctx, plan.listing)...)
		diags.Append(r.checkFee(ctx, *plan, launch)...)
	}
	return diags
}

// checkFee tells where the balance may not suffice for the launch. A completed checkout pays the fee in its place, and what an earlier run has
// launched is taken over for nothing.
func (r *Resource) checkFee(ctx context.Context, plan resourceModel, launch launchModel) diag.Diagnostics {
	key := purchaseKey(plan.Ticker.ValueString())
	paidElsewhere := plan.Launch.IsUnknown() || !launch.StripeSessionID.IsNull()
	if !r.data.Reachable() || paidElsewhere || r.data.Desk().Lost(ctx, purchase.AgentLaunch, key) {
		return nil
	}
	return live.Of(r.data).CheckFee(ctx, path.Empty(), launchFee)
}

func (r *Resource) planUpdate(
	ctx context.Context, chosen types.String, state resourceModel, plan *resourceModel, unsent unsent,
) diag.Diagnostics {
	var diags diag.Diagnostics
	if r.data.Reachable() {
		problems := r.data.Desk().PlanKeep(ctx, purchase.AgentLaunch, purchaseKey(state.Ticker.ValueString()), state.ID.ValueString())
		diags.Append(diagnose.Problems(problems)...)
	}
	if !plan.Ticker.Equal(state.Ticker) {
		// Terraform plans the new agent in a call of its own; this one is about the old one.
		diags.Append(r.planReplacement(state, *plan)...)
		return diags
	}
	if r.walk.keeps(state.ID.ValueString()) {
		diags.Append(twiceInState(state))
		return diags
	}
	plan.Spend = state.Spend
	if state.Spend.IsNull() {
		plan.Spend = spend.Nothing()
	}
	settled := *plan
	keepComputed(&settled, state)

	activates, more := r.planActivation(ctx, state, *plan)
	diags.Append(more...)
	switch {
	case activates:
		diags.Append(pendingChosen(chosen, *plan, "the activation ends that")...)
	case state.Status.ValueString() != statusPending:
		diags.Append(pendingChosen(chosen, *plan, fmt.Sprintf("it is %s, and only a new agent can be reserved", state.Status.ValueString()))...)
	}
	if chosen.IsNull() {
		settled.Status = plannedStatus(state, activates)
		diags.Append(unknownStatusWarning(state, settled)...)
	}
	if activates {
		settled.ContractAddress = types.StringUnknown()
		settled.DividendSplitterAddress = types.StringUnknown()
		settled.AgentTokenAddress = types.StringUnknown()
	}
	image, changes, more := planImage(ctx, state.Image, plan.Image)
	diags.Append(more...)
	settled.Image = image
	if changes {
		settled.ImageURL = types.StringUnknown()
	}
	sendsKey, more := sendsProviderKey(ctx, state, *plan)
	diags.Append(more...)
	if sendsKey || unsent.Endpoint || unsent.ProviderKey {
		settled.ProviderKeyConfigured = types.BoolUnknown()
	}
	if !state.ProviderKey.IsNull() && plan.ProviderKey.IsNull() {
		diags.AddAttributeWarning(path.Root("provider_key"), "The provider key stays at AUTX",
			"AUTX has no call that takes a provider key back. Removing the block only stops managing the key; to end its use, revoke it at the "+
				"model "+
				"provider or set auth_tier to "+tierJWT+".")
	}
	*plan = settled
	return diags
}

// keepComputed plans what is in state for everything that AUTX decides. The update's own effects are marked unknown after it.
func keepComputed(plan *resourceModel, state resourceModel) {
	plan.ProviderKeyConfigured = state.ProviderKeyConfigured
	plan.ImageURL = state.ImageURL
	plan.ContractAddress = state.ContractAddress
	plan.DividendSplitterAddress = state.DividendSplitterAddress
	plan.AgentTokenAddress = state.AgentTokenAddress
}

// plannedStatus is the status of an agent whose configuration does not choose one: active, unless AUTX reports a status that is not ours to change.
func plannedStatus(state resourceModel, activates bool) types.String {
	switch status := state.Status.ValueString(); {
	case activates:
		return types.StringUnknown()
	case status == "" || status == statusActive || status == statusPaused:
		return types.StringValue(statusActive)
	default:
		return state.Status
	}
}

func unknownStatusWarning(state, plan resourceModel) diag.Diagnostics {
	var diags diag.Diagnostics
	switch status := state.Status.ValueString(); status {
	case "", statusActive, statusPaused, statusPending:
	default:
		if plan.Status.Equal(state.Status) {
			diags.AddAttributeWarning(path.Root("status"), "AUTX reports a status that this provider does not know",
				fmt.Sprintf("Agent %s is %q. The provider leaves it so, as it can't tell what changing it would do; set status to choose one.",
					state.Ticker.ValueString(), status))
		}
	}
	return diags
}

// planActivation tells whether the update activates a reserved agent.
func (r *Resource) planActivation(ctx context.Context, state, plan resourceModel) (bool, diag.Diagnostics) {
	var diags diag.Diagnostics
	pending := state.Status.ValueString() == statusPending
	if plan.Activation.IsNull() {
		return false, nil
	}
	if pending {
		return true, nil
	}
	before, had, more := object.Get[activationModel](ctx, state.Activation)
	diags.Append(more...)
	after, has, more := object.Get[activationModel](ctx, plan.Activation)
	diags.Append(more...)
	if had && has && !after.TxHash.IsUnknown() && !after.DeployerAddress.IsUnknown() && before != after {
		diags.AddAttributeError(path.Root("activation"), "An agent is activated only once",
			fmt.Sprintf("Agent %s is active already, on the proof of transaction %s, and AUTX has no call that changes it. Put the old values back. "+
				"(`destroy -refresh=false` gets past this error.)",
				state.Ticker.ValueString(), before.TxHash.ValueString()))
	}
	return false, diags
}

// planReplacement warns of what another ticker costs and loses, and refuses it for a protected agent.
func (r *Resource) planReplacement(state, plan resourceModel) diag.Diagnostics {
	var diags diag.Diagnostics
	from, to := state.Ticker.ValueString(), plan.Ticker.ValueString()
	if plan.Ticker.IsUnknown() {
		to = "one that is not known yet"
	}
	if r.protected(state) {
		diags.AddAttributeError(path.Root("ticker"), "Agent is protected from replacement",
			fmt.Sprintf("Changing the ticker of agent %s to %s would delist it and launch another one for up to %s, but deletion_protection is on. "+
				"To do it, set deletion_protection = false and apply, then change the ticker. Otherwise put the ticker back. (`destroy "+
				"-refresh=false` gets "+
				"past this error.)", from, to, launchFee.USD()))
		return diags
	}
	diags.AddAttributeWarning(path.Root("ticker"), "Changing the ticker launches another agent",
		fmt.Sprintf("AUTX can't rename a ticker. Agent %s (id %s) is delisted with its token, history and revenue figures, and its launch fee is "+
			"not "+
			"refunded; agent %s is launched for up to %s.",
			from, state.ID.ValueString(), to, launchFee.USD()))
	return diags
}

func (r *Resource) planDestroy(ctx context.Context, state resourceModel) diag.Diagnostics {
	diags := r.sawInState(ctx, state)
	if r.walk.dooms(state.ID.ValueString()) {
		diags.Append(twiceInState(state))
		return diags
	}
	if r.protected(state) {
		diags.Append(protectedError(state))
		return diags
	}
	problems := r.data.Desk().PlanDestroy(ctx, purchase.AgentLaunch, purchaseKey(state.Ticker.ValueString()), state.ID.ValueString())
	diags.Append(diagnose.Problems(problems)...)
	if diags.HasError() {
		return diags
	}
	if state.Status.ValueString() == statusPending {
		diags.AddWarning("Destroying cancels the reservation",
			fmt.Sprintf("The reservation of agent %s (id %s) is cancelled: AUTX returns the launch fee, and ticker and name are free for anybody "+
				"again.",
				state.Ticker.ValueString(), state.ID.ValueString()))
		return diags
	}
	diags.AddWarning("Destroying delists the agent for good",
		fmt.Sprintf("Agent %s (id %s) is delisted for good. Its launch fee is not refunded%s, and launching it again costs the fee again.",
			state.Ticker.ValueString(), state.ID.ValueString(), paidFor(state)))
	return diags
}

// paidFor says what the launch cost, where the state tells.
func paidFor(state resourceModel) string {
	if charged, ok := state.Spend.Attributes()["charged_usd"].(usd.Value); ok {
		if amount, ok := charged.Amount(); ok && amount.Sign() > 0 {
			return " (" + amount.USD() + " was paid for it)"
		}
	}
	return ""
}

func protectedError(state resourceModel) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Agent is protected from deletion",
		fmt.Sprintf("Agent %s (id %s) has deletion_protection on in state, so it is not destroyed: delisting can't be undone, and launching it "+
			"again "+
			"costs up to %s. "+
			"To do it, set deletion_protection = false, apply, and destroy then. To stop managing it without destroying it, use a removed block or "+
			"`state rm`.",
			state.Ticker.ValueString(), state.ID.ValueString(), launchFee.USD()))
}

// twiceInState refuses to destroy an agent that the state has a second time and keeps: under another address, or under the same one beside an object
// that the CLI has deposed.
func twiceInState(state resourceModel) diag.Diagnostic {
	ticker, id := state.Ticker.ValueString(), state.ID.ValueString()
	return diag.NewErrorDiagnostic("Agent is in the state twice",
		fmt.Sprintf("This plan keeps agent %s (id %s) and destroys it as well, because the state has it twice: under two addresses, or as a deposed "+
			"object beside the current one. There is only one, and it would be lost.\n\n"+
			"Where it has two addresses, take the one that is given up out of the state, without destroying it: terraform state rm autx_agent.NAME "+
			"(tofu state rm with OpenTofu). Where an object is deposed, do the same and import the agent again:\n\n%s", ticker, id, importBlock(id)))
}

// sawInState lets the purchase journal learn which agent a ticker belongs to, so that no later run takes the live agent for a lost launch.
func (r *Resource) sawInState(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() || state.ID.ValueString() == "" || state.Ticker.ValueString() == "" {
		return nil
	}
	return diagnose.Problems(r.data.Desk().SawInState(ctx, purchase.AgentLaunch, purchaseKey(state.Ticker.ValueString()), state.ID.ValueString()))
}

// readForPlan reads an image at plan. A file that is not there may yet be made by another resource, so its absence only warns.
func readForPlan(source string) (*imageFile, diag.Diagnostics) {
	var diags diag.Diagnostics
	at := path.Root("image").AtName("source")
	file, err := readImage(source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		diags.AddAttributeWarning(at, "Image is not there yet", fmt.Sprintf("There is no file %s. The apply needs it: if no other resource makes "+
			"it, "+
			"correct the path.", source))
	case err != nil:
		diags.AddAttributeError(at, "Image can't be used", err.Error()+". (`destroy -refresh=false` gets past this error.)")
	}
	return file, diags
}

// planImage plans the image and tells whether the apply changes it at AUTX.
func planImage(ctx context.Context, state, plan types.Object) (types.Object, bool, diag.Diagnostics) {
	before, _, diags := object.Get[imageModel](ctx, state)
	after, ok, more := object.Get[imageModel](ctx, plan)
	diags.Append(more...)
	if !ok {
		return plan, !plan.Equal(state), diags
	}
	after.ContentSHA256 = types.StringUnknown()
	changes := true
	if !after.Source.IsUnknown() {
		file, problem := readForPlan(after.Source.ValueString())
		diags.Append(problem...)
		uploaded := before.ContentSHA256.ValueString()
		if uploaded != "" && (file == nil || file.sha256 == uploaded) {
			after.ContentSHA256, changes = before.ContentSHA256, false
		}
	}
	out, more := types.ObjectValueFrom(ctx, imageTypes, after)
	diags.Append(more...)
	return out, changes, diags
}

// sendsProviderKey tells whether the update sends the provider key: its version changed, or AUTX says that it has none.
func sendsProviderKey(ctx context.Context, state, plan resourceModel) (bool, diag.Diagnostics) {
	if plan.ProviderKey.IsNull() {
		return false, nil
	}
	if plan.ProviderKey.IsUnknown() {
		return true, nil
	}
	before, had, diags := object.Get[providerKeyModel](ctx, state.ProviderKey)
	after, _, more := object.Get[providerKeyModel](ctx, plan.ProviderKey)
	diags.Append(more...)
	missing := !state.ProviderKeyConfigured.IsNull() && !state.ProviderKeyConfigured.ValueBool()
	return !had || missing || !before.ValueWOVersion.Equal(after.ValueWOVersion), diags
}

// launchTitle names a launch for a reader.
func launchTitle(l listing) string {
	if l.Ticker.IsUnknown() {
		return "launch of an agent whose ticker is not known yet"
	}
	return "launch of agent " + l.Ticker.ValueString()
}
