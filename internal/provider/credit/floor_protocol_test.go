package credit_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// depositing is a floor of $100 and a target of $150 that deposits what is missing.
func depositing(pairs ...any) values {
	return floorOf("main", "100", "150", append([]any{"on_shortfall", "deposit"}, pairs...)...)
}

// TestFloorThatHolds: nothing is moved, and nothing is left to do, whatever the floor would do about a shortfall.
func TestFloorThatHolds(t *testing.T) {
	t.Parallel()
	for _, mode := range []any{nil, "warn", "error", "deposit"} {
		for _, shape := range []string{"available_usdc", "balance_usd"} {
			d := open(t, mockserver.WithAssume("credits.shape", shape))
			config := floorOf("main", "100.00", "100", "on_shortfall", mode)
			made := d.make(floorType, config)
			want := values{
				"name": "main", "floor": "100.00", "target": "100", "on_shortfall": "warn", "max_deposit_per_apply": nil, "expiry_warning_days": int64(14), "status": "ok",
				"deposits": int64(0), "timeouts": nil,
			}
			if mode != nil {
				want["on_shortfall"] = mode
			}
			if diff := cmp.Diff(want, plainNumbers(made.Values())); diff != "" {
				t.Errorf("%v (-want +got):\n%s", mode, diff)
			}
			d.MustBeSettled(made, config)
			d.NextWalk()
			if after, diags := d.Apply(d.MustPlan(floorType, made, nil)); len(diags) > 0 || !after.Gone() {
				t.Errorf("its end: %v %s", after, diags)
			}
			d.mustHaveMoved()
			for _, entry := range d.server.Requests() {
				if entry.Method != http.MethodGet {
					t.Errorf("%s was sent", entry.Path)
				}
			}
		}
	}
}

// plainNumbers gives numbers as int64.
func plainNumbers(of values) values {
	for name, value := range of {
		if text := fmt.Sprint(value); name == "deposits" || name == "expiry_warning_days" {
			var n int64
			if _, err := fmt.Sscan(text, &n); err == nil {
				of[name] = n
			}
		}
	}
	return of
}

// TestFloorThatWarns while the balance is short: the plan after the apply is empty all the same.
func TestFloorThatWarns(t *testing.T) {
	t.Parallel()
	d := openWith(t, "99.99")
	config := floorOf("main", "100", "150")
	made := d.MustApply(floorType, nil, config)
	if made.Values()["status"] != "short" {
		t.Errorf("made %v", made.Values())
	}
	plan := d.MustPlan(floorType, d.MustRead(made), config)
	said(t, "the plan", plan.Diagnostics.Warnings(), "floor", "Balance is below the floor", `"main"`, "$99.99", "$100.00", "by card from $10")
	if !plan.Empty() {
		t.Errorf("planned %v", plan.Values())
	}
	d.deposit("5")
	d.NextWalk()
	read := d.MustRead(made)
	if read.Values()["status"] != "ok" {
		t.Errorf("read %v", read.Values())
	}
	if plan := d.MustPlan(floorType, read, config); !plan.Empty() || len(plan.Diagnostics) > 0 {
		t.Errorf("planned %v %s", plan.Values(), plan.Diagnostics)
	}
	d.mustHaveMoved("deposit 5")
}

// TestFloorThatFails the plan says how to get on, and lets itself be destroyed.
func TestFloorThatFails(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := floorOf("main", "100", "150", "on_shortfall", "error")
	made := d.make(floorType, config)
	d.withdraw("0.01")
	d.NextWalk()
	for _, prior := range []*protocol.Instance{nil, made} {
		plan := d.Plan(floorType, prior, config)
		said(t, "the plan", plan.Diagnostics.Errors(), "floor", "Balance is below the floor", "$99.99", "Top the credits up", `set on_shortfall to "warn"`, "-refresh=false")
	}
	if plan := d.Plan(floorType, d.MustRead(made), nil); len(plan.Diagnostics) > 0 {
		t.Errorf("its end: %s", plan.Diagnostics)
	}
}

// TestFloorDeposits what is missing: from $5 to $10,000, in whole cents, and no more than an apply may.
func TestFloorDeposits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		balance, floor, target string
		most                   any
		deposit, status        string
	}{
		{"99.99", "100", "150", nil, "50.01", "ok"},
		{"0", "100", "150", nil, "150", "ok"},
		{"99", "100", "100", nil, "5", "ok"},              // AUTX takes no less
		{"99.999999", "100", "104.99", nil, "5", "ok"},    // nor that
		{"99.994", "100", "105.001", nil, "5.01", "ok"},   // rounded up
		{"0.1", "0.3", "6.123", nil, "6.03", "ok"},        // rounded up
		{"0", "1", "20000", nil, "10000", "ok"},           // AUTX takes no more
		{"0", "15000", "20000", nil, "10000", "short"},    // nor then
		{"0", "100", "100", "30.00", "30", "short"},       // no more than an apply may
		{"0", "100", "100", "29.999", "29.99", "short"},   // rounded down
		{"80", "100", "100", "5", "5", "short"},           // the least
		{"95", "100", "100", "100", "5", "ok"},            // more than is missing
		{"0.30", "0.30", "10", nil, "", "ok"},             // 0.1 + 0.2
		{"0.300000", "0.300001", "10", nil, "9.7", "ok"},  // a millionth
		{"0.299999", "0.3", "0.3", nil, "5", "ok"},        // a millionth
		{"10000", "10000.01", "10000.01", nil, "5", "ok"}, // large
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			d := openWith(t, c.balance)
			config := floorOf("main", c.floor, c.target, "on_shortfall", "deposit", "max_deposit_per_apply", c.most)
			d.NextWalk()
			plan := d.MustPlan(floorType, nil, config)
			if diff := cmp.Diff([]string{"deposits", "status"}, plan.Unknowns()); diff != "" {
				t.Errorf("unknown in the plan (-want +got):\n%s", diff)
			}
			var want []string
			if c.deposit != "" {
				want = []string{"deposit " + c.deposit}
				said(t, "the plan", plan.Diagnostics.Warnings(), "floor", "below the floor", "reads the balance again", money.MustParse(c.deposit).USD())
			}
			d.NextWalk()
			made, diags := d.Apply(plan)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			got := plainNumbers(made.Values())
			if got["status"] != c.status || got["deposits"] != int64(len(want)) {
				t.Errorf("status %v after %v deposits", got["status"], got["deposits"])
			}
			if moved := d.moves(); c.balance != "0" && !slices.Equal(moved, want) {
				t.Errorf("moved %v, want %v", moved, want)
			}
			if c.balance == "0" && (len(d.entries()) != 1 || d.last().Amount.String() != c.deposit) {
				t.Errorf("moved %v", d.entries())
			}
			if c.status == "ok" {
				d.MustBeSettled(made, config)
			}
		})
	}
}

// TestFloorInSteps: an apply deposits once, and the next one goes on while the balance is short.
func TestFloorInSteps(t *testing.T) {
	t.Parallel()
	d := openWith(t, "10")
	config := depositing("max_deposit_per_apply", "40")
	made := d.MustApply(floorType, nil, config)
	for n, status := range []string{"short", "short", "ok"} {
		got := plainNumbers(made.Values())
		if got["status"] != status || got["deposits"] != int64(n+1) {
			t.Errorf("after %d: %v", n+1, got)
		}
		if status == "ok" {
			break
		}
		d.NextWalk()
		read := d.MustRead(made)
		plan := d.MustPlan(floorType, read, config)
		if diff := cmp.Diff([]string{"deposits", "status"}, plan.Unknowns()); diff != "" {
			t.Errorf("planned as an update (-want +got):\n%s", diff)
		}
		made = d.MustApply(floorType, read, config)
	}
	d.MustBeSettled(made, config)
	d.mustHaveMoved("deposit 40", "deposit 40", "deposit 40")
}

// TestFloorReadsAgain: what happens between plan and apply counts, and the same plan applied twice deposits once.
func TestFloorReadsAgain(t *testing.T) {
	t.Parallel()
	d := openWith(t, "90")
	config := depositing()
	saved := d.MustPlan(floorType, nil, config)
	d.NextWalk()
	made, _ := d.Apply(saved)
	d.mustHaveMoved("deposit 60")
	d.NextWalk()
	again, diags := d.Apply(saved) // the state is lost; the balance is not
	if len(diags) > 0 || plainNumbers(again.Values())["deposits"] != int64(0) {
		t.Errorf("again: %v %s", again, diags)
	}
	d.mustHaveMoved("deposit 60")

	t.Log("short at plan, topped up until the apply")
	d.server.Advance(time.Hour)
	d.withdraw("100") // leaves 50
	d.NextWalk()
	short := d.MustRead(made)
	plan := d.MustPlan(floorType, short, config)
	d.deposit("90")
	d.NextWalk()
	after, diags := d.Apply(plan)
	if len(diags) > 0 || after.Values()["status"] != "ok" || plainNumbers(after.Values())["deposits"] != int64(1) {
		t.Errorf("topped up meanwhile: %v %s", after.Values(), diags)
	}
	// The second plan of the apply sees the balance that is fine. It may not contradict the first.
	d.NextWalk()
	second := d.MustPlan(floorType, short, config)
	if broken := protocol.CheckApplied(plan.Planned, second.Planned); len(broken) > 0 {
		t.Errorf("the two plans differ: %v", broken)
	}
	d.mustHaveMoved("deposit 60", "withdrawal 100", "deposit 90")

	t.Log("between the second plan and the apply, in one walk")
	d.server.Advance(time.Hour)
	d.withdraw("100") // leaves 40
	d.NextWalk()
	short = d.MustRead(after)
	plan = d.MustPlan(floorType, short, config)
	d.deposit("30")
	if after, diags = d.Apply(plan); len(diags) > 0 || after.Values()["status"] != "ok" {
		t.Errorf("in one walk: %v %s", after.Values(), diags)
	}
	d.mustHaveMoved("deposit 60", "withdrawal 100", "deposit 90", "withdrawal 100", "deposit 30", "deposit 80")
}

// TestFloorChanged: a plan for another reason must hold whatever the balance does until its second plan.
func TestFloorChanged(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.make(floorType, depositing())
	d.NextWalk()
	changed := depositing("expiry_warning_days", 7, "name", "other")
	first := d.MustPlan(floorType, made, changed)
	if len(first.Diagnostics) > 0 || len(first.RequiresReplace) > 0 {
		t.Errorf("the plan: %v %s", first.RequiresReplace, first.Diagnostics)
	}
	d.withdraw("20")
	d.NextWalk()
	second := d.MustPlan(floorType, made, changed)
	if broken := protocol.CheckApplied(first.Planned, second.Planned); len(broken) > 0 {
		t.Errorf("the two plans differ: %v", broken)
	}
	after, diags := d.Apply(second)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got := plainNumbers(after.Values()); got["status"] != "ok" || got["deposits"] != int64(1) || got["name"] != "other" {
		t.Errorf("after: %v", got)
	}
	d.mustHaveMoved("withdrawal 20", "deposit 70")
	d.MustBeSettled(after, changed)
}

// TestFloorDepositLost: the deposit's answer is lost. It is found again, by this apply or the next, and the balance decides what is still missing.
func TestFloorDepositLost(t *testing.T) {
	t.Parallel()
	t.Run("found at once", func(t *testing.T) {
		t.Parallel()
		d := openWith(t, "90")
		d.server.AddFault("credits.deposit_test:after:reset")
		made, diags := d.PlanAndApply(floorType, nil, depositing())
		said(t, "the apply", diags.Warnings(), "", foundAgain)
		if diags.HasErrors() || made.Values()["status"] != "ok" || plainNumbers(made.Values())["deposits"] != int64(1) {
			t.Errorf("made %v: %s", made, diags)
		}
		d.mustHaveMoved("deposit 60")
		d.MustBeSettled(made, depositing())
	})
	t.Run("not carried out", func(t *testing.T) {
		t.Parallel()
		d := openWith(t, "90")
		d.server.AddFault("credits.deposit_test:before:reset")
		said(t, "the apply", d.failFloor(depositing()), "", notFound, "safe to apply again")
		d.server.Advance(time.Hour)
		d.withdraw("30") // the next attempt is of another amount, under the same key
		made, diags := d.PlanAndApply(floorType, nil, depositing())
		if diags.HasErrors() || plainNumbers(made.Values())["deposits"] != int64(1) {
			t.Errorf("made %v: %s", made, diags)
		}
		d.mustHaveMoved("withdrawal 30", "deposit 90")
	})
	for _, prior := range []bool{false, true} {
		t.Run(fmt.Sprintf("found by the next run, with a state: %v", prior), func(t *testing.T) {
			t.Parallel()
			d := open(t)
			var made *protocol.Instance
			if prior {
				made = d.make(floorType, depositing())
			}
			d.withdraw("10")
			d.server.AddFault("credits.deposit_test:after:reset")
			lists := d.server.AddFault("credits.transactions:before:status=403,skip=1,times=0") // the look for it fails
			after, diags := d.PlanAndApply(floorType, made, depositing())
			said(t, "the first apply", diags.Errors(), "", "Outcome of the purchase is unknown", "apply again")
			if prior != (after != nil) || prior && !after.State.Equal(made.State) {
				t.Errorf("the state is %v", after)
			}
			d.mustHaveMoved("withdrawal 10", "deposit 60")
			lists.Remove()

			d.NextWalk()
			plan := d.MustPlan(floorType, made, depositing())
			if len(plan.Diagnostics) > 0 {
				t.Errorf("the balance is fine again, and the plan says %s", plan.Diagnostics)
			}
			d.server.Advance(time.Hour)
			d.withdraw("60") // and short again: only now does the deposit of before matter
			d.NextWalk()
			plan = d.MustPlan(floorType, made, depositing())
			said(t, "the plan", plan.Diagnostics.Warnings(), "", "Earlier deposit of the floor is not in the state", "number 1", `"main"`)
			after, diags = d.PlanAndApply(floorType, made, depositing())
			said(t, "the second apply", diags.Warnings(), "", "Deposits of earlier runs counted", d.entries()[2].ID)
			if diags.HasErrors() || plainNumbers(after.Values())["deposits"] != int64(2) || after.Values()["status"] != "ok" {
				t.Errorf("after %v: %s", after.Values(), diags)
			}
			d.mustHaveMoved("withdrawal 10", "deposit 60", "withdrawal 60", "deposit 60")
			d.MustBeSettled(after, depositing())
		})
	}
}

// TestFloorMadeAnew: the state is lost, or the floor is replaced. All that it deposited before is counted, and no key is used twice.
func TestFloorMadeAnew(t *testing.T) {
	t.Parallel()
	d := openWith(t, "10")
	config := depositing("max_deposit_per_apply", "40")
	made := d.MustApply(floorType, nil, config)
	made = d.MustApply(floorType, made, config) // 90: short
	d.NextWalk()
	d.MustRead(made)
	d.MustPlan(floorType, made, config) // as with -replace: planned with the state and without
	plan := d.MustPlan(floorType, nil, config)
	d.NextWalk()
	again, diags := d.Apply(plan)
	said(t, "made anew", diags.Warnings(), "", "Deposits of earlier runs counted", d.entries()[1].ID+", "+d.entries()[2].ID)
	if diags.HasErrors() || plainNumbers(again.Values())["deposits"] != int64(3) {
		t.Errorf("made anew: %v %s", again.Values(), diags)
	}
	d.mustHaveMoved("deposit 40", "deposit 40", "deposit 40")
}

// TestFloorsAtOnce deposit one after the other, each on the balance that the others have left.
func TestFloorsAtOnce(t *testing.T) {
	t.Parallel()
	d := openWith(t, "10")
	var plans []*protocol.Plan
	for _, name := range []string{"a", "b", "c", "d"} {
		plans = append(plans, d.MustPlan(floorType, nil, floorOf(name, "100", "150", "on_shortfall", "deposit")))
	}
	plans = append(plans, d.MustPlan(depositType, nil, of("k", "140")))
	d.NextWalk()
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, plan := range plans {
		group.Go(func() {
			made, diags := d.Apply(plan)
			mu.Lock()
			defer mu.Unlock()
			if len(diags) > 0 || made == nil {
				t.Errorf("made %v: %s", made, diags)
			}
		})
	}
	group.Wait()
	if moved := d.moves(); len(moved) > 2 || len(moved) < 1 || !slices.Contains(moved, "deposit 140") {
		t.Errorf("moved %v", moved)
	}
}

// TestFloorsOfOneName can't be told apart.
func TestFloorsOfOneName(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.make(floorType, floorOf("main", "1", "1"))
	for _, prior := range []*protocol.Instance{nil, made} {
		d.NextWalk()
		d.MustPlan(floorType, prior, floorOf("main", "1", "1"))
		d.MustPlan(floorType, prior, floorOf("second", "1", "1"))
		plan := d.Plan(floorType, prior, floorOf("main", "1", "1"))
		said(t, "a second one", plan.Diagnostics.Errors(), "name", "Two floors of one name", `"main"`)
	}
}

// TestFloorNotAllowed: a plan warns, an apply refuses, and keeps what was there.
func TestFloorNotAllowed(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.make(floorType, depositing())
	d.withdraw("10")
	for _, spending := range []any{nil, values{"max_per_apply": "1000", "allow_deposits": false, "journal": t.TempDir()}} {
		d.reconfigure("spending", spending)
		for _, prior := range []*protocol.Instance{nil, made} {
			d.NextWalk()
			plan := d.MustPlan(floorType, prior, depositing())
			said(t, "the plan", plan.Diagnostics.Warnings(), "", "Apply will refuse to move money", "allow_deposits = true", "$60.00")
			d.NextWalk()
			after, diags := d.Apply(plan)
			said(t, "the apply", diags.Errors(), "", "not allowed", "allow_deposits = true")
			if prior == nil && after != nil || prior != nil && !after.State.Equal(prior.State) {
				t.Errorf("the state is %v", after)
			}
		}
	}
	d.mustHaveMoved("withdrawal 10")
}

// TestFloorUnreadable: a balance that can't be read is a warning at plan, and an error where it matters.
func TestFloorUnreadable(t *testing.T) {
	t.Parallel()
	d := openWith(t, "90")
	balances := d.server.AddFault("credits.balance:before:status=403,times=0,body=no scope")
	plan := d.MustPlan(floorType, nil, depositing())
	said(t, "the plan", plan.Diagnostics.Warnings(), "", "Could not read the balance for the floor main", "403", "no scope")
	d.NextWalk()
	made, diags := d.Apply(plan)
	said(t, "the apply", diags.Errors(), "", "Could not read the balance for the floor main", "403")
	if made != nil {
		t.Errorf("made %v", made.Values())
	}
	balances.Remove()
	made = d.MustApply(floorType, nil, depositing())
	d.server.AddFault("credits.balance:before:status=403")
	_, _, diags = d.Read(made)
	said(t, "a refresh", diags.Errors(), "", "Could not read the balance for the floor main", "403")

	d.server.Advance(time.Hour)
	d.withdraw("100")
	d.server.AddFault("credits.balance:before:status=403,skip=3") // after plan, refresh of the apply, and the snapshot: the one after the deposit
	after, diags := d.PlanAndApply(floorType, made, depositing())
	if diags.HasErrors() || after == nil || plainNumbers(after.Values())["deposits"] != int64(2) {
		t.Errorf("after the deposit: %v %s", after, diags)
	}
	d.mustHaveMoved("deposit 60", "withdrawal 100", "deposit 100")
}

// TestFloorOfUnknowns is not judged before its values are known.
func TestFloorOfUnknowns(t *testing.T) {
	t.Parallel()
	d := openWith(t, "90")
	for _, name := range []string{"name", "floor", "target", "on_shortfall", "max_deposit_per_apply", "expiry_warning_days", "timeouts"} {
		config := depositing(name, protocol.Unknown)
		plan := d.MustPlan(floorType, nil, config)
		judged := plan.Diagnostics.Say("below the floor")
		if want := slices.Contains([]string{"name", "expiry_warning_days", "timeouts"}, name); judged != want {
			t.Errorf("with an unknown %s: %s", name, plan.Diagnostics)
		}
		d.NextWalk()
	}
	all := values{}
	for _, name := range []string{"name", "floor", "target", "on_shortfall", "max_deposit_per_apply", "expiry_warning_days", "timeouts"} {
		all[name] = protocol.Unknown
	}
	if plan := d.MustPlan(floorType, nil, all); len(plan.Diagnostics) > 0 {
		t.Errorf("of unknowns: %s", plan.Diagnostics)
	}
	made := d.MustApply(floorType, nil, depositing())
	d.server.Advance(time.Hour)
	d.withdraw("100")
	d.reconfigure("base_url", protocol.Unknown)
	plan := d.MustPlan(floorType, made, depositing())
	if len(plan.Diagnostics) > 0 || !plan.Empty() {
		t.Errorf("while the provider is not known: %v %s", plan.Values(), plan.Diagnostics)
	}
	read, _, diags := d.Read(made)
	said(t, "a refresh while the provider is not known", diags.Warnings(), "", "AUTX was not read")
	if !read.State.Equal(made.State) {
		t.Errorf("read %v", read.Values())
	}
}

// TestFloorValidation: what the configuration alone proves wrong.
func TestFloorValidation(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, c := range []struct {
		config values
		path   string
		says   string
	}{
		{floorOf("", "1", "1"), "name", "at least 1"},
		{floorOf("a", "2", "1.99"), "target", "$1.99"},
		{floorOf("a", "2", "1.999999999999999999"), "target", "at least floor"},
		{floorOf("a", "-1", "1"), "floor", "at least 0"},
		{floorOf("a", "1e2", "1000"), "floor", "Not an amount"},
		{floorOf("a", "1", "NaN"), "target", "Not an amount"},
		{floorOf("a", "1", "1", "on_shortfall", "buy"), "on_shortfall", "warn"},
		{floorOf("a", "1", "1", "on_shortfall", ""), "on_shortfall", "warn"},
		{floorOf("a", "1", "1", "max_deposit_per_apply", "4.99"), "max_deposit_per_apply", "at least 5"},
		{floorOf("a", "1", "1", "max_deposit_per_apply", "many"), "max_deposit_per_apply", "Not an amount"},
		{floorOf("a", "1", "1", "expiry_warning_days", -1), "expiry_warning_days", "between 0 and 90"},
		{floorOf("a", "1", "1", "expiry_warning_days", 91), "expiry_warning_days", "between 0 and 90"},
		{floorOf("a", "1", "1", "timeouts", values{"update": "soon"}), "timeouts.update", "soon"},
	} {
		said(t, fmt.Sprint(c.config), d.ValidateResource(floorType, c.config).Errors(), c.path, c.says)
	}
	for _, config := range []values{
		floorOf("a", "0", "0"), floorOf("a", "1.0", "1"), floorOf("a/b \"c\"", "1", "1", "max_deposit_per_apply", "5", "expiry_warning_days", 0),
		floorOf("a", "1", "1", "floor", protocol.Unknown), floorOf("a", "1", "1", "target", protocol.Unknown, "on_shortfall", protocol.Unknown),
	} {
		if diags := d.ValidateResource(floorType, config); len(diags) > 0 {
			t.Errorf("%v: %s", config, diags)
		}
	}
}

// TestFloorSpelling: another spelling of an amount is no change.
func TestFloorSpelling(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.make(floorType, floorOf("main", "10", "20.5", "max_deposit_per_apply", "5"))
	plan := d.MustPlan(floorType, made, floorOf("main", "10.00", "020.50", "max_deposit_per_apply", "5.0"))
	if !plan.Empty() || len(plan.Diagnostics) > 0 {
		t.Errorf("planned %v %s", plan.Values(), plan.Diagnostics)
	}
}

// TestExpiry: plans warn of a balance that is about to expire, by AUTX's clock, and nothing is ever spent to keep it alive.
func TestExpiry(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"available_usdc", "balance_usd"} {
		d := open(t, mockserver.WithClock(noon), mockserver.WithAssume("credits.shape", shape))
		config := floorOf("main", "10", "20")
		made := d.make(floorType, config)
		warned := func(after time.Duration, days any, want bool) {
			t.Helper()
			d.server.Advance(after)
			d.NextWalk()
			plan := d.MustPlan(floorType, d.MustRead(made), with(config, "expiry_warning_days", days))
			if got := plan.Diagnostics.Warnings().At("expiry_warning_days").Say("about to expire", "$100.00", "2027-02-22T12:00:00Z", "90 days without activity"); got != want {
				t.Errorf("%s, %v days: warned %v: %s", d.server.Now(), days, got, plan.Diagnostics)
			}
		}
		warned(76*24*time.Hour-time.Second, nil, false)
		warned(time.Second, nil, true)
		warned(0, 13, false)
		warned(0, 15, true)
		warned(0, 0, false)
		warned(13*24*time.Hour, nil, true)
		warned(0, 0, false)
		d.mustHaveMoved()

		d.server.Advance(24 * time.Hour)
		d.NextWalk()
		read := d.MustRead(made)
		plan := d.MustPlan(floorType, read, config)
		said(t, "once it has expired", plan.Diagnostics.Warnings(), "floor", "$0.00", "below the floor")
		if read.Values()["status"] != "short" || plan.Diagnostics.Say("about to expire") {
			t.Errorf("read %v: %s", read.Values(), plan.Diagnostics)
		}
	}
}

// TestFloorAmbiguous: what is a floor's and what another deposit's can't be told where both answers were lost. The way out is a floor's.
func TestFloorAmbiguous(t *testing.T) {
	t.Parallel()
	d := openWith(t, "90")
	d.server.AddFault("credits.deposit_test:before:reset")
	lists := d.server.AddFault("credits.transactions:before:status=403,skip=1,times=0")
	d.refuse(depositType, of("k", "60"), "", "unknown") // it stays open: it may have been carried out
	lists.Remove()
	d.server.AddFault("credits.deposit_test:after:reset")
	diags := d.failFloor(depositing())
	said(t, "the floor", diags, "", "can't be told from others", d.last().ID, `give the floor another name than "main"`)
	if strings.Count(diags.String(), "ERROR") != 1 {
		t.Error(diags)
	}
	d.mustHaveMoved("deposit 60")
}

// TestFloorAmongOthers: several deposits came in while a floor's answer was lost. Which is its own does not matter: the balance has them all.
func TestFloorAmongOthers(t *testing.T) {
	t.Parallel()
	d := openWith(t, "90")
	gate := d.gate()
	held := gate.HoldRequest(http.MethodPost, "/credits/deposit-test")
	var made *protocol.Instance
	var diags protocol.Diagnostics
	done := make(chan struct{})
	go func() {
		defer close(done)
		made, diags = d.PlanAndApply(floorType, nil, depositing())
	}()
	held.Arrived()
	d.deposit("5")
	d.deposit("6")
	d.server.AddFault("credits.deposit_test:before:reset")
	held.Release()
	<-done
	if diags.HasErrors() || made == nil {
		t.Fatal(diags)
	}
	d.mustHaveMoved("deposit 5", "deposit 6")
	d.MustBeSettled(made, depositing())
}
