package session_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

func sha(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

// TestBuy holds a conversation and keeps all of it.
func TestBuy(t *testing.T) {
	t.Parallel()
	d := open(t)
	plan := d.MustPlan(sessionType, nil, of("k"))
	if len(plan.Diagnostics) > 0 || at(plan.Values(), "spend.authorized_usd") != "0.1" || len(d.sessions()) != 0 {
		t.Fatalf("planned %v: %s", plan.Values(), plan.Diagnostics)
	}
	made := d.buy(of("k"))
	v := made.Values()
	orders := d.server.State().Orders
	turn := func(prompt, orderID string) values {
		return values{
			"prompt": prompt, "output_text": "Echo: " + prompt, "order_id": orderID, "output_hash": sha("Echo: " + prompt), "amount_charged": "0.05",
			"platform_fee": "0.005", "status": "completed",
		}
	}
	want := []any{turn("First of k", orders[0].ID), turn("Second of k", orders[1].ID)}
	if diff := cmp.Diff(want, v["turns"]); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	session := d.sessions()[0]
	for path, want := range map[string]any{
		"id": session.ID, "agent_id": chatID, "agent_ticker": "CHAT", "status": "closed", "credits_reserved": "0", "created_at": *session.CreatedAt,
		"closed_at": *session.ClosedAt, "spend.charged_usd": "0.1", "spend.authorized_usd": "0.1", "close_after_messages": true,
	} {
		if got := at(v, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if id := d.IdentityValues(made)["id"]; id != session.ID {
		t.Errorf("the identity is %v", id)
	}
	d.mustHaveCharged("$0.10", 2, 1)
	d.mustHoldNothing()
	d.silently("a refresh of a session that has ended", func() { d.MustBeSettled(made, of("k")) })
}

// TestBuyByID names the agent by its id, in capitals, and without messages.
func TestBuyByID(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "agent", "00000000-0000-4000-8000-000000000001", "messages", nil, "max_cost", "0")
	made := d.buy(config)
	if v := made.Values(); v["status"] != "active" || v["credits_reserved"] != "0.25" || turns(made) != "" || v["closed_at"] != nil || at(v, "spend.charged_usd") != "0" {
		t.Errorf("made %v", v)
	}
	d.mustHaveCharged("$0.00", 0, 1)
	d.MustBeSettled(made, config)
	// The same agent by its ticker is no change of it.
	d.NextWalk()
	byTicker := with(config, "agent", "chat")
	plan := d.MustPlan(sessionType, made, byTicker)
	if len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) > 0 {
		t.Errorf("by its ticker: %s", plan.Diagnostics)
	}
	renamed := d.MustApply(sessionType, made, byTicker)
	d.MustBeSettled(renamed, byTicker)
	// And under its key, from an empty state, it is the same session.
	again, diags := d.PlanAndApply(sessionType, nil, byTicker)
	if diags.HasErrors() || again.ID() != made.ID() || !diags.Warnings().Say("taken over") || again.Values()["status"] != "active" {
		t.Errorf("again %v: %s", again.Values(), diags)
	}
	if destroyed, diags := d.PlanAndApply(sessionType, again, nil); !destroyed.Gone() || diags.HasErrors() {
		t.Errorf("destroyed: %s", diags)
	}
	d.mustHoldNothing()
	d.mustHaveCharged("$0.00", 0, 1)
}

// TestBuyRefused goes through what AUTX refuses, or what is found out right before: nothing is charged, and the message leads to the argument.
func TestBuyRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config values
		rule   string
		path   string
		says   []string
	}{
		"no such ticker":      {of("k", "agent", "NONE"), "", "agent", []string{"no agent with the ticker", "nothing was charged"}},
		"no such id":          {of("k", "agent", "00000000-0000-4000-8000-00000000ffff"), "", "agent", []string{"no agent with the id", "nothing was charged"}},
		"no sessions":         {of("k", "agent", "PLAIN", "max_cost", "5"), "", "", []string{"does not support sessions", `session "k"`}},
		"a paused agent":      {of("k", "agent", "REST"), "", "", []string{"paused"}},
		"too many messages":   {of("k", "max_cost", "0.09"), "", "max_cost", []string{"$0.10", "$0.09", "nothing was charged"}},
		"no price of its own": {of("k", "agent", "GOLD", "max_cost", "3.99"), "", "max_cost", []string{"$4.00", "$3.99"}},
		"price not told":      {of("k"), `agents.get_by_ticker:after:status=200,skip=2,body={"id":"x"}`, "", []string{"does not tell what a message", "nothing was charged"}},
		"price not read":      {of("k"), "agents.get_by_ticker:before:status=500,times=0", "", []string{"500", "nothing was charged"}},
		"no snapshot":         {of("k"), "sessions.list:before:status=500", "", []string{"500", "nothing was charged"}},
		"an error frame":      {of("k"), "sessions.open:before:status=402,body=not enough credits", "", []string{"not enough credits", "nothing was charged", "The key is not used up"}},
		"no upgrade":          {of("k"), "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			if name == "no upgrade" {
				d = serve(t, seed("100"))
				gate := d.gate()
				gate.Answer("GET", "/ws/agent/*", notFound)
				d.refuse(c.config, "", "404")
				d.mustHaveCharged("$0.00", 0, 0)
				return
			}
			if c.rule != "" {
				d.server.AddFault(c.rule)
			}
			d.refuse(c.config, c.path, c.says...)
			d.mustHaveCharged("$0.00", 0, 0)
			d.mustHoldNothing()
		})
	}
}

// TestBuyRefusedForShortCredits has too little for the hold.
func TestBuyRefusedForShortCredits(t *testing.T) {
	t.Parallel()
	d := serve(t, seed("0.20"))
	plan := d.MustPlan(sessionType, nil, of("k"))
	said(t, "the plan", plan.Diagnostics.Warnings(), "max_cost", "$0.25", "$0.20 is available")
	d.refuse(of("k"), "", "Opening a session", "$0.25")
	d.mustHaveCharged("$0.00", 0, 0)
}

// TestBuyPriceRace raises the price between plan and apply: nothing is opened. Raised while the messages are sent, it ends the conversation where the
// next would be above max_cost.
func TestBuyPriceRace(t *testing.T) {
	t.Parallel()
	d := open(t)
	saved := d.MustPlan(sessionType, nil, of("k"))
	d.reprice(chatID, "0.051")
	d.NextWalk()
	made, diags := d.Apply(saved)
	said(t, "raised", diags.Errors(), "max_cost", "$0.102", "$0.10", "nothing was charged")
	if made != nil {
		t.Errorf("made %v", made.Values())
	}
	d.mustHaveCharged("$0.00", 0, 0)

	// After the price was read, and before the session is open: it is read once more before anything is sent.
	gate := d.gate()
	raised := func(key, before, meanwhile string) {
		d.reprice(chatID, "0.05")
		opening := gate.HoldRequest(http.MethodGet, "/ws/agent/*")
		late := d.MustPlan(sessionType, nil, of(key))
		done := make(chan struct{})
		go func() {
			defer close(done)
			made, diags = d.Apply(late)
		}()
		opening.Arrived()
		d.reprice(chatID, before)
		reading := gate.HoldRequest(http.MethodGet, "/agents/ticker/*")
		opening.Release()
		reading.Arrived()
		d.reprice(chatID, meanwhile)
		reading.Release()
		<-done
	}
	raised("early", "0.12", "0.12")
	if diags.HasErrors() || turns(made) != "nn" || at(made.Values(), "spend.charged_usd") != "0" || made.Values()["status"] != "closed" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	said(t, "raised before the first message", diags.Warnings(), "", "The price was raised while the session was opened", "would cost $0.24", "none was sent")
	d.mustHaveCharged("$0.00", 0, 1)

	// AUTX may charge what the agent cost when the session was opened, which nothing tells before the first message.
	raised("late", "0.12", "0.05")
	if diags.HasErrors() || turns(made) != "cn" || at(made.Values(), "turns.0.amount_charged") != "0.12" || at(made.Values(), "spend.charged_usd") != "0.12" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	said(t, "raised in that moment", diags.Warnings(), "max_cost", "$0.12", "$0.10", made.ID())
	said(t, "the next message", diags.Warnings(), "", "Message 2 would cost $0.12", "message 2 was not sent")
	d.mustHaveCharged("$0.12", 1, 2)
	// Whoever takes that over has not paid it.
	if _, diags := d.PlanAndApply(sessionType, nil, of("late")); diags.HasErrors() || diags.Say("More was charged") {
		t.Error(diags)
	}
}

// TestBuyFailedTurn has an agent that fails: the turn costs nothing, and what follows is not sent.
func TestBuyFailedTurn(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "agent", "FAIL", "max_cost", "1")
	made, diags := d.PlanAndApply(sessionType, nil, config)
	if diags.HasErrors() || turns(made) != "fn" || made.Tainted {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	said(t, "the apply", diags.Warnings(), "", "message 1 was not answered and cost nothing", "message 2 was not sent", "The agent failed", "change idempotency_key")
	v := made.Values()
	if at(v, "turns.0.amount_charged") != "0" || at(v, "turns.0.order_id") == nil || at(v, "spend.charged_usd") != "0" || v["status"] != "closed" {
		t.Errorf("made %v", v)
	}
	d.mustHaveCharged("$0.00", 1, 1)
	d.mustHoldNothing()
	d.silently("a refresh", func() { d.MustBeSettled(made, config) })
}

// TestBuyFree talks for nothing.
func TestBuyFree(t *testing.T) {
	t.Parallel()
	d := open(t)
	config := of("k", "agent", "FREE", "max_cost", "0")
	made := d.buy(config)
	if v := made.Values(); turns(made) != "cc" || at(v, "turns.1.amount_charged") != "0" || at(v, "spend.charged_usd") != "0" {
		t.Errorf("made %v", v)
	}
	d.MustBeSettled(made, config)
}

// TestWhatIsAssumed holds a conversation in each position of the mock server's switches that concern it.
func TestWhatIsAssumed(t *testing.T) {
	t.Parallel()
	for _, position := range [][2]string{
		{"sessions.billing", "before_done"},
		{"sessions.frame", "flat"},
		{"sessions.frame", "nested"},
		{"sessions.heartbeat", "1ms"},
		{"sessions.on_disconnect", "close"},
		{"lists.default_limit", "1"},
		{"lists.lag", "1"},
		{"credits.shape", "balance_usd"},
	} {
		t.Run(position[0]+" "+position[1], func(t *testing.T) {
			t.Parallel()
			d := open(t, mockserver.WithAssume(position[0], position[1]))
			made := d.buy(of("k"))
			if turns(made) != "cc" || at(made.Values(), "agent_ticker") != "CHAT" || at(made.Values(), "agent_id") != chatID {
				t.Errorf("made %v", made.Values())
			}
			d.MustBeSettled(made, of("k"))
			d.mustHaveCharged("$0.10", 2, 1)
			again, diags := d.PlanAndApply(sessionType, nil, of("k"))
			if diags.HasErrors() || again.ID() != made.ID() || turns(again) != "cc" {
				t.Errorf("again %v: %s", again.Values(), diags)
			}
			if !slices.Equal(d.prompts(), []string{"First of k", "Second of k"}) {
				t.Errorf("asked %v", d.prompts())
			}
			d.mustHoldNothing()
		})
	}
}
