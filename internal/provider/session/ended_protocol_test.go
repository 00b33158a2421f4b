package session_test

import (
	"net/http"
	"testing"
)

// TestListsReadBeforeASessionIsClosed are not believed once it is: they show it open, and holding credits.
func TestListsReadBeforeASessionIsClosed(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.end:before:reset") // so that it is closed from outside
	gate := d.gate()
	plan := d.MustPlan(sessionType, nil, of("k"))
	floor := d.Stored("autx_credit_floor", values{"name": "f", "floor": "99.80", "on_shortfall": "warn", "expiry_warning_days": 14, "status": "ok", "deposits": 0})
	look := func() (status, balance any) {
		t.Helper()
		read, _, diags := d.ReadDataSource("autx_sessions", values{})
		listed, _ := read["sessions"].([]any)
		if len(diags) > 0 || len(listed) != 1 {
			t.Fatalf("listed %v: %s", listed, diags)
		}
		one, _ := listed[0].(values)
		return one["status"], d.MustRead(floor).Values()["status"]
	}
	closing := gate.HoldRequest(http.MethodDelete, "/sessions/*")
	done := d.ApplyAside(plan)
	closing.Arrived()
	if status, balance := look(); status != "active" || balance != "short" {
		t.Errorf("before it is closed it is %v, and the balance is %v", status, balance)
	}
	d.silently("reading both again", func() { look() })
	closing.Release()
	if made := <-done; made.Gone() || made.Values()["status"] != "closed" {
		t.Fatalf("made %v", made.Values())
	}
	if status, balance := look(); status != "closed" || balance != "ok" {
		t.Errorf("after that it is listed as %v, and the balance is %v", status, balance)
	}
}
