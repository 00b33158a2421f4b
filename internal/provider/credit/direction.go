package credit

import (
	"context"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// direction is one of the two ways to move money.
type direction struct {
	kind purchase.Kind
	// entry is the type of the ledger's entry (client 0.4.1).
	entry string
	// noun names one for a reader.
	noun string
	send func(ctx context.Context, api *client.Client, amount money.Amount) error
	// last is when the account was last moved in this direction, as the balance tells.
	last func(*client.Balance) client.Field[string]
}

var (
	in = direction{
		kind: purchase.Deposit, entry: "deposit", noun: "deposit",
		send: func(ctx context.Context, api *client.Client, amount money.Amount) error {
			_, err := api.Credits.DepositTest(ctx, amount)
			return err
		},
		last: func(b *client.Balance) client.Field[string] { return b.LastDepositAt },
	}
	out = direction{
		kind: purchase.Withdrawal, entry: "withdrawal", noun: "withdrawal",
		send: func(ctx context.Context, api *client.Client, amount money.Amount) error {
			_, err := api.Credits.Withdraw(ctx, amount)
			return err
		},
		last: func(b *client.Balance) client.Field[string] { return b.LastWithdrawalAt },
	}
)

// title names a movement for a reader.
func (d direction) title(amount usd.Value) string {
	if value, ok := amount.Amount(); ok {
		return d.noun + " of " + value.USD()
	}
	return d.noun + " of an amount that is not known yet"
}

// nameOf names a movement in state for a reader.
func (d direction) nameOf(state *movement) string {
	name := d.noun
	if amount, ok := state.Amount.Amount(); ok {
		name += " of " + amount.USD()
	}
	return name + " (id " + state.ID.ValueString() + ")"
}
