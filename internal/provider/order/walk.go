package order

import (
	"context"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/once"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the orders of one walk share, so that a plan of many costs few requests.
type walk struct {
	api *client.Client
	// orders are the account's orders, read together. What comes from the list has no output.
	orders *inventory.Shelf[*client.Order]
	// facts are about the agents that a plan wants to buy from, and the balance that it can buy with.
	facts  *live.Facts
	keys   bound.Keys
	before once.Before // by agent
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{facts: live.Of(data)}
		if api, diags := data.Client(); !diags.HasError() {
			w.api = api
			w.orders = inventory.NewShelf(inventory.Source[*client.Order]{
				Get: api.Orders.Get,
				List: func(ctx context.Context) ([]*client.Order, error) {
					return inventory.Pointers(api.Orders.List(ctx, client.OrderFilter{}))
				},
				ID:      func(o *client.Order) string { return o.ID },
				Timeout: api.Timeout(),
			})
			data.OnMoved(w.orders.Drop)
		}
		return w
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
	w.orders.Wrote(id)
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
