package credit_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestAccNeverAgain: whatever a configuration or a state goes through, nothing is moved again without a new key, and nothing is left to do in the end.
func TestAccNeverAgain(t *testing.T) {
	t.Parallel()
	each := func(keys ...string) string {
		return block("resource", depositType, "a", args{"for_each": `toset(["` + strings.Join(keys, `", "`) + `"])`, "idempotency_key": `"same"`, "amount": `"10"`})
	}
	for _, c := range []struct {
		name   string
		before string
		then   func(s *scene)
		stored map[string]int // where it is in state after, and its place in the ledger
	}{
		{name: "-replace", then: func(s *scene) {
			s.mustSay(s.MustApply("-replace=autx_credit_deposit.a"), "taken over")
		}},
		{name: "taint", then: func(s *scene) {
			s.MustRun("taint", "autx_credit_deposit.a")
			s.mustSay(s.MustApply(), "taken over")
		}},
		{name: "taint, create before destroy", before: deposit("a", args{"!lifecycle": "lifecycle { create_before_destroy = true }"}), then: func(s *scene) {
			s.MustRun("taint", "autx_credit_deposit.a")
			s.mustSay(s.MustApply(), "taken over")
		}},
		{name: "taint without a refresh", then: func(s *scene) {
			s.MustRun("taint", "autx_credit_deposit.a")
			s.mustSay(s.MustApply("-refresh=false"), "taken over")
		}},
		{name: "another address", then: func(s *scene) {
			s.main(deposit("b", args{"idempotency_key": `"a"`}))
			s.mustSay(s.MustApply(), "taken over")
		}, stored: map[string]int{"autx_credit_deposit.b": 1}},
		{name: "another for_each key", before: each("one"), then: func(s *scene) {
			s.main(each("two"))
			s.mustSay(s.MustApply(), "taken over")
		}, stored: map[string]int{`autx_credit_deposit.a["two"]`: 1}},
		{name: "moved", then: func(s *scene) {
			s.main(deposit("b", args{"idempotency_key": `"a"`}), "moved {\n  from = autx_credit_deposit.a\n  to = autx_credit_deposit.b\n}\n")
			s.MustApply()
		}, stored: map[string]int{"autx_credit_deposit.b": 1}},
		{name: "removed and back", then: func(s *scene) {
			s.main("removed {\n  from = autx_credit_deposit.a\n  lifecycle { destroy = false }\n}\n")
			s.MustApply()
			s.main(deposit("a"))
			s.mustSay(s.MustApply(), "taken over")
		}},
		{name: "destroyed and back", then: func(s *scene) {
			s.main()
			s.mustSay(s.MustApply(), "Destroying only forgets the deposit")
			s.main(deposit("a"))
			s.mustSay(s.MustApply(), "taken over")
		}},
		{name: "state rm", then: func(s *scene) {
			s.MustRun("state", "rm", "autx_credit_deposit.a")
			s.mustSay(s.MustApply(), "taken over")
		}},
		{name: "state lost", then: func(s *scene) {
			s.Remove("terraform.tfstate")
			s.mustSay(s.MustApply(), "taken over")
		}},
		{name: "state rm and import", then: func(s *scene) {
			s.MustRun("state", "rm", "autx_credit_deposit.a")
			s.MustRun("import", "autx_credit_deposit.a", s.last().ID)
			s.MustApply()
		}},
		{name: "ignored changes", before: deposit("a", args{"!lifecycle": "lifecycle { ignore_changes = [amount, idempotency_key] }"}), then: func(s *scene) {
			s.main(deposit("a", args{"idempotency_key": `"x"`, "amount": `"99"`, "!lifecycle": "lifecycle { ignore_changes = [amount, idempotency_key] }"}))
			s.MustApply()
		}},
		{name: "one saved plan, the state lost between", then: func(s *scene) {
			s.main(deposit("a"), withdrawal("w"))
			s.MustRun("plan", "-out=saved.bin", "-no-color")
			s.MustApply("saved.bin")
			s.MustRun("state", "rm", "autx_credit_withdrawal.w")
			s.mustSay(s.MustApply(), "taken over")
		}, stored: map[string]int{"autx_credit_deposit.a": 1, "autx_credit_withdrawal.w": 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			if c.before == "" {
				c.before = deposit("a")
			}
			s.main(c.before)
			s.MustApply()
			if c.stored == nil {
				c.stored = map[string]int{"autx_credit_deposit.a": 1}
			}
			c.then(s)
			s.mustHaveStored(c.stored)
			s.MustBeSettled()
			if n := s.sent("credits.deposit_test") + s.sent("credits.withdraw"); n != len(c.stored) || len(s.moves()) != n {
				t.Errorf("%d requests, moved %v", n, s.moves())
			}
		})
	}
}

// TestAccAnotherAmount under one key fails the plan, and the end of the resource gets past it as the message says.
func TestAccAnotherAmount(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(deposit("a"), withdrawal("b"))
	s.MustApply()
	s.main(deposit("a", args{"amount": `"11"`}), withdrawal("b"))
	s.Report("plan").MustFail("amount", "This would move money again", "change idempotency_key too", "$10.00")
	s.main(deposit("a"), withdrawal("b", args{"amount": `"9.99"`}))
	s.Report("plan").MustFail("amount", "This would move money again", "9.99")
	s.MustRun("destroy", "-refresh=false", "-auto-approve", "-no-color")
	s.mustHaveStored(nil)

	t.Log("back under the old key with another amount")
	s.main(deposit("a", args{"amount": `"11"`}))
	s.mustSay(s.Apply(), "Key was used", "change idempotency_key")
	if len(s.moves()) != 2 {
		t.Errorf("moved %v", s.moves())
	}
}

// TestAccUnknownUntilApply: keys and amounts that come from other resources.
func TestAccUnknownUntilApply(t *testing.T) {
	t.Parallel()
	s := begin(t)
	config := func(key, amount string) {
		s.main(fmt.Sprintf("resource \"terraform_data\" \"key\" { input = %q }\nresource \"terraform_data\" \"amount\" { input = %q }\n", key, amount),
			deposit("a", args{"idempotency_key": "terraform_data.key.output", "amount": "terraform_data.amount.output"}),
			withdrawal("b", args{"idempotency_key": "terraform_data.key.output", "amount": "terraform_data.amount.output", "depends_on": "[autx_credit_deposit.a]"}),
			floor("c", args{"name": "terraform_data.key.output", "floor": "terraform_data.amount.output", "target": "terraform_data.amount.output", "depends_on": "[autx_credit_withdrawal.b]"}))
	}
	config("k", "10")
	plan, _ := s.Settle(actions{
		"terraform_data.key": "create", "terraform_data.amount": "create", "autx_credit_deposit.a": "create", "autx_credit_withdrawal.b": "create", "autx_credit_floor.c": "create",
	})
	plan.MustNotWarn()
	s.mustHaveMoved("deposit 10", "withdrawal 10")

	t.Log("an amount that turns out to be another one")
	config("k", "12")
	plan = s.Look()
	plan.MustWarn("amount", "May turn out to move money again")
	s.ApplyPlan().MustSay("error", "amount", "This would move money again", "12")
	s.mustHaveMoved("deposit 10", "withdrawal 10")

	t.Log("back, in another spelling")
	config("k", "10.0")
	s.MustApply()
	s.MustBeSettled()

	t.Log("a key that turns out to be another one")
	s.server.Advance(3600e9)
	config("k2", "20")
	plan = s.Look()
	plan.MustWarn("idempotency_key", "not known yet")
	if plan.Actions["autx_credit_deposit.a"] != "replace" || plan.Actions["autx_credit_withdrawal.b"] != "replace" || plan.Actions["autx_credit_floor.c"] != "update" {
		t.Errorf("planned %v", plan.Actions)
	}
	s.ApplyPlan().MustSucceed()
	s.MustBeSettled()
	s.mustHaveMoved("deposit 10", "withdrawal 10", "deposit 20", "withdrawal 20")
}

// TestAccImportBlocks bring movements that were made by other means under management.
func TestAccImportBlocks(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.deposit("12.50")
	s.withdraw("0.75")
	entries := s.entries()
	imports := fmt.Sprintf("import {\n  to = autx_credit_deposit.a\n  id = %q\n}\nimport {\n  to = autx_credit_withdrawal.b\n  id = %q\n}\n", entries[1].ID, entries[2].ID)
	s.main(imports, deposit("a", args{"amount": `"12.50"`}), withdrawal("b", args{"amount": `"0.750"`}))
	s.server.ClearRequests()
	plan := s.Look()
	plan.MustNotWarn()
	for _, change := range s.ShowPlan().ResourceChanges {
		if change.Change.Importing == nil || !change.Change.Actions.Update() {
			t.Errorf("%s: %v", change.Address, change.Change.Actions)
		}
	}
	s.ApplyPlan().MustSucceed()
	s.MustBeSettled()
	s.mustHaveStored(map[string]int{"autx_credit_deposit.a": 1, "autx_credit_withdrawal.b": 2})
	if sent := s.sent("credits.deposit_test") + s.sent("credits.withdraw"); sent != 0 {
		t.Errorf("%d movements were sent", sent)
	}
	t.Log("written by the CLI")
	s.MustRun("state", "rm", "autx_credit_deposit.a")
	s.main(fmt.Sprintf("import {\n  to = autx_credit_deposit.c\n  id = %q\n}\n", entries[1].ID), withdrawal("b", args{"amount": `"0.75"`}))
	result := s.Run("plan", "-generate-config-out=generated.tf", "-no-color")
	s.mustSay(result, "idempotency_key", "amount") // AUTX does not return them, so somebody has to fill them in
	s.Remove("generated.tf")

	s.main(fmt.Sprintf("import {\n  to = autx_credit_withdrawal.d\n  id = %q\n}\n", entries[1].ID), withdrawal("d"), withdrawal("b", args{"amount": `"0.75"`}))
	s.Report("plan").MustFail("", "Not a withdrawal", entries[1].ID)
}
