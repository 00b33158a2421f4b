package agent

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource is the data source autx_agent: one agent, of anybody.
type DataSource struct {
	data *providerdata.Data
}

// NewDataSource builds the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata implements datasource.DataSource.
func (*DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agent"
}

// Schema implements datasource.DataSource.
func (*DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := dataAttributes()
	attributes["id"] = schema.StringAttribute{
		Optional: true, Computed: true,
		Validators: []validator.String{
			stringvalidator.LengthAtLeast(1), stringvalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("ticker")),
		},
		MarkdownDescription: "The id of the agent to look up, a UUID. Give this or `ticker`.",
	}
	attributes["ticker"] = schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "The ticker of the agent to look up, in any case. Give this or `id`.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks up one agent of the marketplace, by id or by ticker. It may be anybody's.",
		Attributes:          attributes,
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// Read implements datasource.DataSource.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	var id, ticker types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("ticker"), &ticker)...)
	api, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	get, wanted, at := api.Agents.Get, id, path.Root("id")
	if id.IsNull() {
		get, wanted, at = api.Agents.GetByTicker, ticker, path.Root("ticker")
	}
	found, err := get(ctx, wanted.ValueString())
	switch {
	case client.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(at, "No such agent", fmt.Sprintf("AUTX knows no agent %q. Check the spelling; the data source autx_agents "+
			"searches for agents.\n\n%s", wanted.ValueString(), err))
		return
	case err != nil:
		resp.Diagnostics.Append(diagnose.Error(fmt.Sprintf("Could not look up agent %s", wanted.ValueString()), err, nil)...)
		return
	}
	model, diags := dataFromAPI(ctx, found)
	resp.Diagnostics.Append(diags...)
	// What was asked for stays as it was written: a ticker may be asked for in any case.
	if !ticker.IsNull() && sameTicker(ticker.ValueString(), found.Ticker) {
		model.Ticker = ticker
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
