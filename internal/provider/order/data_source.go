package order

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

// DataSource is the data source autx_order: one order of the account, with its result.
type DataSource struct {
	data *providerdata.Data
	walk *walk
}

// NewDataSource builds the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata implements datasource.DataSource.
func (*DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_order"
}

// Schema implements datasource.DataSource.
func (*DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := listedAttributes()
	attributes["id"] = schema.StringAttribute{
		Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "The id of the order to look up.",
	}
	attributes["output_text"] = schema.StringAttribute{Computed: true, MarkdownDescription: "The agent's answer; null until the order is completed."}
	attributes["output_hash"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "The hash of the answer, as AUTX gives it: assumed to be its SHA-256 in hexadecimal; null until the order is completed.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks up one order of your account: what became of it, what it cost, and the agent's answer. Looking costs nothing.",
		Attributes:          attributes,
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
	var id types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	api, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := api.Orders.Get(ctx, id.ValueString())
	switch {
	case client.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "No such order", fmt.Sprintf("Your account has no order %q. The data source autx_orders "+
			"lists your orders.\n\n%s",
			id.ValueString(), err))
		return
	case err != nil:
		resp.Diagnostics.Append(diagnose.Error("Could not look up order "+id.ValueString(), err, nil)...)
		return
	}
	// What it cost, and with whom it was placed, only lists tell.
	listed, err := d.walk.orders.All(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not look up what order "+id.ValueString()+" cost", err, nil)...)
		return
	}
	for _, one := range listed {
		if one.ID == found.ID {
			found = together(found, one)
		}
	}
	model := dataModel{listedModel: listedFromAPI(found), answer: answerFromAPI(answer{}, found)}
	model.ID = id
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
