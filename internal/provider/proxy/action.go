package proxy

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/progress"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

var (
	_ action.ActionWithConfigure  = (*Action)(nil)
	_ action.ActionWithModifyPlan = (*Action)(nil)
)

// Action is the action autx_proxy: one request to an agent whose answer is shown and not kept.
type Action struct {
	data *providerdata.Data
	walk *walk
}

// NewAction builds the action.
func NewAction() action.Action { return &Action{} }

type actionModel struct {
	question
	IdempotencyKey types.String `tfsdk:"idempotency_key"`
	MaxPrice       usd.Value    `tfsdk:"max_price"`
}

// Metadata implements action.Action.
func (*Action) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_proxy"
}

// Schema implements action.Action.
func (*Action) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Asks an agent once and shows the beginning of its answer, which is not kept: for what the agent does, rather than " +
			"for what it says. It is charged the agent's price, at most once for each `idempotency_key`, never more than `max_price`, and only " +
			"where the `spending` block of the provider allows it. Under a key that was used before, by this action or by the resource " +
			"`autx_proxy_request`, nothing is sent. An action has no state, so only the purchase journal knows its keys: keep it between runs.\n\nActions " +
			"need Terraform 1.14 or newer.",
		Attributes: map[string]schema.Attribute{
			"idempotency_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Names this request: under one key an agent is asked at most once, ever. To ask again, change it.",
			},
			"agent":  schema.StringAttribute{Required: true, Validators: agentValidators(), MarkdownDescription: agentText},
			"prompt": schema.StringAttribute{Optional: true, Validators: promptValidators(), MarkdownDescription: promptText},
			"body":   schema.StringAttribute{CustomType: jsontypes.NormalizedType{}, Optional: true, MarkdownDescription: bodyText},
			"max_price": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				MarkdownDescription: "The most that the request may cost, in US dollars, as a decimal number such as `0.50`; `0` for free requests " +
					"only. The agent's price is read right before; where it is higher nothing is sent.",
			},
		},
	}
}

// Configure implements action.ActionWithConfigure.
func (a *Action) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		a.data, a.walk = data, walkOf(data)
	}
}

// ModifyPlan implements action.ActionWithModifyPlan: it says what stands against the request, as the plan of the resource does. It sends nothing.
func (a *Action) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	if a.data == nil {
		return
	}
	var config actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	key := config.IdempotencyKey.ValueString()
	most, known := config.MaxPrice.Amount()
	// Several events may trigger the action, each with a plan of its own under the same key.
	resp.Diagnostics.Append(diagnose.Problems(a.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: kind, Key: key, Title: title(config.IdempotencyKey, config.Agent), Authorized: most, UnknownAmount: !known, Repeatable: true,
	}))...)
	// Under a key that was used before nothing is sent.
	if resp.Diagnostics.HasError() || !a.data.Reachable() || a.data.Desk().UsedBefore(ctx, kind, key) || !a.walk.facts.FirstPlan(kind, key) {
		return
	}
	resp.Diagnostics.Append(a.walk.checkLive(ctx, config.Agent, config.MaxPrice)...)
}

// Invoke implements action.Action.
func (a *Action) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer a.data.Paced(&resp.Diagnostics)
	var config actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	_, diags := a.data.Client()
	resp.Diagnostics.Append(diags...)
	asked, diags := config.inquiry()
	resp.Diagnostics.Append(diags...)
	most, diags := amountOf(config.MaxPrice)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	report := progress.New(ctx, resp)
	defer report.Close()
	say := func(format string, args ...any) { report.Say(fmt.Sprintf(format, args...)) }
	b := &buyer{
		walk: a.walk, inquiry: asked, key: config.IdempotencyKey.ValueString(), title: title(config.IdempotencyKey, config.Agent), most: most,
		deadline: defaultTimeout, repeats: true,
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	say("Asking agent %s, for up to %s", asked.agent, most.USD())
	result, err := b.buy(ctx)
	if err != nil {
		resp.Diagnostics.Append(b.refused(err)...)
		return
	}
	resp.Diagnostics.Append(diagnose.Problems(result.Problems)...)
	if result.Adopted {
		say("Nothing was sent: the key %q was used before (id %s)", b.key, result.ID)
		return
	}
	resp.Diagnostics.Append(b.told(result)...)
	if b.answer == nil {
		return
	}
	cost := "an amount that the ledger does not show yet"
	if amount, known := b.charged(result.ID); known {
		cost = amount.USD()
	}
	say("Agent %s answered %d with %d bytes of %s, charged %s",
		asked.agent, b.answer.StatusCode, len(b.answer.Body), orUnknown(b.answer.ContentType), cost)
	if text := head(b.answer); text != "" {
		say("%s", text)
	}
}

// orUnknown is a content type for a reader.
func orUnknown(contentType string) string {
	if contentType == "" {
		return "an unknown type"
	}
	return printable(contentType)
}
