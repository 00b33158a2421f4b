package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	defaultCreateTimeout = 5 * time.Minute
	defaultReadTimeout   = 5 * time.Minute
	defaultUpdateTimeout = 5 * time.Minute
	defaultDeleteTimeout = 5 * time.Minute
)

// Create implements resource.Resource. Everything that can fail happens before the launch; once it is paid only warnings follow, as an error would
// make Terraform destroy the agent and pay for another.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	image, diags := imageOf(ctx, plan.Image)
	resp.Diagnostics.Append(diags...)
	order, diags := launchOrder(ctx, plan, config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	paid, err := r.launch(ctx, api, timeout, plan, order)
	if err != nil {
		resp.Diagnostics.Append(r.refused(ctx, api, plan.listing, err)...)
		return
	}
	resp.Diagnostics.Append(diagnose.Problems(paid.result.Problems)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, paid.result.ID)...)

	// From here on the agent exists and is paid for.
	finish := &finisher{api: api, agent: paid.agent, problems: &resp.Diagnostics}
	if paid.agent == nil {
		finish.read(ctx, paid.result.ID)
	}
	finish.settle(ctx, plan, paid.result.Adopted, image)
	r.walk.mine.Drop()
	resp.State.Raw = finish.state(ctx, req.Plan, plan, paid)
}

// launchOrder is the request that lists the agent, and how it is sent.
type order struct {
	client.AgentCreate
	reserve bool
}

func launchOrder(ctx context.Context, plan, config resourceModel) (order, diag.Diagnostics) {
	var diags diag.Diagnostics
	price, _ := plan.ServicePrice.Amount()
	out := order{AgentCreate: client.AgentCreate{
		Name: plan.Name.ValueString(), Ticker: plan.Ticker.ValueString(), EndpointURL: plan.EndpointURL.ValueString(),
		ServicePrice: price, AuthTier: plan.AuthTier.ValueString(),
		Description: optional(plan.Description), Category: optional(plan.Category),
	}}
	if !plan.Manifest.IsNull() {
		manifest, more := manifestToAPI(ctx, plan.Manifest)
		diags.Append(more...)
		out.Manifest = manifest
	}
	if !plan.Profile.IsNull() {
		profile, more := profileToAPI(ctx, plan.Profile)
		diags.Append(more...)
		out.Profile = profile
	}
	// The key is write-only: configuration has it, the plan does not.
	if key, ok, more := object[providerKeyModel](ctx, config.ProviderKey); ok {
		out.Provider, out.ProviderAPIKey = optional(key.Provider), optional(key.ValueWO)
	} else {
		diags.Append(more...)
	}
	launch, _, more := object[launchModel](ctx, plan.Launch)
	diags.Append(more...)
	out.StripeSessionID, out.reserve = optional(launch.StripeSessionID), launch.Reserve.ValueBool()
	if activation, ok, more := object[activationModel](ctx, plan.Activation); ok && !out.reserve {
		out.TxHash, out.DeployerAddress = optional(activation.TxHash), optional(activation.DeployerAddress)
	} else {
		diags.Append(more...)
	}
	return out, diags
}

// paid is a launch that went through.
type paid struct {
	result purchase.Result
	// agent is AUTX's answer, nil where the launch was found again instead.
	agent   *client.Agent
	charged usd.Value
}

// launch buys the launch at most once.
func (r *Resource) launch(ctx context.Context, api *client.Client, timeout time.Duration, plan resourceModel, order order) (paid, error) {
	var out paid
	ticker := plan.Ticker.ValueString()
	buy := purchase.Purchase{
		Kind: purchase.AgentLaunch, Key: purchaseKey(ticker), Title: launchTitle(plan.listing), Authorized: launchFee,
		Deadline: timeout, Settled: purchase.AdoptUnlessInState,
		Send: func(ctx context.Context) (string, error) {
			send := api.Agents.Create
			if order.reserve {
				send = api.Agents.Reserve
			}
			launched, err := send(ctx, order.AgentCreate)
			if err != nil {
				return "", err
			}
			out.agent = launched
			return launched.ID, nil
		},
		Find: func(ctx context.Context, _ json.RawMessage) ([]purchase.Match, error) {
			return r.findLaunched(ctx, api, ticker)
		},
		Confirm: func(ctx context.Context, id string) (bool, error) {
			found, err := api.Agents.Get(ctx, id)
			if client.IsNotFound(err) {
				return false, nil
			}
			return err == nil && !delisted(found), err
		},
	}
	if r.data.Desk().Limits() == nil {
		_, err := r.data.Desk().Buy(ctx, buy) // refuses without a request, so there is nothing to measure
		return out, err
	}
	_, paidElsewhere := order.StripeSessionID.Value()
	charged, err := r.walk.fees.measure(ctx, paidElsewhere, api.Credits.Transactions, func() error {
		var err error
		out.result, err = r.data.Desk().Buy(ctx, buy)
		return err
	})
	out.charged = charged
	if out.result.Adopted {
		out.charged = usd.Of(money.Zero())
	}
	return out, err
}

// findLaunched looks for a launch whose answer was lost. The ticker is unique on AUTX, so an agent that has it and is ours is the one.
func (r *Resource) findLaunched(ctx context.Context, api *client.Client, ticker string) ([]purchase.Match, error) {
	r.walk.mine.Drop()
	found, owner, err := r.holderOf(ctx, api, ticker)
	switch {
	case client.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case delisted(found), owner == ownerOther:
		return nil, nil
	case owner == ownerUnknown:
		// A list that lags may not show the new agent yet. Only its owner may change an agent, so writing its own name to it proves whose it is.
		_, err := api.Agents.Update(ctx, found.ID, client.AgentPatch{Name: client.Of(found.Name)})
		if client.IsStatus(err, http.StatusForbidden, http.StatusNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("agent %s (id %s) exists, but whether it is yours could not be found out: %w", ticker, found.ID, err)
		}
	}
	return []purchase.Match{{ID: found.ID, Label: fmt.Sprintf("agent %s (%s), created %s", found.Ticker, found.Name, found.CreatedAt.Or("at an "+
		"unknown time"))}}, nil
}

// refused explains why an agent was not launched. A conflict is looked into, as what to do depends on whose ticker it is.
func (r *Resource) refused(ctx context.Context, api *client.Client, plan listing, err error) diag.Diagnostics {
	title := "Could not launch agent " + plan.Ticker.ValueString()
	failure, ok := client.AsError(err)
	if !ok || !client.IsConflict(err) || failure.Outcome != client.Refused {
		return diagnose.Refused(title, err, fieldPaths)
	}
	answer := "\n\n" + failure.Error()
	r.walk.mine.Drop()
	found, owner, lookup := r.holderOf(ctx, api, plan.Ticker.ValueString())
	var diags diag.Diagnostics
	switch {
	case lookup == nil:
		summary, detail := heldTicker(plan.Ticker.ValueString(), found.ID, owner)
		diags.AddAttributeError(path.Root("ticker"), summary, detail+answer)
	case client.IsNotFound(lookup):
		diags.AddAttributeError(path.Root("name"), "Name or ticker is not available",
			fmt.Sprintf("AUTX refused to launch the agent. No agent has the ticker %s, so the name %q may be taken, or the ticker is reserved. Nothing "+
				"was charged. Choose another.",
				plan.Ticker.ValueString(), plan.Name.ValueString())+answer)
	default:
		diags.Append(diagnose.Refused(title, err, fieldPaths)...)
	}
	return diags
}

// finisher brings a launched agent to what was planned. It never fails: what it can't do becomes a warning, and the next plan shows it.
type finisher struct {
	api      *client.Client
	agent    *client.Agent
	image    *imageFile
	problems *diag.Diagnostics
}

func (f *finisher) warn(title string, err error) {
	f.problems.Append(diagnose.Warning(title, err, fieldPaths)...)
}

// read fetches an agent that was found again.
func (f *finisher) read(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), defaultReadTimeout)
	defer cancel()
	found, err := f.api.Agents.Get(ctx, id)
	if err != nil {
		f.warn("Launched, but could not read the agent back", err)
		found = &client.Agent{ID: id}
	}
	f.agent = found
}

// settle does what a launch request can't: pause, activate, upload. An adopted agent may differ from the plan in anything.
func (f *finisher) settle(ctx context.Context, plan resourceModel, adopted bool, image *imageFile) {
	id := f.agent.ID
	if activation, ok, _ := object[activationModel](ctx, plan.Activation); ok && f.agent.Status.Or("") == statusPending {
		activated, err := f.api.Agents.Activate(ctx, id, activation.TxHash.ValueString(), activation.DeployerAddress.ValueString())
		if err != nil {
			f.warn("Reserved, but could not activate the agent", err)
		} else {
			f.agent = activated
		}
	}
	now, diags := fromAPI(ctx, plan.listing, f.agent)
	f.problems.Append(diags...)
	want := plan.listing
	if !adopted {
		want = now
		want.Status = plan.Status
	}
	patch, changed, diags := patchFor(ctx, now, want)
	f.problems.Append(diags...)
	if changed {
		updated, err := f.api.Agents.Update(ctx, id, patch)
		if err != nil {
			f.warn("Launched, but could not bring the agent to what was planned", err)
		} else {
			f.agent = merged(f.agent, updated)
		}
	}
	if image != nil {
		updated, err := f.api.Agents.UploadImage(ctx, id, image.Image)
		if err != nil {
			f.warn("Launched, but could not upload the image", err)
		} else {
			f.agent, f.image = merged(f.agent, updated), image
		}
	}
}

// state is what to save: the plan verbatim, and AUTX's answers for what it left open.
func (f *finisher) state(ctx context.Context, reqPlan tfsdk.Plan, plan resourceModel, paid paid) tftypes.Value {
	seen := plan
	prior := unset()
	prior.EndpointURL = plan.EndpointURL
	observed, diags := fromAPI(ctx, prior, f.agent)
	f.problems.Append(diags...)
	seen.listing = observed
	seen.Image = uploadedImage(plan.Image, f.image)
	seen.Spend = spent(launchFee, paid.charged)
	raw := tfsdk.State{Schema: reqPlan.Schema, Raw: reqPlan.Raw.Copy()}
	if diags := raw.Set(ctx, &seen); diags.HasError() {
		f.problems.Append(diagnose.Soft(diags)...)
		raw.Raw = reqPlan.Raw
	}
	filled, err := planned.Fill(reqPlan.Raw, raw.Raw)
	if err != nil {
		f.problems.AddWarning("Could not record everything that AUTX answered", err.Error())
	}
	return filled
}

// uploadedImage is the image as it is at AUTX after an apply: its digest is null where the upload did not happen, so that the next plan tries again.
func uploadedImage(plan types.Object, file *imageFile) types.Object {
	if plan.IsNull() || plan.IsUnknown() {
		return types.ObjectNull(imageTypes)
	}
	digest := types.StringNull()
	if file != nil {
		digest = types.StringValue(file.sha256)
	}
	return types.ObjectValueMust(imageTypes, map[string]attr.Value{"source": plan.Attributes()["source"], "content_sha256": digest})
}

// imageOf reads the image that is planned; nil where there is none.
func imageOf(ctx context.Context, value types.Object) (*imageFile, diag.Diagnostics) {
	image, ok, diags := object[imageModel](ctx, value)
	if !ok {
		return nil, diags
	}
	file, err := readImage(image.Source.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("image").AtName("source"), "Image can't be used", err.Error()+". Nothing was changed at AUTX.")
	}
	return file, diags
}
