package credit

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

var _ datasource.DataSourceWithConfigure = (*BalanceDataSource)(nil)

// BalanceDataSource is the data source autx_credit_balance.
type BalanceDataSource struct {
	data *providerdata.Data
}

// NewBalanceDataSource builds the data source.
func NewBalanceDataSource() datasource.DataSource { return &BalanceDataSource{} }

type balanceModel struct {
	AvailableUSD     usd.Value    `tfsdk:"available_usd"`
	ReservedUSD      usd.Value    `tfsdk:"reserved_usd"`
	ExpiresAt        types.String `tfsdk:"expires_at"`
	LastDepositAt    types.String `tfsdk:"last_deposit_at"`
	LastWithdrawalAt types.String `tfsdk:"last_withdrawal_at"`
	NextWithdrawalAt types.String `tfsdk:"next_withdrawal_at"`
}

// Metadata implements datasource.DataSource.
func (*BalanceDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_balance"
}

// Schema implements datasource.DataSource.
func (*BalanceDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The account's prepaid credits: what can be spent, and what chat sessions hold.",
		Attributes: map[string]schema.Attribute{
			"available_usd": schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: "What can be spent, in US dollars."},
			"reserved_usd": schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: "What open chat sessions hold, in US " +
				"dollars."},
			"expires_at": schema.StringAttribute{
				Computed: true, MarkdownDescription: "When the balance is lost if nothing happens on the account until then; null where AUTX does not say.",
			},
			"last_deposit_at":    schema.StringAttribute{Computed: true, MarkdownDescription: "When money last came in; null where it never did."},
			"last_withdrawal_at": schema.StringAttribute{Computed: true, MarkdownDescription: "When money was last taken out; null where it never was."},
			"next_withdrawal_at": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When the next withdrawal is possible, an hour after the last, in RFC 3339; null where none was made yet.",
			},
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *BalanceDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// Read implements datasource.DataSource.
func (d *BalanceDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	api, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	balance, err := api.Credits.Balance(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read the credit balance", err, nil)...)
		return
	}
	model := balanceModel{
		AvailableUSD:     usd.Of(balance.Available),
		ReservedUSD:      usd.Of(balance.Reserved),
		ExpiresAt:        text(balance.ExpiresAt),
		LastDepositAt:    text(balance.LastDepositAt),
		LastWithdrawalAt: text(balance.LastWithdrawalAt),
		NextWithdrawalAt: types.StringNull(),
	}
	if next, ok := nextWithdrawal(balance); ok {
		model.NextWithdrawalAt = types.StringValue(stamp(next))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func text(f client.Field[string]) types.String {
	if value, ok := f.Value(); ok {
		return types.StringValue(value)
	}
	return types.StringNull()
}
