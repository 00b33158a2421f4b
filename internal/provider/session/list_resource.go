package session

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

// ListResource lists the account's sessions for `terraform query`, so that they can be imported.
type ListResource struct {
	data *providerdata.Data
	walk *walk
}

// NewListResource builds the list resource.
func NewListResource() list.ListResource { return &ListResource{} }

// Metadata implements list.ListResource.
func (*ListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_session"
}

// ListResourceConfigSchema implements list.ListResource.
func (*ListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the chat sessions of your account, whoever opened them, so that they can be imported. Importing costs nothing.",
		Attributes: map[string]schema.Attribute{
			"status": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Lists only sessions in this status: `active`, `closed` or `expired`.",
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
	sessions, err := l.walk.sessions.All(ctx)
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diagnose.Error("Could not list your sessions", err, nil))
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		var sent int64
		for _, s := range sessions {
			if !inStatus(s.Status, config.Status) {
				continue
			}
			// The framework neither enforces the limit nor stops for a list that was given up.
			if (req.Limit > 0 && sent >= req.Limit) || ctx.Err() != nil {
				return
			}
			sent++
			if !push(l.result(ctx, req, s)) {
				return
			}
		}
	}
}

// result is one session. Where the whole resource is wanted its turns are read as well: the resource is then what an import finds.
func (l *ListResource) result(ctx context.Context, req list.ListRequest, s *client.Session) list.ListResult {
	out := req.NewListResult(ctx)
	out.DisplayName = label(s)
	out.Diagnostics.Append(identity.Set(ctx, out.Identity, s.ID)...)
	if !req.IncludeResource {
		return out
	}
	model := newResourceModel(fromAPI(unset(), s))
	turns, known, diags := l.walk.reckon(ctx, s, nil, true)
	out.Diagnostics.Append(diags...)
	if known {
		listed, more := turnList(ctx, turns)
		out.Diagnostics.Append(more...)
		model.Turns = listed
	}
	out.Diagnostics.Append(out.Resource.Set(ctx, &model)...)
	return out
}

// inStatus tells whether a session is in a wanted status, which may be null for any.
func inStatus(status client.Field[string], wanted types.String) bool {
	return wanted.IsNull() || status.Or("") == wanted.ValueString()
}
