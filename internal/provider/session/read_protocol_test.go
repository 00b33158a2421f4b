package session_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// standing is a clock that stands, so that a session expires when a test wants it to.
func standing() mockserver.Option {
	return mockserver.WithClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
}

// TestReadEnded refreshes a session that was to stay open and has expired, and one that was closed from outside: nothing can be done about it, and
// that is said once.
func TestReadEnded(t *testing.T) {
	t.Parallel()
	for want, end := range map[string]func(*desk, string){
		"expired": func(d *desk, _ string) { d.server.Advance(5 * time.Hour) },
		"closed":  func(d *desk, id string) { d.outside(d.server.Key(), http.MethodDelete, "/sessions/"+id, "") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			d := open(t, standing())
			config := of("k", "messages", nil)
			made := d.buy(config)
			end(d, made.ID())
			d.NextWalk()
			now, _, diags := d.Read(made)
			if v := now.Values(); v["status"] != want || v["credits_reserved"] != "0" || v["closed_at"] == nil || len(diags) != 1 || !diags.Warnings().Say("Session has ended", want, "another idempotency_key") {
				t.Errorf("read %v: %s", v, diags)
			}
			d.silently("what has ended", func() { d.MustBeSettled(now, config) })
		})
	}
}

// TestReadDisappeared drops a session only where the list of own sessions agrees that it is gone.
func TestReadDisappeared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules []string
		reset bool
		gone  bool
		says  []string
	}{
		"gone":                 {nil, true, true, []string{"not there any more", "stays used"}},
		"the list disagrees":   {[]string{"sessions.get:before:status=404"}, false, false, []string{"contradicts itself"}},
		"the list can't be":    {[]string{"sessions.get:before:status=404", "sessions.list:before:status=500"}, false, false, []string{"could not be read either"}},
		"a wrong key":          {[]string{"sessions.get:before:status=401"}, false, false, []string{"401", "api_key"}},
		"an answer that broke": {[]string{"sessions.get:body:truncate=5"}, false, false, []string{"Could not read session"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			made := d.buy(of("k", "messages", nil))
			if c.reset {
				d.server.Reset()
			}
			for _, rule := range c.rules {
				d.server.AddFault(rule)
			}
			d.NextWalk()
			now, _, diags := d.Read(made)
			if now.Gone() != c.gone || !diags.Say(c.says...) || diags.HasErrors() == c.gone {
				t.Errorf("read %v: %s", now.Values(), diags)
			}
		})
	}
}

// TestReadDisappearedKeyStaysUsed has a session gone that AUTX knew: nothing is sent again under its key.
func TestReadDisappearedKeyStaysUsed(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k", "close_after_messages", false))
	gate := d.gate()
	gate.Answer(http.MethodGet, "/sessions/*", notFound)
	gate.Rewrite(http.MethodGet, "/sessions", func(_, _ []byte) []byte { return []byte("[]") })
	now, _, diags := d.Read(made)
	if !now.Gone() || !diags.Warnings().Say("not there any more", "stays used") {
		t.Errorf("read %v: %s", now.Values(), diags)
	}
	d.refuse(of("k"), "idempotency_key", made.ID())
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestReadBudget refreshes many open sessions with few requests.
func TestReadBudget(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := make([]*protocol.Instance, 20)
	for i := range made {
		made[i] = d.buy(of(fmt.Sprint("k", i), "messages", nil))
	}
	d.NextWalk()
	got := tally(d.during(func() {
		for i := range made {
			if now := d.MustRead(made[i]); !now.State.Equal(made[i].State) {
				t.Errorf("read %v", now.Values())
			}
		}
	}))
	if diff := cmp.Diff(map[string]int{"sessions.get": 2, "sessions.list": 1}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestReadUnknownTurn loses an answer while neither the ledger nor the orders can be read: the turn is open in state, and the refresh that can read them
// settles it, with what was charged.
func TestReadUnknownTurn(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.message:after:reset,skip=1")
	d.server.AddFault("credits.transactions:before:status=403")
	config := saying("k", 3)
	made, diags := d.PlanAndApply(sessionType, nil, config)
	if diags.HasErrors() || turns(made) != "cun" || at(made.Values(), "spend.charged_usd") != nil || at(made.Values(), "turns.1.amount_charged") != nil {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	said(t, "the apply", diags.Warnings(), "", "message 2 may have been charged", "next refresh")
	destroy := d.MustPlan(sessionType, made, nil)
	said(t, "a destroy", destroy.Diagnostics.Warnings(), "", "at least $0.05 was paid")
	// Still not readable: kept as it is, without an error.
	d.server.AddFault("credits.transactions:before:status=500")
	d.NextWalk()
	still, _, diags := d.Read(made)
	if !still.State.Equal(made.State) || diags.HasErrors() || !diags.Warnings().Say("Could not find out") {
		t.Errorf("read %v: %s", still.Values(), diags)
	}
	// The ledger, but not the order.
	d.server.AddFault("orders.get:before:status=500")
	d.NextWalk()
	half, _, diags := d.Read(still)
	if turns(half) != "cun" || at(half.Values(), "turns.1.order_id") == nil || !diags.Warnings().Say("Could not find out") {
		t.Errorf("read %v: %s", half.Values(), diags)
	}
	d.NextWalk()
	now := d.MustRead(half)
	v := now.Values()
	if turns(now) != "ccn" || at(v, "turns.1.output_text") != "Echo: Message 2 of k" || at(v, "turns.1.amount_charged") != "0.05" ||
		at(v, "turns.1.platform_fee") != "0.005" || at(v, "spend.charged_usd") != "0.1" {
		t.Errorf("read %v", v)
	}
	d.silently("what is settled", func() { d.MustBeSettled(now, config) })
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestReadUnknownTurnBesideStaleLists has AUTX's lists show a session and the ledger as they were before the message whose answer was lost. That must not
// make it one that was never sent: it was charged.
func TestReadUnknownTurnBesideStaleLists(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	others := []*protocol.Instance{d.buy(of("a", "messages", nil)), d.buy(of("b", "messages", nil))}
	d.server.AddFault("sessions.message:after:reset,skip=1")
	d.server.AddFault("credits.transactions:before:status=403")
	made, diags := d.PlanAndApply(sessionType, nil, saying("k", 3))
	if diags.HasErrors() || turns(made) != "cun" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	gate.Rewrite(http.MethodGet, "/sessions", func(_, answer []byte) []byte {
		return bytes.Replace(answer, []byte(`"message_count":2`), []byte(`"message_count":1`), 1)
	})
	gate.Rewrite(http.MethodGet, "/credits/transactions", func(_, answer []byte) []byte {
		var entries []map[string]any
		if err := json.Unmarshal(answer, &entries); err != nil {
			t.Error(err)
		}
		newest := slices.IndexFunc(entries, func(e map[string]any) bool { return e["type"] == "consume" })
		out, err := json.Marshal(slices.Delete(entries, newest, newest+1))
		if err != nil {
			t.Error(err)
		}
		return out
	})
	d.NextWalk()
	for _, other := range others {
		d.MustRead(other) // from the third on a list answers
	}
	still, _, diags := d.Read(made)
	if turns(still) != "cun" || diags.HasErrors() {
		t.Errorf("read %v: %s", still.Values(), diags)
	}
	gate.Clear()
	d.NextWalk()
	if now := d.MustRead(still); turns(now) != "ccn" {
		t.Errorf("read %v", now.Values())
	}
	d.mustHaveCharged("$0.10", 2, 3)
}

// TestReadPendingTurn loses an answer while the agent is still at it: the turn is open until its order is done, or has failed.
func TestReadPendingTurn(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{"completed": "cc", "failed": "cf", "lost": "cu"} {
		d := open(t)
		gate := d.gate()
		now := "pending"
		gate.Rewrite(http.MethodGet, "/orders/*", func(_, answer []byte) []byte {
			return []byte(strings.Replace(string(answer), `"status":"completed"`, `"status":"`+now+`"`, 1))
		})
		d.server.AddFault("sessions.message:after:reset,skip=1")
		made, diags := d.PlanAndApply(sessionType, nil, of("k"))
		if diags.HasErrors() || turns(made) != "cu" || at(made.Values(), "turns.1.order_id") == nil || at(made.Values(), "turns.1.amount_charged") != nil {
			t.Fatalf("made %v: %s", made.Values(), diags)
		}
		d.NextWalk()
		if still := d.MustRead(made); !still.State.Equal(made.State) {
			t.Errorf("read %v", still.Values())
		}
		now = status
		d.NextWalk()
		read := d.MustRead(made)
		charged := map[string]any{"completed": "0.1", "failed": "0.05"}[status]
		if turns(read) != want || at(read.Values(), "spend.charged_usd") != charged {
			t.Errorf("%s: read %v", status, read.Values())
		}
	}
}

// TestReadTakenOver settles the turn of a session that was taken over: this configuration has paid nothing for it, whatever it turns out to have cost.
func TestReadTakenOver(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.message:after:reset,skip=1")
	d.server.AddFault("credits.transactions:before:status=403,times=2")
	d.PlanAndApply(sessionType, nil, of("k"))
	taken, diags := d.PlanAndApply(sessionType, nil, of("k"))
	if diags.HasErrors() || turns(taken) != "cu" {
		t.Fatalf("taken %v: %s", taken.Values(), diags)
	}
	if now := d.MustRead(taken); turns(now) != "cc" || at(now.Values(), "spend.charged_usd") != "0" {
		t.Errorf("read %v", now.Values())
	}
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestReadOpenSession settles the turn of a session that stays open, though more could come as long as somebody talks: a refresh comes later than that.
func TestReadOpenSession(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.message:before:reset,skip=1")
	config := saying("k", 3, "close_after_messages", false)
	made, diags := d.PlanAndApply(sessionType, nil, config)
	if diags.HasErrors() || turns(made) != "cun" || made.Values()["status"] != "active" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	now := d.MustRead(made)
	if turns(now) != "cnn" || at(now.Values(), "spend.charged_usd") != "0.05" {
		t.Errorf("read %v", now.Values())
	}
	d.MustBeSettled(now, config)
}

// TestImportMoreThanIsListed imports a session of which the ledger does not show all.
func TestImportMoreThanIsListed(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("lists.lag", "1"))
	made := d.buy(of("k"))
	imported, _, _ := d.Import(sessionType, made.ID())
	now, _, diags := d.Read(imported)
	if turns(now) != "c" || !diags.Warnings().Say("Turns of the session are missing", "has 2 messages", "1 of them") {
		t.Errorf("read %v: %s", now.Values(), diags)
	}
}

// TestImport brings a session under management that was opened by other means: in each way, without a charge, with the turns that the ledger has.
func TestImport(t *testing.T) {
	t.Parallel()
	d := open(t)
	stranger := protocol.New(t)
	stranger.MustConfigure(protocol.ProviderValues(t, d.server))
	theirs := stranger.MustApply(sessionType, nil, of("theirs"))
	for name, bring := range map[string]func() (*protocol.Instance, protocol.Diagnostics){
		"by id": func() (*protocol.Instance, protocol.Diagnostics) {
			out, _, diags := d.Import(sessionType, theirs.ID())
			return out, diags
		},
		"by identity": func() (*protocol.Instance, protocol.Diagnostics) {
			out, _, diags := d.ImportIdentity(sessionType, values{"id": theirs.ID()})
			return out, diags
		},
	} {
		d.NextWalk()
		imported, diags := bring()
		if len(diags) > 0 {
			t.Fatalf("%s: %s", name, diags)
		}
		imported = d.MustRead(imported)
		v := imported.Values()
		if turns(imported) != "cc" || v["status"] != "closed" || v["messages"] != nil || v["agent"] != nil || v["idempotency_key"] != nil || v["max_cost"] != nil ||
			v["close_after_messages"] != nil || at(v, "spend.authorized_usd") != "0" || at(v, "spend.charged_usd") != "0" {
			t.Errorf("%s: imported %v", name, v)
		}
		if at(v, "turns.0.prompt") != nil || at(v, "turns.0.output_text") != "Echo: First of theirs" || at(v, "turns.1.amount_charged") != "0.05" || at(v, "turns.1.platform_fee") != "0.005" {
			t.Errorf("%s: turns %v", name, v["turns"])
		}
		// The inputs are filled in without a call.
		config := of("mine")
		var filled *protocol.Instance
		made := d.during(func() { filled = d.MustApply(sessionType, imported, config) })
		if len(made) > 0 {
			t.Errorf("%s: filled in with the requests %v", name, made)
		}
		// From then on the key is that session's, also without a state.
		if again, diags := d.PlanAndApply(sessionType, nil, config); diags.HasErrors() || again.ID() != theirs.ID() {
			t.Errorf("%s: again %v: %s", name, again, diags)
		}
		if w := filled.Values(); w["idempotency_key"] != "mine" || w["max_cost"] != "0.10" || len(w["messages"].([]any)) != 2 || at(w, "spend.authorized_usd") != "0" {
			t.Errorf("%s: filled in as %v", name, w)
		}
		d.MustBeSettled(filled, config)
		said(t, "another message", d.Plan(sessionType, filled, saying("mine", 3)).Diagnostics.Errors(), "messages", "could never be sent")
		d.NextWalk()
		wrong := d.Plan(sessionType, imported, of("mine", "agent", "GOLD"))
		said(t, "another agent", wrong.Diagnostics.Errors(), "agent", "is with agent CHAT", "GOLD")
	}
	if _, _, diags := d.Import(sessionType, "ses_none"); !diags.Errors().Say("No such session", "autx_sessions") {
		t.Error(diags)
	}
	d.server.AddFault("sessions.get:before:status=500")
	if _, _, diags := d.Import(sessionType, theirs.ID()); !diags.Errors().Say("Could not import", "500") {
		t.Error(diags)
	}
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestImportWithoutLedger imports a session while the ledger can't be read: it is imported without turns, which a later refresh adds.
func TestImportWithoutLedger(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	d.NextWalk()
	imported, _, _ := d.Import(sessionType, made.ID())
	d.server.AddFault("credits.transactions:before:status=500")
	imported, _, diags := d.Read(imported)
	if turns(imported) != "null" || !diags.Warnings().Say("Could not read the turns") || diags.HasErrors() {
		t.Fatalf("imported %v: %s", imported.Values(), diags)
	}
	if destroy := d.MustPlan(sessionType, imported, nil); !destroy.Diagnostics.Warnings().Say("what was paid for its messages is not refunded") {
		t.Error(destroy.Diagnostics)
	}
	d.NextWalk()
	now := d.MustRead(imported)
	if turns(now) != "cc" {
		t.Errorf("read %v", now.Values())
	}
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestImportOpen imports a session that is still open, for a configuration that wants it closed: the plan says so.
func TestImportOpen(t *testing.T) {
	t.Parallel()
	d := open(t)
	stranger := protocol.New(t)
	stranger.MustConfigure(protocol.ProviderValues(t, d.server))
	theirs := stranger.MustApply(sessionType, nil, of("theirs", "close_after_messages", false))
	imported := d.MustImport(sessionType, theirs.ID())
	plan := d.MustPlan(sessionType, imported, of("mine"))
	said(t, "the plan", plan.Diagnostics.Warnings(), "", "Session will be closed")
	closed := d.MustApply(sessionType, imported, of("mine"))
	d.MustBeSettled(closed, of("mine"))
	d.mustHoldNothing()
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestLists shows sessions in each of the ways that list them.
func TestLists(t *testing.T) {
	t.Parallel()
	d := open(t)
	closed, active := d.buy(of("closed")), d.buy(of("active", "messages", nil))
	ids := func(listed []protocol.Listed) string {
		var out []string
		for _, one := range listed {
			id, _ := d.IdentityValues(one.Instance)["id"].(string)
			out = append(out, id)
		}
		return strings.Join(out, " ")
	}
	for name, c := range map[string]struct {
		options protocol.ListOptions
		want    string
	}{
		"all":           {protocol.ListOptions{}, active.ID() + " " + closed.ID()},
		"active":        {protocol.ListOptions{Config: values{"status": "active"}}, active.ID()},
		"closed, whole": {protocol.ListOptions{Config: values{"status": "closed"}, IncludeResource: true}, closed.ID()},
		"an odd status": {protocol.ListOptions{Config: values{"status": "lost"}}, ""},
		"up to one":     {protocol.ListOptions{Limit: 1}, active.ID()},
	} {
		d.NextWalk()
		listed := d.List(sessionType, c.options)
		if got := ids(listed); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		for _, one := range listed {
			if len(one.Diagnostics) > 0 || one.Instance.Gone() == c.options.IncludeResource || !strings.HasPrefix(one.Name, "session with CHAT, opened 20") {
				t.Errorf("%s: %q %v %s", name, one.Name, one.Instance.Values(), one.Diagnostics)
			}
			if c.options.IncludeResource && turns(one.Instance) != "cc" {
				t.Errorf("%s: %v", name, one.Instance.Values())
			}
		}
	}
	d.NextWalk()
	one, _, diags := d.ReadDataSource(sessionType, values{"id": closed.ID()})
	if len(diags) > 0 || one["status"] != "closed" || one["credits_consumed"] != "0.1" || one["message_count"] != int64(2) || one["agent_name"] != "Agent CHAT" ||
		one["expires_at"] == nil || one["agent_id"] != chatID || one["credits_reserved"] != "0" {
		t.Errorf("read %v: %s", one, diags)
	}
	for status, want := range map[string]int{"": 2, "active": 1, "closed": 1, "lost": 0} {
		config := values{}
		if status != "" {
			config["status"] = status
		}
		all, _, diags := d.ReadDataSource("autx_sessions", config)
		if len(diags) > 0 || len(all["sessions"].([]any)) != want {
			t.Errorf("%q: %v %s", status, all, diags)
		}
	}
	if _, _, diags := d.ReadDataSource(sessionType, values{"id": "ses_none"}); !diags.Errors().Say("No such session", "autx_sessions") {
		t.Error(diags)
	}
	// What a walk writes is not read from what it read before.
	count := func(status string) int {
		all, _, diags := d.ReadDataSource("autx_sessions", values{"status": status})
		if len(diags) > 0 {
			t.Error(diags)
		}
		return len(all["sessions"].([]any))
	}
	d.NextWalk()
	before := count("active")
	another, diags := d.Apply(d.MustPlan(sessionType, nil, of("another", "messages", nil)))
	if diags.HasErrors() || count("active") != before+1 {
		t.Errorf("opened, and %d are active: %s", count("active"), diags)
	}
	d.Invoke("autx_session_close", values{"id": another.ID()})
	if count("active") != before {
		t.Errorf("closed, and %d are active", count("active"))
	}
	d.server.AddFault("sessions.list:before:status=500,times=2")
	d.NextWalk()
	if _, _, diags := d.ReadDataSource("autx_sessions", values{}); !diags.Errors().Say("Could not list your sessions", "500") {
		t.Error(diags)
	}
	if listed := d.List(sessionType, protocol.ListOptions{}); len(listed) != 1 || !listed[0].Diagnostics.Errors().Say("Could not list your sessions") {
		t.Errorf("listed %v", listed)
	}
	d.server.AddFault("sessions.get:before:status=500")
	if _, _, diags := d.ReadDataSource(sessionType, values{"id": closed.ID()}); !diags.Errors().Say("Could not look up session", "500") {
		t.Error(diags)
	}
	d.mustHaveCharged("$0.10", 2, 3)
}

// TestOddClosing has AUTX answer the closing in other words, or about another session: what the session is then is asked.
func TestOddClosing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `null`, `{"ok": true}`, `<html>`, `{"id": "ses_other", "status": "active"}`, `{"status": "closed"}`} {
		d := open(t)
		d.gate().Rewrite(http.MethodDelete, "/sessions/*", func(_, _ []byte) []byte { return []byte(body) })
		d.server.AddFault("sessions.end:before:reset")
		made := d.buy(of("k"))
		if v := made.Values(); v["status"] != "closed" || made.ID() != d.sessions()[0].ID || turns(made) != "cc" {
			t.Errorf("%s: made %v", body, v)
		}
		d.mustHoldNothing()
	}
}

// TestOddAnswers has AUTX answer in other words, with less and with more than is known: what is paid for is never tainted.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"only an id":         `{"id": "%s"}`,
		"another id's name":  `{"session_id": "%s", "status": "closed"}`,
		"nulls":              `{"id": "%s", "status": null, "agent_id": null, "credits_reserved": null, "created_at": null, "message_count": null}`,
		"odd types":          `{"id": "%s", "status": 7, "credits_reserved": "a lot", "message_count": "2.0", "created_at": 17, "agent_ticker": {}}`,
		"an unknown status":  `{"id": "%s", "status": "archived", "credits_reserved": "0.00"}`,
		"more than is known": `{"id": "%s", "status": "closed", "mood": {"good": true}, "credits_reserved": 1e-2}`,
		"another's id":       `{"id": "ses_other", "status": "closed"}`,
		"a list":             `["%s"]`,
		"no JSON":            `<html>%s</html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			gate.Rewrite(http.MethodGet, "/sessions/*", func(_, answer []byte) []byte {
				_, id, _ := strings.Cut(string(answer), `"id":"`)
				id, _, _ = strings.Cut(id, `"`)
				if !strings.Contains(body, "%s") {
					return []byte(body)
				}
				return fmt.Appendf(nil, body, id)
			})
			made, diags := d.PlanAndApply(sessionType, nil, of("k"))
			if diags.HasErrors() || made.Tainted || turns(made) != "cc" || made.ID() != d.sessions()[0].ID {
				t.Fatalf("made %v: %s", made.Values(), diags)
			}
			d.mustHaveCharged("$0.10", 2, 1)
			if name == "another's id" {
				stays, _ := d.PlanAndApply(sessionType, nil, of("open", "messages", nil))
				if _, _, diags := d.Read(stays); !diags.Errors().Say("about another session", "ses_other") {
					t.Errorf("a refresh believes it: %s", diags)
				}
			}
			gate.Clear()
			d.NextWalk()
			if now := d.mustRefresh(made); now.ID() != made.ID() || now.Values()["status"] != "closed" {
				t.Errorf("refreshed as %v", now.Values())
			}
		})
	}
}

// TestServerRestarts resets the service in the middle of a conversation: nothing that it says of another session is taken for it.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	held := gate.HoldAnswer(http.MethodGet, "/sessions/*")
	plan := d.MustPlan(sessionType, nil, of("k"))
	done := make(chan struct{})
	var made *protocol.Instance
	var diags protocol.Diagnostics
	go func() {
		defer close(done)
		made, diags = d.Apply(plan)
	}()
	held.Arrived()
	d.server.Reset()
	held.Release()
	<-done
	if diags.HasErrors() || turns(made) != "cc" || made.Values()["status"] != "closed" {
		t.Errorf("made %v: %s", made.Values(), diags)
	}
	d.silently("a refresh of what has ended", func() { d.mustRefresh(made) })
	d.NextWalk()
	again, diags := d.PlanAndApply(sessionType, nil, of("k"))
	if diags.HasErrors() || again.ID() == made.ID() || turns(again) != "cc" {
		t.Errorf("on the new server %v: %s", again, diags)
	}
}

// TestUnreachable plans and refreshes while the provider's own configuration is not known yet: what is in state is kept, and nothing is asked.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	d := open(t)
	made, closed := d.buy(of("k", "messages", nil)), d.buy(of("closed"))
	known := d.config
	d.NextWalk()
	d.MustConfigure(with(known, "api_key", protocol.Unknown))
	d.silently("a walk that can't reach AUTX", func() {
		now, _, diags := d.Read(made)
		if !diags.Warnings().Say("AUTX was not read") || !now.State.Equal(made.State) {
			t.Errorf("read %v: %s", now.Values(), diags)
		}
		if now := d.MustRead(closed); !now.State.Equal(closed.State) {
			t.Errorf("read %v", now.Values())
		}
		if plan := d.MustPlan(sessionType, made, of("k", "messages", nil)); !plan.Empty() {
			t.Errorf("planned %v", plan.Values())
		}
		if plan := d.MustPlan(sessionType, closed, nil); !plan.Diagnostics.Warnings().Say("is forgotten") {
			t.Error(plan.Diagnostics)
		}
		if plan := d.MustPlan(sessionType, nil, of("new")); at(plan.Values(), "spend.authorized_usd") != "0.1" {
			t.Errorf("planned %v", plan.Values())
		}
		if _, diags := d.PlanAction(chatAction, talking("newer")); diags.HasErrors() {
			t.Error(diags)
		}
		for what, diags := range map[string]protocol.Diagnostics{
			"an import": func() protocol.Diagnostics { _, _, diags := d.Import(sessionType, made.ID()); return diags }(),
			"a look-up": func() protocol.Diagnostics {
				_, _, diags := d.ReadDataSource(sessionType, values{"id": made.ID()})
				return diags
			}(),
			"a list":    func() protocol.Diagnostics { _, _, diags := d.ReadDataSource("autx_sessions", values{}); return diags }(),
			"a chat":    d.Invoke(chatAction, talking("new")).Diagnostics,
			"a closing": d.Invoke("autx_session_close", values{"id": made.ID()}).Diagnostics,
			"a query":   d.List(sessionType, protocol.ListOptions{})[0].Diagnostics,
		} {
			if !diags.Errors().Say("Provider configuration is not known yet") {
				t.Errorf("%s: %s", what, diags)
			}
		}
	})
}

// TestTwoResourcesOfOneKey has two resources of the state go on with one session.
func TestTwoResourcesOfOneKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	d.NextWalk()
	d.MustPlan(sessionType, made, of("k"))
	said(t, "the second", d.Plan(sessionType, made, of("k")).Diagnostics.Errors(), "idempotency_key", "Two resources of the state", "autx_session.NAME")
}

// TestReadStateOfAnotherVersion: a state that an early version or a person wrote is completed, never a crash.
func TestReadStateOfAnotherVersion(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.buy(of("k"))
	d.NextWalk()
	now := d.MustRead(d.Stored(sessionType, values{"id": made.ID()}))
	if v := now.Values(); turns(now) != "cc" || v["status"] != "closed" || v["agent_id"] != chatID || at(v, "spend.charged_usd") != "0" {
		t.Errorf("read %v", v)
	}
	// Its turns without what they cost, and what became of them: that is read again.
	bare := with(made.Values(), "turns", []any{
		with(at(made.Values(), "turns.0").(values), "amount_charged", nil, "platform_fee", nil),
		values{"prompt": "Second of k", "status": "unknown"},
	})
	d.NextWalk()
	full := d.MustRead(d.Stored(sessionType, bare))
	if !full.State.Equal(made.State) {
		t.Errorf("read %v", full.Values())
	}
	unbilled := with(made.Values(), "turns", []any{with(at(made.Values(), "turns.0").(values), "amount_charged", nil), at(made.Values(), "turns.1")})
	d.NextWalk()
	if billed := d.MustRead(d.Stored(sessionType, unbilled)); !billed.State.Equal(made.State) {
		t.Errorf("read %v", billed.Values())
	}
	d.NextWalk()
	if _, _, diags := d.Read(d.Stored(sessionType, values{})); !diags.HasErrors() {
		t.Errorf("a state without id: %s", diags)
	}
}
