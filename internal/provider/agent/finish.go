package agent

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// finisher brings a launched agent to what was planned. It never fails: what it can't do becomes a warning, and the next plan shows it.
type finisher struct {
	api      *client.Client
	agent    *client.Agent
	image    *imageFile
	unsent   unsent
	problems *diag.Diagnostics
}

func (f *finisher) warn(title string, err error) {
	f.problems.Append(diagnose.Warning(title, err, fieldPaths)...)
}

// read fetches an agent that was found again.
func (f *finisher) read(ctx context.Context, id string) {
	found, err := f.api.Agents.Get(ctx, id)
	if err != nil {
		f.warn("Launched, but could not read the agent back", err)
		found = &client.Agent{ID: id}
	}
	f.agent = found
}

// takeOver brings an agent that an earlier run launched to what was planned: it may have been launched with other arguments. AUTX shows neither the
// endpoint nor the provider key, so both are sent; where that fails the state remembers, as nothing else would show it.
func (f *finisher) takeOver(ctx context.Context, plan resourceModel, order order) {
	id := f.agent.ID
	now, diags := fromAPI(ctx, unset(), f.agent)
	f.problems.Append(diags...)
	patch, _, diags := patchFor(ctx, now, plan.listing)
	f.problems.Append(diags...)
	patch.Status = client.Field[string]{} // settle does that
	patch.EndpointURL, patch.Provider = client.Of(plan.EndpointURL.ValueString()), order.Provider
	updated, err := f.api.Agents.Update(ctx, id, patch)
	if err != nil {
		f.unsent.Endpoint = true
		f.warn("Taken over, but could not bring the agent to what was planned", err)
	} else {
		f.agent = merged(f.agent, updated)
	}
	key, ok := order.ProviderAPIKey.Value()
	if !ok {
		return
	}
	updated, err = f.api.Agents.SetProviderKey(ctx, id, client.ProviderKey{APIKey: key, Provider: order.Provider.Or("")})
	if err != nil {
		f.unsent.ProviderKey = true
		f.warn("Taken over, but could not send the provider key", err)
	} else {
		f.agent = merged(f.agent, updated)
	}
}

// settle does what a launch request can't: activate, pause, upload.
func (f *finisher) settle(ctx context.Context, plan resourceModel, image *imageFile) {
	id := f.agent.ID
	if activation, ok, _ := object.Get[activationModel](ctx, plan.Activation); ok && f.agent.Status.Or("") == statusPending {
		activated, err := f.api.Agents.Activate(ctx, id, activation.TxHash.ValueString(), activation.DeployerAddress.ValueString())
		if err != nil {
			f.warn("Reserved, but could not activate the agent", err)
		} else {
			f.agent = activated
		}
	}
	if wanted := plan.Status.ValueString(); wanted != "" && f.agent.Status.Reported() && f.agent.Status.Or("") != wanted {
		updated, err := f.api.Agents.Update(ctx, id, client.AgentPatch{Status: client.Of(wanted)})
		if err != nil {
			f.warn("Launched, but could not set the agent's status", err)
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
	seen.Spend = spend.Of(usd.Of(launchFee), paid.charged)
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

// unsent is what AUTX does not show and did not get: the next update sends it, though no attribute differs.
type unsent struct {
	Endpoint    bool `json:"endpoint,omitempty"`
	ProviderKey bool `json:"provider_key,omitempty"`
}

// privateUnsent is where the resource's private state keeps it.
const privateUnsent = "unsent"

// privateState is the resource's private state in a request or response.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func keepUnsent(ctx context.Context, private privateState, u unsent) diag.Diagnostics {
	value, err := json.Marshal(u)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Could not note what was not sent", err.Error())}
	}
	return private.SetKey(ctx, privateUnsent, value)
}

// readUnsent is what an earlier apply could not send; nothing where the private state says nothing.
func readUnsent(ctx context.Context, private privateState) unsent {
	var u unsent
	if value, diags := private.GetKey(ctx, privateUnsent); !diags.HasError() && len(value) > 0 {
		if json.Unmarshal(value, &u) != nil {
			return unsent{Endpoint: true, ProviderKey: true} // sending what is there already does no harm
		}
	}
	return u
}
