package credit

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The bounds of one deposit (SDK reference).
var (
	minDeposit = money.FromInt(5)
	maxDeposit = money.FromInt(10000)
)

var (
	_ resource.ResourceWithConfigure   = (*DepositResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*DepositResource)(nil)
	_ resource.ResourceWithImportState = (*DepositResource)(nil)
	_ resource.ResourceWithIdentity    = (*DepositResource)(nil)
)

// DepositResource is the resource autx_credit_deposit.
type DepositResource struct {
	mover
}

// NewDepositResource builds the resource.
func NewDepositResource() resource.Resource {
	return &DepositResource{mover{
		direction: in,
		newModel:  func() model { return &depositModel{} },
		facts:     func(context.Context, *mover, *movement) diag.Diagnostics { return nil },
		explain:   explainDeposit,
	}}
}

type depositModel struct {
	movement
	CreditedUSD usd.Value `tfsdk:"credited_usd"`
}

func (d *depositModel) moved(amount usd.Value) { d.CreditedUSD = amount }

// Metadata implements resource.Resource.
func (*DepositResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_deposit"
}

// Schema implements resource.Resource.
func (*DepositResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := movementAttributes(ctx, "deposit", usd.Between(minDeposit, maxDeposit),
		"The amount to add, in US dollars, from `5` to `10000`. Bound to `idempotency_key`.")
	attributes["credited_usd"] = schema.StringAttribute{
		CustomType: usd.Type{}, Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		MarkdownDescription: "The amount that was credited, in US dollars.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Adds test credits to the account, once. AUTX offers this on development instances only; real money comes in by card " +
			"or USDC on AUTX's pages, " +
			"for which no call is published. The provider's `spending` block has to allow it with `allow_deposits`.\n\n" +
			"Destroying the resource only forgets it: no money is moved back.",
		Attributes: attributes,
	}
}

// movementAttributes are the attributes that deposits and withdrawals share.
func movementAttributes(ctx context.Context, noun string, bounds validator.String, amount string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			MarkdownDescription: "The id of the ledger's entry. It begins with `unlisted-` where AUTX confirmed the " + noun + " but its ledger " +
				"did not show which entry it is.",
		},
		"idempotency_key": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Names this " + noun + " for ever, among all of this account: it is made at most once under the key. " +
				"Changing it makes another one. Not readable: null after an import, and filled in without a call.",
		},
		"amount": schema.StringAttribute{
			CustomType: usd.Type{}, Required: true, Validators: []validator.String{bounds}, PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
			MarkdownDescription: amount,
		},
		"created_at": schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			MarkdownDescription: "When it happened, as AUTX writes it.",
		},
		"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true}),
	}
}

func noTimeouts() timeouts.Value {
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": types.StringType})}
}

func explainDeposit(_ context.Context, _ *mover, title string, err error) diag.Diagnostics {
	if client.IsStatus(err, http.StatusForbidden) {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Test deposits are off here",
			"AUTX adds test credits on development instances only, or the API key lacks the scope for it. Nothing was moved. To add real money, "+
				"use AUTX's credits page: "+
				"by card from $10 to $1,000 a purchase, or with USDC on-chain from $5. There is no call that a provider could use for "+
				"it.\n\n"+err.Error())}
	}
	return diagnose.Refused(title, err, diagnose.Same)
}
