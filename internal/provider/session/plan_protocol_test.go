package session_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestValidate goes through configurations that can't be right.
func TestValidate(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, c := range map[string]struct {
		config values
		path   string
		says   []string
	}{
		"as it should be":    {of("k"), "", nil},
		"without messages":   {of("k", "messages", nil), "", nil},
		"an empty list":      {of("k", "messages", []string{}), "", nil},
		"a dollar nothing":   {of("k", "max_cost", "0"), "", nil},
		"not known yet":      {of("k", "messages", protocol.Unknown, "agent", protocol.Unknown, "max_cost", protocol.Unknown, "idempotency_key", protocol.Unknown), "", nil},
		"a message unknown":  {of("k", "messages", []any{"a", protocol.Unknown}), "", nil},
		"a huge message":     {of("k", "messages", []string{strings.Repeat("\n", 1<<19)}), "messages.0", []string{"1048578 bytes", "1 MiB"}},
		"a page of HTML":     {of("k", "messages", []string{strings.Repeat("<&>", 300_000)}), "", nil},
		"a large message":    {of("k", "messages", []string{strings.Repeat("n", 1<<20-200)}), "", nil},
		"an empty message":   {of("k", "messages", []string{"a", ""}), "messages.1", []string{"at least 1"}},
		"a null message":     {of("k", "messages", []any{"a", nil}), "messages", []string{"null"}},
		"no key":             {of("k", "idempotency_key", nil), "idempotency_key", []string{"idempotency_key"}},
		"an empty key":       {of("k", "idempotency_key", ""), "idempotency_key", []string{"at least 1"}},
		"no agent":           {of("k", "agent", nil), "agent", []string{"agent"}},
		"an empty agent":     {of("k", "agent", ""), "agent", []string{"at least 1"}},
		"no limit":           {of("k", "max_cost", nil), "max_cost", []string{"max_cost"}},
		"a negative limit":   {of("k", "max_cost", "-1"), "max_cost", []string{"at least 0"}},
		"a limit in words":   {of("k", "max_cost", "much"), "max_cost", []string{"US dollars"}},
		"an odd timeout":     {of("k", "timeouts", values{"create": "soon"}), "timeouts.create", []string{"soon"}},
		"a computed is set":  {of("k", "status", "active"), "status", []string{"read-only"}},
		"a timeout for each": {of("k", "timeouts", values{"create": "1h", "read": "1m", "update": "1m", "delete": "1m"}), "", nil},
	} {
		diags := d.ValidateResource(sessionType, c.config)
		if c.says == nil {
			if len(diags) > 0 {
				t.Errorf("%s: %s", name, diags)
			}
			continue
		}
		said(t, name, diags.Errors(), c.path, c.says...)
	}
	d.mustOnlyRead()
}

// TestPlanCreate says what a new session may cost, with whatever is not known yet, and opens none.
func TestPlanCreate(t *testing.T) {
	t.Parallel()
	d := open(t)
	all := []string{
		"agent_id", "agent_ticker", "closed_at", "created_at", "credits_reserved", "id", "spend.charged_usd", "status", "turns",
	}
	for name, c := range map[string]struct {
		config   values
		more     []string
		cost     any
		warnings []string
	}{
		"all known":         {of("a"), nil, "0.1", nil},
		"another spelling":  {of("b", "max_cost", "0.100"), nil, "0.1", nil},
		"messages unknown":  {of("c", "messages", protocol.Unknown), []string{"messages"}, "0.1", nil},
		"a message unknown": {of("d", "messages", []any{"x", protocol.Unknown}), []string{"messages.1"}, "0.1", nil},
		"agent unknown":     {of("e", "agent", protocol.Unknown), []string{"agent"}, "0.1", nil},
		"key unknown":       {of("f", "idempotency_key", protocol.Unknown), []string{"idempotency_key"}, "0.1", nil},
		"limit unknown":     {of("g", "max_cost", protocol.Unknown), []string{"max_cost", "spend.authorized_usd"}, protocol.Unknown, nil},
		"closing unknown":   {of("h", "close_after_messages", protocol.Unknown), []string{"close_after_messages"}, "0.1", nil},
	} {
		d.NextWalk()
		plan := d.MustPlan(sessionType, nil, c.config)
		want := sortedCopy(append(slices.Clone(all), c.more...))
		if diff := cmp.Diff(want, plan.Unknowns()); diff != "" || at(plan.Values(), "spend.authorized_usd") != c.cost || len(plan.Diagnostics) != len(c.warnings) {
			t.Errorf("%s (-want +got):\n%s%v\n%s", name, diff, plan.Values(), plan.Diagnostics)
		}
	}
	d.mustOnlyRead()
}

func sortedCopy(of []string) []string {
	out := slices.Clone(of)
	slices.Sort(out)
	return out
}

// TestPlanLiveFacts warns of what AUTX would refuse now, and fails the plan where that is asked for.
func TestPlanLiveFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config  values
		balance string
		path    string
		says    []string
	}{
		"nothing":          {of("k"), "100", "", nil},
		"no such agent":    {of("k", "agent", "NONE"), "100", "agent", []string{"NONE", "will be refused"}},
		"no sessions":      {of("k", "agent", "PLAIN"), "100", "agent", []string{"does not support sessions", "autx_order"}},
		"paused":           {of("k", "agent", "REST"), "100", "agent", []string{"REST", "paused"}},
		"too dear":         {of("k", "max_cost", "0.09"), "100", "max_cost", []string{"$0.05", "2 messages", "$0.10", "$0.09", "at least 0.1"}},
		"short for all":    {of("k", "max_cost", "8"), "7", "max_cost", []string{"$8.00", "$7.00 is available"}},
		"short for a hold": {of("k", "messages", nil, "max_cost", "0"), "0.24", "max_cost", []string{"$0.25", "$0.24 is available"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, seed(c.balance))
			plan := d.MustPlan(sessionType, nil, c.config)
			if c.says == nil {
				if len(plan.Diagnostics) > 0 {
					t.Error(plan.Diagnostics)
				}
			} else {
				said(t, "the plan", plan.Diagnostics.Warnings(), c.path, c.says...)
			}
			d.reconfigure("spending.strict_plan", true)
			strict := d.Plan(sessionType, nil, c.config)
			if c.says == nil {
				if len(strict.Diagnostics) > 0 {
					t.Error(strict.Diagnostics)
				}
			} else {
				said(t, "the strict plan", strict.Diagnostics.Errors(), c.path, append(c.says, "strict_plan", "destroy -refresh=false")...)
			}
			d.mustOnlyRead()
		})
	}
}

// TestPlanManifest claims nothing of an agent whose manifest AUTX does not show, and takes one that has none for what it is.
func TestPlanManifest(t *testing.T) {
	t.Parallel()
	for manifest, says := range map[string]bool{``: false, `, "manifest": null`: true, `, "manifest": {}`: true, `, "manifest": {"supports_sessions": true}`: false} {
		d := open(t)
		d.gate().Rewrite(http.MethodGet, "/agents/ticker/*", func(_, _ []byte) []byte {
			return []byte(`{"id": "` + chatID + `", "ticker": "CHAT", "service_price": 0.05, "status": "active"` + manifest + `}`)
		})
		plan := d.MustPlan(sessionType, nil, of("k"))
		if got := plan.Diagnostics.Warnings().At("agent").Say("does not support sessions"); got != says || len(plan.Diagnostics) > 1 {
			t.Errorf("%q: %s", manifest, plan.Diagnostics)
		}
	}
}

// TestPlanTeachesTheJournal plans with a state on a machine whose journal knows nothing, as a fresh runner does, each time without a refresh: from then
// on the key is used there.
func TestPlanTeachesTheJournal(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]values{"an update": of("k", "max_cost", "7"), "another key": of("next"), "a destroy": nil} {
		d := open(t)
		made := d.buy(of("k"))
		d.reconfigure("spending.journal", t.TempDir())
		d.MustPlan(sessionType, made, config)
		again, diags := d.PlanAndApply(sessionType, nil, of("k"))
		if diags.HasErrors() || again.ID() != made.ID() || turns(again) != "cc" {
			t.Errorf("%s: again %v: %s", name, again, diags)
		}
		said(t, name, d.Plan(sessionType, nil, of("k")).Diagnostics.Warnings(), "", "Key was used before")
		d.refuse(saying("k", 3), "idempotency_key", "other inputs") // the state knows them as well
		d.mustHaveCharged("$0.10", 2, 1)
	}
}

// TestPlanUsedKey asks nothing of AUTX for a key that was used: nothing is bought under it any more.
func TestPlanUsedKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	d.NextWalk()
	d.silently("the plan of a used key", func() {
		if plan := d.MustPlan(sessionType, nil, of("k", "max_cost", "0.01")); !plan.Diagnostics.Warnings().Say("Key was used before", made.ID()) {
			t.Error(plan.Diagnostics)
		}
	})
}

// TestPlanAsksOnce plans many sessions with few agents: each agent is read once, and the balance once.
func TestPlanAsksOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := tally(d.during(func() {
		for i := range 30 {
			d.MustPlan(sessionType, nil, of(fmt.Sprint("k", i), "agent", []string{"CHAT", "GOLD", chatID}[i%3], "max_cost", "5"))
		}
	}))
	if diff := cmp.Diff(map[string]int{"agents.get_by_ticker": 2, "agents.get": 1, "credits.balance": 1}, made); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestPlanLimits holds a session to the limits of the spending block.
func TestPlanLimits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending.max_per_purchase", "0.09")
	plan := d.Plan(sessionType, nil, of("k"))
	said(t, "per purchase", plan.Diagnostics.Errors(), "", "$0.10", "$0.09", "max_cost")
	d.reconfigure("spending.max_per_purchase", nil, "spending.max_per_apply", "0.15")
	if plan := d.Plan(sessionType, nil, of("a")); plan.Diagnostics.HasErrors() {
		t.Error(plan.Diagnostics)
	}
	plan = d.Plan(sessionType, nil, of("b"))
	said(t, "per apply", plan.Diagnostics.Errors(), "", "$0.20", "max_per_apply is $0.15")
	plan = d.Plan(sessionType, nil, of("a"))
	said(t, "one key twice", plan.Diagnostics.Errors(), "", `idempotency_key "a"`)

	d.config = with(d.config, "spending", nil)
	d.NextWalk()
	d.MustConfigure(d.config)
	off := d.MustPlan(sessionType, nil, of("k"))
	said(t, "without a spending block", off.Diagnostics.Warnings(), "", "$0.10", "spending = {")
	if made, diags := d.Apply(off); made != nil || !diags.Errors().Say("spending") {
		t.Errorf("made %v: %s", made, diags)
	}
	d.mustOnlyRead()
}

// TestApplyLimits gives the reservation of each session to the limit of the run.
func TestApplyLimits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending.max_per_apply", "0.15")
	first, second := d.MustPlan(sessionType, nil, of("a")), of("b")
	if made, diags := d.Apply(first); diags.HasErrors() || turns(made) != "cc" {
		t.Fatal(diags)
	}
	plan := d.Plan(sessionType, nil, second)
	said(t, "the second", plan.Diagnostics.Errors(), "", "max_per_apply")
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestKeepBalance counts what a session holds: as long as it is open, nothing else can be bought with that.
func TestKeepBalance(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("spending.keep_balance", "99.80")
	for _, config := range []values{of("open", "messages", nil, "max_cost", "0"), saying("one", 1)} {
		plan := d.MustPlan(sessionType, nil, config)
		said(t, "the plan", plan.Diagnostics.Warnings(), "max_cost", "keeps $99.80")
		d.NextWalk()
		if made, diags := d.Apply(plan); made != nil || !diags.Errors().Say("it holds $0.25 while it goes on", "keep_balance wants $99.80 left") {
			t.Errorf("made %v: %s", made, diags)
		}
		d.NextWalk()
	}
	d.mustHaveCharged("$0.00", 0, 0)
	d.reconfigure("spending.keep_balance", "99.75")
	d.buy(of("open", "messages", nil, "max_cost", "0"))
	if _, diags := d.PlanAndApply(sessionType, nil, saying("one", 1)); !diags.Errors().Say("$99.75 is available") {
		t.Error(diags)
	}
	d.mustHaveCharged("$0.00", 0, 1)
}

// TestPlanBound refuses what is bound to the key, and says the way out.
func TestPlanBound(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	silent := d.buy(of("silent", "messages", nil))
	for name, c := range map[string]struct {
		prior  *protocol.Instance
		config values
		path   string
		says   []string
	}{
		"a message added":   {made, of("k", "messages", []string{"First of k", "Second of k", "Third"}), "messages", []string{"were 2, and are 3 now", "could never be sent", "change idempotency_key", "destroy -refresh=false"}},
		"a message removed": {made, of("k", "messages", []string{"First of k"}), "messages", []string{"were 2, and are 1 now", "change idempotency_key"}},
		"all removed":       {made, of("k", "messages", nil), "messages", []string{"were 2, and are none now"}},
		"the first ones":    {silent, of("silent"), "messages", []string{"were none, and are 2 now", "could never be sent"}},
		"another text":      {made, of("k", "messages", []string{"First of k", "Zebra"}), "messages.1", []string{"This would buy again", "change idempotency_key"}},
		"another order":     {made, of("k", "messages", []string{"Second of k", "First of k"}), "messages.0", []string{"change idempotency_key"}},
		"another agent":     {made, of("k", "agent", "GOLD"), "agent", []string{`"CHAT"`, `"GOLD"`, "change idempotency_key"}},
	} {
		d.NextWalk()
		plan := d.Plan(sessionType, c.prior, c.config)
		said(t, name, plan.Diagnostics.Errors(), c.path, c.says...)
		for _, one := range plan.Diagnostics {
			if strings.Contains(one.Detail, "Third") || strings.Contains(one.Detail, "Zebra") {
				t.Errorf("%s: a message is quoted: %s", name, one.Detail)
			}
		}
	}
	for name, config := range map[string]values{
		"messages": of("k", "messages", protocol.Unknown), "a message": of("k", "messages", []any{"First of k", protocol.Unknown}), "the agent": of("k", "agent", protocol.Unknown),
	} {
		d.NextWalk()
		plan := d.MustPlan(sessionType, made, config)
		if !plan.Diagnostics.Warnings().Say("is not known yet", "before anything is sent") {
			t.Errorf("%s: %s", name, plan.Diagnostics)
		}
	}
	// An apply is planned with what was not known: the same is no change, another is refused before anything is sent.
	d.NextWalk()
	said(t, "another text that was not known", d.Plan(sessionType, made, of("k", "messages", []string{"First of k", "x"})).Diagnostics.Errors(), "messages.1", "change idempotency_key")
	// A run that has lost its state is refused as well.
	for _, config := range []values{of("k", "agent", "GOLD", "max_cost", "9"), saying("k", 3)} {
		d.refuse(config, "idempotency_key", "other inputs", made.ID())
	}
	d.mustHaveCharged("$0.10", 2, 2)
}

// TestPlanReplace replaces a session by one under another key, and says what is lost.
func TestPlanReplace(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	plan := d.MustPlan(sessionType, made, of("new", "max_cost", "2"))
	if !slices.Equal(plan.RequiresReplace, []string{"idempotency_key"}) {
		t.Errorf("replaced for %v", plan.RequiresReplace)
	}
	said(t, "the plan", plan.Diagnostics.Warnings(), "idempotency_key", `The key "new"`, "up to $2.00", `Session "k"`, "$0.10 was paid", "not refunded")
	unknown := d.MustPlan(sessionType, made, of("k", "idempotency_key", protocol.Unknown))
	said(t, "unknown", unknown.Diagnostics.Warnings(), "idempotency_key", "not known yet")
	destroy := d.MustPlan(sessionType, made, nil)
	said(t, "the destroy", destroy.Diagnostics.Warnings(), "", "$0.10 was paid", "not refunded", "import "+made.ID())
}

// TestUpdate changes what is free to change: without a call, but for closing.
func TestUpdate(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	config := of("k", "max_cost", "5", "close_after_messages", false, "timeouts", values{"create": "1h"})
	var changed *protocol.Instance
	d.silently("an update", func() { changed = d.MustApply(sessionType, made, config) })
	if v := changed.Values(); v["max_cost"] != "5" || at(v, "spend.authorized_usd") != "0.1" || v["close_after_messages"] != false || turns(changed) != "cc" {
		t.Errorf("changed to %v", v)
	}
	d.MustBeSettled(changed, config)
	d.NextWalk()
	spelled := with(config, "max_cost", "5.00")
	if plan := d.MustPlan(sessionType, changed, spelled); !plan.Empty() {
		t.Errorf("another spelling is a change: %v", plan.Values())
	}
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestCloseLater leaves a session open after its messages, and closes it by an update.
func TestCloseLater(t *testing.T) {
	t.Parallel()
	d := open(t)
	kept := of("k", "close_after_messages", false)
	made := d.buy(kept)
	if v := made.Values(); v["status"] != "active" || v["credits_reserved"] != "0.15" || v["closed_at"] != nil || turns(made) != "cc" {
		t.Fatalf("made %v", v)
	}
	d.MustBeSettled(made, kept)
	d.NextWalk()
	plan := d.MustPlan(sessionType, made, of("k"))
	if !slices.Equal(plan.Unknowns(), []string{"closed_at", "credits_reserved", "status"}) || len(plan.RequiresReplace) > 0 {
		t.Errorf("planned %v", plan.Unknowns())
	}
	said(t, "the plan", plan.Diagnostics.Warnings(), "", "is still open", "Nothing is sent and nothing is charged")
	// The first try fails, and the next one succeeds.
	d.server.AddFault("sessions.close:before:status=500")
	half, diags := d.PlanAndApply(sessionType, made, of("k"))
	if !diags.Errors().Say("Could not close", "500") || half.Values()["status"] != "active" {
		t.Errorf("half closed %v: %s", half.Values(), diags)
	}
	closed := d.MustApply(sessionType, half, of("k"))
	if v := closed.Values(); v["status"] != "closed" || v["credits_reserved"] != "0" || v["closed_at"] == nil {
		t.Errorf("closed %v", v)
	}
	d.MustBeSettled(closed, of("k"))
	d.mustHoldNothing()
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestCloseThatFailed could not close the session after its messages: the next apply does.
func TestCloseThatFailed(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"sessions.close:before:status=500", "sessions.close:after:status=500", "sessions.close:before:reset"} {
		d := open(t)
		d.server.AddFault("sessions.end:before:reset")
		d.server.AddFault(rule)
		made, diags := d.PlanAndApply(sessionType, nil, of("k"))
		if diags.HasErrors() || !diags.Warnings().Say("still open", "The next apply closes it") || turns(made) != "cc" {
			t.Fatalf("made %v: %s", made.Values(), diags)
		}
		d.NextWalk()
		made = d.mustRefresh(made)
		closed := d.MustApply(sessionType, made, of("k"))
		if closed.Values()["status"] != "closed" {
			t.Errorf("closed %v", closed.Values())
		}
		d.MustBeSettled(closed, of("k"))
		d.mustHoldNothing()
		d.mustHaveCharged("$0.10", 2, 1)
	}
}

// mustRefresh reads without errors; there may be warnings.
func (d *desk) mustRefresh(made *protocol.Instance) *protocol.Instance {
	d.t.Helper()
	now, _, diags := d.Read(made)
	if diags.HasErrors() {
		d.t.Fatal(diags)
	}
	return now
}

// TestDestroy closes a session that is open, and makes no call for one that has ended.
func TestDestroy(t *testing.T) {
	t.Parallel()
	d := open(t)
	closed := d.buy(of("closed"))
	d.silently("destroying a closed session", func() {
		if gone, diags := d.PlanAndApply(sessionType, closed, nil); !gone.Gone() || diags.HasErrors() {
			t.Errorf("%s", diags)
		}
	})
	active := d.buy(of("active", "messages", nil))
	plan := d.MustPlan(sessionType, active, nil)
	said(t, "the plan", plan.Diagnostics.Warnings(), "", "nothing was paid", "It is closed, which releases the credits")
	d.server.AddFault("sessions.close:before:status=500")
	left, diags := d.PlanAndApply(sessionType, active, nil)
	if left.Gone() || !diags.Errors().Say("Could not close", "500") {
		t.Errorf("left %v: %s", left, diags)
	}
	if gone, diags := d.PlanAndApply(sessionType, left, nil); !gone.Gone() || diags.HasErrors() {
		t.Error(diags)
	}
	d.mustHoldNothing()
	// One that somebody else has closed meanwhile, and one that is not there any more.
	for _, c := range []struct{ method, rule string }{{http.MethodDelete, ""}, {"", "sessions.close:before:status=404"}} {
		made := d.buy(of("again"+c.method, "messages", nil))
		if c.rule != "" {
			d.server.AddFault(c.rule)
		} else {
			d.outside(d.server.Key(), c.method, "/sessions/"+made.ID(), "")
		}
		if gone, diags := d.PlanAndApply(sessionType, made, nil); !gone.Gone() || diags.HasErrors() {
			t.Errorf("%+v: %s", c, diags)
		}
	}
	// Its key stays used.
	again, diags := d.PlanAndApply(sessionType, nil, of("closed"))
	if diags.HasErrors() || again.ID() != closed.ID() || turns(again) != "cc" || at(again.Values(), "turns.1.output_text") != "Echo: Second of closed" {
		t.Errorf("again %v: %s", again.Values(), diags)
	}
	d.mustHaveCharged("$0.10", 2, 4)
}

// TestDestroyOfWhatWasTakenOver is create_before_destroy under the same key: the replacement takes the very session over, so it is not closed.
func TestDestroyOfWhatWasTakenOver(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "messages", nil)
	made := d.buy(config)
	d.NextWalk()
	destroy := d.MustPlan(sessionType, made, nil)
	d.NextWalk()
	create := d.MustPlan(sessionType, nil, config)
	taken, diags := d.Apply(create)
	if diags.HasErrors() || taken.ID() != made.ID() {
		t.Fatalf("taken %v: %s", taken, diags)
	}
	left, diags := d.Apply(destroy)
	said(t, "the destroy", diags.Errors(), "", "just taken over")
	if left.Gone() || d.sessions()[0].Status != "active" {
		t.Error("it was closed")
	}
}
