package credit

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// mover is the resource of one direction. The two differ in their schema, in what a plan looks at, and in how a refusal is explained.
type mover struct {
	direction
	data *providerdata.Data
	walk *walk

	newModel func() model
	// facts looks, at plan, at what the service will say to a new movement.
	facts func(ctx context.Context, m *mover, plan *movement) diag.Diagnostics
	// explain tells why the service refused.
	explain func(ctx context.Context, api *client.Client, title string, err error) diag.Diagnostics
}

// Configure implements resource.ResourceWithConfigure.
func (m *mover) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		m.data, m.walk = data, walkOf(data)
	}
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (m *mover) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true, Description: "The id of the ledger's entry."},
	}}
}

// Create implements resource.Resource. Once money has moved there are only warnings: an error would taint what has happened.
func (m *mover) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer m.data.Paced(&resp.Diagnostics)
	full, plan, diags := m.read(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	api, diags := m.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	amount, ok := plan.Amount.Amount()
	if !ok && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddAttributeError(path.Root("amount"), "Not an amount of US dollars", "Write the amount as plain digits, such as \"25.00\". "+
			"Nothing was moved.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	release := m.walk.alone(ctx, m.direction)
	result, entry, err := m.walk.move(ctx, m.direction, request{
		key: plan.IdempotencyKey.ValueString(), title: m.title(plan.Amount), amount: amount, deadline: timeout,
	})
	release()
	if err != nil {
		resp.Diagnostics.Append(m.explain(ctx, api, "Could not make the "+m.title(plan.Amount), err)...)
		return
	}

	// From here on the money has moved.
	resp.Diagnostics.Append(diagnose.Problems(result.Problems)...)
	resp.Diagnostics.Append(diagnose.Soft(identity.Set(ctx, resp.Identity, result.ID))...)
	plan.ID, plan.CreatedAt = types.StringValue(result.ID), optional(entry.CreatedAt)
	full.moved(usd.Of(ledger.Magnitude(entry.Amount)))
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(diagnose.Soft(observed.Set(ctx, full))...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddWarning("Could not record everything that AUTX answered", err.Error())
	}
	resp.State.Raw = filled
}

// Read implements resource.Resource. An entry of the ledger never changes and never goes away, so only what was not known before is read.
func (m *mover) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer m.data.Paced(&resp.Diagnostics)
	full, state, diags := m.read(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	resp.Diagnostics.Append(m.sawInState(ctx, state)...)
	if !state.CreatedAt.IsNull() || isUnlisted(state.ID.ValueString()) {
		return
	}
	if !m.data.Reachable() {
		resp.Diagnostics.Append(m.data.KeptWarning()...)
		return
	}
	entries, err := m.walk.entries.All(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read the "+m.nameOf(state), err, nil)...)
		return
	}
	if entry := find(entries, state.ID.ValueString()); entry != nil && entry.Type == m.entry {
		state.CreatedAt = optional(entry.CreatedAt)
		full.moved(usd.Of(ledger.Magnitude(entry.Amount)))
		resp.Diagnostics.Append(resp.State.Set(ctx, full)...)
	}
}

// Update implements resource.Resource: what may change needs no call. An amount that only the apply has told is held to what was moved.
func (m *mover) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	_, state, diags := m.read(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	_, plan, diags := m.read(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	if !resp.Diagnostics.HasError() && !state.IdempotencyKey.IsNull() && !sameAmount(state.Amount, plan.Amount) {
		resp.Diagnostics.Append(m.movesAgain(state, plan))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	filled, err := planned.Fill(req.Plan.Raw, req.State.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the "+m.noun, err.Error()+". This is a bug in the provider; please report it.")
		return
	}
	resp.State.Raw = filled
	plan.ID = state.ID
	resp.Diagnostics.Append(m.sawInState(ctx, plan)...)
}

// Delete implements resource.Resource: nothing is called, the state forgets.
func (m *mover) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	_, state, diags := m.read(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(diagnose.Problems(m.data.Desk().Forget(ctx, m.kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))...)
}

// ImportState implements resource.ResourceWithImportState: by the id of the ledger's entry, or by identity.
func (m *mover) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	_, diags := m.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := req.ID
	if id == "" && req.Identity != nil {
		var wanted types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &wanted)...)
		id = wanted.ValueString()
	}
	entries, err := m.walk.entries.All(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not import the "+m.noun+" "+id, err, nil)...)
		return
	}
	entry := find(entries, id)
	switch {
	case entry == nil:
		resp.Diagnostics.AddError("No such "+m.noun, fmt.Sprintf("There is no entry %q among the %d newest of the ledger, which is all that AUTX shows. "+
			"The data source autx_credit_transactions lists them.", id, len(entries)))
		return
	case entry.Type != m.entry:
		resp.Diagnostics.AddError("Not a "+m.noun, fmt.Sprintf("The ledger's entry %s is of type %q. Import the id of a %s.", id, entry.Type, m.noun))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m.imported(*entry))...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, id)...)
}
