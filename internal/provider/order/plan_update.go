package order

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
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
	diags.Append(r.walk.keys.Keep("autx_order", "order", key, id)...)
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
		what, most, diagnose.Capital(nameOf(state)), costOf(state), whatIsLost(state)))
	return diags
}

// planBound holds the plan to what the key is bound to. What is only known in the apply is compared then, before anything is sent.
func (r *Resource) planBound(ctx context.Context, state resourceModel, plan *resourceModel) diag.Diagnostics {
	b := &comparison{bound.Inputs{Name: nameOf(state)}}
	imported := state.Prompt.IsNull()
	if !plan.AgentID.IsUnknown() && !state.AgentID.IsNull() && !sameAgent(plan.AgentID.ValueString(), state.AgentID.ValueString()) {
		if imported {
			b.Diags.AddAttributeError(path.Root("agent_id"), "Imported order is of another agent", fmt.Sprintf("Order %s was placed with agent %s, not %s. "+
				"Correct agent_id, or import another order. Nothing was bought. (`destroy -refresh=false` gets past this error.)",
				state.ID.ValueString(), state.AgentID.ValueString(), plan.AgentID.ValueString()))
		} else {
			b.Changed(path.Root("agent_id"), bound.Excerpt(state.AgentID.ValueString()), bound.Excerpt(plan.AgentID.ValueString()))
		}
	}
	if imported {
		files, _, diags := withDigests(ctx, plan.Files, noPrior(plan.Files))
		b.Diags.Append(diags...)
		plan.Files = files
		return b.Diags
	}
	if plan.AgentID.IsUnknown() {
		b.Unknown(path.Root("agent_id"))
	}
	b.ComparePrompt(path.Root("prompt"), state.Prompt, plan.Prompt)
	b.Compare(path.Root("payment_method"), state.PaymentMethod, plan.PaymentMethod)
	b.compareFiles(ctx, state.Files, &plan.Files)
	return b.Diags
}

// noPrior stands for files of which it is not known what was sent: they need not be there any more.
func noPrior(list types.List) []*fileModel {
	out := make([]*fileModel, len(list.Elements()))
	for i := range out {
		out[i] = &fileModel{SHA256: types.StringNull()}
	}
	return out
}

// comparison compares a plan with what an order was bought with.
type comparison struct {
	bound.Inputs
}

// compareFiles holds each file to what was sent, and plans the digests.
func (b *comparison) compareFiles(ctx context.Context, was types.List, now *types.List) {
	at := path.Root("files")
	if now.IsUnknown() {
		b.Unknown(at)
		return
	}
	before, diags := fileElements(ctx, was)
	b.Diags.Append(diags...)
	after, diags := fileElements(ctx, *now)
	b.Diags.Append(diags...)
	if len(before) != len(after) {
		b.Changed(at, count(len(before)), count(len(after)))
		return
	}
	files, contents, diags := withDigests(ctx, *now, before)
	b.Diags.Append(diags...)
	*now = files
	for i, file := range after {
		if file == nil {
			b.Unknown(at.AtListIndex(i))
			continue
		}
		b.Compare(at.AtListIndex(i).AtName("name"), before[i].Name, file.Name)
		place := at.AtListIndex(i).AtName("source")
		if file.Source.IsNull() {
			place = at.AtListIndex(i).AtName("content_base64")
		}
		sent := before[i].SHA256
		switch {
		case contents[i] != nil:
			if sent.ValueString() != "" && sent.ValueString() != contents[i].sha256 {
				b.Changed(place, "a content with the SHA-256 "+sent.ValueString(), "one with "+contents[i].sha256)
			}
		case !file.readable():
			b.Unknown(place)
		case !file.Source.Equal(before[i].Source):
			b.Diags.AddAttributeWarning(place, "File can't be compared", fmt.Sprintf("files[%d], %s: the file %s can't be read, so it is not known whether "+
				"it is what %s was "+
				"bought with. Nothing is sent again in any case.", i, file.Name.ValueString(), file.Source.ValueString(), b.Name))
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
