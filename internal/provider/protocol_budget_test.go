package provider_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// stack is a configuration of many resources that is driven as a CLI does: ten calls at a time, a walk to plan and one to apply.
type stack struct {
	t         *testing.T
	server    *mockserver.Server
	d         *protocol.Driver
	resources []stacked
}

type stacked struct {
	typeName string
	config   values
	state    *protocol.Instance
}

// newStack has so many agents and orders, nothing of it applied yet.
func newStack(t *testing.T, agents, orders int) *stack {
	t.Helper()
	seed, err := mockserver.ParseSeed([]byte(`{
		"users": [{"id": "us", "balance_usd": "100000", "keys": [{"key": "autx_live_us"}]}, {"id": "seller", "balance_usd": "0"}],
		"agents": [{"owner": "seller", "ticker": "SUMM", "name": "Summaries", "endpoint_url": "https://seller.example/run", "service_price": "0.50"}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, server: mockserver.New(t, mockserver.WithSeed(seed)), d: protocol.New(t)}
	config := protocol.ProviderValues(t, s.server)
	config["spending"] = values{"max_per_apply": "100000", "journal": t.TempDir()}
	s.d.MustConfigure(config)
	for i := range agents {
		s.resources = append(s.resources, stacked{typeName: agentType, config: agentNamed(fmt.Sprint("AG", i))})
	}
	for i := range orders {
		s.resources = append(s.resources, stacked{typeName: "autx_order", config: values{
			"idempotency_key": fmt.Sprint("key-", i), "agent_id": seededID(t, s.server, "SUMM"), "prompt": "Summarize.", "max_price": "0.50",
		}})
	}
	return s
}

// walk begins a walk and does something with every resource, ten at a time.
func (s *stack) walk(do func(r *stacked)) {
	s.t.Helper()
	s.d.NextWalk()
	var all errgroup.Group
	all.SetLimit(10)
	for i := range s.resources {
		all.Go(func() error {
			do(&s.resources[i])
			return nil
		})
	}
	_ = all.Wait() // do fails the test itself
}

// plan refreshes and plans everything, and tells how many have something to do.
func (s *stack) plan(destroy bool) (changes int) {
	s.t.Helper()
	found := make(chan bool, len(s.resources))
	s.walk(func(r *stacked) {
		if r.state != nil {
			r.state = s.d.MustRead(r.state)
		}
		config := r.config
		if destroy {
			config = nil
		}
		found <- !s.d.MustPlan(r.typeName, r.state, config).Empty()
	})
	close(found)
	for changed := range found {
		if changed {
			changes++
		}
	}
	return changes
}

// apply plans, and applies what there is to do in a walk of its own.
func (s *stack) apply(destroy bool) {
	s.t.Helper()
	s.plan(destroy)
	s.walk(func(r *stacked) {
		config := r.config
		if destroy {
			config = nil
		}
		plan := s.d.MustPlan(r.typeName, r.state, config)
		if plan.Empty() {
			return
		}
		after, diags := s.d.Apply(plan)
		if diags.HasErrors() {
			s.t.Errorf("apply: %s", diags)
		}
		r.state = after
	})
}

// budget is how many requests a step takes, by operation. What is in most may take up to that.
type budget struct{ exactly, most map[string]int }

func (s *stack) mustTake(what string, allowed budget, step func()) {
	s.t.Helper()
	s.server.ClearRequests()
	step()
	sent := acctest.Sent(s.server)
	s.t.Logf("%s: %v", what, sent)
	for operation, most := range allowed.most {
		if sent[operation] > most {
			s.t.Errorf("%s: %d requests %s; allowed are %d", what, sent[operation], operation, most)
		}
		delete(sent, operation)
	}
	if diff := cmp.Diff(allowed.exactly, sent); diff != "" {
		s.t.Errorf("%s: requests (-want +got):\n%s", what, diff)
	}
}

// TestRequestBudget holds what a user does with many resources to the requests that it may take: O(pages) for what reads, and for what writes one each
// and O(1) besides.
func TestRequestBudget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ agents, orders int }{{1, 0}, {2, 0}, {20, 0}, {200, 0}, {0, 20}, {10, 10}} {
		t.Run(fmt.Sprintf("%d agents, %d orders", c.agents, c.orders), func(t *testing.T) {
			t.Parallel()
			s := newStack(t, c.agents, c.orders)

			// Tickers and names of the first five new agents are looked up by each of the two walks; the balance once a walk and kind of purchase.
			checked := 2 * min(c.agents, 5)
			exactly, most := map[string]int{}, map[string]int{"credits.balance": 4}
			if c.agents > 0 {
				maps.Copy(exactly, map[string]int{
					"agents.create": c.agents, "agents.check_ticker": checked, "agents.check_name": checked, "agents.mine": 1,
				})
				most["credits.transactions"] = 3
			}
			if c.orders > 0 {
				exactly["orders.create"], exactly["orders.get"] = c.orders, c.orders
				most["orders.list"] = c.orders    // the look at what was there before is shared for a few seconds
				most["agents.get"] = 2 + c.orders // the price is read right before each charge
			}
			s.mustTake("apply", budget{exactly, most}, func() { s.apply(false) })
			s.mustTake("no-op plan", budget{exactly: refresh(c.agents)}, func() {
				if changes := s.plan(false); changes > 0 {
					t.Errorf("%d have something to do", changes)
				}
			})
			if c.agents > 0 {
				s.resources[0].config = with(s.resources[0].config, "service_price", "9")
				s.mustTake("plan after one change", budget{exactly: refresh(c.agents)}, func() {
					if changes := s.plan(false); changes != 1 {
						t.Errorf("%d have something to do; want 1", changes)
					}
				})
				change := refresh(c.agents)
				change["agents.update"] = 1
				s.mustTake("apply of one change", budget{exactly: change}, func() { s.apply(false) })
			}
			destroy := refresh(c.agents)
			if c.agents > 0 {
				destroy["agents.delete"] = c.agents
			}
			s.mustTake("destroy", budget{exactly: destroy}, func() { s.apply(true) })
			if left := len(s.server.State().Agents); left != 1 {
				t.Errorf("%d agents are left; want the seller's", left)
			}
			if bought := len(s.server.State().Orders); bought != c.orders {
				t.Errorf("%d orders; want %d", bought, c.orders)
			}
		})
	}
}

// refresh is what the refresh of so many agents takes: a GET each for two, and a list for more. Finished orders take nothing.
func refresh(agents int) map[string]int {
	switch {
	case agents == 0:
		return map[string]int{}
	case agents <= 2:
		return map[string]int{"agents.get": agents}
	}
	return map[string]int{"agents.get": 2, "agents.mine": 1}
}
