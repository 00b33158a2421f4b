package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// flock is many agents in one block, of a provider.
func flock(name, prefix, provider string, count int) string {
	return strings.NewReplacer(`"`+prefix+`"`, `"`+prefix+`${count.index}"`, `"Agent `+prefix+`"`, `"Agent `+prefix+`${count.index}"`).Replace(
		agentBlock(name, prefix, fmt.Sprintf("count = %d\n  provider = %s", count, provider)))
}

// countStored counts the agents in state and checks that each is one of AUTX's, and not tainted.
func (s *scene) countStored() int {
	s.t.Helper()
	ids := map[string]bool{}
	for _, a := range s.server.State().Agents {
		ids[a.ID] = true
	}
	n := 0
	for _, object := range s.Stored() {
		if !strings.HasPrefix(object.Address, "autx_agent.") {
			continue
		}
		n++
		if object.Tainted || object.Deposed || !ids[object.Text("id")] {
			s.t.Errorf("%s: tainted %t, deposed %t, id %q", object.Address, object.Tainted, object.Deposed, object.Text("id"))
		}
	}
	return n
}

// TestAccFaultRace lets an apply of 40 launches at once run into a limit that the plan could not check. Seven are within it, and never a cent more is
// spent, also when answers are lost on the way.
func TestAccFaultRace(t *testing.T) {
	t.Parallel()
	results := newTable("limit", "charged", "agents", "requests", "told")
	t.Cleanup(func() { results.log(t) })
	const limit = "resource \"terraform_data\" \"limit\" {\n  input = \"140\"\n}\n"
	alias := func(name, spending string) string {
		return fmt.Sprintf("provider \"autx\" {\n  alias = %q\n  max_retries = 1\n  spending = { %s }\n}\n", name, spending)
	}
	for name, c := range map[string]struct {
		spending string
		more     []string
		says     string
		faults   []string
	}{
		"balance": {
			spending: `max_per_apply = "1000", keep_balance = "860"`, says: "Error: Balance would fall too low",
			more: []string{flock("a", "A", "autx", 40)},
		},
		"balance, answers lost": {
			spending: `max_per_apply = "1000", keep_balance = "860"`, says: "Error: Balance would fall too low",
			more: []string{flock("a", "A", "autx", 40)}, faults: []string{"agents.create:after:reset,skip=2,times=2", "agents.create:before:status=429,retry_after=1,skip=4"},
		},
		"limit of the apply": {
			spending: `max_per_apply = terraform_data.limit.output`, says: "Error: Over the limit of one apply",
			more: []string{limit, flock("a", "A", "autx", 40)},
		},
		"limit of the apply, answers lost": {
			spending: `max_per_apply = terraform_data.limit.output`, says: "Error: Over the limit of one apply",
			more: []string{limit, flock("a", "A", "autx", 40)}, faults: []string{"agents.create:after:reset,skip=1,times=3"},
		},
		"limit of the apply over two provider blocks": {
			spending: `max_per_apply = terraform_data.limit.output`, says: "Error: Over the limit of one apply",
			more: []string{limit, alias("second", "max_per_apply = terraform_data.limit.output"), flock("a", "A", "autx", 20), flock("b", "B", "autx.second", 20)},
		},
		"balance over two provider blocks": {
			spending: `max_per_apply = "1000", keep_balance = "860"`, says: "Error: Balance would fall too low",
			more: []string{alias("second", `max_per_apply = "1000", keep_balance = "860"`), flock("a", "A", "autx", 20), flock("b", "B", "autx.second", 20)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, mockserver.WithLatency(20*time.Millisecond))
			s.configureProvider("\n  spending = { "+c.spending+" }", c.more...)
			for _, rule := range c.faults {
				s.server.AddFault(rule)
			}
			result := s.Apply("-parallelism=40")
			s.mustFail(result, c.says)
			s.mustHaveCharged("$140.00")
			if got := len(s.tickers()); got != 7 {
				t.Errorf("%d agents were launched", got)
			}
			if got := s.countStored(); got != 7 {
				t.Errorf("the state has %d agents", got)
			}
			if len(c.faults) == 0 {
				s.mustHaveSent("agents.create", 7)
			}
			results.add(name, s.charged(), len(s.tickers()), s.requests("agents.create"), summaries(result))
		})
	}
}

// TestAccFaultRacePlan shows that a limit that is known fails the plan, over all provider blocks together, before anything is sent. The blocks depend on
// one another, so that neither's provider ends before the other has planned.
func TestAccFaultRacePlan(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	after := func(block, other string) string {
		return strings.Replace(block, "  count", "  depends_on = [autx_agent."+other+"]\n  count", 1)
	}
	with := func(limit string) {
		s.configureProvider("\n  spending = { max_per_apply = \""+limit+"\" }",
			"provider \"autx\" {\n  alias = \"second\"\n  spending = { max_per_apply = \""+limit+"\" }\n}\n",
			flock("a", "A", "autx", 3), after(flock("b", "B", "autx.second", 3), "a"), after(flock("c", "C", "autx", 1), "b"), after(flock("d", "D", "autx.second", 1), "c"))
	}
	with("120")
	s.mustFail(s.Run("plan", "-no-color"), "Error: Over the limit of one apply", "authorises $140.00 in 7 purchases", "launch of agent A0: $20.00",
		"launch of agent B2: $20.00", "Raise max_per_apply")
	s.mustFail(s.Apply(), "Error: Over the limit of one apply")
	s.mustHaveSent("agents.create", 0)
	s.mustHaveCharged("$0.00")
	with("160")
	s.MustApply()
	s.mustHaveCharged("$160.00")
	if got := s.countStored(); got != 8 {
		t.Errorf("the state has %d agents", got)
	}
	s.MustBeEmpty()
}

// TestAccFaultRaceNextRun applies again after a limit was met: what is there stays, and the rest is launched.
func TestAccFaultRaceNextRun(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.configureProvider("\n  spending = { max_per_apply = \"1000\", keep_balance = \"960\" }", flock("a", "A", "autx", 5))
	s.mustFail(s.Apply("-parallelism=5"), "Error: Balance would fall too low", "Top the credits up, or lower keep_balance")
	s.mustHaveCharged("$40.00")
	s.configureProvider("\n  spending = { max_per_apply = \"1000\", keep_balance = \"900\" }", flock("a", "A", "autx", 5))
	s.MustApply()
	s.mustHaveCharged("$100.00")
	s.mustHaveSent("agents.create", 5)
	if got := s.countStored(); got != 5 {
		t.Errorf("the state has %d agents", got)
	}
	s.MustBeEmpty()
}
