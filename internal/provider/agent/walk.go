package agent

import (
	"context"
	"sync"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the agents of one walk share, so that a plan of many costs few requests.
type walk struct {
	// mine are the account's own agents, read together.
	mine *inventory.Shelf[*client.Agent]
	fees feeMeter

	mu      sync.Mutex
	checked int
	plans   map[string]fate // by id

	// before are the account's agents as they were when this walk first launched one: ids by ticker.
	beforeMu sync.Mutex
	before   map[string]string
}

// fate is what the plans of a walk have in mind for an agent of the state.
type fate struct{ kept, doomed bool }

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{}
		if api, diags := data.Client(); !diags.HasError() {
			w.mine = inventory.NewShelf(inventory.Source[*client.Agent]{
				Get:     api.Agents.Get,
				List:    func(ctx context.Context) ([]*client.Agent, error) { return inventory.Pointers(api.Agents.Mine(ctx)) },
				ID:      func(a *client.Agent) string { return a.ID },
				Timeout: api.Timeout(),
			})
			data.OnMoved(w.mine.Drop) // an order of one's own agent changes its figures
		}
		return w
	})
}

// ownership is what is known of whose agent one is.
type ownership int

const (
	ownerUnknown ownership = iota
	ownerUs
	ownerOther
)

// owner tells whose agent it is. The list of own agents decides, also by the owner id that they share: the list may lag behind a new agent.
func (w *walk) owner(ctx context.Context, a *client.Agent) (ownership, error) {
	mine, err := w.mine.All(ctx)
	if err != nil {
		return ownerUnknown, err
	}
	theirs, named := a.OwnerID.Value()
	for _, own := range mine {
		if own.ID == a.ID {
			return ownerUs, nil
		}
	}
	for _, own := range mine {
		if ours, ok := own.OwnerID.Value(); ok && named {
			if ours == theirs {
				return ownerUs, nil
			}
			return ownerOther, nil
		}
	}
	return ownerUnknown, nil
}

// holderBefore is the id of the account's agent that had a ticker before this walk launched anything, "" where none had. The list is read once a
// walk.
func (w *walk) holderBefore(ctx context.Context, api *client.Client, ticker string) (string, error) {
	w.beforeMu.Lock()
	defer w.beforeMu.Unlock()
	if w.before == nil {
		mine, err := api.Agents.Mine(ctx)
		if err != nil {
			return "", err
		}
		w.before = make(map[string]string, len(mine))
		for _, own := range mine {
			w.before[purchaseKey(own.Ticker)] = own.ID
		}
	}
	return w.before[purchaseKey(ticker)], nil
}

// maxChecked bounds how many new agents of one plan have their ticker and name looked up: two requests each. The service decides at apply anyway.
const maxChecked = 5

// mayCheck tells whether another new agent may be looked up, and whether it is the first that may not.
func (w *walk) mayCheck() (ok, firstSkipped bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checked++
	return w.checked <= maxChecked, w.checked == maxChecked+1
}

// keeps notes that a plan goes on with an agent, and tells whether another one of this walk destroys it.
func (w *walk) keeps(id string) (doomed bool) {
	return w.decide(id, fate{kept: true}).doomed
}

// dooms notes that a plan destroys an agent, and tells whether another one of this walk goes on with it.
func (w *walk) dooms(id string) (kept bool) {
	return w.decide(id, fate{doomed: true}).kept
}

func (w *walk) decide(id string, more fate) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.plans == nil {
		w.plans = map[string]fate{}
	}
	before := w.plans[id]
	w.plans[id] = fate{kept: before.kept || more.kept, doomed: before.doomed || more.doomed}
	return before
}
