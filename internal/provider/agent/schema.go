package agent

import (
	"context"
	"regexp"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The statuses and tiers that AUTX documents (client 0.4.1); pending is assumed.
const (
	statusActive  = "active"
	statusPaused  = "paused"
	statusPending = "pending"

	tierJWT      = "jwt_default"
	tierBuyerKey = "buyer_key"
)

var (
	txHash  = regexp.MustCompile(`^0x[0-9a-fA-F]{64}$`)
	address = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
)

// Schema implements resource.Resource.
func (*Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An AI agent that you list on AUTX: its price, what it takes and gives, how it presents itself, and where it " +
			"runs.\n\nCreating one launches it, which costs $20 of the account's credits unless the account has a free launch left; the `spending` block of " +
			"the provider has to allow it. Destroying it delists it for good: the launch fee is not refunded, and a later launch costs it again.",
		Attributes: map[string]schema.Attribute{
			"id":       computed("The agent's id, a UUID."),
			"owner_id": computed("The id of the user who owns the agent."),
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The name in the marketplace. Unique on AUTX.",
			},
			"ticker": schema.StringAttribute{
				Required: true,
				Validators: []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.RegexMatches(regexp.MustCompile(`^\S*$`), "must not "+
					"contain white space")},
				PlanModifiers: []planmodifier.String{
					keepTickerCase{},
					stringplanmodifier.RequiresReplace(),
				},
				MarkdownDescription: "The ticker symbol, such as `SUMM`. Unique on AUTX and the name of the agent's token, so it can't change: another ticker " +
					"is another agent, which costs another launch fee, and the old one is delisted. Upper and lower case are the same ticker.",
			},
			"endpoint_url": schema.StringAttribute{
				Required: true, Validators: []validator.String{httpsValidator{}},
				MarkdownDescription: "The `https` URL that AUTX calls to run the agent. Not readable where AUTX does not show it: a change made outside of " +
					"Terraform is then not seen, and after an import it is sent once.",
			},
			"service_price": schema.StringAttribute{
				CustomType: usd.Type{}, Required: true, Validators: []validator.String{usd.AtLeast(money.Zero())},
				PlanModifiers:       []planmodifier.String{usd.KeepSpelling()},
				MarkdownDescription: "The price of one request, in US dollars, as a decimal number such as `0.50`. `0` makes the agent free to call.",
			},
			"description": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "What the agent does. Removing it clears it.",
			},
			"category": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "The category in the marketplace, such as `text`. Removing it clears it.",
			},
			"auth_tier": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(tierJWT),
				Validators: []validator.String{stringvalidator.OneOf(tierJWT, tierBuyerKey)},
				MarkdownDescription: "How AUTX authenticates itself at the endpoint: `jwt_default` sends a short-lived token that AUTX signed, `buyer_key` " +
					"sends the stored provider key. " +
					"Defaults to `jwt_default`.",
			},
			"status": schema.StringAttribute{
				Optional: true, Computed: true,
				// Pending chooses nothing, but is what a CLI writes that generates the configuration of an imported reservation.
				Validators: []validator.String{stringvalidator.OneOf(statusActive, statusPaused, statusPending)},
				MarkdownDescription: "Whether the agent takes requests: `active` or `paused`. Defaults to `active`. A reserved agent reads `pending` until it " +
					"is activated; `pending` may be written only of one that was imported, and has to go when it is activated.",
			},
			"manifest":     manifestSchema(),
			"profile":      profileSchema(),
			"image":        imageSchema(),
			"provider_key": providerKeySchema(),
			"launch": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "How the agent is launched. Read only when the agent is created; changing it later changes nothing.",
				Attributes: map[string]schema.Attribute{
					"reserve": schema.BoolAttribute{
						Optional: true, Computed: true, Default: booldefault.StaticBool(false),
						MarkdownDescription: "Only reserves the ticker and the name, for those who launch the token from a wallet of their own: the fee is " +
							"debited, the agent stays `pending` until " +
							"`activation` is given, and destroying it before that cancels the reservation and returns the fee. Defaults to `false`.",
					},
					"stripe_session_id": schema.StringAttribute{
						Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
						MarkdownDescription: "A completed Stripe checkout session that paid for the launch instead of credits (the old way to pay).",
					},
				},
			},
			"activation": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "Proof that the agent's token was launched from a wallet. Added to a reserved agent it activates it, once. Not " +
					"readable: null after an import, " +
					"and for an agent that is active already it is filled in without a call.",
				Attributes: map[string]schema.Attribute{
					"tx_hash": schema.StringAttribute{
						Required: true, Validators: []validator.String{stringvalidator.RegexMatches(txHash, "must be 0x and 64 hexadecimal digits")},
						MarkdownDescription: "The hash of the launch transaction: `0x` and 64 hexadecimal digits.",
					},
					"deployer_address": schema.StringAttribute{
						Required: true, Validators: []validator.String{stringvalidator.RegexMatches(address, "must be 0x and 40 hexadecimal digits")},
						MarkdownDescription: "The address of the wallet that sent it: `0x` and 40 hexadecimal digits.",
					},
				},
			},
			"deletion_protection": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Refuses to destroy or replace the agent while this is `true` in state: set it to `false` and apply first. Defaults to " +
					"`true`. The environment variable `AUTX_DELETION_PROTECTION=off` lifts it where `base_url` is a loopback address, for tests against the mock " +
					"server.",
			},
			"provider_key_configured":   schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether AUTX holds a provider key for the agent."},
			"image_url":                 schema.StringAttribute{Computed: true, MarkdownDescription: "Where AUTX serves the agent's image."},
			"contract_address":          schema.StringAttribute{Computed: true, MarkdownDescription: "The address of the agent's contract."},
			"dividend_splitter_address": schema.StringAttribute{Computed: true, MarkdownDescription: "The address of the contract that splits dividends."},
			"agent_token_address":       schema.StringAttribute{Computed: true, MarkdownDescription: "The address of the agent's token."},
			"created_at":                computed("When the agent was created, as AUTX writes it."),
			"spend": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What the launch was allowed to cost, and what it cost. Fixed at creation.",
				Attributes: map[string]schema.Attribute{
					"authorized_usd": schema.StringAttribute{
						CustomType: usd.Type{}, Computed: true,
						MarkdownDescription: "What creating the agent authorises, in US dollars: `20`, the launch fee, as nothing tells beforehand whether a " +
							"launch is free. Known in the plan. `0` after an import.",
					},
					"charged_usd": schema.StringAttribute{
						CustomType: usd.Type{}, Computed: true,
						MarkdownDescription: "What the launch cost, in US dollars, read from the ledger of credits. `0` for a free launch, an agent that was " +
							"adopted, and after an import; null where the ledger does not tell.",
					},
				},
			},
			"timeouts": deadline.Attribute(ctx, "How long each operation may take, retries included, as durations such as `90s` or `10m`.", map[string]string{
				"create": "How long a launch may take until its request is sent, and then again until it is answered. What follows it has a minute more. " +
					"Defaults to `5m`.",
				"read":   "How long a refresh may take. Defaults to `5m`.",
				"update": "How long an update may take, all its calls together. Defaults to `5m`.",
				"delete": "How long a destroy may take. Defaults to `5m`.",
			}),
		},
	}
}

// IdentitySchema implements resource.ResourceWithIdentity: the id alone locates an agent, and it never changes.
func (*Resource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true, Description: "The agent's id, a UUID."},
	}}
}

// computed is a text that AUTX decides once.
func computed(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, MarkdownDescription: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func imageSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The agent's image: JPEG, PNG or WebP. It is uploaded again when the content of the file changes or AUTX shows another " +
			"image; removing it deletes the image. " +
			"Not readable: null after an import, and then uploaded once.",
		Attributes: map[string]schema.Attribute{
			"source": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The path of the image file.",
			},
			"content_sha256": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "The SHA-256 of the content that was uploaded, in hexadecimal; null where the last upload failed, and then it is tried " +
					"again.",
			},
		},
	}
}

func providerKeySchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The key of the model provider, such as OpenAI, that AUTX sends to the endpoint with `auth_tier = \"buyer_key\"`. " +
			"Not readable: null after an import, and then sent once. AUTX has no call that takes a key back: removing this block only stops managing it.",
		Attributes: map[string]schema.Attribute{
			"provider": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The model provider that the key belongs to, such as `openai`.",
			},
			"value_wo": schema.StringAttribute{
				Required: true, WriteOnly: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The key. Write-only: it is in no plan and no state. Needs Terraform 1.11 or OpenTofu 1.11.",
			},
			"value_wo_version": schema.Int64Attribute{
				Required: true, Validators: []validator.Int64{int64validator.AtLeast(0)},
				MarkdownDescription: "A number to change whenever the key changes: as the key itself is nowhere kept, only this tells that it is to be sent " +
					"again.",
			},
		},
	}
}

func manifestSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "What the agent takes and gives. Parts that are left out take AUTX's defaults; AUTX replaces a manifest as a whole. " +
			"Removing it clears it.",
		Attributes: map[string]schema.Attribute{
			"input": schema.SingleNestedAttribute{
				Optional: true, Computed: true, Default: objectdefault.StaticValue(defaultInput()),
				MarkdownDescription: "What the agent takes.",
				Attributes: map[string]schema.Attribute{
					"type":          defaulted("The kind of input: `text`, `json` or `multipart`.", defaultInputType),
					"accepts_files": flag("Whether orders may carry files."),
					"file_types": schema.ListAttribute{
						ElementType: types.StringType, Optional: true, Computed: true, Default: listdefault.StaticValue(textList(nil)),
						MarkdownDescription: "The file types that it takes, such as `pdf`. Defaults to an empty list.",
					},
					"max_size_bytes": atLeast("The largest input, in bytes.", 1, defaultInputMaxBytes),
				},
			},
			"output": schema.SingleNestedAttribute{
				Optional: true, Computed: true, Default: objectdefault.StaticValue(defaultOutput()),
				MarkdownDescription: "What the agent gives.",
				Attributes: map[string]schema.Attribute{
					"type":           defaulted("The kind of output, such as `json` or `text`.", defaultOutputType),
					"produces_files": flag("Whether the agent answers with files."),
					"content_types": schema.ListAttribute{
						ElementType: types.StringType, Optional: true, Computed: true, Default: listdefault.StaticValue(textList([]string{defaultOutputContentTypes})),
						MarkdownDescription: "The content types that it answers with. Defaults to `[\"application/json\"]`.",
					},
					"max_size_bytes": atLeast("The largest output, in bytes.", 1, defaultOutputMaxBytes),
				},
			},
			"supports_sessions": flag("Whether the agent can be chatted with over sessions."),
			"session_price_per_message": schema.StringAttribute{
				CustomType: usd.Type{}, Optional: true,
				Validators: []validator.String{usd.AtLeast(money.Zero())}, PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
				MarkdownDescription: "The price of one chat message, in US dollars. Without it a message costs the service price.",
			},
			"session_minimum_messages":     atLeast("For how many messages a session holds credits when it opens.", 0, defaultSessionMessages),
			"session_max_duration_minutes": atLeast("How long a session may last, in minutes.", 1, defaultSessionMaxMinutes),
			"chat_response_path": schema.StringAttribute{Optional: true, MarkdownDescription: "Passed on to AUTX as it is; AUTX does not document its " +
				"meaning."},
		},
	}
}

func profileSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How the agent presents itself in the marketplace. AUTX replaces a profile as a whole. Removing it clears it.",
		Attributes: map[string]schema.Attribute{
			"tagline":            schema.StringAttribute{Required: true, MarkdownDescription: "One line that says what the agent is good for."},
			"capabilities":       schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "What the agent can do."},
			"use_cases":          schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "What it is used for."},
			"output_description": schema.StringAttribute{Optional: true, MarkdownDescription: "What its answers look like."},
			"best_for":           schema.StringAttribute{Optional: true, MarkdownDescription: "Whom or what it suits best."},
			"limitations":        schema.StringAttribute{Optional: true, MarkdownDescription: "What it can't do."},
		},
	}
}

func defaulted(description, fallback string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(fallback), Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: description + " Defaults to `" + fallback + "`.",
	}
}

func flag(description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true, Default: booldefault.StaticBool(false),
		MarkdownDescription: description + " Defaults to `false`.",
	}
}

func atLeast(description string, minimum, fallback int64) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Computed: true, Default: int64default.StaticInt64(fallback), Validators: []validator.Int64{int64validator.AtLeast(minimum)},
		MarkdownDescription: description + " Defaults to `" + strconv.FormatInt(fallback, 10) + "`.",
	}
}
