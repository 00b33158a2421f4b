package proxy

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource is the data source autx_proxy: an agent's answer, asked for in every plan, where that is free.
type DataSource struct {
	data *providerdata.Data
	walk *walk
}

// NewDataSource builds the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata implements datasource.DataSource.
func (*DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_proxy"
}

// Schema implements datasource.DataSource.
func (*DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Asks an agent and gives its answer, each time that a plan, a refresh or an apply reads it. So that this costs " +
			"nothing, it asks only agents at $0 and your own; the price is read right before, and where it is anything else, or can't be read, " +
			"nothing is sent. AUTX takes no limit with a request: a price that is raised in the very moment between the two is charged.\n\nIt is " +
			"the only thing in a plan that sends something other than a read. To ask once and keep the answer, or to ask an agent that costs something, " +
			"use the resource `autx_proxy_request`.",
		Attributes: map[string]schema.Attribute{
			"agent":  schema.StringAttribute{Required: true, Validators: agentValidators(), MarkdownDescription: agentText},
			"prompt": schema.StringAttribute{Optional: true, Validators: promptValidators(), MarkdownDescription: promptText},
			"body":   schema.StringAttribute{CustomType: jsontypes.NormalizedType{}, Optional: true, MarkdownDescription: bodyText},

			"status_code":     schema.Int64Attribute{Computed: true, MarkdownDescription: statusText},
			"content_type":    text(typeText),
			"headers":         schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: headersText},
			"response_text":   text(textText),
			"response_base64": text(base64Text + " " + largest),
			"request_id":      text(idText + " It is another one in each plan."),
			"latency_ms":      schema.Int64Attribute{Computed: true, MarkdownDescription: latency},
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		d.data, d.walk = data, walkOf(data)
	}
}

// Read implements datasource.DataSource.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	var model readModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	_, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	answer, diags := d.walk.askFree(ctx, model.question)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.answered = fromAPI(answer)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
