package agent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccFaultLag lets AUTX's lists lag behind its writes. A lost launch is found again all the same, also when it is the account's only agent, of which
// no list tells whose it is; and a refresh and an import are right.
func TestAccFaultLag(t *testing.T) {
	t.Parallel()
	for _, lag := range []string{"1", "3"} {
		for _, others := range []int{0, 2} {
			t.Run(fmt.Sprintf("lists miss %s of %d", lag, others+1), func(t *testing.T) {
				t.Parallel()
				s := newScene(t, mockserver.WithAssume("lists.lag", lag))
				want := map[string]string{"autx_agent.a": "ONE"}
				blocks, tickers := []string{agentBlock("a", "ONE")}, []string{"ONE"}
				for i := range others {
					name := fmt.Sprintf("o%d", i)
					ticker := fmt.Sprintf("OTHER%d", i)
					blocks, tickers = append(blocks, agentBlock(name, ticker)), append(tickers, ticker)
					want["autx_agent."+name] = ticker
				}
				if others > 0 {
					s.configure(blocks[1:]...)
					s.MustApply()
				}
				charged := fmt.Sprintf("$%d.00", 20*len(want))
				whole := func() {
					t.Helper()
					s.mustHaveAgents(tickers...)
					s.mustHaveCharged(charged)
					s.mustHaveStored(want)
					s.MustBeEmpty()
				}
				s.configure(blocks...)
				s.server.AddFault("agents.create:after:reset")
				s.mustSay(s.MustApply(), foundAgain)
				whole()

				// The state is lost: the journal knows the launch from a plan, so it is refused, and the import block leads on.
				s.loseState()
				refused := s.Apply("-target=autx_agent.a")
				s.mustFail(refused, "Error: Agent is already yours")
				s.Write("import.tf", importBlockIn(t, refused, "autx_agent.a"))
				s.MustApply("-target=autx_agent.a")
				s.Remove("import.tf")
				for address, ticker := range want {
					if ticker != "ONE" {
						s.MustRun("import", address, ticker)
					}
				}
				s.MustApply() // fills in what can't be read
				whole()
				s.mustHaveSent("agents.create", len(want))
			})
		}
	}
}

// TestAccFaultLagNextRun lets an apply die whose launch the lists don't show. The next run finds it without them.
func TestAccFaultLagNextRun(t *testing.T) {
	t.Parallel()
	s := newScene(t, mockserver.WithAssume("lists.lag", "1"))
	gate := s.gate()
	// A strict plan fails for what AUTX tells: it must not stand in the way of a launch that is to be found again.
	s.configureProvider("\n  spending = {\n    max_per_apply = \"1000\"\n    strict_plan = true\n  }", agentBlock("a", "ONE"))
	process, held := s.holding(gate, false)
	process.KillProviders()
	process.Wait()
	held.Gone()
	s.mustSay(s.MustRun("plan", "-no-color"), "Warning: An earlier launch will be looked up")
	s.mustSay(s.MustApply(), "Warning: Earlier purchase taken over")
	s.mustHaveSent("agents.create", 1)
	s.mustBeWhole("autx_agent.a", "ONE")
}

// TestAccFaultLagForeign meets a ticker of somebody else while the lists lag, after a launch of it was lost on the way. Looking for it must not take the
// other one's agent over.
func TestAccFaultLagForeign(t *testing.T) {
	t.Parallel()
	s := newScene(t, mockserver.WithAssume("lists.lag", "1"))
	s.configure(agentBlock("a", "TAKEN"))
	s.server.AddFault("agents.create:before:reset")
	s.mustFail(s.Apply(), notFound)
	s.mustFail(s.Apply(), "Error: Ticker is taken")
	s.mustHaveCharged("$0.00")
	s.mustHaveStored(nil)
	for _, a := range s.server.State().Agents {
		if a.User != "other" || a.Name != "Somebody else's" {
			t.Errorf("there is agent %s (%s) of %s", a.Ticker, a.Name, a.User)
		}
	}
}

// TestAccFaultClock lets AUTX's clock be far from ours. Nothing compares the two.
func TestAccFaultClock(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"an hour ahead": time.Hour, "an hour behind": -time.Hour, "ten years behind": -10 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, mockserver.WithClock(time.Now().Add(skew)))
			gate := s.gate()
			s.configure(agentBlock("a", "ONE"))
			process, held := s.holding(gate, false)
			process.KillProviders()
			process.Wait()
			held.Gone()
			s.mustSay(s.MustApply(), "Warning: Earlier purchase taken over")
			s.mustBeWhole("autx_agent.a", "ONE")
			s.server.AddFault("agents.create:after:reset")
			s.server.AddFault("agents.create:before:status=429,retry_after=1")
			s.configure(agentBlock("a", "ONE"), agentBlock("b", "TWO"))
			s.mustSay(s.MustApply(), foundAgain)
			s.mustHaveCharged("$40.00")
			s.mustHaveStored(map[string]string{"autx_agent.a": "ONE", "autx_agent.b": "TWO"})
			s.MustBeEmpty()
		})
	}
}
