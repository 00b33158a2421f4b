package session

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// planUpdate plans a session that the state has. What is bound to its key is held to what was sent; all that can change at AUTX is that it is closed.
func (r *Resource) planUpdate(ctx context.Context, state resourceModel, plan *resourceModel) diag.Diagnostics {
	imported := state.IdempotencyKey.IsNull()
	if !imported && !plan.IdempotencyKey.Equal(state.IdempotencyKey) {
		// Terraform plans the new session in a call of its own; this one is about the old one.
		return r.planReplacement(ctx, state, *plan)
	}
	diags := r.goesOn(ctx, state)
	diags.Append(r.walk.keys.Keep("autx_session", "session", plan.IdempotencyKey.ValueString(), state.ID.ValueString())...)
	diags.Append(planBound(state, *plan)...)

	if plan.Spend = state.Spend; state.Spend.IsNull() {
		plan.Spend = spend.Nothing()
	}
	plan.opened, plan.Turns = state.opened, state.Turns
	closes := closing(state, *plan)
	if closes {
		plan.Status, plan.CreditsReserved, plan.ClosedAt = types.StringUnknown(), usd.Unknown(), types.StringUnknown()
	}
	if closes && !plan.CloseAfterMessages.IsUnknown() {
		diags.AddWarning("Session will be closed", fmt.Sprintf("%s is still open, and close_after_messages wants it closed. That releases the credits "+
			"that it holds. Nothing is sent and nothing is charged.", diagnose.Capital(nameOf(state))))
	}
	return diags
}

// closing tells whether an update closes the session: one that ends with its messages and is still active, also because an earlier run could not
// close it. True where that is not known yet.
func closing(state, plan resourceModel) bool {
	if state.Status.ValueString() != statusActive {
		return false
	}
	messages := plan.Messages.IsUnknown() || len(plan.Messages.Elements()) > 0
	return messages && (plan.CloseAfterMessages.IsUnknown() || plan.CloseAfterMessages.ValueBool())
}

// goesOn tells the purchase journal of a session in state with whose key a plan goes on, or which it leaves for another.
func (r *Resource) goesOn(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	diags := diagnose.Problems(r.data.Desk().PlanKeep(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
	diags.Append(r.sawInState(ctx, state)...)
	return diags
}

// planReplacement warns of what another key gives up and what it may cost.
func (r *Resource) planReplacement(ctx context.Context, state, plan resourceModel) diag.Diagnostics {
	diags := r.goesOn(ctx, state)
	most := "an amount that is not known yet"
	if authorized, ok := plan.MaxCost.Amount(); ok {
		most = "up to " + authorized.USD()
	}
	summary, what := "Another key opens another session", fmt.Sprintf("The key %q is one under which", plan.IdempotencyKey.ValueString())
	if plan.IdempotencyKey.IsUnknown() {
		summary, what = "A key that is not known yet may open another session", "The key is not known yet. If it is another than before,"
	}
	lost, more := whatIsLost(ctx, state)
	diags.Append(more...)
	diags.AddAttributeWarning(path.Root("idempotency_key"), summary, fmt.Sprintf("%s another session is opened and all messages are sent, for %s. %s, "+
		"for which %s was paid, is forgotten: %s", what, most, diagnose.Capital(nameOf(state)), paidFor(ctx, state), lost))
	return diags
}

// planBound holds the plan to what the key is bound to. What is only known in the apply is compared then, before anything is sent.
func planBound(state, plan resourceModel) diag.Diagnostics {
	b := &bound.Inputs{Name: nameOf(state)}
	imported := state.IdempotencyKey.IsNull()
	at := path.Root("agent")
	switch {
	case plan.Agent.IsUnknown() && !imported:
		b.Unknown(at)
	case plan.Agent.IsUnknown():
	case names(plan.Agent.ValueString(), state.AgentID.ValueString(), state.AgentTicker.ValueString()):
	case plan.Agent.ValueString() == state.Agent.ValueString() && !imported:
	case imported && state.AgentID.IsNull() && state.AgentTicker.IsNull():
	case imported:
		b.Diags.AddAttributeError(at, "Imported session is with another agent", fmt.Sprintf("Session %s is with agent %s (id %s), not %s. Correct agent, "+
			"or import another session. Nothing was bought."+bound.PastTheError, state.ID.ValueString(), state.AgentTicker.ValueString(),
			state.AgentID.ValueString(), plan.Agent.ValueString()))
	default:
		b.Changed(at, bound.Excerpt(state.Agent.ValueString()), bound.Excerpt(plan.Agent.ValueString()))
	}
	if !imported {
		compareMessages(b, state.Messages, plan.Messages)
	}
	return b.Diags
}

// compareMessages holds all messages to those that were sent. It quotes none: a message may be marked as sensitive in the configuration, which a
// provider is not told.
func compareMessages(b *bound.Inputs, was, now types.List) {
	at := path.Root("messages")
	before, after := was.Elements(), now.Elements()
	switch {
	case now.IsUnknown():
		b.Unknown(at)
	case len(before) != len(after):
		b.Diags.AddAttributeError(at, "This would open another session", fmt.Sprintf("messages of %s were %s, and are %s now. Nobody can attach to a "+
			"session again, so a message that is added later could never be sent, and none can be taken back: change idempotency_key too, which opens "+
			"another session, sends all messages and charges them. Otherwise put the old messages back."+bound.PastTheError,
			b.Name, count(len(before)), count(len(after))))
	default:
		for i := range after {
			switch {
			case after[i].IsUnknown():
				b.Unknown(at.AtListIndex(i))
			case !after[i].Equal(before[i]):
				b.Changed(at.AtListIndex(i), "another text", "a new one")
			}
		}
	}
}

func count(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}
