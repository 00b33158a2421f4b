package credit_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccFloor goes through all that a floor does about a balance.
func TestAccFloor(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(floor("main", args{"on_shortfall": ""}), `output "status" { value = autx_credit_floor.main.status }`)
	plan, apply := s.Settle(actions{"autx_credit_floor.main": "create"})
	plan.MustNotWarn()
	apply.MustNotWarn()

	t.Log("short, and told")
	s.withdraw("40")
	plan = s.Look()
	plan.MustDo(actions{}).MustDrift(actions{"autx_credit_floor.main": "update"})
	plan.MustWarn("floor", "Balance is below the floor", "$60.00", "$100.00", "by card from $10")
	s.MustApply()
	if got := s.State().Values.Outputs["status"].Value; got != "short" {
		t.Errorf("status = %v", got)
	}
	s.MustBeSettled()

	t.Log("short, and failing: the plan says how to get on, and the ways are ways")
	s.main(floor("main", args{"on_shortfall": `"error"`}))
	s.Report("plan").MustFail("floor", "Balance is below the floor", "Top the credits up", "lower the floor", "-refresh=false")
	s.MustRun("plan", "-destroy", "-refresh=false", "-no-color")
	s.main(floor("main", args{"on_shortfall": `"error"`, "floor": `"60"`}))
	s.Settle(actions{"autx_credit_floor.main": "update"})
	s.mustHaveMoved("withdrawal 40")

	t.Log("short, and mended")
	s.main(floor("main", args{"max_deposit_per_apply": `"50.00"`}))
	plan = s.Look()
	plan.MustDo(actions{"autx_credit_floor.main": "update"}).MustWarn("floor", "reads the balance again", "that is $50.00")
	change := s.ShowPlan().ResourceChanges[0].Change
	if unknown, _ := change.AfterUnknown.(map[string]any); unknown["status"] != true || unknown["deposits"] != true {
		t.Errorf("planned %v, unknown %v", change.After, change.AfterUnknown)
	}
	s.ApplyPlan().MustSucceed()
	s.mustHaveMoved("withdrawal 40", "deposit 50")
	s.MustBeSettled()

	t.Log("short again, as the only change")
	s.server.Advance(3600e9)
	s.withdraw("20")
	plan = s.Look()
	plan.MustDo(actions{"autx_credit_floor.main": "update"})
	s.ApplyPlan().MustSucceed()
	s.MustBeSettled()
	if got := s.Attributes("autx_credit_floor.main"); got["status"] != "ok" || fmt.Sprint(got["deposits"]) != "2" {
		t.Errorf("the state has %v", got)
	}
	s.mustHaveMoved("withdrawal 40", "deposit 50", "withdrawal 20", "deposit 50")

	t.Log("the same plan again")
	if result := s.Run("apply", "-no-color", "plan.bin"); result.Code == 0 || !strings.Contains(result.Output, "stale") {
		t.Errorf("%s", result.Raw)
	}
	s.MustRun("destroy", "-auto-approve", "-no-color")
	s.mustHaveMoved("withdrawal 40", "deposit 50", "withdrawal 20", "deposit 50")
}

// TestAccFloorChangesMeanwhile: what the balance does between the two plans of an apply breaks neither.
func TestAccFloorChangesMeanwhile(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(floor("main"))
	s.MustApply()

	t.Log("fine at plan, short at apply, with another change")
	s.main(floor("main", args{"expiry_warning_days": "7"}))
	s.Look().MustDo(actions{"autx_credit_floor.main": "update"})
	s.withdraw("20")
	s.ApplyPlan().MustSucceed()
	s.mustHaveMoved("withdrawal 20", "deposit 70")
	s.MustBeSettled()

	t.Log("short at plan, fine at apply")
	s.server.Advance(3600e9)
	s.withdraw("100")
	s.Look().MustDo(actions{"autx_credit_floor.main": "update"})
	s.deposit("60")
	s.ApplyPlan().MustSucceed()
	s.mustHaveMoved("withdrawal 20", "deposit 70", "withdrawal 100", "deposit 60")
	s.MustRun("apply", "-refresh-only", "-auto-approve", "-no-color")
	s.MustBeSettled()

	t.Log("made, fine at plan, short at apply")
	s.MustRun("state", "rm", "autx_credit_floor.main")
	s.Look().MustDo(actions{"autx_credit_floor.main": "create"})
	s.server.Advance(3600e9)
	s.withdraw("20")
	report := s.ApplyPlan().MustSucceed()
	report.MustWarn("", "Deposits of earlier runs counted", s.entries()[2].ID)
	s.mustHaveMoved("withdrawal 20", "deposit 70", "withdrawal 100", "deposit 60", "withdrawal 20", "deposit 60")
	s.MustBeSettled()
}

// TestAccFloorKilled kills the CLI and its provider while a deposit is on its way. The next apply looks for it, counts it, and deposits what is missing then.
func TestAccFloorKilled(t *testing.T) {
	t.Parallel()
	for phase, before := range map[string]bool{"before": true, "after": false} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			gate := s.gate()
			s.withdraw("40")
			s.main(floor("main"))
			process, held := s.holding(gate, before)
			process.KillProviders()
			process.SignalGroup(syscall.SIGKILL)
			process.Wait()
			process.AwaitProviders()
			gate.Clear()
			held.Release()
			if before { // the request never came, so the next run makes it
				s.mustHaveMoved("withdrawal 40")
				s.MustApply()
				s.mustHaveMoved("withdrawal 40", "deposit 90")
			} else {
				s.mustHaveMoved("withdrawal 40", "deposit 90")
				s.server.Advance(3600e9)
				s.withdraw("60")
				s.mustSay(s.MustRun("plan", "-no-color"), "Earlier deposit of the floor is not in the state", "number 1")
				s.mustSay(s.MustApply(), "Deposits of earlier runs counted", s.entries()[2].ID)
				s.mustHaveMoved("withdrawal 40", "deposit 90", "withdrawal 60", "deposit 60")
			}
			s.MustBeSettled()
		})
	}
}

// TestAccSignals ends an apply in the middle of a deposit: once, so that it runs to its answer; and without leaving any time, so that the next apply, which
// starts at once, waits for what is still on its way and takes it over.
func TestAccSignals(t *testing.T) {
	t.Parallel()
	t.Run("SIGINT once", func(t *testing.T) {
		t.Parallel()
		s := begin(t)
		gate := s.gate()
		s.main(deposit("a"), deposit("b", args{"depends_on": "[autx_credit_deposit.a]"}))
		process, held := s.holding(gate, true)
		process.SignalGroup(syscall.SIGINT)
		process.Await("Gracefully shutting down")
		held.Release()
		process.Wait()
		s.mustHaveMoved("deposit 10")
		s.mustHaveStored(map[string]int{"autx_credit_deposit.a": 1})
		s.MustApply()
		s.mustHaveMoved("deposit 10", "deposit 10")
		s.MustBeSettled()
	})
	t.Run("SIGKILL of the CLI", func(t *testing.T) {
		t.Parallel()
		s := begin(t)
		gate := s.gate()
		s.main(deposit("a"))
		process, held := s.holding(gate, true)
		process.Signal(syscall.SIGKILL)
		process.Wait()
		if !process.ProvidersRun() {
			t.Fatal("the provider died with its CLI")
		}
		next := s.Start("apply", "-auto-approve", "-no-color")
		next.Await("autx_credit_deposit.a: Creating...")
		held.Release()
		again := next.Wait()
		if again.Code != 0 {
			t.Fatalf("the next apply failed:\n%s", again.Raw)
		}
		s.mustSay(again, "taken over")
		s.mustHaveMoved("deposit 10")
		s.mustHaveStored(map[string]int{"autx_credit_deposit.a": 1})
		s.MustBeSettled()
	})
}

// TestAccManyDeposits: equal deposits in parallel, by two provider blocks, which are processes of their own; two answers are lost.
func TestAccManyDeposits(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.server.AddFault("credits.deposit_test:after:reset,skip=2")
	s.server.AddFault("credits.deposit_test:after:status=500,skip=5")
	s.Write("second.tf", strings.Replace(spendingBlock, "{\n", "{\n  alias = \"second\"\n", 1))
	s.main(
		block("resource", depositType, "a", args{"count": "5", "idempotency_key": `"a${count.index}"`, "amount": `"10"`}),
		block("resource", depositType, "b", args{"provider": "autx.second", "count": "5", "idempotency_key": `"b${count.index}"`, "amount": `"10"`}),
	)
	s.MustApply("-parallelism=20")
	ids := map[string]bool{}
	for _, object := range s.Stored() {
		ids[object.Text("id")] = true
	}
	for _, entry := range s.entries()[1:] {
		delete(ids, entry.ID)
	}
	if len(s.moves()) != 10 || len(s.Stored()) != 10 || len(ids) != 0 || s.sent("credits.deposit_test") != 10 {
		t.Errorf("moved %v in %d requests, %d in state, ids that are no entries: %v", s.moves(), s.sent("credits.deposit_test"), len(s.Stored()), ids)
	}
	s.server.ClearRequests()
	s.MustBeSettled()
	if n := len(s.server.Requests()); n != 0 {
		t.Errorf("a plan of ten deposits made %d requests:\n%s", n, acctest.Traffic(s.server))
	}
}
