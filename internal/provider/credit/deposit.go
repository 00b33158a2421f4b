package credit

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// The bounds of one deposit, in US dollars (SDK reference).
var (
	minDeposit = money.FromInt(5)
	maxDeposit = money.FromInt(10000)
)

// howToTopUp says how real money comes in (public pages; client 0.4.1).
const howToTopUp = "To add real money, use AUTX's credits page: by card from $10, or with USDC on-chain from $5. There is no API call for it that " +
	"a provider could use."

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
		newModel:  newDepositModel,
		// Nothing that a read could tell stands against a deposit: whether an instance takes them shows only when one is made.
		facts:   func(context.Context, *mover, *movement) diag.Diagnostics { return nil },
		explain: explainDeposit,
	}}
}

type depositModel struct {
	movement
	CreditedUSD usd.Value `tfsdk:"credited_usd"`
}

func newDepositModel() model { return &depositModel{} }

func (d *depositModel) moved(amount usd.Value) { d.CreditedUSD = amount }

// Metadata implements resource.Resource.
func (*DepositResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_deposit"
}

// Schema implements resource.Resource.
func (*DepositResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := movementAttributes(ctx, "deposit", usd.Between(minDeposit, maxDeposit), "The amount to add, in US dollars, from `5` to `10000`.")
	attributes["credited_usd"] = schema.StringAttribute{
		CustomType: usd.Type{}, Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		MarkdownDescription: "The amount that was credited, in US dollars, by the ledger.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Adds test credits to the account, once. AUTX offers this on development instances only; real money comes in by card or " +
			"USDC on AUTX's credits page, for which there is no API call. The provider's `spending` block has to allow deposits with " +
			"`allow_deposits`.\n\nDestroying the resource only forgets it: no money is moved back.",
		Attributes: attributes,
	}
}

// explainDeposit tells why AUTX refused a deposit, and how real money comes in.
func explainDeposit(_ context.Context, _ *client.Client, title string, err error) diag.Diagnostics {
	// A refusal of the desk may stem from an answer to a read.
	if _, desk := errors.AsType[*purchase.Refusal](err); !desk && client.IsStatus(err, http.StatusForbidden) {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Test deposits are refused here", "AUTX adds test credits on development instances only, and to "+
			"keys that may do everything. Nothing was moved. "+howToTopUp+"\n\n"+err.Error()+".")}
	}
	return diagnose.Refused(title, err, amountOnly)
}

// amountOnly is diagnose.Paths for requests whose body has nothing but the amount.
func amountOnly(field []string) (path.Path, bool) {
	if len(field) == 1 && field[0] == "amount" {
		return path.Root("amount"), true
	}
	return path.Empty(), false
}
