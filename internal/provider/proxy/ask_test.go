package proxy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAsk asks an agent that costs something: the answer is kept, the charge is the ledger's, and nothing is asked again.
func TestAsk(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.elsewhere("SUMM") // what was charged before is not taken for it
	d.server.ClearRequests()
	made := d.ask(of("k"))
	v := made.Values()
	want := values{
		"idempotency_key": "k", "agent": "SUMM", "prompt": "Prompt of k", "body": nil, "max_price": "0.50", "timeouts": nil,
		"status_code": int64(200), "content_type": "text/plain; charset=utf-8", "response_text": "Echo: Prompt of k", "response_base64": nil,
		"latency_ms": int64(0), "headers": values{"x-autx-agent": "SUMM"}, "spend": values{"authorized_usd": "0.5", "charged_usd": "0.5"},
		"id": d.entries()[1].ID, "request_id": v["request_id"],
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	if id, _ := v["request_id"].(string); len(id) != 8 {
		t.Errorf("the request id is %q", id)
	}
	d.mustHaveCharged("0.5", "0.5")
	d.mustHaveSent(1)
	d.mustBeSettled(made, of("k"))
	if diff := cmp.Diff(map[string]int{
		"agents.get_by_ticker": 3, "agents.mine": 3, "credits.balance": 2, "credits.transactions": 2, "proxy.call": 1,
	}, acctest.Sent(d.server)); diff != "" {
		t.Logf("requests (-want +got):\n%s", diff)
	}
}
