package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The statuses of a session (assumed). One that is not known is passed on, and taken for one that may change.
const (
	statusActive  = "active"
	statusClosed  = "closed"
	statusExpired = "expired"
)

// ended tells whether a session's status will not change any more.
func ended(status string) bool { return status == statusClosed || status == statusExpired }

// opened is a session as AUTX tells it: what the resource, the data sources, the list resource and import have in common.
type opened struct {
	ID              types.String `tfsdk:"id"`
	AgentID         types.String `tfsdk:"agent_id"`
	AgentTicker     types.String `tfsdk:"agent_ticker"`
	Status          types.String `tfsdk:"status"`
	CreditsReserved usd.Value    `tfsdk:"credits_reserved"`
	CreatedAt       types.String `tfsdk:"created_at"`
	ClosedAt        types.String `tfsdk:"closed_at"`
}

// resourceModel is the resource: the session, its turns, and what only Terraform knows of it.
type resourceModel struct {
	opened
	IdempotencyKey     types.String   `tfsdk:"idempotency_key"`
	Agent              types.String   `tfsdk:"agent"`
	MaxCost            usd.Value      `tfsdk:"max_cost"`
	Messages           types.List     `tfsdk:"messages"`
	CloseAfterMessages types.Bool     `tfsdk:"close_after_messages"`
	Turns              types.List     `tfsdk:"turns"`
	Spend              types.Object   `tfsdk:"spend"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

// newResourceModel is a resource of which only what AUTX tells is known, as after an import. Nothing was spent on it here.
func newResourceModel(of opened) resourceModel {
	return resourceModel{
		opened:   of,
		MaxCost:  usd.Null(),
		Messages: types.ListNull(types.StringType),
		Turns:    types.ListNull(types.ObjectType{AttrTypes: turnTypes}),
		Spend:    spend.Nothing(),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType,
		})},
	}
}

// unset is a session of which nothing is known yet.
func unset() opened { return opened{CreditsReserved: usd.Null()} }

// fromAPI reads a session. Where AUTX does not report a field the prior value stays, since absence says nothing.
func fromAPI(prior opened, s *client.Session) opened {
	return opened{
		ID:              types.StringValue(s.ID),
		AgentID:         reported.Text(prior.AgentID, s.AgentID),
		AgentTicker:     reported.Text(prior.AgentTicker, s.AgentTicker),
		Status:          reported.Text(prior.Status, s.Status),
		CreditsReserved: reported.Amount(prior.CreditsReserved, s.CreditsReserved),
		CreatedAt:       reported.Text(prior.CreatedAt, s.CreatedAt),
		ClosedAt:        reported.Text(prior.ClosedAt, s.ClosedAt),
	}
}

// together joins two views of one session, of which first counts where both report a field.
func together(first, second *client.Session) *client.Session {
	out := *first
	out.AgentID.Complete(second.AgentID)
	out.AgentName.Complete(second.AgentName)
	out.AgentTicker.Complete(second.AgentTicker)
	out.Status.Complete(second.Status)
	out.CreditsReserved.Complete(second.CreditsReserved)
	out.CreditsConsumed.Complete(second.CreditsConsumed)
	out.ServicePrice.Complete(second.ServicePrice)
	out.MessageCount.Complete(second.MessageCount)
	out.CreatedAt.Complete(second.CreatedAt)
	out.ClosedAt.Complete(second.ClosedAt)
	out.ExpiresAt.Complete(second.ExpiresAt)
	return &out
}

// messagesOf are the messages of a plan or state that are all known.
func messagesOf(ctx context.Context, list types.List) ([]string, diag.Diagnostics) {
	messages := []string{}
	if list.IsNull() || list.IsUnknown() {
		return messages, nil
	}
	diags := list.ElementsAs(ctx, &messages, false)
	return messages, diags
}
