package session

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
)

// Read implements resource.Resource. It never changes anything at AUTX, and asks nothing about a session that has ended and of which everything is
// known: it does not change any more.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	resp.Diagnostics.Append(r.sawInState(ctx, state)...)
	turns, diags := turnsOf(ctx, state.Turns)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || settled(state, turns) {
		return
	}
	if !r.data.Reachable() {
		resp.Diagnostics.Append(r.data.KeptWarning()...)
		return
	}
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	found, listed, err := r.walk.sessions.Find(ctx, state.ID.ValueString())
	if listed && anyOpen(turns) {
		// A list may show the session as it was before the message in question, which would then pass for one that was never sent.
		found, err = r.walk.sessions.Confirm(ctx, state.ID.ValueString())
	}
	found, err = same(state.ID.ValueString(), found, err)
	if client.IsNotFound(err) {
		gone, diags := r.gone(ctx, state, err)
		resp.Diagnostics.Append(diags...)
		if gone {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read "+nameOf(state), err, nil)...)
		return
	}
	next, diags := r.refreshed(ctx, state, found, turns)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &next)...)
	}
}

// settled tells whether all is known of a session that AUTX will ever tell.
func settled(state resourceModel, turns []turnModel) bool {
	return ended(state.Status.ValueString()) && !state.AgentID.IsNull() && !state.Turns.IsNull() && !anyOpen(turns)
}

// refreshed is the state after a read.
func (r *Resource) refreshed(ctx context.Context, state resourceModel, found *client.Session, turns []turnModel) (resourceModel, diag.Diagnostics) {
	next := state
	next.opened = fromAPI(state.opened, found)
	diags := r.endedOutside(state, next)
	if state.Turns.IsNull() || anyOpen(turns) {
		settledTurns, known, more := r.walk.reckon(ctx, found, turns, state.Turns.IsNull())
		diags.Append(more...)
		if known {
			list, more := turnList(ctx, settledTurns)
			diags.Append(more...)
			next.Turns, turns = list, settledTurns
		}
	}
	before, ok, more := object.Get[spend.Model](ctx, state.Spend)
	diags.Append(more...)
	switch {
	case !ok:
		next.Spend = spend.Nothing()
	case before.ChargedUSD.IsNull():
		next.Spend = spend.Of(before.AuthorizedUSD, chargedBy(turns))
	}
	return next, diags
}

// reckon looks up turns that are open, or all that the ledger has where none are known yet; known is false where there is nothing to save.
func (w *walk) reckon(ctx context.Context, session *client.Session, turns []turnModel, all bool) (_ []turnModel, known bool, diags diag.Diagnostics) {
	if all {
		entries, err := w.entries.All(ctx)
		if err != nil {
			return nil, false, diagnose.Warning("Could not read the turns of session "+session.ID, err, nil)
		}
		turns = turnsInLedger(entries, session.ID)
		if count, ok := session.MessageCount.Value(); ok && count > int64(len(turns)) {
			diags.AddWarning("Turns of the session are missing", fmt.Sprintf("The session %s has %d messages, and the part of the ledger that AUTX shows has "+
				"%d of them.", session.ID, count, len(turns)))
		}
	}
	k := &reckoner{api: w.api, entries: w.entries.All, pauses: reckonPauses[:1], pause: w.pause, refused: -1, later: true}
	if err := k.settle(ctx, session, turns); err != nil {
		diags.Append(diagnose.Warning("Could not find out what became of every message of session "+session.ID, err, nil)...)
	}
	return turns, true, diags
}

// endedOutside tells of a session that was to stay active and has ended.
func (r *Resource) endedOutside(state, next resourceModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if state.Status.ValueString() == statusActive && ended(next.Status.ValueString()) {
		diags.AddWarning("Session has ended", fmt.Sprintf("%s is %s now. No session can be opened again; another idempotency_key opens another one.",
			diagnose.Capital(nameOf(state)), next.Status.ValueString()))
	}
	return diags
}

// gone decides whether a session that AUTX does not find is really gone. A wrong base URL or key would say 404 for every session, and believing it
// would wipe them all from state; so the list of own sessions must answer, and must not have it.
func (r *Resource) gone(ctx context.Context, state resourceModel, notFound error) (bool, diag.Diagnostics) {
	sessions, err := r.walk.sessions.All(ctx)
	if err != nil {
		diags := diagnose.Error("Could not confirm that "+nameOf(state)+" is gone", err, nil)
		diags.AddWarning("Session was kept in state", "AUTX does not find the session, but the list of your sessions could not be read either, so the "+
			"provider does not believe it. Check base_url and api_key.\n\n"+notFound.Error())
		return false, diags
	}
	for _, s := range sessions {
		if s.ID == state.ID.ValueString() {
			return false, diagnose.Error("AUTX contradicts itself about "+nameOf(state), fmt.Errorf("it is in the list of your sessions, but it can't be "+
				"read: %w", notFound), nil)
		}
	}
	var diags diag.Diagnostics
	diags.AddWarning("Session is not there any more", fmt.Sprintf("AUTX knows no %s, and the list of your sessions does not have it. It is dropped "+
		"from the state. Its idempotency_key stays used: opening another session under it is refused, so change it to hold the conversation again.",
		nameOf(state)))
	diags.Append(r.forget(ctx, state)...)
	return true, diags
}

func (r *Resource) forget(ctx context.Context, state resourceModel) diag.Diagnostics {
	return diagnose.Problems(r.data.Desk().Forget(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
}
