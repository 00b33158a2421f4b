package session

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// listedModel is a session as the data sources show it.
type listedModel struct {
	opened
	AgentName       types.String `tfsdk:"agent_name"`
	CreditsConsumed usd.Value    `tfsdk:"credits_consumed"`
	MessageCount    types.Int64  `tfsdk:"message_count"`
	ExpiresAt       types.String `tfsdk:"expires_at"`
}

func listedFromAPI(s *client.Session) listedModel {
	out := listedModel{
		opened:          fromAPI(unset(), s),
		AgentName:       reported.Text(types.StringNull(), s.AgentName),
		CreditsConsumed: reported.Amount(usd.Null(), s.CreditsConsumed),
		ExpiresAt:       reported.Text(types.StringNull(), s.ExpiresAt),
	}
	if count, ok := s.MessageCount.Value(); ok {
		out.MessageCount = types.Int64Value(count)
	}
	return out
}

// listedAttributes are the attributes of a session in a list, all of them read from AUTX.
func listedAttributes() map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	dollars := func(description string) schema.StringAttribute {
		return schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":               text("The session's id."),
		"agent_id":         text("The id of the agent that it is held with."),
		"agent_name":       text("The agent's name."),
		"agent_ticker":     text("The agent's ticker, such as `CHAT`."),
		"status":           text("What AUTX says of it: `active`, `closed` or `expired`."),
		"credits_reserved": dollars("What it holds of the account's credits, in US dollars."),
		"credits_consumed": dollars("What its messages have cost so far, in US dollars, less what was refunded."),
		"message_count":    schema.Int64Attribute{Computed: true, MarkdownDescription: "How many messages it has taken."},
		"created_at":       text("When it was opened, as AUTX writes it."),
		"closed_at":        text("When it ended, as AUTX writes it; null until then."),
		"expires_at":       text("When it ends by itself, as AUTX writes it."),
	}
}
