package order

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// listedModel is an order in a list.
type listedModel struct {
	purchased
	AgentName     types.String `tfsdk:"agent_name"`
	AgentTicker   types.String `tfsdk:"agent_ticker"`
	PaymentMethod types.String `tfsdk:"payment_method"`
}

// dataModel is one order that was looked up, with its result.
type dataModel struct {
	listedModel
	answer
}

func listedFromAPI(o *client.Order) listedModel {
	return listedModel{
		purchased:     fromAPI(unset(), o),
		AgentName:     reported.Text(types.StringNull(), o.AgentName),
		AgentTicker:   reported.Text(types.StringNull(), o.AgentTicker),
		PaymentMethod: reported.Text(types.StringNull(), o.PaymentMethod),
	}
}

// listedAttributes are the attributes of an order in a list, all of them read from AUTX.
func listedAttributes() map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	dollars := func(description string) schema.StringAttribute {
		return schema.StringAttribute{CustomType: usd.Type{}, Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":             text("The order's id."),
		"agent_id":       text("The id of the agent that it was placed with."),
		"agent_name":     text("The agent's name."),
		"agent_ticker":   text("The agent's ticker, such as `SUMM`."),
		"status":         text("What became of it: `pending`, `completed` or `failed`. A failed order is refunded by AUTX."),
		"amount_paid":    dollars("What AUTX charged for it, in US dollars. A failed order keeps it, although it is refunded."),
		"platform_fee":   dollars("The part of it that AUTX keeps, in US dollars."),
		"payment_method": text("What the buyer noted; every order is paid with credits."),
		"created_at":     text("When it was placed, as AUTX writes it."),
		"completed_at":   text("When it was finished, as AUTX writes it; null until then."),
	}
}
