// Package agent is the agents of an account: the resource, the data sources, the list resource.
package agent

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var (
	_ resource.ResourceWithConfigure      = (*Resource)(nil)
	_ resource.ResourceWithValidateConfig = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan     = (*Resource)(nil)
	_ resource.ResourceWithImportState    = (*Resource)(nil)
	_ resource.ResourceWithIdentity       = (*Resource)(nil)
)

// Resource is the resource autx_agent.
type Resource struct {
	data *providerdata.Data
	walk *walk
}

// NewResource builds the resource.
func NewResource() resource.Resource { return &Resource{} }

// Metadata implements resource.Resource.
func (*Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agent"
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		r.data, r.walk = data, walkOf(data)
	}
}

// protected tells whether an agent must not be destroyed. What is in state decides, so that removing the block from configuration does not lift it;
// an agent whose state does not say is protected.
func (r *Resource) protected(state resourceModel) bool {
	if !state.DeletionProtection.IsNull() && !state.DeletionProtection.ValueBool() {
		return false
	}
	if os.Getenv("AUTX_DELETION_PROTECTION") != "off" {
		return true
	}
	api, diags := r.data.Client()
	return diags.HasError() || !api.OnLoopback()
}

// fieldPaths finds the attribute that a field of a request came from.
var fieldPaths diagnose.Paths = func(field []string) (path.Path, bool) {
	if len(field) == 0 {
		return path.Empty(), false
	}
	switch field[0] {
	case "name", "ticker", "endpoint_url", "service_price", "description", "category", "auth_tier", "status", "manifest", "profile":
		return diagnose.Same(field)
	case "provider":
		return path.Root("provider_key").AtName("provider"), true
	case "provider_api_key", "api_key":
		return path.Root("provider_key").AtName("value_wo"), true
	case "stripe_session_id":
		return path.Root("launch").AtName("stripe_session_id"), true
	case "tx_hash", "deployer_address":
		return path.Root("activation").AtName(field[0]), true
	case "file":
		return path.Root("image").AtName("source"), true
	}
	return path.Empty(), false
}
