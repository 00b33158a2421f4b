package provider_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestConcurrentWalk does in one walk what a CLI does at a time, and more: it is for the race detector, and holds each answer to its own agent.
func TestConcurrentWalk(t *testing.T) {
	t.Parallel()
	const agents = 40
	var tickers []string
	for i := range agents {
		tickers = append(tickers, fmt.Sprintf("AG%02d", i))
	}
	server := market(t, tickers)
	d := protocol.NewConfigured(t, server)
	states := make([]*protocol.Instance, agents)
	for i, ticker := range tickers {
		states[i] = d.Stored(agentType, values{"id": seededID(t, server, ticker)})
	}
	d.NextWalk()
	server.ClearRequests()

	var group sync.WaitGroup
	for i, ticker := range tickers {
		group.Go(func() {
			read := d.MustRead(states[i])
			if got := read.Values()["ticker"]; got != ticker {
				t.Errorf("the refresh of %s gave %v", ticker, got)
			}
			config := agentNamed(ticker, "endpoint_url", "https://us.example/"+ticker)
			if plan := d.MustPlan(agentType, read, config); plan.Values()["ticker"] != ticker {
				t.Errorf("the plan of %s is %v", ticker, plan.Values())
			}
		})
		group.Go(func() {
			source, _, diags := d.ReadDataSource("autx_agents", values{"mine": true, "search": ticker})
			if found, _ := source["agents"].([]any); len(diags) > 0 || len(found) != 1 {
				t.Errorf("data source of %s: %d agents, %s", ticker, len(found), diags)
			}
		})
		group.Go(func() {
			if listed := d.List(agentType, protocol.ListOptions{Limit: 3, IncludeResource: true}); len(listed) != 3 {
				t.Errorf("%d listed", len(listed))
			}
		})
	}
	group.Wait()

	made := calls(server)
	if len(made) > 5 {
		t.Errorf("refresh, plan, data source and list of %d agents made %d requests: %v", agents, len(made), made)
	}
}

// TestConcurrentLives creates, changes and destroys many agents at once.
func TestConcurrentLives(t *testing.T) {
	t.Parallel()
	const agents = 8
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	all := make([]*protocol.Instance, agents)
	configs := make([]values, agents)
	phase := func(name string, step func(i int)) {
		d.NextWalk()
		var group sync.WaitGroup
		for i := range agents {
			group.Go(func() { step(i) })
		}
		group.Wait()
		if t.Failed() {
			t.Fatalf("%s failed", name)
		}
	}
	act := func(i int, prior *protocol.Instance, config values) {
		after, diags := d.Apply(d.Plan(agentType, prior, config))
		if diags.HasErrors() {
			t.Errorf("%d: %s", i, diags)
		}
		all[i] = after
	}
	phase("create", func(i int) {
		configs[i] = agentNamed(fmt.Sprintf("LIFE%d", i))
		act(i, nil, configs[i])
	})
	phase("update", func(i int) {
		configs[i] = with(configs[i], "description", fmt.Sprint("number ", i), "image", values{"source": imageFile(t)})
		act(i, all[i], configs[i])
	})
	phase("refresh", func(i int) {
		read := d.MustRead(all[i])
		if diff := cmp.Diff(all[i].Values(), read.Values()); diff != "" {
			t.Errorf("%d: a refresh changes it (-before +after):\n%s", i, diff)
		}
		if plan := d.MustPlan(agentType, read, configs[i]); !plan.Empty() {
			t.Errorf("%d: the plan is not empty", i)
		}
	})
	if got := launches(server); got != agents {
		t.Errorf("%d launches", got)
	}
	phase("destroy", func(i int) { act(i, all[i], nil) })
	if got := liveTickers(server); len(got) != 1 {
		t.Errorf("left are %v", got)
	}
}
