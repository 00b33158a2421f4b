package proxy

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*EphemeralResource)(nil)

// EphemeralResource is the ephemeral resource autx_proxy: an agent's answer that lands in neither plan nor state, where asking is free.
type EphemeralResource struct {
	data *providerdata.Data
	walk *walk
}

// NewEphemeralResource builds the ephemeral resource.
func NewEphemeralResource() ephemeral.EphemeralResource { return &EphemeralResource{} }

// Metadata implements ephemeral.EphemeralResource.
func (*EphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_proxy"
}

// Schema implements ephemeral.EphemeralResource.
func (*EphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Asks an agent for an answer that must land in neither plan nor state, such as a secret: use it in other ephemeral " +
			"values and in write-only arguments. A CLI asks anew in each plan and in each apply. So that this costs nothing, it asks only agents " +
			"at $0 and your own; the price is read right before, and where it is anything else, or can't be read, nothing is sent. AUTX takes no " +
			"limit with a request: a price that is raised in the very moment between the two is charged.\n\nEphemeral resources need Terraform 1.10, " +
			"OpenTofu 1.11, or newer.",
		Attributes: map[string]schema.Attribute{
			"agent":  schema.StringAttribute{Required: true, Validators: agentValidators(), MarkdownDescription: agentText},
			"prompt": schema.StringAttribute{Optional: true, Validators: promptValidators(), MarkdownDescription: promptText},
			"body":   schema.StringAttribute{CustomType: jsontypes.NormalizedType{}, Optional: true, MarkdownDescription: bodyText},

			"status_code":     schema.Int64Attribute{Computed: true, MarkdownDescription: statusText},
			"content_type":    text(typeText),
			"headers":         schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: headersText},
			"response_text":   text(textText),
			"response_base64": text(base64Text + " Answers of up to 16 MiB are read, after decompression."),
			"request_id":      text(idText),
			"latency_ms":      schema.Int64Attribute{Computed: true, MarkdownDescription: latency},
		},
	}
}

// Configure implements ephemeral.EphemeralResourceWithConfigure.
func (e *EphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		e.data, e.walk = data, walkOf(data)
	}
}

// Open implements ephemeral.EphemeralResource.
func (e *EphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	defer e.data.Paced(&resp.Diagnostics)
	var model readModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	_, diags := e.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	answer, diags := e.walk.askFree(ctx, model.question)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.answered = fromAPI(answer)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}
