// Package order is the orders of an account: the resource, the data sources, the list resource.
//
// An order is bought at most once for its idempotency key, never changed and never taken back: what a plan may do with one is to fill in what AUTX
// does not tell, to buy another one under another key, or to forget it.
package order

import (
	"context"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

var (
	_ resource.ResourceWithConfigure   = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan  = (*Resource)(nil)
	_ resource.ResourceWithImportState = (*Resource)(nil)
	_ resource.ResourceWithIdentity    = (*Resource)(nil)
)

// kind is what orders are called in the purchase journal.
const kind = purchase.Order

// Resource is the resource autx_order.
type Resource struct {
	data *providerdata.Data
	walk *walk
}

// NewResource builds the resource.
func NewResource() resource.Resource { return &Resource{} }

// Metadata implements resource.Resource.
func (*Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_order"
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		r.data, r.walk = data, walkOf(data)
	}
}

// fieldPaths finds the argument that a field of a request came from.
var fieldPaths diagnose.Paths = func(field []string) (path.Path, bool) {
	if len(field) == 0 {
		return path.Empty(), false
	}
	switch field[0] {
	case "agent_id", "prompt", "payment_method":
		return path.Root(field[0]), true
	case "files":
		at := path.Root("files")
		if len(field) > 1 {
			if index, err := strconv.Atoi(field[1]); err == nil && index >= 0 {
				at = at.AtListIndex(index)
			}
		}
		return at, true
	}
	return path.Empty(), false
}
