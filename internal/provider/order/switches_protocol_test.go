package order_test

import (
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestWhatIsAssumed lives through an order's life, an answer that is lost included, in each position of the mock server's switches that concern it.
func TestWhatIsAssumed(t *testing.T) {
	t.Parallel()
	for _, position := range [][2]string{
		{"lists.default_limit", "1"}, {"lists.default_limit", "2"}, {"lists.lag", "0"}, {"credits.shape", "balance_usd"}, {"agents.public_endpoint_url", "true"},
	} {
		t.Run(position[0]+" "+position[1], func(t *testing.T) {
			t.Parallel()
			d := open(t, mockserver.WithAssume(position[0], position[1]))
			for range 3 {
				d.elsewhere(summ) // more than a short list shows
			}
			plain := d.buy(of("plain"))
			d.server.AddFault("orders.create:after:reset")
			lost, diags := d.PlanAndApply(orderType, nil, of("lost"))
			if diags.HasErrors() || !diags.Warnings().Say("although its answer was lost") || lost.Values()["amount_paid"] != "0.5" {
				t.Fatal(diags)
			}
			d.MustBeSettled(plain, of("plain"))
			d.MustBeSettled(lost, of("lost"))
			imported := d.MustImport(orderType, lost.ID())
			if v := imported.Values(); v["status"] != "completed" || v["output_text"] != "Echo: Prompt of lost" {
				t.Errorf("imported as %v", v)
			}
			if plan := d.MustPlan(orderType, plain, nil); !plan.Diagnostics.Warnings().Say("$0.50 is not refunded") {
				t.Errorf("the destroy: %s", plan.Diagnostics)
			}
			if total, n := d.charges(); total != "$2.50" || n != 5 {
				t.Errorf("charged %s in %d", total, n)
			}
		})
	}
}
