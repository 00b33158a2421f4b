package order

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
)

// planUpdate plans an order that the state has. Nothing of it can change at AUTX: what is bound to its key is held to what was bought, and the rest
// is only noted.
func (r *Resource) planUpdate(ctx context.Context, state resourceModel, plan *resourceModel) diag.Diagnostics {
	imported := state.IdempotencyKey.IsNull()
	if !imported && !plan.IdempotencyKey.Equal(state.IdempotencyKey) {
		// Terraform plans the new order in a call of its own; this one is about the old one.
		return r.planReplacement(ctx, state, *plan)
	}
	var diags diag.Diagnostics
	key, id := plan.IdempotencyKey.ValueString(), state.ID.ValueString()
	diags.Append(r.goesOn(ctx, state)...)
	if key != "" {
		if other := r.walk.keeps(key, id); other != "" {
			diags.AddAttributeError(path.Root("idempotency_key"), "One key for two resources", twoResources(key, id, other))
		}
	}
	diags.Append(r.planBound(ctx, state, plan)...)

	if plan.Spend = state.Spend; state.Spend.IsNull() {
		plan.Spend = spend.Nothing()
	}
	agentID := plan.AgentID
	plan.purchased, plan.answer = state.purchased, state.answer
	plan.AgentID = agentID
	return diags
}

// goesOn tells the purchase journal of an order in state with whose key a plan goes on, or which it leaves for another.
func (r *Resource) goesOn(ctx context.Context, state resourceModel) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	diags := diagnose.Problems(r.data.Desk().PlanKeep(ctx, kind, state.IdempotencyKey.ValueString(), state.ID.ValueString()))
	diags.Append(r.sawInState(ctx, state)...)
	return diags
}

func twoResources(key, id, other string) string {
	which := fmt.Sprintf("Two resources of the state, orders %s and %s, have the idempotency_key %q, which names one purchase", other, id, key)
	if id == other {
		which = fmt.Sprintf("Two resources of the state have the order %s under the idempotency_key %q, and it was bought once", id, key)
	}
	return which + ": give one of them a key of its own, which buys another order, or take it out of the state without a charge: " +
		"terraform state rm autx_order.NAME (tofu state rm with OpenTofu). (`destroy -refresh=false` gets past this error.)"
}

// planReplacement warns of what another key gives up and what it may cost.
func (r *Resource) planReplacement(ctx context.Context, state, plan resourceModel) diag.Diagnostics {
	diags := r.goesOn(ctx, state)
	most := "an amount that is not known yet"
	if authorized, ok := plan.MaxPrice.Amount(); ok {
		most = "up to " + authorized.USD()
	}
	summary, what := "Another key buys another order", fmt.Sprintf("The key %q is one under which", plan.IdempotencyKey.ValueString())
	if plan.IdempotencyKey.IsUnknown() {
		summary, what = "A key that is not known yet may buy another order", "The key is not known yet. If it is another than before,"
	}
	diags.AddAttributeWarning(path.Root("idempotency_key"), summary, fmt.Sprintf("%s another order is bought, for %s. %s, for which %s was paid, is "+
		"forgotten: %s",
		what, most, sentence(nameOf(state)), costOf(state), whatIsLost(state)))
	return diags
}

// planBound holds the plan to what the key is bound to. What is only known in the apply is compared then, before anything is sent.
func (r *Resource) planBound(ctx context.Context, state resourceModel, plan *resourceModel) diag.Diagnostics {
	b := &bound{state: state}
	imported := state.Prompt.IsNull()
	if !plan.AgentID.IsUnknown() && !state.AgentID.IsNull() && !sameAgent(plan.AgentID.ValueString(), state.AgentID.ValueString()) {
		if imported {
			b.diags.AddAttributeError(path.Root("agent_id"), "Imported order is of another agent", fmt.Sprintf("Order %s was placed with agent %s, not %s. "+
				"Correct agent_id, or import another order. Nothing was bought. (`destroy -refresh=false` gets past this error.)",
				state.ID.ValueString(), state.AgentID.ValueString(), plan.AgentID.ValueString()))
		} else {
			b.changed(path.Root("agent_id"), excerpt(state.AgentID.ValueString()), excerpt(plan.AgentID.ValueString()))
		}
	}
	if imported {
		files, _, diags := withDigests(ctx, plan.Files, noPrior(plan.Files))
		b.diags.Append(diags...)
		plan.Files = files
		return b.diags
	}
	if plan.AgentID.IsUnknown() {
		b.unknown(path.Root("agent_id"))
	}
	b.comparePrompt(state.Prompt, plan.Prompt)
	b.compare(path.Root("payment_method"), state.PaymentMethod, plan.PaymentMethod)
	b.compareFiles(ctx, state.Files, &plan.Files)
	return b.diags
}

// noPrior stands for files of which it is not known what was sent: they need not be there any more.
func noPrior(list types.List) []*fileModel {
	out := make([]*fileModel, len(list.Elements()))
	for i := range out {
		out[i] = &fileModel{SHA256: types.StringNull()}
	}
	return out
}

// bound compares a plan with what an order was bought with.
type bound struct {
	state resourceModel
	diags diag.Diagnostics
}

// changed refuses another value under the same key.
func (b *bound) changed(at path.Path, was, now string) {
	b.diags.AddAttributeError(at, "This would buy again", fmt.Sprintf("%s of %s was %s, and is %s now. What was bought can't be changed, so this "+
		"would buy again: "+
		"change idempotency_key too to authorise it. Otherwise put the old value back. (`destroy -refresh=false` gets past this error.)",
		at, nameOf(b.state), was, now))
}

// unknown says what the apply will do with a value that only it will know.
func (b *bound) unknown(at path.Path) {
	b.diags.AddAttributeWarning(at, "May turn out to buy again", fmt.Sprintf("%s is not known yet. It is bound to the idempotency_key of %s: if it "+
		"turns out to be what "+
		"was bought, nothing happens; if it is something else, the apply refuses it before anything is sent, and idempotency_key has to be changed too.",
		at, nameOf(b.state)))
}

func (b *bound) compare(at path.Path, was, now types.String) {
	switch {
	case now.IsUnknown():
		b.unknown(at)
	case !was.IsNull() && was.ValueString() != now.ValueString():
		b.changed(at, excerpt(was.ValueString()), excerpt(now.ValueString()))
	}
}

// comparePrompt quotes nothing: a prompt may be marked as sensitive in the configuration, which a provider is not told.
func (b *bound) comparePrompt(was, now types.String) {
	at := path.Root("prompt")
	switch {
	case now.IsUnknown():
		b.unknown(at)
	case was.ValueString() != now.ValueString():
		b.changed(at, "another text", fmt.Sprintf("one of %d bytes", len(now.ValueString())))
	}
}

// compareFiles holds each file to what was sent, and plans the digests.
func (b *bound) compareFiles(ctx context.Context, was types.List, now *types.List) {
	at := path.Root("files")
	if now.IsUnknown() {
		b.unknown(at)
		return
	}
	before, diags := fileElements(ctx, was)
	b.diags.Append(diags...)
	after, diags := fileElements(ctx, *now)
	b.diags.Append(diags...)
	if len(before) != len(after) {
		b.changed(at, count(len(before)), count(len(after)))
		return
	}
	files, contents, diags := withDigests(ctx, *now, before)
	b.diags.Append(diags...)
	*now = files
	for i, file := range after {
		if file == nil {
			b.unknown(at.AtListIndex(i))
			continue
		}
		b.compare(at.AtListIndex(i).AtName("name"), before[i].Name, file.Name)
		place := at.AtListIndex(i).AtName("source")
		if file.Source.IsNull() {
			place = at.AtListIndex(i).AtName("content_base64")
		}
		sent := before[i].SHA256
		switch {
		case contents[i] != nil:
			if sent.ValueString() != "" && sent.ValueString() != contents[i].sha256 {
				b.changed(place, "a content with the SHA-256 "+sent.ValueString(), "one with "+contents[i].sha256)
			}
		case !file.readable():
			b.unknown(place)
		case !file.Source.Equal(before[i].Source):
			b.diags.AddAttributeWarning(place, "File can't be compared", fmt.Sprintf("files[%d], %s: the file %s can't be read, so it is not known whether "+
				"it is what %s was "+
				"bought with. Nothing is sent again in any case.", i, file.Name.ValueString(), file.Source.ValueString(), nameOf(b.state)))
		}
	}
}

func count(n int) string {
	switch n {
	case 0:
		return "no files"
	case 1:
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// excerpt quotes a value for a message.
func excerpt(value string) string {
	const most = 60
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", value)
}
