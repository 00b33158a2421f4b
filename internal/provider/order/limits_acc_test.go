package order_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestAccLimitUnderLoad buys a hundred orders with a parallelism of fifty, of which the limit allows forty. The plan could not know: their max_price comes
// from another resource. Not a cent more is charged, and each order that was not bought is named.
func TestAccLimitUnderLoad(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.provider(`spending = { max_per_apply = "20" }`)
	s.main("resource \"terraform_data\" \"price\" {\n  input = \"0.50\"\n}\n", fmt.Sprintf("resource \"autx_order\" \"many\" {\n  count = 100\n  idempotency_key = \"k-${count.index}\"\n"+
		"  agent_id = %q\n  prompt = \"p\"\n  max_price = terraform_data.price.output\n}\n", summ))
	s.Look("-parallelism=50")
	report := s.Report("apply", "-parallelism=50", "plan.bin")
	s.mustHaveCharged("$20.00", 40)
	refused := map[string]bool{}
	for _, d := range report.Errors() {
		if !strings.Contains(d.Detail, "max_per_apply is $20.00") {
			t.Errorf("unexpected %s", d)
		}
		refused[d.Address] = true
	}
	stored := s.Stored()
	if len(refused) != 60 || report.Code == 0 {
		t.Errorf("%d orders are named as not bought", len(refused))
	}
	kept := 0
	for _, object := range stored {
		if strings.HasPrefix(object.Address, "autx_order.") {
			kept++
			if object.Tainted || refused[object.Address] {
				t.Errorf("%s is tainted: %t, refused: %t", object.Address, object.Tainted, refused[object.Address])
			}
		}
	}
	if kept != 40 {
		t.Errorf("%d orders are in state", kept)
	}
	// Now that the price is known the plan itself says what is too much; and each run has the whole limit.
	s.Report("plan").MustSay("error", "", "Over the limit of one apply", "spending.max_per_apply is $20.00")
	s.provider(`spending = { max_per_apply = "30" }`)
	s.MustApply("-parallelism=50")
	s.mustHaveCharged("$50.00", 100)
	s.MustBeSettled()
}

// TestAccReadOnlyPlan plans with a key that may only look, as a check of pull requests does, and with strict_plan.
func TestAccReadOnlyPlan(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(order("k"))
	s.provider()
	s.Look().MustDo(each("create", "k")).MustWarn("", "Apply will refuse to charge", "up to $0.50")
	if got := fmt.Sprint(changeOf(t, s.ShowPlan(), address("k")).After); !strings.Contains(got, "authorized_usd:0.5") {
		t.Errorf("the plan does not tell what it authorises: %s", got)
	}
	s.ApplyPlan().MustFail("", "Spending is not allowed")
	s.mustHaveCharged("$0.00", 0)

	s.provider(`spending = { max_per_apply = "10", strict_plan = true }`)
	s.main(order("k", args{"max_price": "0.25"}))
	s.Report("plan").MustFail("max_price", "$0.50", "$0.25", "strict_plan")
	s.main(order("k"))
	s.Settle(each("create", "k"))
	// Once it is bought none of this matters any more.
	s.reprice(summ, "90")
	s.main(order("k", args{"max_price": "0.25"}))
	s.Settle(each("update", "k"))
}
