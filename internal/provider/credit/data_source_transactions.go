package credit

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

var _ datasource.DataSourceWithConfigure = (*TransactionsDataSource)(nil)

// TransactionsDataSource is the data source autx_credit_transactions.
type TransactionsDataSource struct {
	data *providerdata.Data
}

// NewTransactionsDataSource builds the data source.
func NewTransactionsDataSource() datasource.DataSource { return &TransactionsDataSource{} }

type transactionsModel struct {
	Limit        types.Int64        `tfsdk:"limit"`
	Type         types.String       `tfsdk:"type"`
	Transactions []transactionModel `tfsdk:"transactions"`
}

type transactionModel struct {
	ID        types.String `tfsdk:"id"`
	Type      types.String `tfsdk:"type"`
	Amount    usd.Value    `tfsdk:"amount"`
	SessionID types.String `tfsdk:"session_id"`
	OrderID   types.String `tfsdk:"order_id"`
	TxHash    types.String `tfsdk:"tx_hash"`
	CreatedAt types.String `tfsdk:"created_at"`
}

// Metadata implements datasource.DataSource.
func (*TransactionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_transactions"
}

// Schema implements datasource.DataSource.
func (*TransactionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	entry := map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The entry's id."},
		"type": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "What happened: `deposit`, `withdrawal`, `consume` (an order, a call, a chat message or a launch was paid), `refund`, or " +
				"`expiry`.",
		},
		"amount":     schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: "The amount in US dollars, as AUTX gives it."},
		"session_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The chat session that it belongs to; null for others."},
		"order_id":   schema.StringAttribute{Computed: true, MarkdownDescription: "The order that it belongs to; null for others."},
		"tx_hash":    schema.StringAttribute{Computed: true, MarkdownDescription: "The transaction on-chain; null for others."},
		"created_at": schema.StringAttribute{Computed: true, MarkdownDescription: "When it happened, as AUTX writes it."},
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The newest entries of the account's ledger of credits.",
		Attributes: map[string]schema.Attribute{
			"limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, ledger.Most)},
				MarkdownDescription: fmt.Sprintf("How many of the newest entries to read, from 1 to %d, before `type` narrows them down. Defaults "+
					"to `%d`.",
					ledger.Most, ledger.Default),
			},
			"type": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Only entries of this type, such as `deposit` or `consume`.",
			},
			"transactions": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The entries, newest first as AUTX lists them.",
				NestedObject: schema.NestedAttributeObject{Attributes: entry},
			},
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *TransactionsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// Read implements datasource.DataSource.
func (d *TransactionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.Paced(&resp.Diagnostics)
	var model transactionsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	api, diags := d.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limit := ledger.Default
	if !model.Limit.IsNull() {
		limit = int(model.Limit.ValueInt64())
	}
	entries, err := api.Credits.Transactions(ctx, limit)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read the ledger of credits", err, diagnose.Parameter)...)
		return
	}
	model.Transactions = make([]transactionModel, 0, len(entries))
	for _, entry := range entries {
		if wanted := model.Type.ValueString(); wanted != "" && wanted != entry.Type {
			continue
		}
		model.Transactions = append(model.Transactions, entryFromAPI(entry))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func entryFromAPI(entry client.Transaction) transactionModel {
	return transactionModel{
		ID: types.StringValue(entry.ID), Type: types.StringValue(entry.Type), Amount: usd.Of(entry.Amount),
		SessionID: text(entry.SessionID), OrderID: text(entry.OrderID), TxHash: text(entry.TxHash), CreatedAt: optional(entry.CreatedAt),
	}
}
