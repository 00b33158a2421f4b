// Package proxy is the requests that AUTX passes to an agent: the resource, which keeps an answer that was paid for; the data source and the
// ephemeral resource, which ask only where it is free; and the action.
//
// Nothing at AUTX identifies a request. What it was charged is an entry of the ledger, which names neither the agent nor an order, so requests that
// are charged take turns, and a lost one is found by what is new in the ledger. A request that is free leaves no trace.
package proxy

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var (
	_ resource.ResourceWithConfigure  = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan = (*Resource)(nil)
)

// Resource is the resource autx_proxy_request.
type Resource struct {
	data *providerdata.Data
	walk *walk
}

// NewResource builds the resource.
func NewResource() resource.Resource { return &Resource{} }

// Metadata implements resource.Resource.
func (*Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_proxy_request"
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		r.data, r.walk = data, walkOf(data)
	}
}
