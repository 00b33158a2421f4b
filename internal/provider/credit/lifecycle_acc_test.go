package credit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccLifecycle makes one of each, changes what can be changed, makes others, and ends them.
func TestAccLifecycle(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"available_usdc", "balance_usd"} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			s := begin(t, mockserver.WithClock(noon), mockserver.WithAssume("credits.shape", shape))
			read := `
data "autx_credit_balance" "now" {
  depends_on = [autx_credit_deposit.in, autx_credit_withdrawal.out]
}
data "autx_credit_transactions" "newest" {
  limit      = 2
  depends_on = [autx_credit_deposit.in, autx_credit_withdrawal.out]
}
output "available" { value = data.autx_credit_balance.now.available_usd }
output "next" { value = data.autx_credit_balance.now.next_withdrawal_at }
output "types" { value = sort(data.autx_credit_transactions.newest.transactions[*].type) }
`
			order := args{"depends_on": "[autx_credit_deposit.in]"}
			s.main(deposit("in", args{"amount": `"25.50"`}), withdrawal("out", args{"amount": `"0.75"`}, order), floor("kept", args{"depends_on": "[autx_credit_withdrawal.out]"}), read)
			plan, apply := s.Settle(actions{
				"autx_credit_deposit.in": "create", "autx_credit_withdrawal.out": "create", "autx_credit_floor.kept": "create",
				"data.autx_credit_balance.now": "read", "data.autx_credit_transactions.newest": "read",
			})
			plan.MustNotWarn()
			apply.MustNotWarn()
			s.mustHaveMoved("deposit 25.5", "withdrawal 0.75")
			entries := s.entries()
			for address, want := range map[string]map[string]any{
				"autx_credit_deposit.in": {
					"id": entries[1].ID, "idempotency_key": "in", "amount": "25.50", "credited_usd": "25.5", "created_at": *entries[1].CreatedAt, "timeouts": nil,
				},
				"autx_credit_withdrawal.out": {"id": entries[2].ID, "idempotency_key": "out", "amount": "0.75", "created_at": *entries[2].CreatedAt, "timeouts": nil},
			} {
				if diff := cmp.Diff(want, s.Attributes(address)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", address, diff)
				}
			}
			outputs := s.State().Values.Outputs
			if got := fmt.Sprintln(outputs["available"].Value, outputs["next"].Value, outputs["types"].Value); got != "124.75 2026-11-24T13:00:00Z [deposit withdrawal]\n" {
				t.Errorf("the outputs are %s", got)
			}

			t.Log("another spelling, and timeouts")
			s.main(deposit("in", args{"amount": `"025.5"`, "timeouts": `{ create = "1m" }`}), withdrawal("out", args{"amount": `"0.750"`}), floor("kept", args{"floor": `"100.00"`}))
			s.Settle(actions{"autx_credit_deposit.in": "update"})
			s.mustHaveMoved("deposit 25.5", "withdrawal 0.75")

			t.Log("another key")
			s.main(deposit("in", args{"idempotency_key": `"again"`, "amount": `"5"`}), withdrawal("out", args{"amount": `"0.750"`}), floor("kept"))
			plan, _ = s.Settle(actions{"autx_credit_deposit.in": "replace"})
			plan.MustWarn("idempotency_key", "Another key moves money again", entries[1].ID, "$25.50", "$5.00")
			s.mustHaveMoved("deposit 25.5", "withdrawal 0.75", "deposit 5")
			if err := s.server.CheckInvariants(); err != nil || s.available() != "129.75" {
				t.Errorf("$%s is available: %v", s.available(), err)
			}

			t.Log("their end")
			result := s.MustRun("destroy", "-auto-approve", "-no-color")
			s.mustSay(result, "Destroying only forgets the deposit", "Destroying only forgets the withdrawal", "No money is moved back", "Destroy complete! Resources: 3 destroyed.")
			s.mustHaveMoved("deposit 25.5", "withdrawal 0.75", "deposit 5")
		})
	}
}

// TestAccPlanForPolicies: what the pages say that a policy can hold on to is in the plan.
func TestAccPlanForPolicies(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(deposit("a", args{"amount": `"0010.10"`}), deposit("b", args{"amount": `"20.20"`}), withdrawal("c", args{"amount": `"0.30"`}),
		floor("d", args{"floor": `"1000"`, "target": `"2000"`, "max_deposit_per_apply": `"30"`}), floor("e", args{"on_shortfall": ""}))
	s.Look()
	seen := map[string]string{}
	for _, change := range s.ShowPlan().ResourceChanges {
		after, _ := change.Change.After.(map[string]any)
		unknown, _ := change.Change.AfterUnknown.(map[string]any)
		if _, ok := after["spend"]; ok || !change.Change.Actions.Create() {
			t.Errorf("%s: %v %v", change.Address, change.Change.Actions, after)
		}
		seen[change.Address] = strings.TrimSpace(fmt.Sprintln(after["amount"], after["on_shortfall"], after["max_deposit_per_apply"], unknown["status"], unknown["amount"]))
	}
	if diff := cmp.Diff(map[string]string{
		"autx_credit_deposit.a": "0010.10 <nil> <nil> <nil> <nil>", "autx_credit_deposit.b": "20.20 <nil> <nil> <nil> <nil>", "autx_credit_withdrawal.c": "0.30 <nil> <nil> <nil> <nil>",
		"autx_credit_floor.d": "<nil> deposit 30 true <nil>", "autx_credit_floor.e": "<nil> warn <nil> true <nil>",
	}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAccInvalid points at what is wrong.
func TestAccInvalid(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for _, c := range []struct {
		block, attribute string
		says             []string
	}{
		{deposit("a", args{"amount": `"4.99"`}), "amount", []string{"Amount out of range", "$4.99", "at least 5"}},
		{deposit("a", args{"amount": `1e5`}), "amount", []string{"Amount out of range", "at most 10000"}}, // the CLI turns a number into text
		{deposit("a", args{"amount": `"1e2"`}), "amount", []string{"Not an amount", "1e2"}},
		{withdrawal("a", args{"amount": `"1,50"`}), "amount", []string{"Not an amount", "1,50"}},
		{withdrawal("a", args{"amount": `-1`}), "amount", []string{"Amount out of range", "more than 0"}},
		{deposit("a", args{"idempotency_key": `""`}), "idempotency_key", []string{"at least 1"}},
		{deposit("a", args{"idempotency_key": `"autx_credit_floor/a/1"`}), "idempotency_key", []string{"Key of a floor", "autx_credit_floor"}},
		{floor("a", args{"target": `"99.99"`}), "target", []string{"Target is below the floor", "$99.99", "$100.00"}},
		{floor("a", args{"on_shortfall": `"buy"`}), "on_shortfall", []string{"warn", "buy"}},
		{floor("a", args{"max_deposit_per_apply": `"1"`}), "max_deposit_per_apply", []string{"at least 5"}},
		{floor("a", args{"expiry_warning_days": `91`}), "expiry_warning_days", []string{"between 0 and 90"}},
		{block("data", transactionsType, "a", args{"limit": `501`}), "limit", []string{"between 1 and 500"}},
	} {
		s.main(c.block)
		s.Validate().MustFail(c.attribute, c.says...)
	}
	for _, c := range []string{deposit("a", args{"amount": ""}), withdrawal("a", args{"idempotency_key": ""}), floor("a", args{"name": ""})} {
		s.main(c)
		if result := s.Run("validate", "-no-color"); result.Code != 1 || !strings.Contains(result.Output, "Missing required argument") {
			t.Errorf("%s\n%s", c, result.Raw)
		}
	}
}
