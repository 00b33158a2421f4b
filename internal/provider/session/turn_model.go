package session

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The statuses of a turn, which are ours: AUTX knows the orders that turns become, and nothing of what was never sent.
const (
	// turnCompleted is a turn that the agent answered; it is charged.
	turnCompleted = "completed"
	// turnFailed is a turn that the agent did not answer, or that AUTX refused or gave back; it costs nothing.
	turnFailed = "failed"
	// turnUnknown is a turn that may have been charged.
	turnUnknown = "unknown"
	// turnNotSent is a turn whose message never reached AUTX; it costs nothing, and it will never be sent.
	turnNotSent = "not_sent"
)

// turnModel is one element of turns.
type turnModel struct {
	Prompt        types.String `tfsdk:"prompt"`
	OutputText    types.String `tfsdk:"output_text"`
	OrderID       types.String `tfsdk:"order_id"`
	OutputHash    types.String `tfsdk:"output_hash"`
	AmountCharged usd.Value    `tfsdk:"amount_charged"`
	PlatformFee   usd.Value    `tfsdk:"platform_fee"`
	Status        types.String `tfsdk:"status"`
}

var turnTypes = map[string]attr.Type{
	"prompt": types.StringType, "output_text": types.StringType, "order_id": types.StringType, "output_hash": types.StringType,
	"amount_charged": usd.Type{}, "platform_fee": usd.Type{}, "status": types.StringType,
}

// newTurn is a turn of which only its prompt is known.
func newTurn(prompt types.String, status string) turnModel {
	return turnModel{Prompt: prompt, AmountCharged: usd.Null(), PlatformFee: usd.Null(), Status: types.StringValue(status)}
}

// unsent are the turns of messages before the first is sent.
func unsent(messages []string) []turnModel {
	turns := make([]turnModel, len(messages))
	for i, message := range messages {
		turns[i] = newTurn(types.StringValue(message), turnNotSent)
	}
	return turns
}

func (t *turnModel) is(status string) bool { return t.Status.ValueString() == status }

// open tells whether something of a turn is not known that AUTX may tell later.
func (t *turnModel) open() bool {
	return t.is(turnUnknown) || t.is(turnCompleted) && (t.AmountCharged.IsNull() || t.lacksText())
}

// lacksText tells whether an answer is there to be read. One that was read and is empty is "".
func (t *turnModel) lacksText() bool {
	return t.is(turnCompleted) && t.OutputText.IsNull() && !t.OrderID.IsNull()
}

// cost is what a turn was charged; ok is false where that is not known.
func (t *turnModel) cost() (amount money.Amount, ok bool) {
	if t.is(turnNotSent) || t.is(turnFailed) {
		return money.Zero(), true
	}
	return t.AmountCharged.Amount()
}

// fails makes a turn one that costs nothing.
func (t *turnModel) fails() {
	t.Status, t.AmountCharged, t.PlatformFee = types.StringValue(turnFailed), usd.Of(money.Zero()), usd.Of(money.Zero())
}

// anyOpen tells whether one of the turns is open.
func anyOpen(turns []turnModel) bool {
	for i := range turns {
		if turns[i].open() {
			return true
		}
	}
	return false
}

// costOf is what turns were charged together; known is false where that of one is not.
func costOf(turns []turnModel) (total money.Amount, known bool) {
	known = true
	for i := range turns {
		amount, ok := turns[i].cost()
		total, known = total.Add(amount), known && ok
	}
	return total, known
}

// chargedBy is costOf as the value of an attribute.
func chargedBy(turns []turnModel) usd.Value {
	if total, known := costOf(turns); known {
		return usd.Of(total)
	}
	return usd.Null()
}

// turnsOf reads the turns of a state; none where they are null.
func turnsOf(ctx context.Context, list types.List) ([]turnModel, diag.Diagnostics) {
	var turns []turnModel
	if list.IsNull() || list.IsUnknown() {
		return turns, nil
	}
	diags := list.ElementsAs(ctx, &turns, false)
	return turns, diags
}

func turnList(ctx context.Context, turns []turnModel) (types.List, diag.Diagnostics) {
	if turns == nil {
		turns = []turnModel{}
	}
	return types.ListValueFrom(ctx, types.ObjectType{AttrTypes: turnTypes}, turns)
}
