package order

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ list.ListResourceWithConfigure = (*ListResource)(nil)

// ListResource lists the account's orders for `terraform query`, so that they can be imported.
type ListResource struct {
	data *providerdata.Data
	walk *walk
}

// NewListResource builds the list resource.
func NewListResource() list.ListResource { return &ListResource{} }

// Metadata implements list.ListResource.
func (*ListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_order"
}

// ListResourceConfigSchema implements list.ListResource.
func (*ListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the orders of your account, whoever placed them, so that they can be imported. Importing costs nothing.",
		Attributes: map[string]schema.Attribute{
			"agent_id": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Lists only orders that were placed with this agent, by its id.",
			},
			"status": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Lists only orders in this status: `pending`, `completed` or `failed`.",
			},
		},
	}
}

// Configure implements list.ListResourceWithConfigure.
func (l *ListResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		l.data, l.walk = data, walkOf(data)
	}
}

// List implements list.ListResource.
func (l *ListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config struct {
		AgentID types.String `tfsdk:"agent_id"`
		Status  types.String `tfsdk:"status"`
	}
	diags := req.Config.Get(ctx, &config)
	_, more := l.data.Client()
	diags.Append(more...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	orders, err := l.walk.orders.All(ctx)
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diagnose.Error("Could not list your orders", err, nil))
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		var sent int64
		for _, o := range orders {
			if !matches(o, config.AgentID, config.Status) {
				continue
			}
			// The framework neither enforces the limit nor stops for a list that was given up.
			if (req.Limit > 0 && sent >= req.Limit) || ctx.Err() != nil {
				return
			}
			sent++
			if !push(l.result(ctx, req, o)) {
				return
			}
		}
	}
}

// result is one order. Where the whole resource is wanted its answer is read as well, which no list has: the resource is then what an import finds.
func (l *ListResource) result(ctx context.Context, req list.ListRequest, o *client.Order) list.ListResult {
	out := req.NewListResult(ctx)
	out.DisplayName = label(o)
	out.Diagnostics.Append(identity.Set(ctx, out.Identity, o.ID)...)
	if !req.IncludeResource {
		return out
	}
	if finished(o.Status.Or("")) {
		result, err := l.walk.api.Orders.Get(ctx, o.ID)
		if err != nil {
			out.Diagnostics.Append(diagnose.Warning("Could not read the answer of order "+o.ID, err, nil)...)
		} else {
			o = together(result, o)
		}
	}
	model := newResourceModel(fromAPI(unset(), o), answerFromAPI(answer{}, o))
	out.Diagnostics.Append(out.Resource.Set(ctx, &model)...)
	return out
}
