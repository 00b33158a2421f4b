package order

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*ListDataSource)(nil)

// ListDataSource is the data source autx_orders: the orders of the account.
type ListDataSource struct {
	data *providerdata.Data
	walk *walk
}

// NewListDataSource builds the data source.
func NewListDataSource() datasource.DataSource { return &ListDataSource{} }

type listModel struct {
	AgentID types.String  `tfsdk:"agent_id"`
	Status  types.String  `tfsdk:"status"`
	Orders  []listedModel `tfsdk:"orders"`
}

// Metadata implements datasource.DataSource.
func (*ListDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orders"
}

// Schema implements datasource.DataSource.
func (*ListDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the orders of your account, without the agents' answers: the data source `autx_order` reads those.",
		Attributes: map[string]schema.Attribute{
			"agent_id": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Only orders that were placed with this agent, by its id.",
			},
			"status": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Only orders in this status: `pending`, `completed` or `failed`.",
			},
			"orders": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The orders that were found, in AUTX's order.",
				NestedObject: schema.NestedAttributeObject{Attributes: listedAttributes()},
			},
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *ListDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		d.data, d.walk = data, walkOf(data)
	}
}

// Read implements datasource.DataSource. One list serves every data source of a walk, each of which takes out of it what it asks for.
func (d *ListDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	var model listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	_, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	all, err := d.walk.orders.All(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not list your orders", err, nil)...)
		return
	}
	model.Orders = []listedModel{}
	for _, o := range all {
		if matches(o, model.AgentID, model.Status) {
			model.Orders = append(model.Orders, listedFromAPI(o))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// matches tells whether an order is of an agent and in a status, each of which may be null.
func matches(o *client.Order, agentID, status types.String) bool {
	return (agentID.IsNull() || sameAgent(o.AgentID.Or(""), agentID.ValueString())) && (status.IsNull() || o.Status.Or("") == status.ValueString())
}
