package order

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/once"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the orders of one walk share, so that a plan of many costs few requests.
type walk struct {
	api *client.Client
	// orders are the account's orders, read together. What comes from the list has no output.
	orders *inventory.Shelf[*client.Order]
	// agents are those that a plan wants to buy from, and balance what it can buy with: facts for a reader, never for a purchase.
	agents  once.Memory[*client.Agent]
	balance once.Memory[*client.Balance]

	before  once.Before // by agent
	flights singleflight.Group

	mu        sync.Mutex
	kept      map[string]string // by key: the id with which a plan goes on
	planned   money.Amount      // what the plans of this walk authorise
	toldShort bool
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{kept: map[string]string{}}
		if api, diags := data.Client(); !diags.HasError() {
			w.api = api
			w.orders = inventory.NewShelf(inventory.Source[*client.Order]{
				Get: api.Orders.Get,
				List: func(ctx context.Context) ([]*client.Order, error) {
					return inventory.Pointers(api.Orders.List(ctx, client.OrderFilter{}))
				},
				ID: func(o *client.Order) string { return o.ID },
			})
		}
		return w
	})
}

// keeps notes that a plan goes on with an order under a key. It gives the id of another resource's order under the same key, "" where there is none.
func (w *walk) keeps(key, id string) (other string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	other = w.kept[key]
	w.kept[key] = id
	return other
}

// authorizes adds to what the plans of this walk authorise, and gives the sum.
func (w *walk) authorizes(most money.Amount) money.Amount {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.planned = w.planned.Add(most)
	return w.planned
}

// firstShort tells whether it is the first time in this walk that the balance is found too small.
func (w *walk) firstShort() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.toldShort
	w.toldShort = true
	return first
}

// price reads an agent for what an order costs now. Those who want it at the same moment share one request; nothing of it is kept.
func (w *walk) price(ctx context.Context, agentID string) (*client.Agent, error) {
	return once.Join(ctx, &w.flights, "price "+strings.ToLower(agentID), func(ctx context.Context) (*client.Agent, error) {
		return w.api.Agents.Get(ctx, agentID)
	})
}

// idsBefore gives the ids of an agent's orders before a purchase.
func (w *walk) idsBefore(ctx context.Context, agentID string) ([]string, error) {
	return w.before.IDs(ctx, strings.ToLower(agentID), func(ctx context.Context) ([]string, error) {
		orders, err := ordersOf(ctx, w.api, agentID)
		ids := make([]string, len(orders))
		for i := range orders {
			ids[i] = orders[i].ID
		}
		return ids, err
	})
}

// bought notes an order of this walk, so that the next look at what was there before knows it, and forgets what was read.
func (w *walk) bought(agentID, id string) {
	w.orders.Drop()
	w.before.Bought(strings.ToLower(agentID), id)
}

// ordersOf lists an agent's orders, also where the service does not narrow its list down.
func ordersOf(ctx context.Context, api *client.Client, agentID string) ([]client.Order, error) {
	all, err := api.Orders.List(ctx, client.OrderFilter{AgentID: agentID})
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, o := range all {
		if sameAgent(o.AgentID.Or(agentID), agentID) {
			out = append(out, o)
		}
	}
	return out, nil
}
