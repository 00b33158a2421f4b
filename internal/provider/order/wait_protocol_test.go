package order_test

import (
	"context"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestWaitingForAnOrder waits until a pending order is completed, or failed, while the apply runs.
func TestWaitingForAnOrder(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{summ: "completed", fail: "failed"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			d := open(t, pendingWorld()...)
			config := of("k", "agent_id", agent, "max_price", "2")
			plan := d.MustPlan(orderType, nil, config)
			done := make(chan struct{})
			var made *protocol.Instance
			var diags protocol.Diagnostics
			go func() {
				defer close(done)
				made, diags = d.Apply(plan)
			}()
			<-d.server.Await("orders.get", 1)
			d.server.Advance(time.Hour)
			<-done
			if v := made.Values(); diags.HasErrors() || v["status"] != want || diags.Warnings().Say("failed and was refunded") != (want == "failed") {
				t.Errorf("made %v: %s", v, diags)
			}
			d.MustBeSettled(made, config)
		})
	}
}

// TestWaitingTooLong saves the order as pending, with a warning; the next refresh reads what became of it, and nothing is bought again.
func TestWaitingTooLong(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	config := of("k", "timeouts", values{"create": "300ms"})
	made, diags := d.PlanAndApply(orderType, nil, config)
	said(t, "the apply", diags.Warnings(), "", "not finished yet", made.ID(), "still pending", "timeouts.create", "Nothing is bought again")
	if v := made.Values(); diags.HasErrors() || made.Tainted || v["status"] != "pending" || v["amount_paid"] != "0.5" || v["output_text"] != nil || at(v, "spend.charged_usd") != "0.5" {
		t.Errorf("made %v: %s", v, diags)
	}
	d.MustBeSettled(made, config)
	d.server.Advance(time.Hour)
	d.NextWalk()
	now := d.MustRead(made)
	if now.Values()["status"] != "completed" {
		t.Errorf("read as %v", now.Values())
	}
	d.MustBeSettled(now, config)
	d.mustHaveCharged("$0.50", 1)
}

// TestWaitingInterrupted: an interrupt ends the waiting, not the order.
func TestWaitingInterrupted(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	plan := d.MustPlan(orderType, nil, of("k"))
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := d.WithContext(ctx)
	done := make(chan struct{})
	var made *protocol.Instance
	var diags protocol.Diagnostics
	go func() {
		defer close(done)
		made, diags = interrupted.Apply(plan)
	}()
	<-d.server.Await("orders.get", 1)
	cancel()
	<-done
	said(t, "the apply", diags.Warnings(), "", "not waited for", made.ID(), "interrupted", "Nothing is bought again")
	if v := made.Values(); diags.HasErrors() || v["status"] != "pending" || v["amount_paid"] != "0.5" {
		t.Errorf("made %v: %s", v, diags)
	}
	d.MustBeSettled(made, of("k"))
	d.mustHaveCharged("$0.50", 1)
}

// TestWaitingWithoutLeave: a key that may not read orders buys all the same, and is told; it does not wait for ever.
func TestWaitingWithoutLeave(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithFault("orders.get:before:status=403,times=0"))
	made, diags := d.PlanAndApply(orderType, nil, of("k"))
	said(t, "the apply", diags.Warnings(), "", "Bought, but could not read the order's result", "403", "scope")
	if v := made.Values(); diags.HasErrors() || v["status"] != "completed" || v["amount_paid"] != "0.5" || v["output_text"] != nil {
		t.Errorf("made %v: %s", v, diags)
	}
	d.mustHaveCharged("$0.50", 1)
}

// TestNotWaiting makes no request more than it needs.
func TestNotWaiting(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	plan := d.MustPlan(orderType, nil, notWaiting("k"))
	got := tally(d.during(func() {
		if made, diags := d.Apply(plan); len(diags) > 0 || made.Values()["status"] != "pending" {
			t.Errorf("made %v: %s", made.Values(), diags)
		}
	}))
	if got["orders.create"] != 1 || got["orders.list"] != 1 || got["agents.get"] != 1 || len(got) != 3 {
		t.Errorf("it cost %v", got)
	}
}
