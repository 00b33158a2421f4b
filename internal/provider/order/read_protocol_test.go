package order_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// pendingWorld lets orders take an hour of the server's clock, which stands still.
func pendingWorld() []mockserver.Option {
	return []mockserver.Option{mockserver.WithAssume("orders.delay", "1h"), mockserver.WithClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))}
}

// notWaiting is the configuration of an order that nobody waits for.
func notWaiting(key string, pairs ...any) values {
	return of(key, append([]any{"wait_for_completion", false}, pairs...)...)
}

// TestReadFinishedOrder: what can't change any more is not asked for.
func TestReadFinishedOrder(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	failed, _ := d.PlanAndApply(orderType, nil, of("f", "agent_id", fail, "max_price", "2"))
	d.silently("a refresh of finished orders", func() {
		for _, one := range []*protocol.Instance{made, failed} {
			d.NextWalk()
			if now := d.MustRead(one); !now.State.Equal(one.State) {
				t.Errorf("%v became %v", one.Values(), now.Values())
			}
		}
	})
}

// TestReadPendingOrder follows an order that is pending when it is saved, until it is completed, or failed and refunded.
func TestReadPendingOrder(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	good, bad := notWaiting("good"), notWaiting("bad", "agent_id", fail, "max_price", "2")
	first, second := d.buy(good), d.buy(bad)
	for _, one := range []*protocol.Instance{first, second} {
		if v := one.Values(); v["status"] != "pending" || v["output_text"] != nil || v["output_hash"] != nil || v["completed_at"] != nil {
			t.Errorf("saved as %v", v)
		}
	}
	if got := at(first.Values(), "spend.charged_usd"); got != "0.5" {
		t.Errorf("a pending order has cost %v", got)
	}
	d.mustHaveCharged("$2.50", 2)
	operations := d.during(func() {
		d.MustBeSettled(first, good)
		d.MustBeSettled(second, bad)
	})
	if diff := cmp.Diff(map[string]int{"orders.get": 2}, tally(operations)); diff != "" {
		t.Errorf("refreshes of pending orders (-want +got):\n%s", diff)
	}

	d.server.Advance(time.Hour)
	d.NextWalk()
	done := d.MustRead(first)
	if v := done.Values(); v["status"] != "completed" || v["output_text"] != "Echo: Prompt of good" || v["output_hash"] != sha("Echo: Prompt of good") || v["completed_at"] == nil ||
		v["amount_paid"] != "0.5" || at(v, "spend.charged_usd") != "0.5" {
		t.Errorf("completed as %v", v)
	}
	gone, _, diags := d.Read(second)
	said(t, "a failed order", diags.Warnings(), "", "failed and was refunded", second.ID(), "change idempotency_key")
	if v := gone.Values(); v["status"] != "failed" || v["output_text"] != nil || v["amount_paid"] != "2" || at(v, "spend.charged_usd") != "0" || at(v, "spend.authorized_usd") != "2" {
		t.Errorf("failed as %v", v)
	}
	d.silently("what is finished", func() {
		d.MustBeSettled(done, good)
		d.MustBeSettled(gone, bad)
	})
	if total, n := d.charges(); total != "$0.50" || n != 2 {
		t.Errorf("charged %s in %d", total, n)
	}
}

// TestReadManyPendingOrders costs a few requests, not one an order; and an answer is read for those that are completed.
func TestReadManyPendingOrders(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	var made []*protocol.Instance
	for i := range 12 {
		made = append(made, d.buy(notWaiting(fmt.Sprint("k", i))))
	}
	read := func() []*protocol.Instance {
		d.NextWalk()
		var out []*protocol.Instance
		for _, one := range made {
			out = append(out, d.MustRead(one))
		}
		return out
	}
	if diff := cmp.Diff(map[string]int{"orders.get": 2, "orders.list": 1}, tally(d.during(func() { read() }))); diff != "" {
		t.Errorf("a refresh of pending orders (-want +got):\n%s", diff)
	}
	d.server.Advance(time.Hour)
	var done []*protocol.Instance
	if diff := cmp.Diff(map[string]int{"orders.get": 12, "orders.list": 1}, tally(d.during(func() { done = read() }))); diff != "" {
		t.Errorf("a refresh of completed orders (-want +got):\n%s", diff)
	}
	for i, one := range done {
		if v := one.Values(); v["status"] != "completed" || v["output_text"] != fmt.Sprint("Echo: Prompt of k", i) || v["created_at"] != made[i].Values()["created_at"] {
			t.Errorf("order %d is read as %v", i, v)
		}
	}
	d.silently("the next refresh", func() {
		made = done
		read()
	})
}

// TestReadOrderWithoutText: an agent may answer without a text, and is not asked for it for ever.
func TestReadOrderWithoutText(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"null": `null`, "empty": `""`} {
		d := open(t)
		gate := d.gate()
		gate.Rewrite(http.MethodGet, "/orders/?*", func(_, answer []byte) []byte {
			return []byte(strings.Replace(string(answer), `"output_text":"Echo: Prompt of k"`, `"output_text":`+text, 1))
		})
		made := d.buy(of("k"))
		want := any(nil)
		if name == "empty" {
			want = ""
		}
		if v := made.Values(); v["status"] != "completed" || v["output_text"] != want {
			t.Errorf("%s: saved as %v", name, v)
		}
		d.silently(name, func() { d.MustBeSettled(made, of("k")) })
	}
}

// TestReadOrderUnderAnotherID: an answer that calls the order by another name does not make it another.
func TestReadOrderUnderAnotherID(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	made := d.buy(notWaiting("k"))
	gate := d.gate()
	gate.Rewrite(http.MethodGet, "/orders/?*", func(_, answer []byte) []byte {
		return []byte(strings.ReplaceAll(string(answer), made.ID(), "another"))
	})
	d.server.Advance(time.Hour)
	if now := d.MustRead(made); now.ID() != made.ID() || now.Values()["status"] != "completed" {
		t.Errorf("read as %v", now.Values())
	}
}

// TestReadOrderThatIsGone: a pending order that AUTX does not find is dropped only if the list of own orders answers and does not have it; its key stays
// used. A finished one is not looked for.
func TestReadOrderThatIsGone(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	config := notWaiting("k")
	made := d.buy(config)
	gate := d.gate()
	gate.Answer(http.MethodGet, "/orders/?*", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"detail": "Order not found"}`, http.StatusNotFound)
	})

	if now, _, diags := d.Read(made); now.Gone() || !diags.Errors().Say("contradicts itself", made.ID()) {
		t.Errorf("the list has it: %v %s", now.Values(), diags)
	}
	gate.Answer(http.MethodGet, "/orders/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"detail": "no"}`, http.StatusForbidden) })
	d.NextWalk()
	now, _, diags := d.Read(made)
	if now.Gone() || !diags.Errors().Say("Could not confirm") || !diags.Warnings().Say("kept in state") {
		t.Errorf("the list can't be read: %v %s", now.Values(), diags)
	}
	gate.Clear()
	gate.Answer(http.MethodGet, "/orders/?*", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"detail": "Order not found"}`, http.StatusNotFound)
	})
	gate.Answer(http.MethodGet, "/orders/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) })
	d.NextWalk()
	now, _, diags = d.Read(made)
	if !now.Gone() || !diags.Warnings().Say("not there any more", "change it to order again", `"k"`) {
		t.Errorf("it is gone: %v %s", now.Values(), diags)
	}
	d.refuse(config, "idempotency_key", "does not show any more", "change idempotency_key")
	d.mustHaveCharged("$0.50", 1)
}

// TestReadErrors keep the state.
func TestReadErrors(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	made := d.buy(notWaiting("k"))
	for name, c := range map[string]struct {
		rule string
		says []string
	}{
		"refused":   {"orders.get:before:status=401", []string{"Could not read order", `"k"`, "401", "api_key"}},
		"forbidden": {"orders.get:before:status=403", []string{"403", "scope"}},
		"broken":    {"orders.get:before:status=500", []string{"GET /orders/" + made.ID(), "500"}},
		"no JSON":   {"orders.get:after:status=200,content_type=text/html,body=<html>", []string{"cannot be read"}},
	} {
		d.NextWalk()
		d.server.AddFault(c.rule)
		now, _, diags := d.Read(made)
		if !now.State.Equal(made.State) || !diags.Errors().Say(c.says...) {
			t.Errorf("%s: %v\n%s", name, now.Values(), diags)
		}
	}
}

// TestReadWhereTheProviderIsNotKnown keeps what is in state, with one warning where there would have been something to read.
func TestReadWhereTheProviderIsNotKnown(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	pending := d.buy(notWaiting("k"))
	done := d.Stored(orderType, with(pending.Values(), "status", "completed", "output_text", "x"))
	d.MustConfigure(with(d.config, "api_key", protocol.Unknown))
	d.silently("an unknown provider", func() {
		if now, _, diags := d.Read(done); len(diags) > 0 || !now.State.Equal(done.State) {
			t.Errorf("a finished order: %s", diags)
		}
		if now, _, diags := d.Read(pending); !diags.Warnings().Say("AUTX was not read") || !now.State.Equal(pending.State) {
			t.Errorf("a pending order: %s", diags)
		}
		if plan := d.MustPlan(orderType, pending, notWaiting("k", "max_price", "3")); len(plan.Diagnostics) > 0 {
			t.Errorf("a change: %s", plan.Diagnostics)
		}
		if plan := d.MustPlan(orderType, nil, of("new")); len(plan.Diagnostics) > 0 || at(plan.Values(), "spend.authorized_usd") != "0.5" {
			t.Errorf("a new order: %s", plan.Diagnostics)
		}
		if plan := d.MustPlan(orderType, pending, nil); !plan.Diagnostics.Warnings().Say("forgets the order") {
			t.Errorf("a destroy: %s", plan.Diagnostics)
		}
	})
}

// TestReadStateOfAnotherVersion: a state that an early version or a person wrote is completed, never a crash.
func TestReadStateOfAnotherVersion(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	d.NextWalk()
	now := d.MustRead(d.Stored(orderType, values{"id": made.ID()}))
	if diff := cmp.Diff(with(made.Values(), "idempotency_key", nil, "prompt", nil, "max_price", nil, "payment_method", nil, "wait_for_completion", nil,
		"spend", values{"authorized_usd": "0", "charged_usd": "0"}), now.Values()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.NextWalk()
	if _, _, diags := d.Read(d.Stored(orderType, values{})); !diags.HasErrors() {
		t.Errorf("a state without id: %s", diags)
	}
}
