package purchase_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	relaunch = "Would be given up and bought again"
	sameKey  = "One key bought for two resources"
	perApply = "Over the limit of one apply"
	off      = "Apply will refuse to charge"
)

func launch(ticker string) purchase.Planned {
	return purchase.Planned{Kind: purchase.AgentLaunch, Key: ticker, Title: "launch of agent " + ticker, Authorized: money.FromInt(20)}
}

func wantNone(t *testing.T, problems []purchase.Problem) {
	t.Helper()
	if len(problems) != 0 {
		t.Errorf("problems %+v; want none", problems)
	}
}

func TestPlanWithoutSpending(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = nil
	d := b.desk()
	for _, ticker := range []string{"A", "B", ""} {
		problems := d.PlanCreate(t.Context(), launch(ticker))
		wantProblem(t, problems, purchase.SeverityWarning, off, `max_per_apply = "20.00"`)
		wantProblem(t, problems, purchase.SeverityWarning, off, "up to $20.00")
	}
	unknown := launch("C")
	unknown.UnknownAmount, unknown.Authorized = true, money.Zero()
	wantProblem(t, d.PlanCreate(t.Context(), unknown), purchase.SeverityWarning, off, "not known yet")
	wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "D", "id"))
	wantNone(t, d.Forget(t.Context(), purchase.AgentLaunch, "D", "id"))
	if entries, err := os.ReadDir(b.journal); err != nil || len(entries) != 0 {
		t.Errorf("a configuration that can't spend left %v in the journal (%v)", entries, err)
	}
}

func TestPlanLimits(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	most := money.FromInt(19)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(50), MaxPerPurchase: &most}
	wantProblem(t, b.desk().PlanCreate(t.Context(), launch("A")), purchase.SeverityError, "Over the limit of one purchase", "$19.00")

	b.limits.MaxPerPurchase = nil
	d := b.desk()
	wantNone(t, d.PlanCreate(t.Context(), launch("A")))
	wantNone(t, d.PlanCreate(t.Context(), launch("")))
	problems := d.PlanCreate(t.Context(), launch(""))
	wantProblem(t, problems, purchase.SeverityError, perApply, "$60.00 in 3 purchases")
	wantProblem(t, problems, purchase.SeverityError, perApply, "  - launch of agent A: $20.00")
	// One error is enough to stop the plan; the CLI folds the warnings that follow.
	wantProblem(t, d.PlanCreate(t.Context(), launch("D")), purchase.SeverityWarning, perApply, "$80.00 in 4 purchases")
	if entries, err := os.ReadDir(b.journal); err != nil || len(entries) != 0 {
		t.Errorf("a plan without a CLI left %v in the journal (%v)", entries, err)
	}
}

func TestPlanListIsBounded(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(500)}
	d := b.desk()
	var last []purchase.Problem
	for i := range 26 {
		last = d.PlanCreate(t.Context(), launch(fmt.Sprint("T", i)))
	}
	wantProblem(t, last, purchase.SeverityError, perApply, "and 6 more")
}

func TestPlanUnknownAmount(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(20)}
	d := b.desk()
	unknown := launch("A")
	unknown.UnknownAmount, unknown.Authorized = true, money.Zero()
	wantNone(t, d.PlanCreate(t.Context(), unknown))
	wantNone(t, d.PlanCreate(t.Context(), launch("B")))
	wantProblem(t, d.PlanCreate(t.Context(), launch("C")), purchase.SeverityError, perApply, "launch of agent A: not known yet")
}

func TestPlanTotalAcrossProviderBlocks(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(45)}
	b.hooks.Command = "7-1"
	dead := map[string]bool{}
	b.hooks.Dead = func(process string) bool { return dead[process] }
	plan := func(process, ticker string) []purchase.Problem {
		b.hooks.Process = process
		return b.desk().PlanCreate(t.Context(), launch(ticker))
	}
	wantNone(t, plan("8-1", "A"))
	wantNone(t, plan("8-1", ""))
	wantProblem(t, plan("9-1", "C"), purchase.SeverityError, perApply, "$60.00 in 3 purchases")
	// The plan's processes end, and the apply plans each purchase again just before it makes it: what they planned must not count twice.
	dead["8-1"], dead["9-1"] = true, true
	b.hooks.Process = "10-1"
	d := b.desk()
	for _, ticker := range []string{"A", "C"} {
		wantNone(t, d.PlanCreate(t.Context(), launch(ticker)))
		if _, err := d.Buy(t.Context(), b.agent(ticker)); err != nil {
			t.Errorf("%s: %v", ticker, err)
		}
	}
	wantProblem(t, d.PlanCreate(t.Context(), launch("D")), purchase.SeverityError, perApply, "$60.00 in 3 purchases")
	_, err := d.Buy(t.Context(), b.agent("D"))
	wantRefusal(t, err, purchase.ReasonLimit)
	if reserved, err := purchase.Reserved(b.journal, "7-1"); err != nil || reserved != "40" {
		t.Errorf("the command has reserved %s, %v; want 40", reserved, err)
	}
	// Another command has the whole limit.
	b.hooks.Command, b.hooks.Process = "11-1", "12-1"
	wantNone(t, b.desk().PlanCreate(t.Context(), launch("D")))
}

// TestPlanTotalOutlivesItsProvider ends the process of one provider block before the other block plans, as a CLI does that needs it no more.
func TestPlanTotalOutlivesItsProvider(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(60)}
	b.hooks.Command = "7-1"
	dead := map[string]bool{}
	b.hooks.Dead = func(process string) bool { return dead[process] }
	plan := func(process, ticker string) []purchase.Problem {
		b.hooks.Process = process
		return b.desk().PlanCreate(t.Context(), launch(ticker))
	}
	wantNone(t, plan("8-1", "A"))
	wantNone(t, plan("8-1", "B"))
	dead["8-1"] = true
	wantNone(t, plan("9-1", "C"))
	wantProblem(t, plan("9-1", "D"), purchase.SeverityError, perApply, "$80.00 in 4 purchases")

	// The apply plans all but D once more, and each purchase counts once, in whatever order its processes come and go.
	dead["9-1"] = true
	wantNone(t, plan("10-1", "C"))
	dead["10-1"] = true
	wantNone(t, plan("11-1", "A"))
	wantNone(t, plan("11-1", "B"))
	wantProblem(t, plan("11-1", "D"), purchase.SeverityError, perApply, "$80.00 in 4 purchases")
}

// TestPlanTotalOfAKeyThatIsPlannedTwice: a process that plans a key once more, which is an error of its own, begins no other walk: what others have planned
// that have ended still counts.
func TestPlanTotalOfAKeyThatIsPlannedTwice(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = &purchase.Limits{MaxPerApply: money.FromInt(45)}
	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	b.hooks.Dead = func(process string) bool { return process == "8-1" }
	wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
	b.hooks.Process = "9-1"
	d := b.desk()
	wantNone(t, d.PlanCreate(t.Context(), launch("B")))
	wantProblem(t, d.PlanCreate(t.Context(), launch("B")), purchase.SeverityError, sameKey, `ticker "B"`)
	wantProblem(t, d.PlanCreate(t.Context(), launch("C")), purchase.SeverityError, perApply, "$60.00 in 3 purchases")
}

func TestPlanOneKeyTwice(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	d := b.desk()
	wantNone(t, d.PlanCreate(t.Context(), launch("A")))
	wantProblem(t, d.PlanCreate(t.Context(), launch("A")), purchase.SeverityError, sameKey, `ticker "A"`)
	wantNone(t, d.PlanCreate(t.Context(), launch("")))
	wantNone(t, d.PlanCreate(t.Context(), launch("")))
	wantNone(t, b.desk().PlanCreate(t.Context(), launch("A"))) // another walk

	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
	b.hooks.Process = "9-1"
	wantProblem(t, b.desk().PlanCreate(t.Context(), launch("A")), purchase.SeverityError, sameKey, `ticker "A"`)
}

func TestPlanOfARelaunch(t *testing.T) {
	t.Parallel()
	type step func(*purchase.Desk) []purchase.Problem
	create := func(d *purchase.Desk) []purchase.Problem { return d.PlanCreate(t.Context(), launch("A")) }
	saw := func(d *purchase.Desk) []purchase.Problem {
		return d.SawInState(t.Context(), purchase.AgentLaunch, "A", "id-7")
	}
	destroy := func(d *purchase.Desk) []purchase.Problem {
		return d.PlanDestroy(t.Context(), purchase.AgentLaunch, "A", "id-7")
	}
	keep := func(d *purchase.Desk) []purchase.Problem {
		return d.PlanKeep(t.Context(), purchase.AgentLaunch, "A", "id-7")
	}
	forget := func(d *purchase.Desk) []purchase.Problem {
		return d.Forget(t.Context(), purchase.AgentLaunch, "A", "id-7")
	}
	for name, c := range map[string]struct {
		steps []step
		want  []string // per step: "", "error" or "warning"
	}{
		"taint: read, then created":                     {[]step{saw, create}, []string{"", "error"}},
		"renamed: created, then destroyed":              {[]step{create, destroy}, []string{"", "error"}},
		"renamed: destroyed, then created":              {[]step{destroy, create}, []string{"", "error"}},
		"renamed: read, created, seen again, destroyed": {[]step{saw, create, saw, destroy}, []string{"", "error", "", ""}},
		"no refresh: created, seen, destroyed":          {[]step{create, saw, destroy}, []string{"", "warning", "error"}},
		"second resource: created, read, kept":          {[]step{create, saw, keep}, []string{"", "warning", "error"}},
		"second resource: read, kept, created":          {[]step{saw, keep, create}, []string{"", "", "error"}},
		"second resource, no refresh: created, kept":    {[]step{create, keep, keep}, []string{"", "error", ""}},
		"kept":                                     {[]step{saw, keep, keep}, []string{"", "", ""}},
		"created, then seen by an update":          {[]step{create, saw}, []string{"", "warning"}},
		"gone: read, forgotten, created":           {[]step{saw, forget, create}, []string{"", "", ""}},
		"destroyed in the same walk, then created": {[]step{saw, destroy, forget, create}, []string{"", "", "", ""}},
		"read and destroyed":                       {[]step{saw, saw, destroy}, []string{"", "", ""}},
		"told once":                                {[]step{saw, create, destroy}, []string{"", "error", ""}},
		"created only":                             {[]step{create}, []string{""}},
		"another id is forgotten: the state still has it": {[]step{saw, func(d *purchase.Desk) []purchase.Problem {
			return d.Forget(t.Context(), purchase.AgentLaunch, "A", "id-0")
		}, create}, []string{"", "", "error"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			d := b.desk()
			for i, run := range c.steps {
				problems := run(d)
				switch c.want[i] {
				case "":
					wantNone(t, problems)
				case "error":
					wantProblem(t, problems, purchase.SeverityError, relaunch, "id-7")
					wantProblem(t, problems, purchase.SeverityError, relaunch, "untaint")
					wantProblem(t, problems, purchase.SeverityError, relaunch, "moved block")
					wantProblem(t, problems, purchase.SeverityError, relaunch, "import {")
					wantProblem(t, problems, purchase.SeverityError, relaunch, "destroy -refresh=false")
				case "warning":
					wantProblem(t, problems, purchase.SeverityWarning, relaunch, "id-7")
				}
			}
		})
	}
}

func TestPlanOfAKeyThatIsUsedOnce(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	d := b.desk()
	wantNone(t, d.SawInState(t.Context(), order, "k", "id-1"))
	// A taint: the order is taken over, so there is nothing to stop.
	problems := d.PlanCreate(t.Context(), purchase.Planned{Kind: order, Key: "k", Title: "order k", Authorized: money.FromInt(1)})
	wantProblem(t, problems, purchase.SeverityWarning, "Key was used before", "id-1")
	wantNone(t, d.PlanDestroy(t.Context(), order, "k", "id-1"))
}

func TestPlanTellsWhatTheJournalKnows(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{diedAfter}
	b.buy(b.agent("A")) // it dies
	wantProblem(t, b.desk().PlanCreate(t.Context(), launch("A")), purchase.SeverityWarning, "Earlier purchase is still open", "looks it up first")
	if !b.desk().Lost(t.Context(), purchase.AgentLaunch, "A") {
		t.Error("an open attempt is not lost")
	}
	b.must(b.agent("A"))
	wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
	if !b.desk().Lost(t.Context(), purchase.AgentLaunch, "A") {
		t.Error("a purchase that no state has is not lost")
	}
	b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1")
	wantProblem(t, b.desk().PlanCreate(t.Context(), launch("A")), purchase.SeverityWarning, "Agent may already be yours", "id-1")
	if b.desk().Lost(t.Context(), purchase.AgentLaunch, "A") {
		t.Error("a purchase in a state is lost")
	}
	b.desk().Forget(t.Context(), purchase.AgentLaunch, "A", "id-1")
	wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
	if b.desk().Lost(t.Context(), purchase.AgentLaunch, "A") || b.desk().Lost(t.Context(), purchase.AgentLaunch, "B") {
		t.Error("a key that is free is lost")
	}
	if err := os.WriteFile(b.desk().RecordFile(purchase.AgentLaunch, "A"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, b.desk().PlanCreate(t.Context(), launch("A")), purchase.SeverityWarning, "Purchase journal can't be used", "Apply will refuse the launch of agent A")
	if sends, finds, confirms := b.service.counts(); sends != 1 || finds != 1 || confirms != 0 {
		t.Errorf("%d requests, %d finds, %d confirms; want none of a plan", sends, finds, confirms)
	}
}

func TestSawInStateWritesOnce(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	reads, writes := 0, 0
	b.hooks.OnRead = func() { reads++ }
	b.hooks.FailWrites = func(string) error { writes++; return nil }
	for range 3 {
		d := b.desk()
		for range 3 {
			wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
		}
	}
	if reads != 4 || writes != 1 {
		t.Errorf("%d reads and %d writes over three walks; want 1 read a walk, once more under the lock, and 1 write", reads, writes)
	}
	if view := b.wantState(purchase.AgentLaunch, "A", "known"); view.ID != "id-1" || !view.InState {
		t.Errorf("record = %+v", view)
	}
	wantNone(t, b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-2"))
	if view := b.wantState(purchase.AgentLaunch, "A", "known"); view.ID != "id-2" || writes != 2 {
		t.Errorf("record = %+v after %d writes; want id-2 after 2", view, writes)
	}
	d := b.desk()
	wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "A", "id-2"))
	wantProblem(t, d.SawInState(t.Context(), purchase.AgentLaunch, "A", "id-3"), purchase.SeverityWarning, sameKey, "id-3")
	if view := b.wantState(purchase.AgentLaunch, "A", "known"); view.ID != "id-2" {
		t.Errorf("record = %+v; want id-2, as two resources decide nothing", view)
	}
	for _, incomplete := range [][2]string{{"", "id"}, {"B", ""}} {
		wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, incomplete[0], incomplete[1]))
	}
	if writes != 2 {
		t.Errorf("%d writes; want 2", writes)
	}
}

func TestSawInStateLeavesAPurchaseUnderWayAlone(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	release, err := b.desk().HoldKey(t.Context(), purchase.AgentLaunch, "A")
	if err != nil {
		t.Fatal(err)
	}
	wantNone(t, b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	b.wantState(purchase.AgentLaunch, "A", "none")
	release()
	wantNone(t, b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	b.wantState(purchase.AgentLaunch, "A", "known")
}

func TestSawInStateKeepsTheDigest(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.order("k", "d"))
	b.desk().SawInState(t.Context(), order, "k", "id-1")
	if view := b.wantState(order, "k", "known"); view.Digest != "d" {
		t.Errorf("record = %+v; want its digest", view)
	}
	b.desk().SawInState(t.Context(), order, "k", "id-2")
	if view := b.wantState(order, "k", "known"); view.Digest != "" {
		t.Errorf("record = %+v; want no digest of another order", view)
	}
}

func TestAnOlderStateDoesNotHideANewerPurchase(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.agent("A"))
	b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1")
	b.service.remove("id-1")
	b.service.script = []fate{diedAfter}
	b.buy(b.agent("A")) // it dies over id-2
	for range 2 {
		wantNone(t, b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
		if result := b.must(b.agent("A")); !result.Adopted || result.ID != "id-2" { // and the state is not saved
			t.Errorf("result = %+v; want id-2 adopted", result)
		}
	}
	b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-2")
	b.refuse(b.agent("A"), purchase.ReasonBound)
}

func TestForgetNeedsTheID(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.agent("A"))
	b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1")
	wantNone(t, b.desk().Forget(t.Context(), purchase.AgentLaunch, "A", "id-0"))
	b.wantState(purchase.AgentLaunch, "A", "known")
	wantNone(t, b.desk().Forget(t.Context(), purchase.AgentLaunch, "", "id-1"))
	wantNone(t, b.desk().Forget(t.Context(), purchase.AgentLaunch, "B", "id-1"))
	wantNone(t, b.desk().Forget(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	if view := b.wantState(purchase.AgentLaunch, "A", "forgotten"); view.InState {
		t.Errorf("record = %+v; want in no state", view)
	}
	wantNone(t, b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1")) // a state from a backup
	b.wantState(purchase.AgentLaunch, "A", "known")
}

func TestForgetOfAnOpenAttemptChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{diedAfter}
	b.buy(b.agent("A")) // it dies
	wantNone(t, b.desk().Forget(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	b.wantState(purchase.AgentLaunch, "A", "intent")
}

func TestBeforeDestroyKeepsWhatWasTakenOver(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.agent("A"))
	// create_before_destroy without a refresh, right after the create: the replacement adopts the agent, and then the old one is to be destroyed.
	d := b.desk()
	if result, err := d.Buy(t.Context(), b.agent("A")); err != nil || !result.Adopted {
		t.Fatalf("result = %+v, %v; want adopted", result, err)
	}
	wantProblem(t, d.BeforeDestroy(t.Context(), purchase.AgentLaunch, "A", "id-1"), purchase.SeverityError, "Not destroyed, because it was just taken over", "id-1")
	wantNone(t, d.BeforeDestroy(t.Context(), purchase.AgentLaunch, "A", "id-0"))
	wantNone(t, d.BeforeDestroy(t.Context(), purchase.AgentLaunch, "B", "id-1"))
	wantNone(t, b.desk().BeforeDestroy(t.Context(), purchase.AgentLaunch, "A", "id-1"))

	bought := b.desk()
	if _, err := bought.Buy(t.Context(), b.agent("C")); err != nil {
		t.Fatal(err)
	}
	wantNone(t, bought.BeforeDestroy(t.Context(), purchase.AgentLaunch, "C", "id-2"))
}

func TestPlanOnAReadOnlyJournal(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	file := filepath.Join(b.journal, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.journal, b.hooks.Command = filepath.Join(file, "journal"), "7-1"
	b.limits.MaxPerApply = money.FromInt(30)
	d := b.desk()
	wantProblem(t, d.PlanCreate(t.Context(), launch("A")), purchase.SeverityWarning, "Purchase journal can't be used", file)
	// The warning comes once, and the total is counted all the same.
	problems := d.PlanCreate(t.Context(), launch("B"))
	wantProblem(t, problems, purchase.SeverityError, perApply, "$40.00 in 2 purchases")
	if len(problems) != 1 {
		t.Errorf("problems %+v; want one", problems)
	}
	wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "C", "id-1"))
}

func TestPlanWhileTheAccountIsNotKnown(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.apiKey = ""
	d := b.desk()
	wantNone(t, d.PlanCreate(t.Context(), launch("A")))
	wantProblem(t, d.PlanCreate(t.Context(), launch("A")), purchase.SeverityError, sameKey, "A")
	wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "B", "id"))
	wantProblem(t, d.PlanCreate(t.Context(), launch("B")), purchase.SeverityError, relaunch, "id")
	if _, err := os.Stat(filepath.Join(b.journal, "records")); err == nil {
		t.Error("records were written for an unknown account")
	}
}

func TestDefaultPlace(t *testing.T) {
	t.Setenv("TF_DATA_DIR", "elsewhere")
	if got := purchase.DefaultJournalDir(); got != filepath.Join("elsewhere", "autx") {
		t.Errorf("the journal is in %s", got)
	}
	t.Setenv("TF_DATA_DIR", "")
	if got := purchase.DefaultJournalDir(); got != filepath.Join(".terraform", "autx") {
		t.Errorf("the journal is in %s", got)
	}
	t.Chdir(t.TempDir())
	d := purchase.NewDesk(purchase.Config{
		Limits:  &purchase.Limits{MaxPerApply: money.FromInt(20)},
		Account: purchase.Account{BaseURL: "https://service.test", APIKey: "autx_live_x"},
	})
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 0 {
		t.Fatalf("NewDesk left %v, %v", entries, err)
	}
	wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	if file := d.RecordFile(purchase.AgentLaunch, "A"); !strings.HasPrefix(file, filepath.Join(".terraform", "autx")) {
		t.Errorf("the record is %s", file)
	} else if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
