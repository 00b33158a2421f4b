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
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	defaultCreateTimeout = 5 * time.Minute
	defaultReadTimeout   = 5 * time.Minute
	defaultUpdateTimeout = 5 * time.Minute
	defaultDeleteTimeout = 5 * time.Minute

	// finishTimeout bounds what follows a launch, also after an interrupt.
	finishTimeout = time.Minute
)

// Create implements resource.Resource. Everything that can fail happens before the launch; once it is paid only warnings follow, as an error would
// make Terraform destroy the agent and pay for another.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
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
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
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
	resp.Diagnostics.Append(diagnose.Soft(identity.Set(ctx, resp.Identity, paid.result.ID))...)

	// From here on the agent exists and is paid for. An interrupt no longer stops this: an agent that is to be paused must not stay for sale.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	finish := &finisher{api: api, agent: paid.agent, problems: &resp.Diagnostics}
	switch {
	case paid.result.Adopted:
		finish.read(after, paid.result.ID)
		finish.takeOver(after, plan, order)
	case paid.agent == nil:
		finish.read(after, paid.result.ID) // launched just now with these very arguments, and found again
	}
	finish.settle(after, plan, image)
	r.walk.mine.Wrote(paid.result.ID)
	resp.State.Raw = finish.state(after, req.Plan, plan, paid)
	resp.Diagnostics.Append(diagnose.Soft(keepUnsent(ctx, resp.Private, finish.unsent))...)
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
	if key, ok, more := object.Get[providerKeyModel](ctx, config.ProviderKey); ok {
		out.Provider, out.ProviderAPIKey = optional(key.Provider), optional(key.ValueWO)
	} else {
		diags.Append(more...)
	}
	launch, _, more := object.Get[launchModel](ctx, plan.Launch)
	diags.Append(more...)
	out.StripeSessionID, out.reserve = optional(launch.StripeSessionID), launch.Reserve.ValueBool()
	if activation, ok, more := object.Get[activationModel](ctx, plan.Activation); ok && !out.reserve {
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
		Snapshot: func(ctx context.Context) (json.RawMessage, error) {
			holder, err := r.walk.holderBefore(ctx, api, ticker)
			if err != nil {
				return nil, err
			}
			return json.Marshal(launchSnapshot{Holder: holder})
		},
		Find: func(ctx context.Context, raw json.RawMessage) ([]purchase.Match, error) {
			return r.findLaunched(ctx, api, ticker, raw)
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

// launchSnapshot is what the journal keeps of the time before a launch.
type launchSnapshot struct {
	// Holder is the id of the account's agent that had the ticker already, "" where none had.
	Holder string `json:"holder,omitempty"`
}

// findLaunched looks for a launch whose answer was lost. The ticker is unique on AUTX, so an agent that has it, is ours and did not have it before is
// the one. Where AUTX's lists do not show the agent yet, its name is written to it as it is, which only its owner may do.
func (r *Resource) findLaunched(ctx context.Context, api *client.Client, ticker string, raw json.RawMessage) ([]purchase.Match, error) {
	var before launchSnapshot
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &before); err != nil {
			return nil, fmt.Errorf("read the journal's snapshot: %w", err)
		}
	}
	r.walk.mine.Drop()
	found, owner, err := r.holderOf(ctx, api, ticker)
	switch {
	case client.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case delisted(found), owner == ownerOther, found.ID == before.Holder:
		return nil, nil
	case owner == ownerUnknown:
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
	image, ok, diags := object.Get[imageModel](ctx, value)
	if !ok {
		return nil, diags
	}
	file, err := readImage(image.Source.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("image").AtName("source"), "Image can't be used", err.Error()+". Nothing was changed at AUTX.")
	}
	return file, diags
}
