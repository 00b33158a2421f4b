package agent

import (
	"context"
	"encoding/json"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// dataModel is an agent in a data source: the listing, and the figures that change all the time, which would be drift in a resource.
type dataModel struct {
	listing
	ModelProvider types.String `tfsdk:"model_provider"`
	UptimePct     types.Number `tfsdk:"uptime_pct"`
	SuccessRate   types.Number `tfsdk:"success_rate"`
	TotalRevenue  usd.Value    `tfsdk:"total_revenue"`
	TotalRequests types.Int64  `tfsdk:"total_requests"`
}

func dataFromAPI(ctx context.Context, a *client.Agent) (dataModel, diag.Diagnostics) {
	observed, diags := fromAPI(ctx, unset(), a)
	return dataModel{
		listing:       observed,
		ModelProvider: reported.Text(types.StringNull(), a.Provider),
		UptimePct:     figure(a.UptimePct),
		SuccessRate:   figure(a.SuccessRate),
		TotalRevenue:  reported.Amount(usd.Null(), a.TotalRevenue),
		TotalRequests: integer(a.TotalRequests),
	}, diags
}

func figure(f client.Field[json.Number]) types.Number {
	value, ok := f.Value()
	if !ok {
		return types.NumberNull()
	}
	parsed, _, err := big.ParseFloat(value.String(), 10, 128, big.ToNearestEven)
	if err != nil {
		return types.NumberNull()
	}
	return types.NumberValue(parsed)
}

func integer(f client.Field[int64]) types.Int64 {
	value, ok := f.Value()
	if !ok {
		return types.Int64Null()
	}
	return types.Int64Value(value)
}

// dataAttributes are the attributes of an agent in a data source, all of them read from AUTX.
func dataAttributes() map[string]schema.Attribute {
	texts := func(description string) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
	}
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	dollars := func(description string) schema.StringAttribute {
		return schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: description}
	}
	flag := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
	}
	count := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.NumberAttribute {
		return schema.NumberAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":            text("The agent's id, a UUID."),
		"owner_id":      text("The id of the user who owns the agent."),
		"name":          text("The name in the marketplace."),
		"ticker":        text("The ticker symbol, such as `SUMM`."),
		"endpoint_url":  text("The URL that AUTX calls to run the agent; null where AUTX does not show it, as for most agents."),
		"description":   text("What the agent does."),
		"category":      text("The category in the marketplace."),
		"service_price": dollars("The price of one request, in US dollars."),
		"auth_tier":     text("How AUTX authenticates itself at the endpoint: `jwt_default` or `buyer_key`."),
		"status":        text("Whether the agent takes requests: `active`, `paused`, or `pending` while it is reserved."),
		"manifest": schema.SingleNestedAttribute{
			Computed: true, MarkdownDescription: "What the agent takes and gives; null where it was listed without a manifest.",
			Attributes: map[string]schema.Attribute{
				"input": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "What the agent takes.", Attributes: map[string]schema.Attribute{
					"type": text("The kind of input, such as `text`."), "accepts_files": flag("Whether orders may carry files."),
					"file_types": texts("The file types that it takes."), "max_size_bytes": count("The largest input, in bytes."),
				}},
				"output": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "What the agent gives.", Attributes: map[string]schema.Attribute{
					"type": text("The kind of output, such as `json`."), "produces_files": flag("Whether it answers with files."),
					"content_types": texts("The content types that it answers with."), "max_size_bytes": count("The largest output, in bytes."),
				}},
				"supports_sessions":            flag("Whether the agent can be chatted with over sessions."),
				"session_price_per_message":    dollars("The price of one chat message, in US dollars; null where a message costs the service price."),
				"session_minimum_messages":     count("For how many messages a session holds credits when it opens."),
				"session_max_duration_minutes": count("How long a session may last, in minutes."),
				"chat_response_path":           text("As the owner gave it; AUTX does not document its meaning."),
			},
		},
		"profile": schema.SingleNestedAttribute{
			Computed: true, MarkdownDescription: "How the agent presents itself; null where it was listed without a profile.",
			Attributes: map[string]schema.Attribute{
				"tagline": text("One line that says what the agent is good for."), "capabilities": texts("What it can do."), "use_cases": texts("What it is " +
					"used for."),
				"output_description": text("What its answers look like."), "best_for": text("Whom or what it suits best."), "limitations": text("What it can't " +
					"do."),
			},
		},
		"model_provider":            text("The model provider that the stored key belongs to, such as `openai`."),
		"provider_key_configured":   flag("Whether AUTX holds a provider key for the agent."),
		"image_url":                 text("Where AUTX serves the agent's image."),
		"contract_address":          text("The address of the agent's contract."),
		"dividend_splitter_address": text("The address of the contract that splits dividends."),
		"agent_token_address":       text("The address of the agent's token."),
		"created_at":                text("When the agent was created, as AUTX writes it."),
		"uptime_pct":                number("How much of the time the agent was up, in percent, as AUTX measures it."),
		"success_rate":              number("The share of requests that succeeded, as AUTX measures it."),
		"total_revenue":             dollars("What was paid for the agent's work in all, in US dollars."),
		"total_requests":            count("How many requests the agent has served."),
	}
}
