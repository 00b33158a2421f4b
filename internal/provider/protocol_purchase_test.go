package provider_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// launches are how many requests to launch the server got.
func launches(server *mockserver.Server) int {
	n := 0
	for _, operation := range calls(server) {
		if operation == "agents.create" || operation == "agents.reserve" {
			n++
		}
	}
	return n
}

// TestLiveAgentMadeAnew: one plan has a live agent in state and makes it anew, as with taint, -replace and create_before_destroy. It never gets as far as
// a second launch fee, whichever of the two calls comes first: a CLI makes them in any order.
func TestLiveAgentMadeAnew(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{"SUMM", "summ"} {
		for order, steps := range map[string][]string{
			"state first":                      {"refresh", "create"},
			"state of a plan first":            {"update", "create"},
			"destroy first":                    {"destroy", "create"},
			"create first, then a destroy":     {"create", "destroy"},
			"create first, then a refresh":     {"create", "refresh"},
			"create first, then an update":     {"create", "update"},
			"refresh, then destroy and create": {"refresh", "destroy", "create"},
			"refresh, then create and destroy": {"refresh", "create", "destroy"},
		} {
			t.Run(order+" "+spelling, func(t *testing.T) {
				t.Parallel()
				server := market(t, nil)
				d := protocol.NewConfigured(t, server)
				made := d.MustApply(agentType, nil, agentNamed("SUMM"))
				paid := launches(server)

				var told protocol.Diagnostics
				for _, step := range steps {
					switch step {
					case "refresh":
						_, _, diags := d.Read(made)
						told = append(told, diags...)
					case "update":
						told = append(told, d.Plan(agentType, made, agentNamed("SUMM", "description", "x")).Diagnostics...)
					case "destroy":
						told = append(told, d.Plan(agentType, made, nil).Diagnostics...)
					case "create":
						told = append(told, d.Plan(agentType, nil, agentNamed(spelling)).Diagnostics...)
					}
				}
				if !told.Say("SUMM", made.ID(), "import {", "untaint", "moved block") {
					t.Errorf("the plan does not say what is wrong: %s", told)
				}
				if !strings.HasPrefix(order, "create first, then a refresh") && !strings.HasPrefix(order, "create first, then an update") && !told.HasErrors() {
					t.Errorf("the plan does not fail: %s", told)
				}

				// Where the CLI goes on all the same, in a walk that saw none of this, the create is refused, and the live agent stays.
				d.NextWalk()
				if plan := d.Plan(agentType, nil, agentNamed(spelling)); !plan.Diagnostics.HasErrors() {
					made, diags := d.Apply(plan)
					if made != nil || !diags.Errors().Say("already yours") {
						t.Errorf("the apply made %v: %s", made, diags)
					}
				}
				if launches(server) != paid || len(liveTickers(server)) != 2 {
					t.Errorf("%d launches, agents %v", launches(server), liveTickers(server))
				}
			})
		}
	}
}

// TestTwoResourcesWithOneTicker: only one of them can be right.
func TestTwoResourcesWithOneTicker(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	if first := d.Plan(agentType, nil, agentNamed("SUMM")); len(first.Diagnostics) > 0 {
		t.Fatal(first.Diagnostics)
	}
	for _, spelling := range []string{"SUMM", "summ", "Summ"} {
		second := d.Plan(agentType, nil, agentNamed(spelling, "name", "Another name"))
		if !second.Diagnostics.Errors().Say("ticker", "SUMM", "Two resources") {
			t.Errorf("%s: %s", spelling, second.Diagnostics)
		}
	}
	if other := d.Plan(agentType, nil, agentNamed("MORE")); len(other.Diagnostics) > 0 {
		t.Errorf("another ticker: %s", other.Diagnostics)
	}
}

// TestTwoResourcesOfOneTickerInState comes from an import under two addresses.
func TestTwoResourcesOfOneTickerInState(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	for range 2 {
		if _, _, diags := d.Read(made); len(diags) > 0 {
			t.Errorf("the same agent at two addresses: %s", diags)
		}
	}
}

// TestOneTickerAppliedTwice: two applies in one walk that plans did not stop, as when tickers were unknown at plan.
func TestOneTickerAppliedTwice(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	first := d.MustPlan(agentType, nil, agentNamed("SUMM"))
	d.NextWalk()
	second := d.MustPlan(agentType, nil, agentNamed("SUMM", "name", "Another name"))
	d.NextWalk()
	var mu sync.Mutex
	var made []*protocol.Instance
	var told protocol.Diagnostics
	var group sync.WaitGroup
	for _, plan := range []*protocol.Plan{first, second} {
		group.Go(func() {
			one, diags := d.Apply(plan)
			mu.Lock()
			defer mu.Unlock()
			told = append(told, diags...)
			if one != nil {
				made = append(made, one)
			}
		})
	}
	group.Wait()
	if len(made) != 1 || launches(server) != 1 || len(told.Errors()) != 1 {
		t.Errorf("%d agents, %d launches, %s", len(made), launches(server), told)
	}
}

func TestSpendObject(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	for i, want := range []string{"0", "20", "20"} { // the first launch is free
		ticker := "AAA" + string(rune('A'+i))
		made := d.MustApply(agentType, nil, agentNamed(ticker))
		if diff := cmp.Diff(values{"authorized_usd": "20", "charged_usd": want}, made.Values()["spend"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", ticker, diff)
		}
		updated := d.MustApply(agentType, d.MustRead(made), agentNamed(ticker, "description", "x"))
		if !cmp.Equal(made.Values()["spend"], updated.Values()["spend"]) {
			t.Errorf("%s: an update changed what was spent to %v", ticker, updated.Values()["spend"])
		}
	}
	imported := d.MustImport(agentType, "AAAB")
	if diff := cmp.Diff(values{"authorized_usd": "0", "charged_usd": "0"}, imported.Values()["spend"]); diff != "" {
		t.Errorf("import (-want +got):\n%s", diff)
	}
}

// TestWithoutSpending: plans work and say what to add, an apply sends nothing.
func TestWithoutSpending(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.New(t)
	d.MustConfigure(with(protocol.ProviderValues(t, server), "spending", nil))
	plan := d.MustPlan(agentType, nil, agentNamed("SUMM"))
	said(t, "plan", plan.Diagnostics.Warnings(), "", "$20.00", "spending", "max_per_apply")
	d.NextWalk()
	silently(t, server, "an apply that is refused", func() {
		made, diags := d.Apply(plan)
		said(t, "apply", diags.Errors(), "", "$20.00", "max_per_apply")
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
	})
}

// TestLaunchesOfOneWalk run in parallel, as a CLI runs them, within the limit and not beyond it.
func TestLaunchesOfOneWalk(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.New(t)
	config := protocol.ProviderValues(t, server)
	d.MustConfigure(config)
	var plans []*protocol.Plan
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		plans = append(plans, d.MustPlan(agentType, nil, agentNamed("TICK"+name)))
	}
	d.MustConfigure(with(config, "spending.max_per_apply", "80")) // the apply walk's limit allows four
	results := make([]protocol.Diagnostics, len(plans))
	made := make([]*protocol.Instance, len(plans))
	var group sync.WaitGroup
	for i, plan := range plans {
		group.Go(func() { made[i], results[i] = d.Apply(plan) })
	}
	group.Wait()
	good := 0
	for i := range plans {
		switch {
		case made[i] != nil && len(results[i]) == 0:
			good++
		case made[i] != nil || !results[i].Errors().Say("max_per_apply", "$80.00"):
			t.Errorf("%d: %v, %s", i, made[i], results[i])
		}
	}
	if good != 4 || launches(server) != 4 {
		t.Errorf("%d made, %d launches, want 4", good, launches(server))
	}
	if got := len(slices.DeleteFunc(liveTickers(server), func(ticker string) bool { return ticker == "OTHR" })); got != 4 {
		t.Errorf("AUTX has %d of them", got)
	}
}

// TestUnknownLimitsKeepTheKeys plans while the limits wait for another resource, on a fresh runner whose journal knows nothing: what the plan reads in
// state binds the key all the same, and nobody is told that there is no spending block.
func TestUnknownLimitsKeepTheKeys(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t)
	const orderType = "autx_order"
	order := values{"idempotency_key": "k", "agent_id": seededID(t, server, "SUMM"), "prompt": "Sum it up", "max_price": "0.50"}
	made := protocol.NewConfigured(t, server).MustApply(orderType, nil, order)

	known := protocol.ProviderValues(t, server)
	d := protocol.New(t)
	d.MustConfigure(with(known, "spending.max_per_apply", protocol.Unknown))
	read := d.MustRead(made)
	plan := d.Plan(orderType, nil, order) // as for a tainted order
	if plan.Diagnostics.HasErrors() || plan.Diagnostics.Say("no spending block") || !plan.Diagnostics.Warnings().Say("Limits are not known yet") {
		t.Errorf("the plan says %s", plan.Diagnostics)
	}
	d.MustConfigure(known)
	again, diags := d.PlanAndApply(orderType, nil, order)
	if diags.HasErrors() || again.ID() != read.ID() {
		t.Errorf("the order was made anew as %s, %s", again.ID(), diags)
	}
	if n := len(server.State().Orders); n != 1 {
		t.Errorf("%d orders were bought under one key", n)
	}
}
