package session

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
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
	_ action.ActionWithConfigure  = (*ChatAction)(nil)
	_ action.ActionWithModifyPlan = (*ChatAction)(nil)
)

// ChatAction is the action autx_chat: a conversation whose answers are shown while they come. It is the same purchase as the resource, and nothing of
// it is in a state.
type ChatAction struct {
	data *providerdata.Data
	walk *walk
}

// NewChatAction builds the action.
func NewChatAction() action.Action { return &ChatAction{} }

type chatModel struct {
	IdempotencyKey types.String   `tfsdk:"idempotency_key"`
	Agent          types.String   `tfsdk:"agent"`
	MaxCost        usd.Value      `tfsdk:"max_cost"`
	Prompt         types.String   `tfsdk:"prompt"`
	Messages       types.List     `tfsdk:"messages"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// Metadata implements action.Action.
func (*ChatAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_chat"
}

// Schema implements action.Action.
func (*ChatAction) Schema(ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Talks to an agent and shows its answers while they come. Each message is charged; all of them together never cost more " +
			"than `max_cost`, at most once for each `idempotency_key`, and only where the `spending` block of the provider allows it. The session is closed " +
			"afterwards. The answers are shown and not kept: the resource `autx_session` keeps them. Under a key that was used before, also by that " +
			"resource, nothing is sent, and it is said what was done under it.",
		Attributes: map[string]schema.Attribute{
			"idempotency_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Names this conversation, such as `triage-2026-10`: under one key it is held at most once, ever. To hold it again, " +
					"change it.",
			},
			"agent": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The agent to talk to, by its ticker, such as `CHAT`, or its id. Its manifest has to support sessions.",
			},
			"max_cost": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				MarkdownDescription: "The most that all messages together may cost, in US dollars, as a decimal number such as `0.50`.",
			},
			"prompt": schema.StringAttribute{
				Optional: true,
				Validators: []validator.String{
					stringvalidator.LengthAtLeast(1), messageSize{}, stringvalidator.ExactlyOneOf(path.MatchRoot("messages")),
				},
				MarkdownDescription: "The only message. Give this or `messages`.",
			},
			"messages": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1), messageSize{}),
				},
				MarkdownDescription: "The messages, in their order; each is sent when the one before it is answered. Give this or `prompt`.",
			},
			"timeouts": chatTimeouts(ctx),
		},
	}
}

func chatTimeouts(ctx context.Context) schema.Attribute {
	attribute := timeouts.AttributesWithOpts(ctx, timeouts.Opts{
		InvokeDescription: fmt.Sprintf("How long messages are sent. When it is over no further one is; one that is being answered is never cut short. "+
			"Defaults to `%s`.", brief(defaultTimeout)),
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long the conversation may take, as a duration such as `90s` or `10m`."
		return nested
	}
	return attribute
}

// Configure implements action.ActionWithConfigure.
func (a *ChatAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		a.data, a.walk = data, walkOf(data)
	}
}

// ModifyPlan implements action.ActionWithModifyPlan: it says what stands against the conversation, as the plan of the resource does. It sends
// nothing.
func (a *ChatAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var config chatModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || a.data == nil {
		return
	}
	most, ok := config.MaxCost.Amount()
	resp.Diagnostics.Append(diagnose.Problems(a.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: kind, Key: config.IdempotencyKey.ValueString(), Authorized: most, UnknownAmount: !ok, Repeatable: true,
		Title: titleOf(resourceModel{IdempotencyKey: config.IdempotencyKey, Agent: config.Agent}),
	}))...)
	key := config.IdempotencyKey.ValueString()
	if resp.Diagnostics.HasError() || !a.data.Reachable() || a.data.Desk().UsedBefore(ctx, kind, key) || !a.walk.facts.FirstPlan(kind, key) {
		return
	}
	resp.Diagnostics.Append(a.walk.liveFacts(ctx, config.wish())...)
}

// wish is what a planned conversation wants of its agent.
func (m *chatModel) wish() wish {
	w := wish{max: m.MaxCost, messages: 1}
	if !m.Agent.IsUnknown() {
		w.agent = m.Agent.ValueString()
	}
	switch {
	case m.Messages.IsUnknown():
		w.messages = -1
	case m.Prompt.IsNull():
		w.messages = len(m.Messages.Elements())
	}
	return w
}

// Invoke implements action.Action.
func (a *ChatAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer a.data.Paced(&resp.Diagnostics)
	var config chatModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	_, diags := a.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted, diags := config.chat(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	reporter := progress.New(ctx, resp)
	defer reporter.Close()
	wanted.tell = reporter.Say
	b := &buyer{walk: a.walk, desk: a.data.Desk(), chat: wanted}
	done, diags := b.buy(ctx)
	resp.Diagnostics.Append(diags...)
	if done == nil {
		return
	}
	wanted.tell(summaryOf(done))
}

// chat is the conversation that a configuration wants.
func (m *chatModel) chat(ctx context.Context) (*chat, diag.Diagnostics) {
	most, ok := m.MaxCost.Amount()
	messages, diags := messagesOf(ctx, m.Messages)
	if !m.Prompt.IsNull() {
		messages = []string{m.Prompt.ValueString()}
	}
	timeout, more := m.Timeouts.Invoke(ctx, defaultTimeout)
	diags.Append(more...)
	if !ok {
		diags.AddAttributeError(path.Root("max_cost"), "Not an amount of US dollars", "max_cost is not an amount of US dollars. Nothing was charged.")
	}
	return &chat{
		key: m.IdempotencyKey.ValueString(), agent: m.Agent.ValueString(), messages: messages, most: most, closes: true, repeats: true,
		timeout: timeout,
	}, diags
}

// summaryOf is the last thing that is told of a conversation.
func summaryOf(done *bought) string {
	story := tally(done.turns)
	if story == "" {
		total, _ := costOf(done.turns)
		all := make([]int, len(done.turns))
		for i := range all {
			all[i] = i + 1
		}
		story = numbers(all, "was", "were") + " answered for " + total.USD()
	}
	when := ""
	if done.adopted {
		when = "by an earlier run; this one sent nothing: "
	}
	return fmt.Sprintf("Session %s, %s%s. It is %s", done.session.ID, when, story, done.session.Status.Or("in a status that is not known"))
}
