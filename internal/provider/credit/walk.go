package credit

import (
	"context"
	"fmt"
	"sync"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// walk is what the credits of one walk share: a plan of many movements reads the balance and the ledger once, and an apply makes one movement at a
// time.
type walk struct {
	api  *client.Client
	desk *providerdata.Desk

	// turn is taken by whoever moves money: each finds its own entry in the ledger only while nobody else makes one.
	turn chan struct{}

	// balances and entries are for plans and refreshes. What moves money reads anew.
	balances *inventory.Shelf[*client.Balance]
	entries  *inventory.Shelf[client.Transaction]

	mu          sync.Mutex
	kept        map[keyOf]string        // the ids with which a plan goes on, by key
	withdrawals map[string]money.Amount // what a plan withdraws, by key
	floors      map[floorName]bool
}

type keyOf struct {
	kind purchase.Kind
	key  string
}

// floorName is a floor that a plan has seen: one that it creates, or one that it goes on with.
type floorName struct {
	name    string
	creates bool
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{
			desk: data.Desk(), turn: make(chan struct{}, 1),
			kept: map[keyOf]string{}, withdrawals: map[string]money.Amount{}, floors: map[floorName]bool{},
		}
		if api, diags := data.Client(); !diags.HasError() {
			w.api = api
			w.balances = inventory.NewShelf(inventory.Source[*client.Balance]{
				List: func(ctx context.Context) ([]*client.Balance, error) {
					balance, err := api.Credits.Balance(ctx)
					return []*client.Balance{balance}, err
				},
				ID:      func(*client.Balance) string { return "balance" },
				Timeout: api.Timeout(),
			})
			w.entries = inventory.NewShelf(inventory.Source[client.Transaction]{
				List: func(ctx context.Context) ([]client.Transaction, error) {
					entries, _, err := ledger.Newest(ctx, api)
					return entries, err
				},
				ID:      func(entry client.Transaction) string { return entry.ID },
				Timeout: api.Timeout(),
			})
			data.OnMoved(w.balances.Drop)
			data.OnMoved(w.entries.Drop)
		}
		return w
	})
}

// balance is the account's balance as this walk has read it.
func (w *walk) balance(ctx context.Context) (*client.Balance, error) {
	all, err := w.balances.All(ctx)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// alone waits until nobody else of this process moves money, and none that shares the journal, such as another provider block, in this direction. It
// waits no longer than the context lasts; under one that has ended, or without a journal, nothing is sent.
func (w *walk) alone(ctx context.Context, d direction) (release func()) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	others, _ := w.desk.Alone(ctx, d.kind) // Buy refuses for the same reason
	return func() {
		others()
		<-w.turn
	}
}

// keeps notes that a plan goes on with a movement under a key. It gives the id that another resource of the plan has under the key, "" where there is
// none.
func (w *walk) keeps(kind purchase.Kind, key, id string) (other string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := keyOf{kind, key}
	other = w.kept[k]
	w.kept[k] = id
	return other
}

// withdraws notes that a plan withdraws an amount under a key, and gives how many withdrawals the plan makes and what they add up to.
func (w *walk) withdraws(key string, amount money.Amount) (n int, total money.Amount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if key == "" { // not known yet
		key = fmt.Sprintf("\x00%d", len(w.withdrawals))
	}
	w.withdrawals[key] = amount
	for _, one := range w.withdrawals {
		total = total.Add(one)
	}
	return len(w.withdrawals), total
}

// sawFloor notes a floor of a plan. It tells whether the plan has another one of the name. A replacement is planned twice, with a state and without.
func (w *walk) sawFloor(name string, creates bool) (again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := floorName{name, creates}
	again = w.floors[f]
	w.floors[f] = true
	return again
}
