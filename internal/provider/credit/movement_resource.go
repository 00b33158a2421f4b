package credit

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
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
	explain func(ctx context.Context, m *mover, title string, err error) diag.Diagnostics
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

func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id string) diag.Diagnostics {
	if identity == nil || id == "" {
		return nil
	}
	return identity.SetAttribute(ctx, path.Root("id"), id)
}

// getter is a plan, a state or a configuration.
type getter interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

func (m *mover) read(ctx context.Context, from getter) (model, *movement, diag.Diagnostics) {
	out := m.newModel()
	diags := from.Get(ctx, out)
	return out, out.common(), diags
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (m *mover) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if m.data == nil {
		return
	}
	var state, plan *movement
	if !req.State.Raw.IsNull() {
		_, read, diags := m.read(ctx, req.State)
		resp.Diagnostics.Append(diags...)
		state = read
	}
	if !req.Plan.Raw.IsNull() {
		_, read, diags := m.read(ctx, req.Plan)
		resp.Diagnostics.Append(diags...)
		plan = read
	}
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case plan == nil:
		resp.Diagnostics.Append(m.planDestroy(ctx, state)...)
	case state == nil:
		resp.Diagnostics.Append(m.planCreate(ctx, plan)...)
	default:
		resp.Diagnostics.Append(m.planUpdate(ctx, state, plan, resp)...)
	}
}

func (m *mover) planCreate(ctx context.Context, plan *movement) diag.Diagnostics {
	amount, known := plan.Amount.Amount()
	diags := diagnose.Problems(m.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: m.kind, Key: plan.IdempotencyKey.ValueString(), Title: m.title(plan.Amount), Authorized: amount, UnknownAmount: !known,
	}))
	if !diags.HasError() && m.data.Reachable() {
		diags.Append(m.facts(ctx, m, plan)...)
	}
	return diags
}

func (m *mover) planUpdate(ctx context.Context, state, plan *movement, resp *resource.ModifyPlanResponse) diag.Diagnostics {
	diags := m.sawInState(ctx, state)
	switch before, after := state.IdempotencyKey, plan.IdempotencyKey; {
	case before.IsNull():
		// Imported: what AUTX does not return is filled in without a call.
	case !after.Equal(before):
		resp.RequiresReplace.Append(path.Root("idempotency_key"))
		diags.AddAttributeWarning(path.Root("idempotency_key"), "Another key moves money again", fmt.Sprintf(
			"The %s (id %s) stays as it is; under the new key money is moved once more.", m.title(state.Amount), state.ID.ValueString()))
	case !plan.Amount.Equal(state.Amount):
		diags.AddAttributeError(path.Root("amount"), "This would move money again", fmt.Sprintf(
			"Under the key %q the %s was made (id %s). To move another amount, change idempotency_key too, which authorises it; otherwise put the "+
				"amount back. "+
				"(`destroy -refresh=false` gets past this error.)", before.ValueString(), m.title(state.Amount), state.ID.ValueString()))
	}
	return diags
}

func (m *mover) planDestroy(ctx context.Context, state *movement) diag.Diagnostics {
	diags := m.sawInState(ctx, state)
	diags.Append(diagnose.Problems(m.data.Desk().PlanDestroy(ctx, m.kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))...)
	diags.AddWarning("Destroying only forgets the "+m.noun, fmt.Sprintf(
		"The %s (id %s) is taken out of the state. No money is moved back, and its key stays used.", m.title(state.Amount), state.ID.ValueString()))
	return diags
}

func (m *mover) sawInState(ctx context.Context, state *movement) diag.Diagnostics {
	if !m.data.Reachable() {
		return nil
	}
	return diagnose.Problems(m.data.Desk().SawInState(ctx, m.kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
}

// Create implements resource.Resource. Once money has moved there are only warnings.
func (m *mover) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	full, plan, diags := m.read(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	api, diags := m.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	amount, ok := plan.Amount.Amount()
	if !ok && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddAttributeError(path.Root("amount"), "Not an amount of US dollars", "Write the amount as plain digits, such as \"25.00\".")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	result, entry, err := m.move(ctx, m.data.Desk(), m.walk, api, request{
		key: plan.IdempotencyKey.ValueString(), amount: amount, bound: true, deadline: timeout,
	})
	if err != nil {
		resp.Diagnostics.Append(m.explain(ctx, m, "Could not make the "+m.title(plan.Amount), err)...)
		return
	}
	resp.Diagnostics.Append(diagnose.Problems(result.Problems)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, result.ID)...)
	resp.Diagnostics.Append(unlistedWarning(m.direction, result.ID)...)

	plan.ID, plan.CreatedAt = types.StringValue(result.ID), optional(entry.CreatedAt)
	full.moved(usd.Of(magnitude(entry.Amount)))
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(diagnose.Soft(observed.Set(ctx, full))...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddWarning("Could not record everything that AUTX answered", err.Error())
	}
	resp.State.Raw = filled
}

// Read implements resource.Resource. An entry of the ledger never changes, so only what an import left open is read.
func (m *mover) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	full, state, diags := m.read(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.ID.ValueString())...)
	if !m.data.Reachable() {
		return
	}
	resp.Diagnostics.Append(m.sawInState(ctx, state)...)
	if !state.CreatedAt.IsNull() || isUnlisted(state.ID.ValueString()) {
		return
	}
	api, _ := m.data.Client()
	entry, listed, err := m.find(ctx, api, state.ID.ValueString())
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read the "+m.noun+" "+state.ID.ValueString(), err, nil)...)
		return
	}
	if listed {
		state.CreatedAt = optional(entry.CreatedAt)
		full.moved(usd.Of(magnitude(entry.Amount)))
		resp.Diagnostics.Append(resp.State.Set(ctx, full)...)
	}
}

// Update implements resource.Resource: what may change needs no call.
func (m *mover) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	_, state, diags := m.read(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.ID.ValueString())...)
	filled, err := planned.Fill(req.Plan.Raw, req.State.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the "+m.noun, err.Error())
		return
	}
	resp.State.Raw = filled
}

// Delete implements resource.Resource: nothing is called, the state forgets.
func (m *mover) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	_, state, diags := m.read(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || !m.data.Reachable() {
		return
	}
	resp.Diagnostics.Append(diagnose.Problems(m.data.Desk().Forget(ctx, m.kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))...)
}

// ImportState implements resource.ResourceWithImportState: by the id of the ledger's entry.
func (m *mover) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := m.data.Client()
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
	entry, listed, err := m.find(ctx, api, id)
	switch {
	case err != nil:
		resp.Diagnostics.Append(diagnose.Error("Could not import the "+m.noun+" "+id, err, nil)...)
		return
	case entry.ID != "" && !listed:
		resp.Diagnostics.AddError("Not a "+m.noun, fmt.Sprintf("The ledger's entry %s is of type %s. Import the id of a %s.", id, entry.Type, m.noun))
		return
	case !listed:
		resp.Diagnostics.AddError("No such "+m.noun, fmt.Sprintf(
			"There is no entry %q among the %d newest of the ledger, which is all that AUTX shows. The data source autx_credit_transactions lists "+
				"them.", id, mostTransactions))
		return
	}
	imported := m.imported(entry)
	resp.Diagnostics.Append(resp.State.Set(ctx, imported)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, id)...)
}

// imported is the state of an entry of which only the ledger tells.
func (m *mover) imported(entry client.Transaction) model {
	out := m.newModel()
	*out.common() = movement{
		ID: types.StringValue(entry.ID), IdempotencyKey: types.StringNull(), Amount: usd.Null(), CreatedAt: optional(entry.CreatedAt), Timeouts: noTimeouts(),
	}
	out.moved(usd.Of(magnitude(entry.Amount)))
	return out
}

// liveFact is something that is so at plan but may be otherwise at apply.
func (m *mover) liveFact(at path.Path, summary, detail string) diag.Diagnostic {
	return diagnose.LiveFact(m.data.Desk().Limits(), at, summary, detail)
}

func optional(value string) types.String {
	if strings.TrimSpace(value) == "" {
		return types.StringNull()
	}
	return types.StringValue(value)
}
