package session

import (
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// notes are what the purchase journal keeps of a conversation, for a later run: no texts, as the journal is no place for them.
type notes struct {
	// Sent is how many messages were sent, or were about to be.
	Sent int `json:"sent"`
	// Refused says that the last of them was answered with an error.
	Refused bool `json:"refused,omitempty"`
	// Turns are those of which the outcome is known, in their order.
	Turns []notedTurn `json:"turns,omitempty"`
}

// notedTurn is a turn whose outcome is known. Amounts are in USD.
type notedTurn struct {
	Order   string        `json:"order,omitempty"`
	Status  string        `json:"status"`
	Charged *money.Amount `json:"charged,omitempty"`
	Fee     *money.Amount `json:"fee,omitempty"`
}

// written are the notes of a conversation as it stands. Turns whose outcome is not known are left out, with all that follow: a conversation ends with
// the first of them.
func (t *talk) written() json.RawMessage {
	n := notes{Sent: t.sent, Refused: t.refused >= 0}
	for i := range t.turns[:t.sent] {
		turn := &t.turns[i]
		if !turn.is(turnCompleted) && !turn.is(turnFailed) {
			break
		}
		one := notedTurn{Order: turn.OrderID.ValueString(), Status: turn.Status.ValueString()}
		if amount, ok := turn.AmountCharged.Amount(); ok {
			one.Charged = &amount
		}
		if amount, ok := turn.PlatformFee.Amount(); ok {
			one.Fee = &amount
		}
		n.Turns = append(n.Turns, one)
	}
	encoded, err := json.Marshal(n)
	if err != nil {
		return nil // numbers and texts can always be written
	}
	return encoded
}

// recalled are the turns of messages as far as an earlier run has noted them, and the index of the one that AUTX answered with an error, -1 where
// there is none. Where there are no notes, which of them were sent is to be found out: from the first on, each may have been.
func recalled(messages []string, noted json.RawMessage) (turns []turnModel, refused int) {
	turns, refused = unsent(messages), -1
	var n notes
	if len(noted) == 0 || json.Unmarshal(noted, &n) != nil {
		n = notes{Sent: len(messages)}
	}
	for i := range turns[:min(max(n.Sent, 0), len(turns))] {
		if i < len(n.Turns) {
			n.Turns[i].into(&turns[i])
			continue
		}
		turns[i].Status = types.StringValue(turnUnknown)
		if n.Refused && i == n.Sent-1 {
			refused = i
		}
	}
	return turns, refused
}

func (n notedTurn) into(turn *turnModel) {
	turn.Status = types.StringValue(n.Status)
	if n.Order != "" {
		turn.OrderID = types.StringValue(n.Order)
	}
	if n.Charged != nil {
		turn.AmountCharged = usd.Of(*n.Charged)
	}
	if n.Fee != nil {
		turn.PlatformFee = usd.Of(*n.Fee)
	}
}
