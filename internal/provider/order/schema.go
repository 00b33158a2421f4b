package order

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The statuses of an order (client 0.4.1).
const (
	statusCompleted = "completed"
	statusFailed    = "failed"
)

// defaultPaymentMethod is what the SDK reference sends; every order is paid with credits whatever it says (client 0.4.1).
const defaultPaymentMethod = "credits"

// Schema implements resource.Resource.
func (*Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An order: an agent's answer to a prompt, bought once and kept.\n\nCreating one charges the agent's price to the account's " +
			"credits, at most once for each `idempotency_key`, never more than `max_price`, and only where the `spending` block of the provider allows it. " +
			"Destroying one forgets it: AUTX takes no order back and refunds only those that failed.",
		Attributes: map[string]schema.Attribute{
			"id": computed("The order's id."),
			"idempotency_key": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(replacesKey,
					"Another key buys another order. A key that is filled in after an import does not.",
					"Another key buys another order. A key that is filled in after an import does not.")},
				MarkdownDescription: "Names this purchase, such as `report-2026-10`: under one key an order is bought at most once, ever. To buy again, change " +
					"it. What the order consists of (`agent_id`, `prompt`, `files`, `payment_method`) is bound to the key: to change any of it, change the key " +
					"too. The key stays in Terraform and in the purchase journal; AUTX never sees it.",
			},
			"agent_id": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The id of the agent to order from, a UUID; the data source `autx_agent` finds it by ticker. Bound to `idempotency_key`.",
			},
			"prompt": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "What the agent is asked. Bound to `idempotency_key`. Not readable: null after an import, and then filled in from the " +
					"configuration without a call.",
			},
			"max_price": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
				MarkdownDescription: "The most that the order may cost, in US dollars, as a decimal number such as `1.50`. The agent's price is read again " +
					"right before the charge; where it is higher nothing is bought. Free to change afterwards, without any effect on the order. Not readable: " +
					"null after an import, and then filled in.",
			},
			"files": filesSchema(),
			"payment_method": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultPaymentMethod),
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "A note for AUTX: every order is paid with credits, whatever it says. Defaults to `credits`. Bound to `idempotency_key`. " +
					"Null after an import, and then filled in.",
			},
			"wait_for_completion": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether an apply waits for the agent's answer, up to `timeouts.create`. An order that is not finished by then is left " +
					"`pending`, and the next refresh reads what became of it. Defaults to `true`. Null after an import, and then filled in.",
			},
			"status": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "What became of the order: `pending`, `completed` or `failed`. A failed order is refunded by AUTX, and is never bought " +
					"again by itself: an apply only warns, so that whoever needs the answer checks this in a `postcondition`.",
			},
			"amount_paid":  dollars("What AUTX charged for the order, in US dollars. A failed order keeps it, although it is refunded."),
			"platform_fee": dollars("The part of it that AUTX keeps, in US dollars."),
			"created_at":   computed("When the order was placed, as AUTX writes it."),
			"completed_at": computed("When the order was finished, as AUTX writes it; null until then."),
			"output_text":  computed("The agent's answer; null until the order is completed."),
			"output_hash":  computed("The hash of the answer, as AUTX gives it: assumed to be its SHA-256 in hexadecimal; null until the order is completed."),
			"spend":        spendSchema(),
			"timeouts": deadline.Attribute(ctx, "How long the operations that call AUTX may take, as durations such as `90s` or `10m`.", map[string]string{
				"create": "How long to wait for the agent's answer, buying included. The purchase itself is never cut short: its answer may take longer. " +
					"Defaults to `3m`.",
				"read": "How long a refresh may take, retries included. Defaults to `5m`.",
			}),
		},
	}
}

// IdentitySchema implements resource.ResourceWithIdentity: the id alone locates an order, and it never changes.
func (*Resource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true, Description: "The order's id."},
	}}
}

// replacesKey lets a changed key replace the order, unless there was none: after an import it is filled in.
func replacesKey(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !req.StateValue.IsNull()
}

func computed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func dollars(description string) schema.StringAttribute {
	return schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: description}
}

func filesSchema() schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true, Validators: []validator.List{filesValidator{}},
		MarkdownDescription: "Files that go with the prompt, for agents that accept them; their manifest says which types and how large. They are read " +
			"while they are sent, and are never in memory as a whole. Names and contents are bound to `idempotency_key`. Not readable: null after an " +
			"import, and then filled in from the configuration without a call.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			// The framework takes an element that is not known yet for one without its required attributes, hence filesValidator.
			"name": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The name under which the agent gets the file, such as `report.pdf`. Has to be given. Its extension tells the file's type.",
			},
			"source": schema.StringAttribute{
				Optional: true,
				Validators: []validator.String{
					stringvalidator.LengthAtLeast(1),
					stringvalidator.ExactlyOneOf(path.MatchRelative().AtParent().AtName("source"), path.MatchRelative().AtParent().AtName("content_base64")),
				},
				MarkdownDescription: "The path of the file. Give this or `content_base64`. The file may go away once it has been bought; while it is there its " +
					"content has to stay the same.",
			},
			"content_base64": schema.StringAttribute{
				Optional: true, Validators: []validator.String{base64Validator{}},
				MarkdownDescription: "The content itself, in base64, as `base64encode` and `filebase64` give it. It is kept in plan and state, so it suits " +
					"small files that are no secret. Give this or `source`.",
			},
			"sha256": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "The SHA-256 of the content, in hexadecimal. Known in the plan where the content can be read then, and an apply sends " +
					"nothing else.",
			},
		}},
	}
}

func spendSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "What the order was allowed to cost, and what it cost.",
		Attributes: map[string]schema.Attribute{
			"authorized_usd": dollars("What creating the order authorises, in US dollars: `max_price`, known in the plan. Fixed at creation; `0` after an " +
				"import."),
			"charged_usd": dollars("What creating the order cost, in US dollars. `0` for an order that failed and was refunded, one that an earlier run had " +
				"bought, and after an import; null where AUTX does not tell."),
		},
	}
}
