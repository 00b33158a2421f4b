package session

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// Schema implements resource.Resource.
func (*Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A chat session: a conversation with an agent, held once and kept.\n\nCreating one opens a session, sends the `messages` " +
			"one after the other, keeps each answer, and closes the session. Each message is charged; all of them together never cost more than `max_cost`, " +
			"at most once for each `idempotency_key`, and only where the `spending` block of the provider allows it. Destroying one closes it if it is " +
			"still open, and forgets it: what was answered is not refunded.",
		Attributes: map[string]schema.Attribute{
			"id": computed("The session's id, such as `ses_4f0e9d0a6f3b1f2a`."),
			"idempotency_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(replacesKey,
					"Another key opens another session. A key that is filled in after an import does not.",
					"Another key opens another session. A key that is filled in after an import does not.")},
				MarkdownDescription: "Names this conversation, such as `triage-2026-10`: under one key a session is opened and its messages are sent at most " +
					"once, ever. To hold it again, change it. `agent` and all of `messages` are bound to the key: to change any of it, change the key too. " +
					"The key stays in Terraform and in the purchase journal; AUTX never sees it.",
			},
			"agent": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The agent to talk to, by its ticker, such as `CHAT`, or its id. Its manifest has to support sessions. Bound to " +
					"`idempotency_key`. Not readable as it was written: null after an import, and then filled in.",
			},
			"max_cost": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
				MarkdownDescription: "The most that all messages together may cost, in US dollars, as a decimal number such as `0.50`. The agent's price of a " +
					"message is read again right before the session is opened; where it is too high for all `messages` nothing is opened. It is checked " +
					"again before each message. Free to change afterwards, without any effect. Not readable: null after an import, and then filled in.",
			},
			"messages": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				Validators: []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1), messageSize{})},
				MarkdownDescription: "What is said to the agent, in this order; each message is sent when the one before it is answered. None may be empty. " +
					"Without messages the session is only opened and stays active. Bound to `idempotency_key` as a whole: nobody can attach to a session " +
					"again, so a message that is added later could never be sent. Not readable: null after an import, and then filled in from the " +
					"configuration without a call.",
			},
			"close_after_messages": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether the session is closed once its messages are answered, which releases the credits that it holds. It has no " +
					"meaning without `messages`. Set to `false`, the session stays active until it is destroyed or expires, although nothing more can be sent; " +
					"changed to `true` later, an update closes it. Defaults to `true`. Null after an import, and then filled in.",
			},
			"agent_id":     computed("The agent's id."),
			"agent_ticker": computed("The agent's ticker."),
			"status":       computed("What AUTX says of the session: `active`, `closed` or `expired`."),
			"credits_reserved": dollars("What the session holds of the account's credits, in US dollars. A hold is no charge; what is left of it is " +
				"released when the session ends."),
			"created_at": computed("When the session was opened, as AUTX writes it."),
			"closed_at":  computed("When the session ended, as AUTX writes it; null until then."),
			"turns":      turnsSchema(),
			"spend":      spendSchema(),
			"timeouts": deadline.Attribute(ctx, "How long the operations that call AUTX may take, as durations such as `90s` or `10m`.", map[string]string{
				"create": fmt.Sprintf("How long messages are sent. When it is over no further one is; one that is being answered is never cut short. Defaults "+
					"to `%s`.", brief(defaultTimeout)),
				"read":   fmt.Sprintf("How long a refresh may take, retries included. Defaults to %#q.", brief(defaultReadTimeout)),
				"update": fmt.Sprintf("How long closing the session may take, retries included. Defaults to %#q.", brief(defaultCloseTimeout)),
				"delete": fmt.Sprintf("How long closing the session may take, retries included. Defaults to %#q.", brief(defaultCloseTimeout)),
			}),
		},
	}
}

// IdentitySchema implements resource.ResourceWithIdentity: the id alone locates a session, and it never changes.
func (*Resource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true, Description: "The session's id."},
	}}
}

// replacesKey lets a changed key replace the session, unless there was none: after an import it is filled in.
func replacesKey(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !req.StateValue.IsNull()
}

func computed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func dollars(description string) schema.StringAttribute {
	return schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: description}
}

func turnsSchema() schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Computed: true,
		MarkdownDescription: "What became of the messages: one turn for each of them, in their order. After an import it has the turns that the ledger " +
			"of credits shows, without their prompts.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"prompt": computed("The message. Not readable: null after an import."),
			"output_text": computed("The agent's answer. Of a turn that is not completed it is what came before it broke off; null where nothing " +
				"came."),
			"order_id":    computed("The order as which AUTX keeps the turn; null where there is none, or where it is not known."),
			"output_hash": computed("The hash of the answer, as AUTX gives it: assumed to be its SHA-256 in hexadecimal; null until the turn is completed."),
			"amount_charged": dollars("What AUTX charged for the turn, in US dollars: `0` for one that failed, null for one that was not sent or of which " +
				"it is not known."),
			"platform_fee": dollars("The part of it that AUTX keeps, in US dollars."),
			"status": computed("What became of the turn: `completed`; `failed`, which costs nothing; `unknown`, which may have been charged and is looked " +
				"up again by each refresh; `not_sent`, which costs nothing and is never sent any more."),
		}},
	}
}

func spendSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "What the session was allowed to cost, and what it cost.",
		Attributes: map[string]schema.Attribute{
			"authorized_usd": dollars("What creating the session authorises, in US dollars: `max_cost`, known in the plan. Fixed at creation; `0` after an " +
				"import."),
			"charged_usd": dollars("What its messages cost, in US dollars. `0` for a session that an earlier run had opened, and after an import; null " +
				"while it is not known of each turn."),
		},
	}
}
