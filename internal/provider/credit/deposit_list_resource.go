package credit

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ list.ListResourceWithConfigure = (*DepositListResource)(nil)

// DepositListResource lists the account's deposits for `terraform query`, so that they can be imported.
type DepositListResource struct {
	data *providerdata.Data
}

// NewDepositListResource builds the list resource.
func NewDepositListResource() list.ListResource { return &DepositListResource{} }

// Metadata implements list.ListResource.
func (*DepositListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_deposit"
}

// ListResourceConfigSchema implements list.ListResource.
func (*DepositListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the deposits among the newest entries of the ledger, so that they can be imported.",
		Attributes: map[string]schema.Attribute{
			"among": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, ledger.Most)},
				MarkdownDescription: fmt.Sprintf("Among how many of the newest entries to look, from 1 to %d. Defaults to "+
					"`%d`.", ledger.Most, ledger.Most),
			},
		},
	}
}

// Configure implements list.ListResourceWithConfigure.
func (l *DepositListResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	l.data = data
}

// List implements list.ListResource.
func (l *DepositListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config struct {
		Among types.Int64 `tfsdk:"among"`
	}
	diags := req.Config.Get(ctx, &config)
	api, more := l.data.Client()
	diags.Append(more...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	among := ledger.Most
	if !config.Among.IsNull() {
		among = int(config.Among.ValueInt64())
	}
	entries, err := api.Credits.Transactions(ctx, among)
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diagnose.Error("Could not list the deposits", err, nil))
		return
	}
	deposits := &mover{direction: in, newModel: newDepositModel}
	stream.Results = func(push func(list.ListResult) bool) {
		var sent int64
		for _, entry := range entries {
			if entry.Type != in.entry {
				continue
			}
			// The framework does not enforce the limit.
			if req.Limit > 0 && sent >= req.Limit || ctx.Err() != nil {
				return
			}
			sent++
			result := req.NewListResult(ctx)
			result.DisplayName = fmt.Sprintf("deposit of %s, %s", ledger.Magnitude(entry.Amount).USD(), entry.CreatedAt)
			result.Diagnostics.Append(identity.Set(ctx, result.Identity, entry.ID)...)
			if req.IncludeResource {
				result.Diagnostics.Append(result.Resource.Set(ctx, deposits.imported(entry))...)
			}
			if !push(result) {
				return
			}
		}
	}
}
