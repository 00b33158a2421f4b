package providerdata

import (
	"context"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Desk is the purchase desk of a walk. It is the one place through which everything is bought, so what is bought at it makes the whole walk forget
// what it has read of the account (Data.Moved), whichever domain buys: a message of a session is an order, and a launch is an entry of the ledger.
type Desk struct {
	*purchase.Desk

	moved func()
}

// Buy is that of purchase.Desk. Whatever comes of it, nothing that was read before is believed after it.
func (d *Desk) Buy(ctx context.Context, p purchase.Purchase) (purchase.Result, error) {
	defer d.moved()
	return d.Desk.Buy(ctx, p)
}

// OnMoved has forget called whenever money of the account has moved in this walk, or may have. What keeps lists of orders, sessions, the ledger or
// the balance registers here. It is called from whichever goroutine moves money, several at once too, and must not call Moved.
func (d *Data) OnMoved(forget func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgets = append(d.forgets, forget)
}

// Moved makes the walk forget what it has read of the account. The desk calls it after each purchase; call it as well where something changes later
// than that: an order that has ended may be refunded, and a session that is closed gives back what it held. A checkout moves nothing (client 0.4.1):
// a person pays later, on a page.
func (d *Data) Moved() {
	d.mu.Lock()
	forgets := d.forgets // what is in it never changes
	d.mu.Unlock()
	for _, forget := range forgets {
		forget()
	}
}
