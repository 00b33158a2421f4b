package proxy

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// What the attributes that all kinds share say.
const (
	agentText  = "The agent to ask: its ticker, such as `SUMM`, or its id, a UUID."
	promptText = "What the agent is asked. It is sent as the JSON object `{\"prompt\": …}`. Give this or `body`."
	bodyText   = "The JSON text to send, as `jsonencode` writes it, for agents that take more than a prompt. Give this or `prompt`."

	statusText  = "The HTTP status of the answer, such as `200`. An answer that is no success is an error."
	typeText    = "The answer's content type, such as `text/plain; charset=utf-8`; null where there is none."
	headersText = "The answer's headers, by their names in lower case; the values of one that came several times are joined by `, `. Left out are " +
		"those of the connection, cookies, `age`, `date`, and those that have an attribute of their own."
	textText = "The answer as text; null where it is not text in UTF-8, or has zero bytes. An empty answer is `\"\"`. Terraform brings all text " +
		"into Unicode's normal form C."
	base64Text = "The answer's bytes in base64, for answers that `response_text` does not hold byte for byte; null otherwise."
	idText     = "How AUTX names the call in its own logs; null where it does not tell."
	latency    = "How long the agent took, in milliseconds, as AUTX tells; null where it does not."
)

// largest says how much of an answer is kept.
const largest = "Answers of up to 16 MiB are kept, after decompression."

// promptValidators hold both arguments: it is enough that one of them complains.
func promptValidators() []validator.String {
	return []validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot("body"))}
}

func agentValidators() []validator.String {
	return []validator.String{stringvalidator.LengthAtLeast(1)}
}

// Schema implements resource.Resource.
func (*Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One request that AUTX passes to an agent, sent once, and the answer, kept in the state.\n\nIt is charged the agent's " +
			"price, at most once for each `idempotency_key`, never more than `max_price`, and only where the `spending` block of the provider " +
			"allows it. Requests to agents at $0 and to your own agents are free. Nothing at AUTX keeps the answer: it can't be imported, and one " +
			"that is lost can't be read again. Destroying the resource forgets it.",
		Attributes: map[string]schema.Attribute{
			"id": computed("The id of the charge, an entry of the account's ledger. It begins with `free-` where nothing was charged, and with " +
				"`unlisted-` where AUTX answered and the ledger did not show which entry it is."),
			"idempotency_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				MarkdownDescription: "Names this request, such as `summary-2026-10`: under one key an agent is asked at most once, ever, free " +
					"requests included, except that a free one whose answer was lost is asked again by the next apply. To ask again, change it. " +
					"What is asked of whom (`agent`, `prompt`, `body`) is bound to the key: to change any of it, change the key too. The key stays " +
					"in Terraform and in the purchase journal; AUTX never sees it.",
			},
			"agent": schema.StringAttribute{
				Required: true, Validators: agentValidators(),
				MarkdownDescription: agentText + " Bound to `idempotency_key`.",
			},
			"prompt": schema.StringAttribute{
				Optional: true, Validators: promptValidators(),
				MarkdownDescription: promptText + " Bound to `idempotency_key`.",
			},
			"body": schema.StringAttribute{
				CustomType: jsontypes.NormalizedType{}, Optional: true, PlanModifiers: []planmodifier.String{keepSpelling{}},
				MarkdownDescription: bodyText + " Bound to `idempotency_key`; the same JSON in another spelling is no change.",
			},
			"max_price": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
				MarkdownDescription: "The most that the request may cost, in US dollars, as a decimal number such as `0.50`; `0` for free requests " +
					"only. The agent's price is read again right before; where it is higher nothing is sent. Free to change afterwards, without any effect.",
			},
			"status_code":     schema.Int64Attribute{Computed: true, MarkdownDescription: statusText + lostText},
			"content_type":    computed(typeText),
			"headers":         schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: headersText},
			"response_text":   computed(textText),
			"response_base64": computed(base64Text + " " + largest),
			"request_id":      computed(idText),
			"latency_ms":      schema.Int64Attribute{Computed: true, MarkdownDescription: latency},
			"spend": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What the request was allowed to cost, and what it cost.",
				Attributes: map[string]schema.Attribute{
					"authorized_usd": dollars("What the request authorises, in US dollars: `max_price`, known in the plan. Fixed at creation."),
					"charged_usd": dollars("What the request cost, in US dollars, by the account's ledger. `0` where it was free, and for one that " +
						"an earlier run had sent; null where the ledger does not show it."),
				},
			},
			"timeouts": deadline.Attribute(ctx, "How long the operations that call AUTX may take, as durations such as `90s` or `10m`.", map[string]string{
				"create": "How long it may take until the request is sent: requests that are charged take turns. A request that was sent is never " +
					"cut short by this, but by the provider's `timeout`. Defaults to `20m`.",
			}),
		},
	}
}

// lostText is what an answer that is lost looks like.
const lostText = " Null, as everything about the answer, where the answer was lost or an earlier run had it: it can't be read again."

func computed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func dollars(description string) schema.StringAttribute {
	return schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: description}
}
