package session

import (
	"slices"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
)

// The types of a ledger's entries that concern sessions (client 0.4.1).
const (
	entryConsume = "consume"
	entryRefund  = "refund"
)

// charge is what the ledger says of one turn of a session.
type charge struct {
	order    string // "" where the ledger does not say
	amount   money.Amount
	refunded bool
}

// chargesOf gives the charges of a session, oldest first, out of entries that come newest first (order assumed).
func chargesOf(entries []client.Transaction, sessionID string) []charge {
	var out []charge
	refunded := map[string]bool{}
	for i := range entries {
		entry := &entries[i]
		order := entry.OrderID.Or("")
		// A refund need not say the session again.
		if entry.Type == entryRefund && order != "" {
			refunded[order] = true
		}
		if entry.Type == entryConsume && entry.SessionID.Or("") == sessionID {
			out = append(out, charge{order: order, amount: ledger.Magnitude(entry.Amount)})
		}
	}
	slices.Reverse(out)
	for i := range out {
		out[i].refunded = refunded[out[i].order]
	}
	return out
}

// assign finds the charge of each turn. A turn that has an order goes by that; the others take what is left over, in its order, as turns come one
// after the other. What is left over at the end belongs to no turn.
func assign(turns []turnModel, charges []charge) (of map[int]charge, left []charge) {
	of = map[int]charge{}
	taken := map[string]bool{}
	for i := range turns {
		if order := turns[i].OrderID.ValueString(); order != "" {
			taken[order] = true
			for _, one := range charges {
				if one.order == order {
					of[i] = one
				}
			}
		}
	}
	left = slices.DeleteFunc(slices.Clone(charges), func(one charge) bool { return taken[one.order] })
	for i := range turns {
		// One that was answered without naming its order has a charge as well, which must not be taken for that of a later turn.
		mayBeCharged := turns[i].is(turnUnknown) || turns[i].is(turnCompleted)
		if mayBeCharged && turns[i].OrderID.IsNull() && len(left) > 0 {
			of[i], left = left[0], left[1:]
		}
	}
	return of, left
}
