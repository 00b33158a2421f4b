package session

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/once"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the sessions of one walk share, so that a plan of many costs few requests.
type walk struct {
	api *client.Client
	// sessions are the account's sessions, and entries the newest of its ledger, read together. They are for refreshes.
	sessions *inventory.Shelf[*client.Session]
	entries  *inventory.Shelf[client.Transaction]
	facts    *live.Facts
	before   once.Before
	keys     bound.Keys
	pause    func(context.Context, time.Duration) error
	moved    func()

	mu   sync.Mutex
	ours map[string]bool // ids of the sessions that this walk has opened
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{facts: live.Of(data), pause: rest, moved: data.Moved, ours: map[string]bool{}}
		if api, diags := data.Client(); !diags.HasError() {
			w.api = api
			w.sessions = inventory.NewShelf(inventory.Source[*client.Session]{
				Get: api.Sessions.Get,
				List: func(ctx context.Context) ([]*client.Session, error) {
					return inventory.Pointers(api.Sessions.List(ctx, client.SessionFilter{}))
				},
				ID:      func(s *client.Session) string { return s.ID },
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
			data.OnMoved(w.sessions.Drop)
			data.OnMoved(w.entries.Drop)
		}
		return w
	})
}

// idsBefore gives the ids of the account's sessions before another one is opened.
func (w *walk) idsBefore(ctx context.Context) ([]string, error) {
	return w.before.IDs(ctx, "", func(ctx context.Context) ([]string, error) {
		all, err := w.api.Sessions.List(ctx, client.SessionFilter{})
		ids := make([]string, len(all))
		for i := range all {
			ids[i] = all[i].ID
		}
		return ids, err
	})
}

// opened notes a session of this walk: it is none that somebody else has opened, nor a lost one.
func (w *walk) opened(id string) {
	w.before.Bought("", id)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ours[id] = true
}

func (w *walk) isOurs(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ours[id]
}

// wrote forgets what was read, as a session, what it holds and what it cost may have changed.
func (w *walk) wrote(id string) {
	w.sessions.Wrote(id)
	w.moved()
}

// agentID gives the id of an agent that a configuration names by ticker or id. An agent's ticker never changes, so it is asked for once a walk.
func (w *walk) agentID(ctx context.Context, tickerOrID string) (string, error) {
	ref := live.TickerOrID(tickerOrID)
	agent, err := w.facts.Agent(ctx, ref)
	if err != nil {
		agent, err = w.facts.Now(ctx, ref) // what could not be read in the plan, or was not there yet, must not fail the apply
	}
	if err != nil {
		return "", err
	}
	return strings.ToLower(agent.ID), nil
}

// same refuses what AUTX says of another session than the one that it was asked about.
func same(id string, found *client.Session, err error) (*client.Session, error) {
	if err == nil && found.ID != id {
		return nil, fmt.Errorf("AUTX was asked about session %s, and answered about another session, %s", id, found.ID)
	}
	return found, err
}
