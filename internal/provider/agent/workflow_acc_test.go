package agent_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccRefreshOnly takes drift into state without mending it, and a later plan mends it.
func TestAccRefreshOnly(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("one", args{"description": `"ours"`}))
	cli.Settle(each("create", "one"))
	patch(t, server, "ONE", `{"description": "theirs", "status": "paused"}`)

	report := cli.Report("plan", "-refresh-only", "-detailed-exitcode")
	if report.Code != 2 {
		t.Errorf("the refresh sees no drift: status %d", report.Code)
	}
	report.MustDrift(each("update", "one"))
	if cli.Attributes(address("one"))["description"] != "ours" {
		t.Error("a plan has changed the state")
	}
	cli.MustApply("-refresh-only")
	if a := cli.Attributes(address("one")); a["description"] != "theirs" || a["status"] != "paused" {
		t.Errorf("state has %v, %v", a["description"], a["status"])
	}
	cli.Look().MustDo(each("update", "one")).MustDrift(actions{})
	want := map[string][2]any{"description": {"theirs", "ours"}, "status": {"paused", "active"}}
	if diff := cmp.Diff(want, changed(changeOf(t, cli.ShowPlan(), address("one")))); diff != "" {
		t.Errorf("the plan's change (-want +got):\n%s", diff)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if n := len(acctest.Writes(server)); n != 3 { // the launch, the change outside, the mending
		t.Errorf("%d writes: %v", n, acctest.Writes(server))
	}
}

// TestAccSavedPlanTwice applies a saved plan a second time: the CLI refuses it, and nothing is bought.
func TestAccSavedPlanTwice(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("one"))
	cli.Look().MustDo(each("create", "one"))
	cli.ApplyPlan().MustSucceed()
	again := cli.ApplyPlan()
	if again.Code == 0 || !strings.Contains(again.Raw, "stale") {
		t.Errorf("status %d: %s", again.Code, again.Raw)
	}
	if len(ledger(server)) != 1 || len(server.State().Agents) != 1 {
		t.Errorf("ledger %v", ledger(server))
	}
	cli.MustBeSettled()
}

// TestAccSavedPlanOfAWorldThatMoved applies a plan after the world has changed under it.
func TestAccSavedPlanOfAWorldThatMoved(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("one"))
	cli.Settle(each("create", "one"))
	cli.Write("main.tf", agent("one", args{"service_price": `"2"`, "description": `"d"`})+agent("two"))
	cli.Look().MustDo(actions{address("one"): "update", address("two"): "create"})
	// Meanwhile somebody takes the ticker and changes the agent.
	call(t, server, otherKey, "POST", "/agents/", `{"name": "x", "ticker": "TWO", "endpoint_url": "https://x.example.com"}`)
	patch(t, server, "ONE", `{"service_price": 3}`)
	cli.ApplyPlan().MustFail("ticker", "Ticker is taken", "409", "somebody else")
	if len(ledger(server)) != 1 {
		t.Errorf("ledger %v", ledger(server))
	}
	if must(t, server, "ONE").ServicePrice.String() != "2" {
		t.Error("the update that had nothing to do with it was not made")
	}
	cli.Write("main.tf", agent("one", args{"service_price": `"2"`, "description": `"d"`})+agent("two", args{"ticker": `"TWO2"`}))
	cli.Settle(each("create", "two"))
}

// TestAccRemovedBlock takes an agent out of the state and leaves it alone, protected as it is.
func TestAccRemovedBlock(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Write("main.tf", agent("one", args{"deletion_protection": ""})+agent("two"))
	cli.Settle(each("create", "one", "two"))
	cli.Write("main.tf", "removed {\n  from = autx_agent.one\n  lifecycle {\n    destroy = false\n  }\n}\n"+agent("two"))
	server.ClearRequests()
	plan := cli.Look()
	for _, d := range plan.Errors() {
		t.Errorf("the plan says %s", d)
	}
	if change := changeOf(t, cli.ShowPlan(), address("one")); !change.Actions.Forget() {
		t.Errorf("the plan does %v", change.Actions)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if writes := acctest.Writes(server); len(writes) != 0 || found(server, "ONE") == nil || cli.Attributes(address("one")) != nil {
		t.Errorf("it sent %v", writes)
	}

	// It is still ours: launching it again is refused with the way back.
	cli.Write("main.tf", agent("one")+agent("two"))
	cli.Look().MustDo(each("create", "one")).MustWarn("ticker", "already yours", "import {")
	if applied := cli.ApplyPlan(); applied.Code == 0 || len(ledger(server)) != 2 {
		t.Errorf("status %d, ledger %v", applied.Code, ledger(server))
	}
	cli.Write("main.tf", "import {\n  to = autx_agent.one\n  id = \"ONE\"\n}\n"+agent("one")+agent("two"))
	cli.Settle(each("update", "one"))
}

// TestAccMovedBlock gives an agent another address, alone and into a map of agents.
func TestAccMovedBlock(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	protected := args{"deletion_protection": ""}
	cli.Write("main.tf", agent("one", protected))
	cli.Settle(each("create", "one"))
	id := must(t, server, "ONE").ID

	same := args{"ticker": `"ONE"`, "name": `"Agent one"`, "endpoint_url": `"https://one.example.com/run"`}
	cli.Write("main.tf", "moved {\n  from = autx_agent.one\n  to = autx_agent.two\n}\n"+agent("two", protected, same))
	server.ClearRequests()
	report := cli.Report("apply", "-auto-approve").MustSucceed()
	cli.MustBeSettled()
	if writes := acctest.Writes(server); len(writes) != 0 || len(report.Errors()) != 0 || cli.Attributes(address("two"))["id"] != id {
		t.Errorf("it sent %v", writes)
	}

	same["for_each"], same["name"] = `{ a = "Agent one" }`, "each.value"
	cli.Write("main.tf", "moved {\n  from = autx_agent.two\n  to = autx_agent.all[\"a\"]\n}\n"+agent("all", protected, same))
	cli.MustApply()
	cli.MustBeSettled()
	if writes := acctest.Writes(server); len(writes) != 0 || len(ledger(server)) != 1 {
		t.Errorf("it sent %v", writes)
	}
	if r := resources(cli.State()); len(r) != 1 || r[0].AttributeValues["id"] != id {
		t.Errorf("state has %v", r)
	}
}

// TestAccIgnoreChanges leaves alone what the configuration ignores, at a launch and after it.
func TestAccIgnoreChanges(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	config := func(price, description string, more ...args) string {
		text := agent("one", append([]args{{"service_price": price, "description": description, "manifest": `{ supports_sessions = true }`}}, more...)...)
		return strings.TrimSuffix(text, "}\n") + "  lifecycle {\n    ignore_changes = [service_price, status, manifest.supports_sessions, ticker]\n  }\n}\n"
	}
	cli.Write("main.tf", config(`"1"`, `"a"`))
	cli.Settle(each("create", "one"))
	patch(t, server, "ONE", `{"service_price": 9, "status": "paused", "manifest": {"supports_sessions": false}}`)
	report := cli.Report("plan", "-detailed-exitcode")
	if report.Code != 0 || len(report.Actions) > 0 {
		t.Errorf("status %d, actions %v", report.Code, report.Actions)
	}
	cli.Write("main.tf", config(`"2"`, `"b"`, args{"ticker": `"OTHER"`, "manifest": `{ session_minimum_messages = 2 }`}))
	server.ClearRequests()
	cli.Look().MustDo(each("update", "one"))
	change := changed(changeOf(t, cli.ShowPlan(), address("one")))
	want := map[string][2]any{"description": {"a", "b"}, "manifest.session_minimum_messages": {5.0, 2.0}}
	if diff := cmp.Diff(want, change); diff != "" {
		t.Errorf("the plan's change (-want +got):\n%s", diff)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	a := must(t, server, "ONE")
	if a.ServicePrice.String() != "9" || *a.Description != "b" || a.Manifest.SupportsSessions || a.Manifest.SessionMinimumMessages != 2 || len(ledger(server)) != 1 {
		t.Errorf("the service has %+v", a)
	}
}

// TestAccCounted launches agents by count and for_each, takes one away from the middle, and destroys with a target.
func TestAccCounted(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	write := func(keys string) {
		cli.Write("main.tf", agent("many", args{"for_each": "toset(" + keys + ")", "ticker": `"M${each.key}"`, "name": `"Many ${each.key}"`}))
	}
	write(`["A", "B", "C"]`)
	at := func(action string, keys ...string) actions {
		out := actions{}
		for _, key := range keys {
			out[`autx_agent.many["`+key+`"]`] = action
		}
		return out
	}
	cli.Settle(at("create", "A", "B", "C"))
	write(`["A", "C"]`)
	cli.Settle(at("delete", "B"))
	if found(server, "MB") != nil || found(server, "MA") == nil || found(server, "MC") == nil {
		t.Error("another agent was destroyed")
	}
	cli.Look("-destroy", `-target=autx_agent.many["A"]`).MustDo(at("delete", "A"))
	cli.ApplyPlan().MustSucceed()
	cli.Settle(at("create", "A"))
	if len(ledger(server)) != 4 {
		t.Errorf("ledger %v", ledger(server))
	}
}
