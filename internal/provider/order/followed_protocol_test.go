package order_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestListsReadWhileAnOrderIsFollowed are not believed once the order has ended: they show it pending, and its price not yet refunded.
func TestListsReadWhileAnOrderIsFollowed(t *testing.T) {
	t.Parallel()
	d := open(t, pendingWorld()...)
	gate := d.gate()
	plan := d.MustPlan(orderType, nil, of("k", "agent_id", fail, "max_price", "2"))
	floor := d.Stored("autx_credit_floor", values{"name": "f", "floor": "1", "on_shortfall": "warn", "expiry_warning_days": 14, "status": "ok", "deposits": 0})
	status := func() any {
		t.Helper()
		read, _, diags := d.ReadDataSource("autx_orders", values{})
		listed, _ := read["orders"].([]any)
		if len(diags) > 0 || len(listed) != 1 {
			t.Fatalf("listed %v: %s", listed, diags)
		}
		one, _ := listed[0].(values)
		return one["status"]
	}
	following := gate.HoldRequest(http.MethodGet, "/orders/?*")
	done := d.ApplyAside(plan)
	following.Arrived()
	if got := status(); got != "pending" {
		t.Errorf("while it is followed it is %v", got)
	}
	d.MustRead(floor)
	d.silently("reading both again", func() {
		status()
		d.MustRead(floor)
	})
	d.server.Advance(time.Hour)
	following.Release()
	if made := <-done; made.Gone() || made.Values()["status"] != "failed" {
		t.Fatalf("made %v", made.Values())
	}
	if got := status(); got != "failed" {
		t.Errorf("after its end it is listed as %v", got)
	}
	if made := d.during(func() { d.MustRead(floor) }); !slices.Equal(made, []string{"credits.balance"}) {
		t.Errorf("after its end the balance is read by %v", made)
	}
}
