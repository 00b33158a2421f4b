package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*ListDataSource)(nil)

// ListDataSource is the data source autx_sessions: the sessions of the account.
type ListDataSource struct {
	data *providerdata.Data
	walk *walk
}

// NewListDataSource builds the data source.
func NewListDataSource() datasource.DataSource { return &ListDataSource{} }

type listModel struct {
	Status   types.String  `tfsdk:"status"`
	Sessions []listedModel `tfsdk:"sessions"`
}

// Metadata implements datasource.DataSource.
func (*ListDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sessions"
}

// Schema implements datasource.DataSource.
func (*ListDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the chat sessions of your account, whoever opened them. An active one holds credits until it is closed or expires.",
		Attributes: map[string]schema.Attribute{
			"status": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Only sessions in this status: `active`, `closed` or `expired`.",
			},
			"sessions": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The sessions that were found, in AUTX's order.",
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
	all, err := d.walk.sessions.All(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not list your sessions", err, nil)...)
		return
	}
	model.Sessions = []listedModel{}
	for _, s := range all {
		if inStatus(s.Status, model.Status) {
			model.Sessions = append(model.Sessions, listedFromAPI(s))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
