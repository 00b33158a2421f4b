package credit_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

const withdrawType = "autx_credit_withdraw"

// failed invokes an action that must fail with one error that says something, and move nothing.
func (d *desk) failed(config values, texts ...string) {
	d.t.Helper()
	before := len(d.moves())
	out := d.PlanAndInvoke(withdrawType, config)
	if !out.Diagnostics.Errors().Say(texts...) || len(out.Diagnostics.Errors()) != 1 || len(out.Progress) > 0 || len(d.moves()) != before {
		d.t.Errorf("want an error that says %q and nothing moved; moved %v, progress %q:\n%s", texts, d.moves(), out.Progress, out.Diagnostics)
	}
}

func TestWithdrawActionMovesOnceAKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "25.50")
	out := d.MustInvoke(withdrawType, config)
	entry := d.last()
	if want := "The withdrawal of $25.50 was made (id " + entry.ID + ", " + *entry.CreatedAt + ")."; !slices.Equal(out.Progress, []string{want}) || len(out.Diagnostics) > 0 {
		t.Errorf("progress %q, want %q:\n%s", out.Progress, want, out.Diagnostics)
	}
	d.mustHaveMoved("withdrawal 25.5")

	// Used again: within the hour in which AUTX would refuse another one.
	again := d.MustInvoke(withdrawType, of("k", "25.5")) // the same amount
	if len(again.Progress) != 1 || !strings.Contains(again.Progress[0], "was made before") || !strings.Contains(again.Progress[0], entry.ID) {
		t.Errorf("progress %q; want to be told that it was made, as %s", again.Progress, entry.ID)
	}
	said(t, "again", again.Diagnostics.Warnings(), "", "Earlier purchase taken over", entry.ID)
	d.failed(of("k", "25.51"), "Key was used for another purchase", entry.ID)
	d.mustHaveMoved("withdrawal 25.5")
	if sent := d.sent("credits.withdraw"); sent != 1 {
		t.Errorf("%d requests to withdraw; want 1", sent)
	}
}

// TestWithdrawActionAndResourceShareKeys: whichever comes second moves nothing.
func TestWithdrawActionAndResourceShareKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.MustInvoke(withdrawType, of("a", "1"))
	made, diags := d.PlanAndApply(withdrawalType, nil, of("a", "1"))
	said(t, "the resource", diags.Warnings(), "", "Earlier purchase taken over")
	if made.Gone() || made.ID() != d.last().ID {
		t.Errorf("the resource is %v, want the entry of the action", made)
	}
	d.server.Advance(time.Hour)
	made = d.make(withdrawalType, of("b", "2"))
	if out := d.MustInvoke(withdrawType, of("b", "2")); len(out.Progress) != 1 || !strings.Contains(out.Progress[0], made.ID()) {
		t.Errorf("progress %q; want to be told of %s", out.Progress, made.ID())
	}
	d.mustHaveMoved("withdrawal 1", "withdrawal 2")

	// In one plan they would be for the same withdrawal.
	d.NextWalk()
	if _, diags := d.PlanAction(withdrawType, of("c", "1")); len(diags.Errors()) > 0 {
		t.Errorf("the action: %s", diags)
	}
	said(t, "the resource", d.Plan(withdrawalType, nil, of("c", "1")).Diagnostics.Errors(), "", "One key bought for two resources")
}

// TestWithdrawActionTriggeredTwice: two resources may trigger the action in one run.
func TestWithdrawActionTriggeredTwice(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.NextWalk()
	for range 2 {
		if _, diags := d.PlanAction(withdrawType, of("k", "1")); diags.HasErrors() {
			t.Errorf("plan: %s", diags)
		}
	}
	d.NextWalk()
	for i, want := range []string{"was made (", "was made before"} {
		if out := d.Invoke(withdrawType, of("k", "1")); out.Diagnostics.HasErrors() || len(out.Progress) != 1 || !strings.Contains(out.Progress[0], want) {
			t.Errorf("invocation %d: %q, want %q:\n%s", i, out.Progress, want, out.Diagnostics)
		}
	}
	d.mustHaveMoved("withdrawal 1")
}

func TestWithdrawActionIsRefused(t *testing.T) {
	t.Parallel()
	t.Run("not allowed", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		d.reconfigure("spending.allow_withdrawals", false)
		_, diags := d.PlanAction(withdrawType, of("k", "1"))
		said(t, "the plan", diags.Warnings(), "", "Apply will refuse to move money", "allow_withdrawals")
		d.failed(of("k", "1"), "Moving money is not allowed", "allow_withdrawals = true")
	})
	t.Run("below keep_balance", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		d.reconfigure("spending.keep_balance", "99.50")
		_, diags := d.PlanAction(withdrawType, of("k", "1"))
		said(t, "the plan", diags.Warnings(), "amount", "Balance would fall too low")
		d.failed(of("k", "1"), "Balance would fall too low", "keep_balance")
	})
	t.Run("within the hour", func(t *testing.T) {
		t.Parallel()
		d := open(t, mockserver.WithClock(noon))
		d.MustInvoke(withdrawType, of("a", "1"))
		_, diags := d.PlanAction(withdrawType, of("b", "1"))
		said(t, "the plan", diags.Warnings(), "", "Too early for a withdrawal", "possible again at 2026-11-24T13:00:00Z")
		d.failed(of("b", "1"), "Too early for a withdrawal", "Nothing was moved", "possible again at 2026-11-24T13:00:00Z")
		d.server.Advance(time.Hour)
		d.MustInvoke(withdrawType, of("b", "1"))
		d.mustHaveMoved("withdrawal 1", "withdrawal 1")
	})
	t.Run("strict_plan", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		d.reconfigure("spending.strict_plan", true)
		_, diags := d.PlanAction(withdrawType, of("k", "101"))
		said(t, "the plan", diags.Errors(), "amount", "Balance is too low", "strict_plan")
	})
	t.Run("no journal", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		d.reconfigure("spending.journal", "/dev/null/journal")
		d.failed(of("k", "1"), "Purchase journal can't be used", "no money was moved")
	})
	t.Run("values", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		for at, config := range map[string]values{"idempotency_key": of("", "1"), "amount": of("k", "0")} {
			if diags := d.ValidateAction(withdrawType, config); len(diags.Errors().At(at)) != 1 {
				t.Errorf("%v at %s: %s", config, at, diags)
			}
		}
		if diags := d.ValidateAction(withdrawType, of("autx_credit_floor/x", "1")); !diags.Errors().Say("Key of a floor") {
			t.Errorf("the key of a floor: %s", diags)
		}
	})
}

// TestWithdrawActionLosesItsAnswer: what was moved is found again, and moved once; what was not moved is moved by the next invocation.
func TestWithdrawActionLosesItsAnswer(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"after", "before"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.server.AddFault("credits.withdraw:" + phase + ":reset")
			out := d.PlanAndInvoke(withdrawType, of("k", "3"))
			if phase == "after" {
				said(t, "the action", out.Diagnostics.Warnings(), "", "Purchase made although its answer was lost")
			} else {
				said(t, "the action", out.Diagnostics.Errors(), "", "not found after its answer was lost", "safe to apply again")
				d.mustHaveMoved()
			}
			if again := d.MustInvoke(withdrawType, of("k", "3")); len(again.Progress) != 1 {
				t.Errorf("progress %q", again.Progress)
			}
			d.mustHaveMoved("withdrawal 3")
		})
	}
}

// TestPlanOfWithdrawActionOnlyReads, whatever is not known yet.
func TestPlanOfWithdrawActionOnlyReads(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, config := range []values{of("k", "1"), {"idempotency_key": protocol.Unknown, "amount": "1"}, {"idempotency_key": "u", "amount": protocol.Unknown}} {
		d.NextWalk()
		if _, diags := d.PlanAction(withdrawType, config); diags.HasErrors() {
			t.Errorf("%v: %s", config, diags)
		}
	}
	for _, entry := range d.server.Requests() {
		if entry.Method != http.MethodGet {
			t.Errorf("a plan made the request %s %s", entry.Method, entry.Path)
		}
	}
	d.mustHaveMoved()

	// A provider whose own configuration waits for another resource reads nothing.
	d.silently("a plan without a base URL", func() {
		d.reconfigure("base_url", protocol.Unknown)
		if _, diags := d.PlanAction(withdrawType, of("k", "1")); diags.HasErrors() {
			t.Errorf("%s", diags)
		}
	})
}

// TestWithdrawActionIsInterrupted: what is on its way comes to its end, and the next invocation tells of it; what was not sent is not sent.
func TestWithdrawActionIsInterrupted(t *testing.T) {
	t.Parallel()
	d := open(t)
	held := d.gate().HoldRequest(http.MethodPost, "/credits/withdraw")
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := d.WithContext(ctx)
	done := make(chan protocol.Invocation)
	go func() { done <- interrupted.Invoke(withdrawType, of("k", "4")) }()
	held.Arrived()
	cancel()
	held.Release()
	if out := <-done; !out.Completed || out.Diagnostics.HasErrors() {
		t.Errorf("%+v", out)
	}
	d.mustHaveMoved("withdrawal 4")
	if out := d.MustInvoke(withdrawType, of("k", "4")); len(out.Progress) != 1 || !strings.Contains(out.Progress[0], "was made before") {
		t.Errorf("the next one: progress %q", out.Progress)
	}
	if out := interrupted.Invoke(withdrawType, of("other", "4")); !out.Diagnostics.Errors().Say("not sent", "interrupted") {
		t.Errorf("one that begins after the interrupt: %s", out.Diagnostics)
	}
	d.mustHaveMoved("withdrawal 4")
}
