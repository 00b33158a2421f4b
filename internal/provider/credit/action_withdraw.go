package credit

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/progress"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

var (
	_ action.ActionWithConfigure  = (*WithdrawAction)(nil)
	_ action.ActionWithModifyPlan = (*WithdrawAction)(nil)
)

// WithdrawAction is the action autx_credit_withdraw: the withdrawal of autx_credit_withdrawal, of which no state is kept. The two share their keys.
type WithdrawAction struct {
	mover mover
}

// NewWithdrawAction builds the action.
func NewWithdrawAction() action.Action {
	return &WithdrawAction{mover{direction: out, facts: withdrawalFacts, explain: explainWithdrawal}}
}

type withdrawModel struct {
	IdempotencyKey types.String `tfsdk:"idempotency_key"`
	Amount         usd.Value    `tfsdk:"amount"`
}

// Metadata implements action.Action.
func (*WithdrawAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_withdraw"
}

// Schema implements action.Action.
func (*WithdrawAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Takes credits out of the account, once for each `idempotency_key`. AUTX allows one withdrawal an hour. The provider's " +
			"`spending` block has to allow withdrawals with `allow_withdrawals`, and its `keep_balance` holds for them too.\n\n" +
			"An action has no state. What keeps it from moving money twice is the purchase journal, and nothing else: keep the journal. The resource " +
			"`autx_credit_withdrawal` has a state as well; its keys are the same.\n\nActions need Terraform 1.14 or newer.",
		Attributes: map[string]schema.Attribute{
			"idempotency_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1), notOfFloor{}},
				MarkdownDescription: "Names this withdrawal for ever, among all of this account: it is made at most once under the key. Invoked again with " +
					"the same key, the action says that it was made, and moves nothing.",
			},
			"amount": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.Positive()},
				MarkdownDescription: "The amount to take out, in US dollars, more than `0`. Bound to `idempotency_key`.",
			},
		},
	}
}

// Configure implements action.ActionWithConfigure.
func (a *WithdrawAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		a.mover.data, a.mover.walk = data, walkOf(data)
	}
}

// ModifyPlan implements action.ActionWithModifyPlan. It reads only. Several resources may trigger the action in one plan.
func (a *WithdrawAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	if a.mover.data == nil {
		return
	}
	var model withdrawModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan := &movement{IdempotencyKey: model.IdempotencyKey, Amount: model.Amount}
	resp.Diagnostics.Append(a.mover.planCreate(ctx, plan, true)...)
}

// Invoke implements action.Action. Once money has moved there are only warnings, as for the resource.
func (a *WithdrawAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer a.mover.data.Paced(&resp.Diagnostics)
	say := progress.New(ctx, resp)
	defer say.Close()
	m := &a.mover
	var model withdrawModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	api, diags := m.data.Client()
	resp.Diagnostics.Append(diags...)
	amount, ok := model.Amount.Amount()
	if !ok && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddAttributeError(path.Root("amount"), "Not an amount of US dollars", "Write the amount as plain digits, such as \"25.00\". "+
			"Nothing was moved.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultCreateTimeout)
	defer cancel()
	key, title := model.IdempotencyKey.ValueString(), m.title(model.Amount)
	release := m.walk.alone(ctx, m.direction)
	result, entry, err := m.walk.move(ctx, m.direction, request{
		key: key, title: title, amount: amount, repeatable: true, deadline: defaultCreateTimeout,
	})
	release()
	if err != nil {
		resp.Diagnostics.Append(m.explain(ctx, api, "Could not make the "+title, err)...)
		return
	}
	resp.Diagnostics.Append(diagnose.Problems(result.Problems)...)
	say.Say(told(title, key, result, entry))
}

// told says what came of a withdrawal.
func told(title, key string, result purchase.Result, entry client.Transaction) string {
	which := "id " + result.ID
	if entry.CreatedAt != "" {
		which += ", " + entry.CreatedAt
	}
	if result.Adopted {
		return fmt.Sprintf("The %s was made before under the key %q (%s). No money was moved.", title, key, which)
	}
	return fmt.Sprintf("The %s was made (%s).", title, which)
}
