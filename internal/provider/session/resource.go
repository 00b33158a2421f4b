// Package session is the chat sessions of an account: the resource, the data sources, the list resource and the actions.
//
// A session is a conversation over a WebSocket. It is held once, from its opening to its end, within one create: nobody can attach to a session
// again, so what was not sent then is never sent. What is known of each turn is in the purchase journal before the next message leaves, and what
// became of a turn whose answer was lost is read from the account's ledger and orders afterwards.
package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

var (
	_ resource.ResourceWithConfigure   = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan  = (*Resource)(nil)
	_ resource.ResourceWithImportState = (*Resource)(nil)
	_ resource.ResourceWithIdentity    = (*Resource)(nil)
)

// kind is what sessions are called in the purchase journal.
const kind = purchase.Session

// Resource is the resource autx_session.
type Resource struct {
	data *providerdata.Data
	walk *walk
}

// NewResource builds the resource.
func NewResource() resource.Resource { return &Resource{} }

// Metadata implements resource.Resource.
func (*Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_session"
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		r.data, r.walk = data, walkOf(data)
	}
}
