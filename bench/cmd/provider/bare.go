package main

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/agent"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
)

// bareProvider is the provider with agents that do nothing.
type bareProvider struct{ provider.Provider }

// Resources implements provider.Provider.
func (*bareProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &bareAgent{} }}
}

// bareAgent has the schema of autx_agent, its defaults, validators and plan modifiers included, and remembers what it is told.
type bareAgent struct{}

var made atomic.Int64

// Metadata implements resource.Resource.
func (*bareAgent) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agent"
}

// Schema implements resource.Resource.
func (*bareAgent) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	agent.NewResource().Schema(ctx, req, resp)
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (*bareAgent) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true},
	}}
}

// Create implements resource.Resource.
func (*bareAgent) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	id := strconv.FormatInt(made.Add(1), 10)
	resp.State = known(tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw}, id, &resp.Diagnostics)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, id)...)
}

// Read implements resource.Resource.
func (*bareAgent) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var id string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, id)...)
}

// Update implements resource.Resource.
func (*bareAgent) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State = known(tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw}, "", &resp.Diagnostics)
}

// Delete implements resource.Resource.
func (*bareAgent) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// known replaces what the plan does not know.
func known(state tfsdk.State, id string, diags interface{ AddError(summary, detail string) }) tfsdk.State {
	raw, err := tftypes.Transform(state.Raw, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		switch {
		case v.IsKnown():
			return v, nil
		case at.Equal(tftypes.NewAttributePath().WithAttributeName("id")):
			return tftypes.NewValue(tftypes.String, id), nil
		}
		return tftypes.NewValue(v.Type(), nil), nil
	})
	if err != nil {
		diags.AddError("Transform", err.Error())
	}
	state.Raw = raw
	return state
}
