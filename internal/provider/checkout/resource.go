// Package checkout is the payment pages of AUTX: links on which a person pays by card. The provider makes them, and never pays.
package checkout

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var (
	_ resource.ResourceWithConfigure      = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan     = (*Resource)(nil)
	_ resource.ResourceWithValidateConfig = (*Resource)(nil)
)

// Resource is the resource autx_checkout.
type Resource struct {
	data *providerdata.Data
}

// NewResource builds the resource.
func NewResource() resource.Resource { return &Resource{} }

type model struct {
	ID          types.String   `tfsdk:"id"`
	Type        types.String   `tfsdk:"type"`
	SuccessURL  types.String   `tfsdk:"success_url"`
	CancelURL   types.String   `tfsdk:"cancel_url"`
	AgentID     types.String   `tfsdk:"agent_id"`
	AgentName   types.String   `tfsdk:"agent_name"`
	CheckoutURL types.String   `tfsdk:"checkout_url"`
	Timeouts    timeouts.Value `tfsdk:"timeouts"`
}

// arguments are what a link is made of, for comparison.
func (m model) arguments() [5]types.String {
	return [...]types.String{m.Type, m.SuccessURL, m.CancelURL, m.AgentID, m.AgentName}
}

// Metadata implements resource.Resource.
func (*Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_checkout"
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.data = data
}

// Read implements resource.Resource. It makes no call: AUTX does not show a checkout again.
func (*Resource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update implements resource.Resource: only timeouts can change.
func (*Resource) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

// Delete implements resource.Resource: the state forgets the link.
func (*Resource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
