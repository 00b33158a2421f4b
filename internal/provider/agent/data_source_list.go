package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
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

const (
	// pageSize is how many agents are asked for at a time, so that a service that cuts long lists short loses none of them.
	pageSize = 100
	// maxListed bounds what one data source puts into state.
	maxListed = 10000
)

var (
	_ datasource.DataSourceWithConfigure      = (*ListDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*ListDataSource)(nil)
)

// ListDataSource is the data source autx_agents: agents of the marketplace, or one's own.
type ListDataSource struct {
	data *providerdata.Data
	walk *walk
}

// NewListDataSource builds the data source.
func NewListDataSource() datasource.DataSource { return &ListDataSource{} }

type listModel struct {
	Category types.String `tfsdk:"category"`
	Sort     types.String `tfsdk:"sort"`
	Search   types.String `tfsdk:"search"`
	Status   types.String `tfsdk:"status"`
	Limit    types.Int64  `tfsdk:"limit"`
	Mine     types.Bool   `tfsdk:"mine"`
	Agents   []dataModel  `tfsdk:"agents"`
}

// Metadata implements datasource.DataSource.
func (*ListDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agents"
}

// Schema implements datasource.DataSource.
func (*ListDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists agents of the marketplace, or your own.",
		Attributes: map[string]schema.Attribute{
			"category": schema.StringAttribute{Optional: true, MarkdownDescription: "Only agents of this category."},
			"sort": schema.StringAttribute{
				Optional: true,
				Validators: []validator.String{
					stringvalidator.OneOf("trending", "mcap", "apy", "new", "revenue"),
				},
				MarkdownDescription: "The order: `trending`, `mcap` (market capitalisation), `apy` (yield), `new` or `revenue`. Defaults to `revenue`. Your " +
					"own agents come in AUTX's order.",
			},
			"search": schema.StringAttribute{Optional: true, MarkdownDescription: "Only agents that match this text, such as a part of name, ticker or " +
				"description."},
			"status": schema.StringAttribute{Optional: true, MarkdownDescription: "Only agents in this status, such as `active` or `paused`. Without it " +
				"AUTX lists active agents, and your own list has all."},
			"limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, maxListed)},
				MarkdownDescription: fmt.Sprintf("The most agents to list, from 1 to %d. Without it all are listed, up to %d.", maxListed, maxListed),
			},
			"mine": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Lists your own agents, whatever their status, instead of the marketplace. Defaults to `false`.",
			},
			"agents": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The agents that were found.",
				NestedObject: schema.NestedAttributeObject{Attributes: dataAttributes()},
			},
		},
	}
}

// ValidateConfig implements datasource.DataSourceWithValidateConfig: AUTX sorts the marketplace only.
func (*ListDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if config.Mine.ValueBool() && !config.Sort.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("sort"), "Own agents can't be sorted",
			"With mine = true the agents come in AUTX's order, so sort has no effect. Remove sort, or mine; sort() and other functions order what was listed.")
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

// Read implements datasource.DataSource.
func (d *ListDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	var model listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	api, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	most := maxListed
	if !model.Limit.IsNull() {
		most = int(model.Limit.ValueInt64())
	}
	find := func() ([]*client.Agent, error) { return browse(ctx, api, model, most) }
	if model.Mine.ValueBool() {
		find = func() ([]*client.Agent, error) { return d.own(ctx, model) }
	}
	found, err := find()
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not list agents", err, diagnose.Parameter)...)
		return
	}
	if len(found) > most {
		found = found[:most]
		if model.Limit.IsNull() {
			resp.Diagnostics.AddWarning("Not all agents are listed", fmt.Sprintf("There are more than %d agents; the first %d are listed. Narrow the "+
				"search, or set limit.", maxListed, maxListed))
		}
	}
	model.Agents = make([]dataModel, 0, len(found))
	for _, a := range found {
		one, diags := dataFromAPI(ctx, a)
		resp.Diagnostics.Append(diags...)
		model.Agents = append(model.Agents, one)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// browse reads the marketplace page by page until a page brings no agent that was not there before, as a service may give fewer than it was asked
// for. It reads one agent more than wanted, so that the caller can tell whether there are more.
func browse(ctx context.Context, api *client.Client, model listModel, most int) ([]*client.Agent, error) {
	var found []*client.Agent
	seen := map[string]bool{}
	filter := client.AgentFilter{
		Sort: model.Sort.ValueString(), Category: model.Category.ValueString(), Search: model.Search.ValueString(), Status: model.Status.ValueString(),
	}
	if filter.Sort == "" {
		filter.Sort = "revenue"
	}
	for offset := 0; len(found) <= most; {
		filter.Limit, filter.Offset = min(pageSize, most+1-len(found)), offset
		page, err := api.Agents.List(ctx, filter)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for i := range page {
			if !seen[page[i].ID] {
				seen[page[i].ID] = true
				found = append(found, &page[i])
				fresh++
			}
		}
		if fresh == 0 || (!model.Limit.IsNull() && len(found) >= most) {
			break
		}
		offset += len(page)
	}
	return found, nil
}

// own filters the list of own agents, which AUTX gives whole.
func (d *ListDataSource) own(ctx context.Context, model listModel) ([]*client.Agent, error) {
	mine, err := d.walk.mine.All(ctx)
	if err != nil {
		return nil, err
	}
	var found []*client.Agent
	for _, a := range mine {
		if delisted(a) && model.Status.IsNull() {
			continue
		}
		if matches(model.Status, a.Status.Or("")) && matches(model.Category, a.Category.Or("")) && contains(a, model.Search.ValueString()) {
			found = append(found, a)
		}
	}
	return found, nil
}

func matches(wanted types.String, value string) bool {
	return wanted.ValueString() == "" || wanted.ValueString() == value
}

// contains searches as AUTX does (assumed): without regard to case, in name, ticker and description.
func contains(a *client.Agent, search string) bool {
	search = strings.ToLower(search)
	for _, text := range []string{a.Name, a.Ticker, a.Description.Or("")} {
		if strings.Contains(strings.ToLower(text), search) {
			return true
		}
	}
	return false
}
