package credit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccCooldown: the hour between two withdrawals, by the server's clock, which stands in another year.
func TestAccCooldown(t *testing.T) {
	t.Parallel()
	s := begin(t, mockserver.WithClock(noon))
	s.main(withdrawal("one"))
	s.Settle(actions{"autx_credit_withdrawal.one": "create"})

	s.server.Advance(59 * time.Minute)
	s.main(withdrawal("one"), withdrawal("two"))
	plan := s.Look()
	plan.MustWarn("", "Too early for a withdrawal", "the last one was at 2026-11-24T12:00:00Z", "possible again at 2026-11-24T13:00:00Z")
	s.ApplyPlan().MustFail("", "Too early for a withdrawal", "Nothing was moved", "possible again at 2026-11-24T13:00:00Z", "Apply again then", "POST /credits/withdraw: 409")
	s.mustHaveMoved("withdrawal 10")
	s.mustHaveStored(map[string]int{"autx_credit_withdrawal.one": 1})

	t.Log("in a pull request")
	s.Write("provider.tf", strings.Replace(spendingBlock, "spending = {", "spending = {\n    strict_plan = true", 1))
	s.Report("plan").MustFail("", "Too early for a withdrawal", "possible again at 2026-11-24T13:00:00Z", "strict_plan", "-refresh=false")
	s.MustRun("plan", "-destroy", "-refresh=false", "-no-color")

	s.server.Advance(time.Minute)
	plan, _ = s.Settle(actions{"autx_credit_withdrawal.two": "create"})
	plan.MustNotWarn()
	s.mustHaveMoved("withdrawal 10", "withdrawal 10")

	t.Log("under a key that was used there is nothing to wait for")
	s.MustRun("state", "rm", "autx_credit_withdrawal.two")
	report := s.Report("apply", "-auto-approve").MustSucceed()
	report.MustWarn("", "taken over")
	for _, d := range report.Diagnostics {
		if strings.Contains(d.Summary, "Too early") {
			t.Errorf("unexpected %s", d)
		}
	}
	s.mustHaveMoved("withdrawal 10", "withdrawal 10")
}

// TestAccWithdrawalsAtOnce: one of several is made, and a plan says so.
func TestAccWithdrawalsAtOnce(t *testing.T) {
	t.Parallel()
	s := begin(t, mockserver.WithClock(noon))
	s.main(withdrawal("a"), withdrawal("b"), withdrawal("c"))
	s.Look().MustWarn("", "More than one withdrawal at once", "one withdrawal an hour", "-target")
	report := s.ApplyPlan()
	if len(report.Errors()) != 2 || len(s.moves()) != 1 || s.sent("credits.withdraw") != 3 {
		t.Errorf("%d errors, moved %v, %d requests", len(report.Errors()), s.moves(), s.sent("credits.withdraw"))
	}
	for range 2 {
		s.server.Advance(time.Hour)
		s.Apply()
	}
	s.MustBeSettled()
	s.mustHaveMoved("withdrawal 10", "withdrawal 10", "withdrawal 10")
}

// TestAccWithdrawalBalance: a balance that is too low, and one that is to be kept, are told at plan and hold at apply.
func TestAccWithdrawalBalance(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(withdrawal("a", args{"amount": `"100.01"`}))
	s.Look().MustWarn("amount", "Balance is too low", "$100.00 is available", "$100.01")
	s.ApplyPlan().MustFail("", "Could not make the withdrawal of $100.01", "402 Payment Required", "Top them up")
	s.mustHaveMoved()

	s.Write("provider.tf", strings.Replace(spendingBlock, "spending = {", "spending = {\n    keep_balance = \"50.000001\"", 1))
	s.main(withdrawal("a", args{"amount": `"50"`}))
	s.Look().MustWarn("amount", "Balance would fall too low", "leave $50.00", "$50.000001")
	s.ApplyPlan().MustFail("", "Balance would fall too low", "keep_balance", "$50.000001")
	s.mustHaveMoved()
	if s.sent("credits.withdraw") != 1 {
		t.Error("what is refused by keep_balance was sent")
	}

	s.Write("provider.tf", strings.Replace(spendingBlock, "spending = {", "spending = {\n    strict_plan = true\n    keep_balance = \"50\"", 1))
	s.main(withdrawal("a", args{"amount": `"50.01"`}))
	s.Report("plan").MustFail("amount", "Balance would fall too low", "strict_plan")
	s.main(withdrawal("a", args{"amount": `"50"`}))
	plan, _ := s.Settle(actions{"autx_credit_withdrawal.a": "create"})
	plan.MustNotWarn()
	s.mustHaveMoved("withdrawal 50")
}
