package agent_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// launched is a scene with one agent in state, which is not protected from being destroyed.
func launched(t *testing.T, more ...string) *scene {
	t.Helper()
	s := newScene(t)
	s.configure(agentBlock("a", "ONE", more...))
	s.MustApply()
	s.mustHaveCharged("$20.00")
	return s
}

// untouched checks that agent ONE is the one that it was, and that nothing was charged since.
func (s *scene) untouched(id string) {
	s.t.Helper()
	s.mustHaveAgents("ONE")
	s.mustHaveCharged("$20.00")
	s.mustHaveSent("agents.create", 1)
	s.mustHaveSent("agents.delete", 0)
	if now := s.agent("ONE").ID; now != id {
		s.t.Errorf("agent ONE was %s and is %s", id, now)
	}
}

const beforeDestroy = "lifecycle { create_before_destroy = true }"

var waysOut = []string{"untaint autx_agent.NAME", "a moved block", "import {"}

// TestAccFaultReplace asks for the agent to be made anew under its ticker, in each way that the CLI has. That would delist it and charge another fee, and
// in the order create_before_destroy it can't succeed. Every one is refused and names the way out.
func TestAccFaultReplace(t *testing.T) {
	t.Parallel()
	results := newTable("request", "refused by", "charged", "agents", "told")
	t.Cleanup(func() { results.log(t) })
	for order, lifecycle := range map[string]string{"destroy first": "", "create first": beforeDestroy} {
		t.Run("-replace, "+order, func(t *testing.T) {
			t.Parallel()
			s := launched(t, lifecycle)
			id := s.agent("ONE").ID
			plan := s.Run("plan", "-no-color", "-replace=autx_agent.a")
			s.mustFail(plan, append([]string{"Error: Would be given up and bought again", "AUTX would charge again"}, waysOut...)...)
			s.mustFail(s.Apply("-replace=autx_agent.a"), "Error: Would be given up and bought again")
			s.untouched(id)
			s.mustBeWhole("autx_agent.a", "ONE")
			results.add("-replace, "+order, "plan", s.charged(), len(s.tickers()), summaries(plan))
		})
		t.Run("taint, "+order, func(t *testing.T) {
			t.Parallel()
			s := launched(t, lifecycle)
			id := s.agent("ONE").ID
			s.MustRun("taint", "autx_agent.a")
			plan := s.Run("plan", "-no-color")
			s.mustFail(plan, append([]string{"Error: Would be given up and bought again"}, waysOut...)...)
			s.mustFail(s.Apply(), "Error: Would be given up and bought again")
			s.untouched(id)
			s.MustRun("untaint", "autx_agent.a")
			s.mustBeWhole("autx_agent.a", "ONE")
			results.add("taint, "+order, "plan", s.charged(), len(s.tickers()), summaries(plan))
		})
		t.Run("failed provisioner, "+order, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.configure(agentBlock("a", "ONE", lifecycle, "provisioner \"local-exec\" {\n command = \"exit 1\"\n }"))
			s.mustFail(s.Apply(), "local-exec")
			if stored := s.Stored(); len(stored) != 1 || !stored[0].Tainted {
				t.Fatalf("a failed provisioner has not tainted the agent: %+v", stored)
			}
			id := s.agent("ONE").ID
			again := s.Apply()
			s.mustFail(again, append([]string{"Error: Would be given up and bought again"}, waysOut...)...)
			s.untouched(id)
			s.MustRun("untaint", "autx_agent.a")
			s.mustBeWhole("autx_agent.a", "ONE")
			results.add("failed provisioner, "+order, "plan", s.charged(), len(s.tickers()), summaries(again))
		})
	}
	t.Run("taint without refresh, create first", func(t *testing.T) {
		t.Parallel()
		s := launched(t, beforeDestroy)
		s.MustBeEmpty() // teaches the journal that the state has it
		id := s.agent("ONE").ID
		s.MustRun("taint", "autx_agent.a")
		apply := s.Apply("-refresh=false")
		s.mustFail(apply, append([]string{"Error: Agent is already yours", "nothing was charged"}, waysOut...)...)
		s.untouched(id)
		s.MustRun("untaint", "autx_agent.a")
		s.mustBeWhole("autx_agent.a", "ONE")
		results.add("taint without refresh, create first", "apply", s.charged(), len(s.tickers()), summaries(apply))
	})
	t.Run("taint without refresh and without a journal, create first", func(t *testing.T) {
		t.Parallel()
		s := launched(t, beforeDestroy)
		s.loseJournal()
		id := s.agent("ONE").ID
		s.MustRun("taint", "autx_agent.a")
		apply := s.Apply("-refresh=false")
		s.mustFail(apply, "Error: Ticker is already yours", "409 Conflict")
		s.mustHaveSent("agents.create", 2) // refused by AUTX itself, as a ticker is unique
		s.mustHaveSent("agents.delete", 0)
		if now := s.agent("ONE").ID; now != id {
			t.Errorf("agent ONE was %s and is %s", id, now)
		}
		s.MustRun("untaint", "autx_agent.a")
		s.mustBeWhole("autx_agent.a", "ONE")
		results.add("taint without refresh and journal, create first", "AUTX", s.charged(), len(s.tickers()), summaries(apply))
	})
	t.Run("taint without refresh right after the launch, create first", func(t *testing.T) {
		t.Parallel()
		// The journal knows the launch but not that a state has it. The replacement takes the live agent over, and it must not be destroyed after that.
		s := launched(t, beforeDestroy)
		id := s.agent("ONE").ID
		s.MustRun("taint", "autx_agent.a")
		apply := s.Apply("-refresh=false")
		s.mustFail(apply, append([]string{"Warning: Earlier purchase taken over", "Error: Would be given up and bought again"}, waysOut...)...)
		s.untouched(id)
		results.add("taint without refresh right after, create first", "apply", s.charged(), len(s.tickers()), summaries(apply))
		// Now the state has the agent twice, once deposed. The CLI would destroy that object, and with it the only agent.
		if stored := s.Stored(); len(stored) != 2 || stored[0].Text("id") != id || stored[1].Text("id") != id {
			t.Fatalf("the state has %+v", stored)
		}
		for _, args := range [][]string{nil, {"-refresh=false"}} {
			s.mustFail(s.Apply(args...), "Error: Agent is in the state twice", "state rm autx_agent.NAME", "import {")
			s.untouched(id)
		}
		s.MustRun("state", "rm", "autx_agent.a")
		s.Write("import.tf", fmt.Sprintf("import {\n  to = autx_agent.a\n  id = %q\n}\n", id))
		s.MustApply()
		s.Remove("import.tf")
		s.mustBeWhole("autx_agent.a", "ONE")
	})
	t.Run("taint without refresh, destroy first", func(t *testing.T) {
		t.Parallel()
		for _, seen := range []bool{true, false} {
			s := launched(t)
			says := "Warning: An earlier launch will be taken over"
			if seen {
				s.MustBeEmpty() // teaches the journal that the state has it
				says = "Warning: Ticker is already yours"
			}
			id := s.agent("ONE").ID
			s.MustRun("taint", "autx_agent.a")
			plan := s.Run("plan", "-no-color", "-refresh=false", "-out=plan.bin")
			s.mustSay(plan, "-/+ destroy and then create replacement", says)
			for _, args := range [][]string{{"plan.bin"}, {"-refresh=false"}} {
				apply := s.Apply(args...)
				s.mustFail(apply, append([]string{"Error: Would be given up and bought again", "nothing was charged"}, waysOut...)...)
				s.untouched(id)
				if seen && len(args) == 1 && args[0] != "plan.bin" {
					results.add("taint without refresh, destroy first", "apply", s.charged(), len(s.tickers()), summaries(apply))
				}
			}
			s.MustRun("untaint", "autx_agent.a")
			s.mustBeWhole("autx_agent.a", "ONE")
		}
	})
	t.Run("made anew in two runs after a taint", func(t *testing.T) {
		t.Parallel()
		s := launched(t)
		s.MustRun("taint", "autx_agent.a")
		s.mustFail(s.Apply("-refresh=false"), "Error: Would be given up and bought again")
		s.MustRun("destroy", "-auto-approve", "-no-color", "-refresh=false")
		s.mustHaveAgents()
		s.MustApply("-refresh=false")
		s.mustHaveCharged("$40.00")
		s.mustHaveAgents("ONE")
		s.MustBeEmpty()
	})
	t.Run("taint without refresh and without a journal, destroy first", func(t *testing.T) {
		t.Parallel()
		// Neither the plan nor the destroy can know. The run still does not charge again: that takes another one.
		s := launched(t)
		s.loseJournal()
		s.MustRun("taint", "autx_agent.a")
		apply := s.Apply("-refresh=false")
		s.mustFail(apply, "Error: Not bought again in the run that gave it up", "nothing was charged", "apply again")
		s.mustHaveCharged("$20.00")
		s.mustHaveAgents()
		results.add("taint without refresh and journal, destroy first", "apply", s.charged(), len(s.tickers()), summaries(apply))
		s.MustApply()
		s.mustHaveCharged("$40.00")
		s.mustHaveAgents("ONE")
		s.MustBeEmpty()
	})
	t.Run("one agent under two addresses", func(t *testing.T) {
		t.Parallel()
		s := launched(t)
		id := s.agent("ONE").ID
		s.configure(agentBlock("a", "ONE"), agentBlock("b", "ONE"))
		s.MustRun("import", "autx_agent.b", id)
		s.configure(agentBlock("a", "ONE"))
		for _, args := range [][]string{nil, {"-refresh=false"}} {
			s.mustFail(s.Apply(args...), "Error: Agent is in the state twice", "state rm autx_agent.NAME")
			s.untouched(id)
		}
		s.MustRun("state", "rm", "autx_agent.b")
		s.mustBeWhole("autx_agent.a", "ONE")
	})
	t.Run("taint without refresh of a protected agent", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.configure(strings.Replace(agentBlock("a", "ONE"), "deletion_protection = false", "", 1))
		s.MustApply()
		id := s.agent("ONE").ID
		s.MustRun("taint", "autx_agent.a")
		apply := s.Apply("-refresh=false")
		s.mustFail(apply, "Error: Agent is protected from deletion")
		s.untouched(id)
		s.MustRun("untaint", "autx_agent.a")
		s.mustBeWhole("autx_agent.a", "ONE")
		results.add("taint without refresh of a protected agent", "apply", s.charged(), len(s.tickers()), summaries(apply))
	})
}

// TestAccFaultRename renames the key of a for_each: without a moved block the old agent would be given up and another one launched under its ticker.
func TestAccFaultRename(t *testing.T) {
	t.Parallel()
	each := func(key string) string {
		return strings.Replace(agentBlock("a", "ONE"), "{\n", fmt.Sprintf("{\n  for_each = { %s = 1 }\n", key), 1)
	}
	moved := "moved {\n  from = autx_agent.a[\"old\"]\n  to = autx_agent.a[\"new\"]\n}\n"
	for name, lifecycle := range map[string]string{"destroy first": "", "create first": beforeDestroy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with := func(block string) string {
				return strings.Replace(block, "deletion_protection", lifecycle+"\n  deletion_protection", 1)
			}
			s := newScene(t)
			s.configure(with(each("old")))
			s.MustApply()
			id := s.agent("ONE").ID
			s.configure(with(each("new")))
			plan := s.Run("plan", "-no-color")
			s.mustFail(plan, append([]string{"Error: Would be given up and bought again"}, waysOut...)...)
			s.mustFail(s.Apply(), "Error: Would be given up and bought again")
			s.mustFail(s.Apply("-refresh=false"), "Error: Would be given up and bought again")
			s.untouched(id)
			s.configure(with(each("new")), moved)
			s.MustApply()
			s.untouched(id)
			s.configure(with(each("new")))
			s.mustBeWhole(`autx_agent.a["new"]`, "ONE")
		})
	}
}

// TestAccFaultSameTicker gives two resources one ticker: at once, and to an agent that is there already.
func TestAccFaultSameTicker(t *testing.T) {
	t.Parallel()
	t.Run("both new", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		second := strings.Replace(agentBlock("b", "ONE"), "Agent ONE", "Agent TWO", 1)
		s.configure(agentBlock("a", "ONE"), second)
		s.mustFail(s.Run("plan", "-no-color"), "Error: One key bought for two resources", `have the ticker "ONE"`, "Give each one of its own")
		s.mustFail(s.Apply(), "Error: One key bought for two resources")
		s.mustHaveSent("agents.create", 0)
		s.mustHaveStored(nil)
		s.configure(agentBlock("a", "ONE"))
		s.MustApply()
		s.mustBeWhole("autx_agent.a", "ONE")
	})
	t.Run("one is there", func(t *testing.T) {
		t.Parallel()
		s := launched(t)
		id := s.agent("ONE").ID
		second := strings.Replace(agentBlock("b", "ONE"), "Agent ONE", "Agent TWO", 1)
		s.configure(agentBlock("a", "ONE"), second)
		s.mustFail(s.Run("plan", "-no-color"), append([]string{"Error: Would be given up and bought again"}, waysOut...)...)
		s.mustFail(s.Apply(), "Error: Would be given up and bought again", "if two resources have the ticker: one of its own for each")
		s.mustFail(s.Apply("-refresh=false"), "Error: Would be given up and bought again")
		s.mustFail(s.Apply("-target=autx_agent.b"), "Error: Agent is already yours")
		s.untouched(id)
		s.configure(agentBlock("a", "ONE"))
		s.mustBeWhole("autx_agent.a", "ONE")
	})
	t.Run("unknown at plan", func(t *testing.T) {
		t.Parallel()
		// The plan can't see that both tickers are the same. The apply launches one, and refuses the other.
		s := newScene(t)
		unknown := func(name, other string) string {
			return strings.NewReplacer(`ticker = "ONE"`, "ticker = terraform_data.ticker.output", "Agent ONE", other).Replace(agentBlock(name, "ONE"))
		}
		s.configure("resource \"terraform_data\" \"ticker\" {\n  input = \"ONE\"\n}", unknown("a", "Agent ONE"), unknown("b", "Agent TWO"))
		s.mustFail(s.Apply(), "Error: One key bought for two resources", "Give each one of its own")
		s.mustHaveAgents("ONE")
		s.mustHaveCharged("$20.00")
		s.mustHaveSent("agents.create", 1)
		stored := s.Stored()
		if len(stored) != 2 || stored[0].Tainted || stored[0].Text("id") != s.agent("ONE").ID {
			t.Errorf("the state does not have the agent that was launched: %+v", stored)
		}
	})
}

// TestAccFaultSwap swaps the tickers of two agents: each would be delisted and launched anew. It is refused, as long as it is not done one by one.
func TestAccFaultSwap(t *testing.T) {
	t.Parallel()
	for name, lifecycle := range map[string]string{"destroy first": "", "create first": beforeDestroy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			pair := func(a, b string) []string {
				return []string{
					strings.Replace(agentBlock("a", a, lifecycle), "Agent "+a, "Agent A", 1), strings.Replace(agentBlock("b", b, lifecycle), "Agent "+b, "Agent B", 1),
				}
			}
			s.configure(pair("ONE", "TWO")...)
			s.MustApply()
			s.mustHaveCharged("$40.00")
			one, two := s.agent("ONE").ID, s.agent("TWO").ID
			s.configure(pair("TWO", "ONE")...)
			s.mustFail(s.Run("plan", "-no-color"), append([]string{"Error: Would be given up and bought again"}, waysOut...)...)
			s.mustFail(s.Apply(), "Error: Would be given up and bought again")
			s.mustHaveCharged("$40.00")
			s.mustHaveSent("agents.create", 2)
			s.mustHaveSent("agents.delete", 0)
			if s.agent("ONE").ID != one || s.agent("TWO").ID != two {
				t.Error("an agent is not the one that it was")
			}
			s.configure(pair("ONE", "TWO")...)
			s.MustBeEmpty()
			s.mustHaveStored(map[string]string{"autx_agent.a": "ONE", "autx_agent.b": "TWO"})
		})
	}
}

// TestAccFaultTickerChange replaces an agent by one of another ticker, which costs a fee that the plan shows, and lets the second launch go wrong.
func TestAccFaultTickerChange(t *testing.T) {
	t.Parallel()
	for order, lifecycle := range map[string]string{"destroy first": "", "create first": beforeDestroy} {
		for fault, rule := range map[string]string{
			"": "", "answer lost": "agents.create:after:reset", "refused": "agents.create:before:status=422",
			"not carried out": "agents.create:before:reset",
		} {
			t.Run(strings.Trim(order+", "+fault, ", "), func(t *testing.T) {
				t.Parallel()
				s := launched(t, lifecycle)
				s.configure(agentBlock("a", "TWO", lifecycle))
				plan := s.Plan()
				if got := plan.ResourceChanges[0].Change.Actions; !got.Replace() {
					t.Fatalf("the plan has the actions %v", got)
				}
				if rule != "" {
					s.server.AddFault(rule)
				}
				first := s.Apply()
				s.mustSay(first, "Warning: Changing the ticker launches another agent", "its launch fee is not refunded; agent TWO is launched for up to $20.00")
				if failed := strings.Contains(rule, "before"); failed != (first.Code != 0) {
					t.Errorf("the apply ended with status %d:\n%s", first.Code, first.Raw)
				} else if failed {
					s.mustHaveCharged("$20.00")
					left := map[string][]string{"destroy first": {}, "create first": {"ONE"}}[order]
					if got := s.tickers(); len(got) != len(left) {
						t.Errorf("the account has %v, not %v", got, left)
					}
					s.MustApply()
				}
				s.mustHaveCharged("$40.00")
				s.mustHaveAgents("TWO")
				s.mustHaveStored(map[string]string{"autx_agent.a": "TWO"})
				s.MustBeEmpty()
			})
		}
	}
}

// TestAccFaultTwoApplies runs two applies at the same time in two directories with states of their own.
func TestAccFaultTwoApplies(t *testing.T) {
	t.Parallel()
	both := func(t *testing.T, journal string) (first, second *scene, after func() (acctest.Result, acctest.Result)) {
		t.Helper()
		first = newScene(t)
		gate := first.gate()
		second = &scene{CLI: acctest.NewCLI(t, first.server), t: t, server: first.server}
		second.Setenv("AUTX_BASE_URL", gate.URL())
		spending := "\n  spending = { max_per_apply = \"1000\" " + journal + " }"
		first.configureProvider(spending, agentBlock("a", "ONE"))
		second.configureProvider(spending, agentBlock("a", "ONE"))
		held := gate.HoldRequest(http.MethodPost, "/agents/")
		one := first.Start("apply", "-auto-approve", "-no-color")
		held.Arrived()
		two := second.Start("apply", "-auto-approve", "-no-color")
		return first, second, func() (acctest.Result, acctest.Result) {
			two.Await("autx_agent.a: Creating...")
			if journal == "" {
				result := two.Wait() // nothing holds it back
				held.Release()
				return one.Wait(), result
			}
			held.Release()
			return one.Wait(), two.Wait()
		}
	}
	t.Run("shared journal", func(t *testing.T) {
		t.Parallel()
		first, second, run := both(t, fmt.Sprintf(", journal = %q", t.TempDir()))
		one, two := run()
		if one.Code != 0 || two.Code != 0 {
			t.Fatalf("not both succeeded:\n%s\n%s", one.Raw, two.Raw)
		}
		first.mustSay(two, "Warning: Earlier purchase taken over")
		first.mustHaveSent("agents.create", 1)
		first.mustBeWhole("autx_agent.a", "ONE")
		second.mustBeWhole("autx_agent.a", "ONE")
	})
	t.Run("journals of their own", func(t *testing.T) {
		t.Parallel()
		// Nothing but AUTX, where a ticker is unique, knows of both.
		first, second, run := both(t, "")
		one, two := run()
		if two.Code != 0 {
			t.Fatalf("the one that came first failed:\n%s", two.Raw)
		}
		first.mustFail(one, "Error: Ticker is already yours", "409 Conflict")
		second.mustHaveCharged("$20.00")
		second.mustBeWhole("autx_agent.a", "ONE")
		first.mustHaveStored(nil)
		first.Write("import.tf", importBlockIn(t, one, "autx_agent.a"))
		first.MustApply()
		first.Remove("import.tf")
		first.mustBeWhole("autx_agent.a", "ONE")
	})
}
