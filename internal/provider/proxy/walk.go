package proxy

import (
	"context"
	"fmt"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the requests of one walk share.
type walk struct {
	api   *client.Client
	desk  *providerdata.Desk
	facts *live.Facts
	keys  bound.Keys
	// answers are those that a plan of this walk might lose.
	answers answers

	// turn is taken by whoever sends a request that is charged: its entry of the ledger says neither agent nor order, so it can be told from others only
	// while nobody else makes one.
	turn chan struct{}
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk {
		w := &walk{desk: data.Desk(), facts: live.Of(data), turn: make(chan struct{}, 1)}
		if api, diags := data.Client(); !diags.HasError() {
			w.api = api
		}
		return w
	})
}

// cost reads what a request to an agent costs now. It is free where the agent's price is $0 or the agent is the account's own (SDK reference). Who
// owns it is asked only where that matters.
func (w *walk) cost(ctx context.Context, i inquiry) (*client.Agent, money.Amount, error) {
	agent, err := w.facts.Now(ctx, i.ref())
	if err != nil {
		return nil, money.Zero(), err
	}
	price, ok := agent.ServicePrice.Value()
	if !ok {
		return agent, money.Zero(), fmt.Errorf("AUTX does not tell the price of agent %s", i.agent)
	}
	if price.IsZero() {
		return agent, price, nil
	}
	ours, err := w.facts.Ours(ctx, agent)
	if err != nil {
		return agent, money.Zero(), fmt.Errorf("whose agent %s is could not be read: %w", i.agent, err)
	}
	if ours {
		return agent, money.Zero(), nil
	}
	return agent, price, nil
}

// alone waits until nobody else of this process, and none that shares the journal, sends a request that is charged. It waits no longer than the
// context lasts; under one that has ended, or without a journal, nothing is sent.
func (w *walk) alone(ctx context.Context) (release func()) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	others, _ := w.desk.Alone(ctx, kind) // Buy refuses for the same reason
	return func() {
		others()
		<-w.turn
	}
}
