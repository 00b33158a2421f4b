package agent

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*AvailabilityDataSource)(nil)

// AvailabilityDataSource is the data source autx_availability: whether a ticker or a name is free.
type AvailabilityDataSource struct {
	data *providerdata.Data
}

// NewAvailabilityDataSource builds the data source.
func NewAvailabilityDataSource() datasource.DataSource { return &AvailabilityDataSource{} }

type availabilityModel struct {
	Ticker          types.String `tfsdk:"ticker"`
	Name            types.String `tfsdk:"name"`
	TickerAvailable types.Bool   `tfsdk:"ticker_available"`
	NameAvailable   types.Bool   `tfsdk:"name_available"`
	Available       types.Bool   `tfsdk:"available"`
}

// Metadata implements datasource.DataSource.
func (*AvailabilityDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_availability"
}

// Schema implements datasource.DataSource.
func (*AvailabilityDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Tells whether a ticker, a name, or both are free for a new agent. What is free now may be taken a moment later.",
		Attributes: map[string]schema.Attribute{
			"ticker": schema.StringAttribute{
				Optional: true,
				Validators: []validator.String{
					stringvalidator.LengthAtLeast(1), stringvalidator.AtLeastOneOf(path.MatchRoot("ticker"), path.MatchRoot("name")),
				},
				MarkdownDescription: "The ticker to ask for. Give this, `name`, or both.",
			},
			"name": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The name to ask for. Give this, `ticker`, or both.",
			},
			"ticker_available": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the ticker is free; null where none was asked for."},
			"name_available":   schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the name is free; null where none was asked for."},
			"available":        schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether everything that was asked for is free."},
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *AvailabilityDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// Read implements datasource.DataSource.
func (d *AvailabilityDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	var model availabilityModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	api, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	available := true
	ask := func(what string, wanted types.String, check func(context.Context, string) (bool, error)) types.Bool {
		if wanted.IsNull() {
			return types.BoolNull()
		}
		free, err := check(ctx, wanted.ValueString())
		if err != nil {
			resp.Diagnostics.Append(diagnose.Error("Could not look up whether the "+what+" is free", err, diagnose.Parameter)...)
		}
		available = available && free
		return types.BoolValue(free)
	}
	model.TickerAvailable = ask("ticker", model.Ticker, api.Agents.CheckTicker)
	model.NameAvailable = ask("name", model.Name, api.Agents.CheckName)
	model.Available = types.BoolValue(available)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	}
}
