package order

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the orders of one walk share, so that a plan of many costs few requests.
type walk struct {
	api *client.Client
	// orders are the account's orders, read together. What comes from the list has no output.
	orders *inventory.Shelf[*client.Order]
	// agents are those that a plan wants to buy from, and balance what it can buy with: facts for a reader, never for a purchase.
	agents  memory[*client.Agent]
	balance memory[*client.Balance]

	flights singleflight.Group

	mu        sync.Mutex
	kept      map[string]string // by key: the id with which a plan goes on
	planned   money.Amount      // what the plans of this walk authorise
	toldShort bool
	before    map[string]*glance // by agent
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{kept: map[string]string{}, before: map[string]*glance{}}
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
	return joined(ctx, &w.flights, "price "+strings.ToLower(agentID), func(ctx context.Context) (*client.Agent, error) {
		return w.api.Agents.Get(ctx, agentID)
	})
}

// glance is a look at an agent's orders that purchases of one moment share.
type glance struct {
	at  time.Time
	ids map[string]bool
}

// glanceAge is how old a look at an agent's orders may be for the next purchase. What was bought since looks new to it, which is right for the
// purchases of this configuration, as the journal knows them, and is the reason not to let it grow old: what others have bought since could not be
// told apart.
const glanceAge = 3 * time.Second

// idsBefore gives the ids of an agent's orders before a purchase.
func (w *walk) idsBefore(ctx context.Context, agentID string) ([]string, error) {
	agent := strings.ToLower(agentID)
	w.mu.Lock()
	last := w.before[agent]
	w.mu.Unlock()
	if last == nil || time.Since(last.at) >= glanceAge {
		var err error
		last, err = joined(ctx, &w.flights, "before "+agent, func(ctx context.Context) (*glance, error) {
			asked := time.Now()
			orders, err := ordersOf(ctx, w.api, agentID)
			if err != nil {
				return nil, err
			}
			fresh := &glance{at: asked, ids: make(map[string]bool, len(orders))}
			for i := range orders {
				fresh.ids[orders[i].ID] = true
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.before[agent] = fresh
			return fresh, nil
		})
		if err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, 0, len(last.ids))
	for id := range last.ids {
		ids = append(ids, id)
	}
	return ids, nil
}

// bought notes an order of this walk, so that the next look at what was there before knows it, and forgets what was read.
func (w *walk) bought(agentID, id string) {
	w.orders.Drop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := w.before[strings.ToLower(agentID)]; last != nil {
		last.ids[id] = true
	}
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

// memory keeps answers for one walk: each is asked for once, whatever becomes of it.
type memory[T any] struct {
	mu   sync.Mutex
	kept map[string]*remembered[T]
}

type remembered[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (m *memory[T]) recall(ctx context.Context, key string, ask func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	if m.kept == nil {
		m.kept = map[string]*remembered[T]{}
	}
	r := m.kept[key]
	if r == nil {
		r = &remembered[T]{}
		m.kept[key] = r
	}
	m.mu.Unlock()
	r.once.Do(func() { r.value, r.err = ask(ctx) })
	return r.value, r.err
}

// joined makes a request once for all who want it at the same time. It goes on for the others when one of them gives up, bounded by the client's
// timeout.
func joined[T any](ctx context.Context, flights *singleflight.Group, name string, ask func(context.Context) (T, error)) (T, error) {
	var none T
	done := flights.DoChan(name, func() (any, error) { return ask(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return none, context.Cause(ctx) //nolint:wrapcheck // the caller's own context
	case result := <-done:
		if result.Err != nil {
			return none, result.Err
		}
		value, _ := result.Val.(T)
		return value, nil
	}
}
