package proxy_test

import (
	"slices"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestChangesUnderAKey refuses what would ask again under a key, and takes in place what asks nothing.
func TestChangesUnderAKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	withBody := d.ask(of("b", "prompt", nil, "body", `{"a": 1}`))
	for name, c := range map[string]struct {
		prior  *protocol.Instance
		config values
		path   string
	}{
		"another agent":        {made, of("k", "agent", "GOLD"), "agent"},
		"the agent's id":       {made, of("k", "agent", summID), "agent"}, // a plan can't know that it is the same
		"another prompt":       {made, of("k", "prompt", "another secret"), "prompt"},
		"a body for a prompt":  {made, of("k", "prompt", nil, "body", `{"prompt": "another secret"}`), "body"},
		"another body":         {withBody, of("b", "prompt", nil, "body", `{"a": "another secret"}`), "body"},
		"a prompt for a body":  {withBody, of("b", "prompt", "another secret"), "prompt"},
		"a number, not a text": {withBody, of("b", "prompt", nil, "body", `{"a": "1"}`), "body"},
	} {
		d.NextWalk()
		plan := d.Plan(requestType, c.prior, c.config)
		said(t, name, plan.Diagnostics.Errors(), c.path, "This would buy again", "change idempotency_key too", "destroy -refresh=false")
		if plan.Diagnostics.Say("another secret") || len(plan.Diagnostics) != 1 {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	for name, config := range map[string]values{
		"max_price": of("k", "max_price", "99"), "timeouts": of("k", "timeouts", values{"create": "9m"}), "case of a ticker": of("k", "agent", "summ"),
	} {
		d.NextWalk()
		plan := d.MustPlan(requestType, made, config)
		if len(plan.RequiresReplace) > 0 || plan.Empty() || len(plan.Diagnostics) > 0 || len(plan.Unknowns()) > 0 {
			t.Errorf("%s: replaces %q, unknown %q, empty %t: %s", name, plan.RequiresReplace, plan.Unknowns(), plan.Empty(), plan.Diagnostics)
		}
		changed := d.MustApply(requestType, made, config)
		if at(changed.Values(), "spend.authorized_usd") != "0.5" || changed.Values()["response_text"] != "Echo: Prompt of k" {
			t.Errorf("%s: %v", name, changed.Values())
		}
		d.mustBeSettled(changed, config)
	}
	d.NextWalk()
	if plan := d.MustPlan(requestType, made, of("k", "max_price", "0.500")); !plan.Empty() {
		t.Errorf("another spelling of a price plans %v", plan.Values())
	}
	d.mustHaveSent(2)
}

// TestUnknownUnderAKey decides in the apply what only that knows.
func TestUnknownUnderAKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	for _, attribute := range []string{"agent", "prompt"} {
		d.NextWalk()
		plan := d.MustPlan(requestType, made, of("k", attribute, protocol.Unknown))
		said(t, attribute, plan.Diagnostics.Warnings(), attribute, "May turn out to buy again")
		if len(plan.RequiresReplace) > 0 {
			t.Errorf("%s: replaces %q", attribute, plan.RequiresReplace)
		}
	}
	d.NextWalk()
	plan := d.MustPlan(requestType, made, of("k", "idempotency_key", protocol.Unknown))
	said(t, "the key", plan.Diagnostics.Warnings(), "idempotency_key", "may ask again", "$0.50")
	if !slices.Contains(plan.RequiresReplace, "idempotency_key") {
		t.Errorf("a key that is not known replaces %q", plan.RequiresReplace)
	}
	d.mustHaveSent(1)
}

// TestNewKey asks again, on purpose, and says what is given up.
func TestNewKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	d.NextWalk()
	plan := d.MustPlan(requestType, made, of("k2", "prompt", "again"))
	said(t, "the plan", plan.Diagnostics.Warnings(), "idempotency_key", "Another key asks again", `"k2"`, "up to $0.50", "has cost $0.50", "is forgotten")
	if !slices.Equal(plan.RequiresReplace, []string{"idempotency_key"}) {
		t.Errorf("replaces %q", plan.RequiresReplace)
	}
	next := d.MustPlan(requestType, nil, of("k2", "prompt", "again"))
	gone := d.MustPlan(requestType, made, nil)
	said(t, "the destroy", gone.Diagnostics.Warnings(), "", "Destroying forgets the request", "$0.50, is not refunded", "Its key stays used")
	d.NextWalk()
	if _, diags := d.Apply(gone); len(diags) > 0 {
		t.Error(diags)
	}
	if again, diags := d.Apply(next); diags.HasErrors() || again.Values()["response_text"] != "Echo: again" {
		t.Error(diags)
	}
	d.mustHaveCharged("0.5", "0.5")
}

// TestMadeAnew plans what taint, -replace and a renamed resource plan, in either order: that would lose the answer, and is refused.
func TestMadeAnew(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	refused := func(what string, diags protocol.Diagnostics) {
		t.Helper()
		said(t, what, diags.Errors(), "idempotency_key", "Answer would be lost", made.ID(), "untaint", "moved block", "change idempotency_key", "destroy -refresh=false")
	}
	d.NextWalk() // taint: read, and planned without a state
	read := d.MustRead(made)
	refused("taint", d.Plan(requestType, nil, of("k")).Diagnostics)
	d.NextWalk() // -replace
	if plan := d.MustPlan(requestType, read, of("k")); len(plan.Diagnostics) > 0 {
		t.Error(plan.Diagnostics)
	}
	refused("-replace", d.Plan(requestType, nil, of("k")).Diagnostics)
	d.NextWalk() // renamed, the old one first
	d.MustPlan(requestType, made, nil)
	refused("renamed", d.Plan(requestType, nil, of("k")).Diagnostics)
	d.NextWalk() // renamed, the new one first
	d.MustPlan(requestType, nil, of("k"))
	refused("renamed", d.Plan(requestType, made, nil).Diagnostics)
	d.NextWalk() // another key beside it is its own affair
	d.MustRead(made)
	d.MustPlan(requestType, made, of("k"))
	if plan := d.Plan(requestType, nil, of("k2")); len(plan.Diagnostics) > 0 {
		t.Error(plan.Diagnostics)
	}
	d.mustHaveSent(1)
}

// TestStateLost creates under a key that was used: nothing is asked, nothing is charged, and the answer is gone.
func TestStateLost(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]values{"charged": of("k"), "free": to("FREE", "k", "0")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			made := d.ask(config)
			d.reprice(summID, "90") // of no interest any more
			d.reprice("00000000-0000-4000-8000-000000000003", "90")
			d.NextWalk()
			plan := d.MustPlan(requestType, nil, config)
			said(t, "the plan", plan.Diagnostics.Warnings(), "", "Key was used before", made.ID(), "$0.00")
			if len(plan.Diagnostics) != 1 {
				t.Error(plan.Diagnostics)
			}
			again, diags := d.PlanAndApply(requestType, nil, config)
			if diags.HasErrors() || !diags.Warnings().Say("taken over", made.ID()) || !diags.Warnings().Say("Answer of an earlier run can't be read again", "change idempotency_key") {
				t.Fatal(diags)
			}
			v := again.Values()
			if again.ID() != made.ID() || v["status_code"] != nil || at(v, "spend.charged_usd") != "0" {
				t.Errorf("made %v", v)
			}
			d.mustBeSettled(again, config)
			d.mustHaveSent(1)
			// There is no answer to lose any more: tainted, it is taken over once more.
			d.NextWalk()
			d.MustRead(again)
			if plan := d.Plan(requestType, nil, config); plan.Diagnostics.HasErrors() {
				t.Error(plan.Diagnostics)
			}
			// With other inputs the key is refused.
			d.NextWalk()
			d.refuse(with(config, "prompt", "another"), "idempotency_key", "Key was used for another purchase")
			d.mustHaveSent(1)
		})
	}
}

// TestForgottenKey keeps a key used after its request was destroyed, also where the journal is lost before.
func TestForgottenKey(t *testing.T) {
	t.Parallel()
	for name, journal := range map[string]bool{"with the journal": true, "with another journal": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			made := d.ask(of("k"))
			if !journal {
				d.reconfigure("spending.journal", t.TempDir())
			}
			if gone, diags := d.PlanAndApply(requestType, made, nil); !gone.Gone() || diags.HasErrors() {
				t.Fatalf("%v %s", gone, diags)
			}
			again, diags := d.PlanAndApply(requestType, nil, of("k"))
			if diags.HasErrors() || again.ID() != made.ID() {
				t.Error(diags)
			}
			d.refuse(of("k", "prompt", "another"), "idempotency_key", "another purchase")
			d.mustHaveSent(1)
		})
	}
}

// TestOneKeyTwice refuses two resources with one key, in a plan, in an apply, and in a state.
func TestOneKeyTwice(t *testing.T) {
	t.Parallel()
	d := open(t)
	first, second := d.MustPlan(requestType, nil, of("k")), d.Plan(requestType, nil, of("k"))
	said(t, "the plan", second.Diagnostics.Errors(), "", "One key bought for two resources")
	d.NextWalk()
	made, diags := d.Apply(first)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	_, diags = d.Apply(first)
	said(t, "the apply", diags.Errors(), "idempotency_key", "One key bought for two resources")
	d.NextWalk()
	d.MustPlan(requestType, made, of("k"))
	said(t, "the state", d.Plan(requestType, made, of("k")).Diagnostics.Errors(), "idempotency_key", "One key for two resources", "state rm autx_proxy_request.NAME")
	d.mustHaveSent(1)
}

// TestAnotherMockServer starts the mock server anew under the journal of the old one: what was asked there is not taken for asked here.
func TestAnotherMockServer(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]values{"charged": of("k"), "free": to("FREE", "k", "0")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.ask(config)
			d.server.Reset()
			made, diags := d.PlanAndApply(requestType, nil, config)
			if diags.HasErrors() || made.Values()["response_text"] != "Echo: Prompt of k" {
				t.Fatalf("%s", diags)
			}
			d.mustHaveSent(2)
		})
	}
}

// TestAnotherKeyOfTheAccount asks with another API key of the account: what the ledger shows of an earlier request is taken over.
func TestAnotherKeyOfTheAccount(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	d.reconfigure("api_key", secondKey)
	again, diags := d.PlanAndApply(requestType, nil, of("k"))
	if diags.HasErrors() || again.ID() != made.ID() {
		t.Errorf("%v %s", again, diags)
	}
	d.mustHaveSent(1)
}

// TestUpdateOfWhatIsBound holds an update to what was asked, whatever its plan could not know.
func TestUpdateOfWhatIsBound(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	d.NextWalk()
	plan := d.MustPlan(requestType, made, of("k", "max_price", "2"))
	planned := plan.Values()
	planned["prompt"], planned["headers"] = "another", nil
	var err error
	if plan.Planned, err = protocol.Build(plan.Planned.Type(), planned); err != nil {
		t.Fatal(err)
	}
	_, diags := d.Apply(plan)
	said(t, "the update", diags.Errors(), "prompt", "This would buy again", "change idempotency_key too")
	d.mustHaveSent(1)
}

// TestForgottenInputs destroys with a plan that did not tell the journal of the request, as one without refresh from another machine: the key stays bound
// to what was asked.
func TestForgottenInputs(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.ask(of("k"))
	d.NextWalk()
	plan := d.MustPlan(requestType, made, nil)
	d.reconfigure("spending.journal", t.TempDir())
	if _, diags := d.Apply(plan); diags.HasErrors() {
		t.Fatal(diags)
	}
	d.NextWalk()
	d.refuse(of("k", "prompt", "another"), "idempotency_key", "another purchase")
	d.mustHaveSent(1)
}
