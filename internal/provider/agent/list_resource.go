package agent

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

// ListResource lists the account's agents for `terraform query`, so that they can be imported.
type ListResource struct {
	data *providerdata.Data
	walk *walk
}

// NewListResource builds the list resource.
func NewListResource() list.ListResource { return &ListResource{} }

// Metadata implements list.ListResource.
func (*ListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agent"
}

// ListResourceConfigSchema implements list.ListResource.
func (*ListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the agents of your account, whatever their status, so that they can be imported.",
		Attributes: map[string]schema.Attribute{
			"status": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Lists only agents in this status, such as `active`, `paused` or `pending`.",
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
		Status types.String `tfsdk:"status"`
	}
	diags := req.Config.Get(ctx, &config)
	_, more := l.data.Client()
	diags.Append(more...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	agents, err := l.walk.mine.All(ctx)
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diagnose.Error("Could not list your agents", err, nil))
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		var sent int64
		for _, a := range agents {
			if delisted(a) || (!config.Status.IsNull() && a.Status.Or("") != config.Status.ValueString()) {
				continue
			}
			// The framework neither enforces the limit nor stops for a list that was given up.
			if (req.Limit > 0 && sent >= req.Limit) || ctx.Err() != nil {
				return
			}
			sent++
			if !push(result(ctx, req, a)) {
				return
			}
		}
	}
}

func result(ctx context.Context, req list.ListRequest, a *client.Agent) list.ListResult {
	out := req.NewListResult(ctx)
	out.DisplayName = a.Ticker + " (" + a.Name + ")"
	out.Diagnostics.Append(identity.Set(ctx, out.Identity, a.ID)...)
	if req.IncludeResource {
		observed, diags := fromAPI(ctx, unset(), a)
		out.Diagnostics.Append(diags...)
		model := newResourceModel(observed)
		out.Diagnostics.Append(out.Resource.Set(ctx, &model)...)
	}
	return out
}
