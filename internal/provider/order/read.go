package order

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
)

// Read implements resource.Resource. It never changes anything at AUTX, and asks nothing about an order that is finished: it does not change any
// more.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(identity.Set(ctx, resp.Identity, state.ID.ValueString())...)
	resp.Diagnostics.Append(r.sawInState(ctx, state)...)
	wasRead, diags := isRead(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || settled(state, wasRead) {
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

	found, complete, err := r.look(ctx, state)
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
	next, diags := r.refreshed(ctx, state, found)
	resp.Diagnostics.Append(diags...)
	if complete && finished(next.Status.ValueString()) {
		resp.Diagnostics.Append(markRead(ctx, resp.Private)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &next)...)
	}
}

// settled tells whether all is known of an order that AUTX will ever tell. An order may be completed without a text, so it counts whether its result
// has been read.
func settled(state resourceModel, wasRead bool) bool {
	return finished(state.Status.ValueString()) && (wasRead || !state.OutputText.IsNull()) && !state.AmountPaid.IsNull() && !state.AgentID.IsNull()
}

// look reads what is not known of an order yet. Complete tells whether its result was read, which only AUTX's answer about the one order has.
func (r *Resource) look(ctx context.Context, state resourceModel) (found *client.Order, complete bool, err error) {
	id := state.ID.ValueString()
	found, listed, err := r.walk.orders.Find(ctx, id)
	if err == nil && listed && finished(state.Status.ValueString()) && !finished(found.Status.Or("")) {
		// The list is older than what state knows: nothing reopens an order.
		var now *client.Order
		if now, err = r.walk.orders.Confirm(ctx, id); err == nil {
			found = together(now, found)
		}
	}
	if err != nil {
		return nil, false, err
	}
	// What has a price and no result comes from the list.
	complete = found.OutputText.Reported() || found.OutputHash.Reported() || !found.AmountPaid.Reported()
	if !complete && finished(found.Status.Or("")) {
		result, err := r.walk.api.Orders.Get(ctx, id)
		if err != nil {
			return nil, false, err
		}
		found, complete = together(result, found), true
	}
	_, hasAmount := found.AmountPaid.Value()
	if (state.AmountPaid.IsNull() && !hasAmount) || (state.AgentID.IsNull() && !found.AgentID.Reported()) {
		listed, err := r.walk.orders.All(ctx)
		if err != nil {
			return nil, false, err
		}
		for _, one := range listed {
			if one.ID == id {
				found = together(found, one)
			}
		}
	}
	return found, complete, nil
}

// refreshed is the state after a read.
func (r *Resource) refreshed(ctx context.Context, state resourceModel, found *client.Order) (resourceModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	next := state
	next.purchased, next.answer = fromAPI(state.purchased, found), answerFromAPI(state.answer, found)
	imported := state.Status.IsNull() && state.IdempotencyKey.IsNull()
	failed := next.Status.ValueString() == statusFailed
	if failed && state.Status.ValueString() != statusFailed && !imported {
		diags.Append(failedWarning(found.ID))
	}
	before, ok, more := object.Get[spend.Model](ctx, state.Spend)
	diags.Append(more...)
	switch {
	case !ok:
		next.Spend = spend.Nothing()
	case failed:
		next.Spend = spend.Of(before.AuthorizedUSD, before.ChargedUSD.Keep(money.Zero()))
	case before.ChargedUSD.IsNull():
		next.Spend = spend.Of(before.AuthorizedUSD, next.AmountPaid)
	}
	if text, hash := next.OutputText, next.OutputHash; !text.IsNull() && !hash.IsNull() {
		logHash(ctx, found.ID, text, hash)
	}
	return next, diags
}

// logHash notes an answer that does not have the hash that AUTX gives for it. How the hash is made is assumed, so it proves nothing.
func logHash(ctx context.Context, id string, text, hash types.String) {
	digest := sha256.Sum256([]byte(text.ValueString()))
	if got := hex.EncodeToString(digest[:]); !strings.EqualFold(got, hash.ValueString()) {
		tflog.Debug(ctx, "the order's output_hash is not the SHA-256 of its "+
			"output_text", map[string]any{"order": id, "output_hash": hash.ValueString(), "sha256": got})
	}
}

// gone decides whether an order that AUTX does not find is really gone. A wrong base URL or key would say 404 for every order, and believing it would
// wipe them all from state; so the list of own orders must answer, and must not have it.
func (r *Resource) gone(ctx context.Context, state resourceModel, notFound error) (bool, diag.Diagnostics) {
	orders, err := r.walk.orders.All(ctx)
	if err != nil {
		diags := diagnose.Error("Could not confirm that "+nameOf(state)+" is gone", err, nil)
		diags.AddWarning("Order was kept in state", "AUTX does not find the order, but the list of your orders could not be read either, so the "+
			"provider does not believe it. "+
			"Check base_url and api_key.\n\n"+notFound.Error())
		return false, diags
	}
	for _, o := range orders {
		if o.ID == state.ID.ValueString() {
			return false, diagnose.Error("AUTX contradicts itself about "+nameOf(state), fmt.Errorf("it is in the list of your orders, but it can't be "+
				"read: %w", notFound), nil)
		}
	}
	var diags diag.Diagnostics
	diags.AddWarning("Order is not there any more", fmt.Sprintf("AUTX knows no %s, and the list of your orders does not have it. It is dropped from "+
		"the state. Its idempotency_key stays "+
		"used: buying again under it is refused, so change it to order again.", nameOf(state)))
	diags.Append(r.forget(ctx, state)...)
	return true, diags
}

func (r *Resource) forget(ctx context.Context, state resourceModel) diag.Diagnostics {
	return diagnose.Problems(r.data.Desk().Forget(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
}

// readKey is where the private data notes that an order's result was read to its end.
const readKey = "result_read"

type privateGetter interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateSetter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func isRead(ctx context.Context, private privateGetter) (bool, diag.Diagnostics) {
	data, diags := private.GetKey(ctx, readKey)
	var read bool
	if len(data) > 0 && json.Unmarshal(data, &read) != nil {
		return false, diags // somebody else's data is as good as none
	}
	return read, diags
}

func markRead(ctx context.Context, private privateSetter) diag.Diagnostics {
	return private.SetKey(ctx, readKey, []byte("true"))
}
