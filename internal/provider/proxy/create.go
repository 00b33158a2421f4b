package proxy

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Create implements resource.Resource. Everything that can fail happens before the request is charged; after that only warnings follow, as an error
// would taint it.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	_, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	asked, diags := plan.inquiry()
	resp.Diagnostics.Append(diags...)
	most, diags := amountOf(plan.MaxPrice)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	b := &buyer{
		walk: r.walk, inquiry: asked, key: plan.IdempotencyKey.ValueString(), title: title(plan.IdempotencyKey, plan.Agent), most: most, deadline: timeout,
	}
	result, err := b.buy(ctx)
	if err != nil {
		resp.Diagnostics.Append(b.refused(err)...)
		return
	}

	// From here on the request was answered, and paid for.
	resp.Diagnostics.Append(diagnose.Problems(result.Problems)...)
	resp.Diagnostics.Append(b.told(result)...)
	plan.ID, plan.answered = types.StringValue(result.ID), fromAPI(b.answer)
	plan.Spend = spend.Of(usd.Of(most), b.spent(result))
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(diagnose.Soft(observed.Set(ctx, &plan))...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddWarning("Could not record everything that the agent answered", err.Error())
	}
	resp.State.Raw = filled
}

// amountOf reads max_price.
func amountOf(most usd.Value) (money.Amount, diag.Diagnostics) {
	amount, ok := most.Amount()
	if !ok {
		return amount, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("max_price"), "Not an amount of US dollars", "max_price is not "+
			"an amount of US dollars. Nothing was sent and nothing was charged.")}
	}
	return amount, nil
}

// spent is what this run's request has cost.
func (b *buyer) spent(result purchase.Result) usd.Value {
	if result.Adopted {
		return usd.Of(money.Zero())
	}
	if amount, ok := b.charged(result.ID); ok {
		return usd.Of(amount)
	}
	return usd.Null()
}

// told says what a reader of the apply has to know of a request that was made: whether its answer is lost, and whether it cost more than it should.
func (b *buyer) told(result purchase.Result) diag.Diagnostics {
	var diags diag.Diagnostics
	amount, known := b.charged(result.ID)
	cost := amount.USD()
	if !known {
		cost = "an amount that the ledger does not show"
	}
	const again = "AUTX keeps no answers, so it can't be read again: everything about it is null. To ask again, and to pay again, change " +
		"idempotency_key."
	switch {
	case result.Adopted:
		diags.AddWarning("Answer of an earlier run can't be read again", fmt.Sprintf("The %s was sent by an earlier run, and no state has its "+
			"answer any more. %s", b.title, again))
	case b.broken != nil:
		diags.AddWarning("Answer is lost", fmt.Sprintf("The %s was answered and charged, %s, but its answer is of no use: %v. %s", b.title, cost, b.broken,
			again))
	case b.answer == nil:
		diags.AddWarning("Answer is lost", fmt.Sprintf("The %s was charged, %s, and its answer never came. %s", b.title, cost, again))
	}
	if known && !result.Adopted && amount.GreaterThan(b.most) {
		diags.AddAttributeWarning(path.Root("max_price"), "More was charged than max_price", fmt.Sprintf("AUTX charged %s for the %s, although its "+
			"price was at most %s right before: it was raised in that moment. AUTX takes no limit with a request, and it can't be taken back.",
			cost, b.title, b.most.USD()))
	}
	return diags
}

// refused explains why a request was not made, at the argument that is to blame.
func (b *buyer) refused(err error) diag.Diagnostics {
	if free, ok := errors.AsType[*freeError](err); ok {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Agent did not answer", fmt.Sprintf("The %s got no usable answer: %v.\n\nThe agent is free "+
			"for you, so nothing was charged, and the key is not used up. Whether the agent has done its work can't be told. Apply again to ask again.",
			b.title, free.error))}
	}
	refusal, ok := errors.AsType[*purchase.Refusal](err)
	if !ok {
		return diagnose.Error("Could not make the "+b.title, err, fieldPaths)
	}
	return live.Refused(refusal, kind, wanted(b.inquiry), b.agentErr)
}

// fieldPaths finds the argument that a field of a request's body came from.
func fieldPaths(field []string) (path.Path, bool) {
	if len(field) > 0 && field[len(field)-1] == "prompt" {
		return path.Root("prompt"), true
	}
	return path.Empty(), false
}

// wanted is what a request asks of its agent.
func wanted(i inquiry) live.Wanted {
	return live.Wanted{Agent: i.ref(), AgentAt: path.Root("agent"), Noun: "request", Nouns: "requests"}
}
