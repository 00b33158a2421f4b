package session_test

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// cut is what becomes of a conversation of three messages that is disturbed at one place.
type cut struct {
	turns   string
	charged string
	charges int
	says    []string // in one warning
	why     string   // what the same warning has to say of the reason
}

const (
	allThree    = "ccc"
	oneOnly     = "cnn"
	twoOnly     = "ccn"
	secondFails = "cfn"
	noneSent    = "nnn"
)

// TestCutAtEachFrame disturbs a conversation of three messages at each boundary of its frames: what was charged is counted on the service's own ledger,
// the state says which turns were paid, and the next run under the key sends nothing and knows the same.
func TestCutAtEachFrame(t *testing.T) {
	t.Parallel()
	quiet := cut{turns: allThree, charged: "$0.15", charges: 3}
	lost := cut{turns: noneSent, charged: "$0.00", says: []string{"although its answer was lost"}}
	for rule, want := range map[string]cut{
		"sessions.open:before:delay=1ms": quiet,
		"sessions.open:after:delay=1ms":  quiet,
		"sessions.open:after:reset":      lost,

		"sessions.message:before:delay=1ms,skip=1":       quiet,
		"sessions.message:after:delay=1ms,skip=1":        quiet,
		"sessions.message:body:delay=1ms,bytes=3,skip=1": quiet,
		"sessions.message:before:reset,skip=1": {
			turns: oneOnly, charged: "$0.05", charges: 1, says: []string{"message 1 was answered for $0.05, messages 2 to 3 were not sent"}, why: "message 2 was lost",
		},
		"sessions.message:before:status=503,skip=1,body=try later": {
			turns: secondFails, charged: "$0.05", charges: 1, says: []string{"message 2 was not answered and cost nothing", "try later"}, why: "Message 2 was answered with an error",
		},
		"sessions.message:after:reset,skip=1": {
			turns: twoOnly, charged: "$0.10", charges: 2, says: []string{"messages 1 to 2 were answered for $0.10, message 3 was not sent"}, why: "message 2 was lost",
		},
		"sessions.message:after:status=503,skip=1": {
			turns: twoOnly, charged: "$0.10", charges: 2, says: []string{"messages 1 to 2 were answered for $0.10"}, why: "Message 2 was answered with an error",
		},
		"sessions.message:body:reset,bytes=7,skip=1":   {turns: twoOnly, charged: "$0.10", charges: 2, says: []string{"message 3 was not sent"}, why: "message 2 was lost"},
		"sessions.message:body:reset,bytes=0,skip=1":   {turns: twoOnly, charged: "$0.10", charges: 2, says: []string{"message 3 was not sent"}},
		"sessions.message:body:truncate=7,skip=1":      {turns: twoOnly, charged: "$0.10", charges: 2, says: []string{"message 3 was not sent"}},
		"sessions.message:body:truncate=100000,skip=1": {turns: twoOnly, charged: "$0.10", charges: 2, says: []string{"message 3 was not sent"}},
		"sessions.message:body:truncate=100000,skip=2": {turns: allThree, charged: "$0.15", charges: 3},
		"sessions.message:after:reset,skip=2":          {turns: allThree, charged: "$0.15", charges: 3},
		"sessions.message:before:reset":                {turns: noneSent, charged: "$0.00", says: []string{"messages 1 to 3 were not sent"}, why: "message 1 was lost"},
		"sessions.message:after:status=500,skip=2":     {turns: allThree, charged: "$0.15", charges: 3},
		"sessions.end:before:reset":                    quiet,
		"sessions.end:before:status=500":               quiet,
		"sessions.end:before:delay=1ms":                quiet,
		"sessions.end:after:reset":                     quiet,
		"sessions.end:after:status=500":                quiet,
		"sessions.end:after:delay=1ms":                 quiet,
		"sessions.get:before:status=500":               {turns: allThree, charged: "$0.15", charges: 3, says: []string{"could not be read"}},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			config := saying("k", 3)
			d.server.AddFault(rule)
			made, diags := d.PlanAndApply(sessionType, nil, config)
			if diags.HasErrors() || made.Gone() || made.Tainted {
				t.Fatalf("made %v: %s", made.Values(), diags)
			}
			want.check(t, d, made, diags)
			d.MustBeSettled(made, config)
			// A run that has lost its state takes over what is there, and sends nothing.
			again, diags := d.PlanAndApply(sessionType, nil, config)
			if diags.HasErrors() || again.ID() != made.ID() || turns(again) != want.turns || at(again.Values(), "spend.charged_usd") != "0" {
				t.Errorf("again %v: %s", again.Values(), diags)
			}
			for _, path := range []string{"turns.0.output_text", "turns.1.output_text", "turns.1.amount_charged", "turns.1.platform_fee", "turns.1.order_id", "status"} {
				if before, now := at(made.Values(), path), at(again.Values(), path); before != now {
					t.Errorf("%s was %v and is %v when it is taken over", path, before, now)
				}
			}
			if total, n := d.charges(); total != want.charged || n != want.charges {
				t.Errorf("charged %s in %d after it was taken over", total, n)
			}
		})
	}
}

func (c cut) check(t *testing.T, d *desk, made *protocol.Instance, diags protocol.Diagnostics) {
	t.Helper()
	if got := turns(made); got != c.turns {
		t.Errorf("turns are %q, want %q", got, c.turns)
	}
	v := made.Values()
	if got := "$" + money2(at(v, "spend.charged_usd")); got != c.charged || v["status"] != "closed" {
		t.Errorf("it says that it charged %s, and is %v: %v", got, v["status"], v)
	}
	for i, status := range c.turns {
		turn, _ := v["turns"].([]any)[i].(values)
		if status == 'c' {
			if turn["output_text"] == nil || turn["order_id"] == nil || turn["amount_charged"] != "0.05" || turn["platform_fee"] != "0.005" || turn["output_hash"] == nil {
				t.Errorf("turn %d is %v", i, turn)
			}
		}
		if status == 'n' && (turn["order_id"] != nil || turn["amount_charged"] != nil) {
			t.Errorf("turn %d is %v", i, turn)
		}
	}
	d.mustHaveCharged(c.charged, c.charges, 1)
	d.mustHoldNothing()
	if asked := d.prompts(); len(asked) != c.charges || !slices.IsSorted(asked) {
		t.Errorf("asked %v", asked)
	}
	switch {
	case len(c.says) == 0 && len(diags) > 0:
		t.Errorf("it says something: %s", diags)
	case len(c.says) > 0 && !diags.Warnings().Say(c.says...):
		t.Errorf("nothing says %q: %s", c.says, diags)
	case c.why != "" && !diags.Warnings().Say(c.why, "change idempotency_key"):
		t.Errorf("nothing says %q: %s", c.why, diags)
	}
}

// money2 writes an amount with cents.
func money2(of any) string {
	text, _ := of.(string)
	whole, cents, _ := strings.Cut(text, ".")
	return whole + "." + (cents + "00")[:max(2, len(cents))]
}

// TestOpeningThatNeverArrived is not made, and said to be; the next run holds the conversation.
func TestOpeningThatNeverArrived(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.open:before:reset")
	d.refuse(of("k"), "", "most likely not made", "safe to apply again")
	// The next attempt is refused: that is as certain as if it were the first.
	d.server.AddFault("sessions.open:before:status=402,body=not enough credits")
	d.refuse(of("k"), "", "not enough credits", "nothing was charged", "The key is not used up")
	d.mustHaveCharged("$0.00", 0, 0)
	made, diags := d.PlanAndApply(sessionType, nil, of("k"))
	if diags.HasErrors() || turns(made) != "cc" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestOpeningRefusedAlthoughMade has AUTX answer an opening by an error although the session is there. The refusal is believed: nobody can tell that
// session from somebody else's, so it is named and neither taken over nor closed. The next apply holds the conversation, in a session of its own.
func TestOpeningRefusedAlthoughMade(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"sessions.open:after:status=500,body=the disk is full", "sessions.open:after:status=402,body=the disk is full"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.server.AddFault(rule)
			asked := tally(d.during(func() {
				d.refuse(of("k"), "", "the disk is full", "nothing was charged", "The key is not used up", "All the same", "autx_session_close")
			}))
			ghost := d.sessions()[0]
			if asked["sessions.list"] != 2 || asked["sessions.close"] != 0 { // one before, one after
				t.Errorf("asked %v", asked)
			}
			d.NextWalk()
			d.MustConfigure(d.config)
			config := of("k")
			made, diags := d.PlanAndApply(sessionType, nil, config)
			if len(diags) > 0 || turns(made) != "cc" || made.ID() == ghost.ID {
				t.Fatalf("made %v: %s", made.Values(), diags)
			}
			d.MustBeSettled(made, config)
			d.mustHaveCharged("$0.10", 2, 2)
			if left := d.sessions()[0]; left.ID != ghost.ID || left.Status != "active" || left.CreditsReserved.String() != "0.25" {
				t.Errorf("the other is %+v", left)
			}
			if again, diags := d.PlanAndApply(sessionType, nil, config); diags.HasErrors() || again.ID() != made.ID() {
				t.Errorf("again %v: %s", again.Values(), diags)
			}
			// It is closed in the way that the error tells.
			d.NextWalk()
			imported, _, _ := d.Import(sessionType, ghost.ID)
			held, diags := d.PlanAndApply(sessionType, d.MustRead(imported), of("of its own"))
			if diags.HasErrors() || held.ID() != ghost.ID {
				t.Fatalf("imported %v: %s", held.Values(), diags)
			}
			if gone, diags := d.PlanAndApply(sessionType, held, nil); diags.HasErrors() || !gone.Gone() {
				t.Errorf("destroyed %v: %s", gone.Values(), diags)
			}
			d.mustHaveCharged("$0.10", 2, 2)
			d.mustHoldNothing()
		})
	}
}

// TestOpeningRefusedAfterALostOne is refused although the session is there, after an attempt whose answer was lost: the next attempt still compares
// with what was there before the first, and takes over nothing of which it was said that it is left alone.
func TestOpeningRefusedAfterALostOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.open:before:reset")
	d.refuse(of("k"), "", "most likely not made", "safe to apply again")
	for n, status := range []string{"500", "402"} { // each names what is new
		d.server.AddFault("sessions.open:after:status=" + status + ",body=the disk is full")
		made, diags := d.PlanAndApply(sessionType, nil, of("k"))
		is := d.sessions()
		if made != nil || len(is) != n+1 || !diags.Errors().Say("the disk is full", "a new session", is[n].ID, "left alone", "not used up: apply again") {
			t.Fatalf("of %v: %s", is, diags)
		}
	}
	d.NextWalk()
	d.MustConfigure(d.config)
	config := of("k")
	made, diags := d.PlanAndApply(sessionType, nil, config)
	if made == nil || len(diags.Errors()) > 0 || turns(made) != "cc" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	d.MustBeSettled(made, config)
	d.mustHaveCharged("$0.10", 2, 3)
	for _, ghost := range d.sessions()[:2] {
		if ghost.ID == made.ID() || ghost.Status != "active" {
			t.Errorf("%s was made, and of %s, which is %s, it was said that it is left alone", made.ID(), ghost.ID, ghost.Status)
		}
	}
}

// TestOpeningRefusedBesideALostOne is refused although the session is there, while it isn't known what came of an opening under another key: the next
// apply of that one may take the session over, and the error says so.
func TestOpeningRefusedBesideALostOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.open:before:reset")
	d.refuse(of("lost"), "", "most likely not made")
	d.server.AddFault("sessions.open:after:status=500,body=the disk is full")
	d.refuse(of("k"), "", "the disk is full", "left alone", "an apply of one of them may take a session over", `session "lost"`)
	ghost := d.sessions()[0]
	if made, diags := d.PlanAndApply(sessionType, nil, of("k")); len(diags) > 0 || made.ID() == ghost.ID || turns(made) != "cc" {
		t.Errorf("made %v: %s", made.Values(), diags)
	}
	if made, diags := d.PlanAndApply(sessionType, nil, of("lost")); diags.HasErrors() || made.ID() != ghost.ID {
		t.Errorf("the text is not true: %v: %s", made.Values(), diags)
	}
}

// TestOpeningLostAfterARefusedOne loses an opening right after one under another key was refused although the session is there: that was there before,
// so it is not the lost one, however young the look at what was there is.
func TestOpeningLostAfterARefusedOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("sessions.open:after:status=500,body=the disk is full")
	refused, lost := d.MustPlan(sessionType, nil, of("k")), d.MustPlan(sessionType, nil, of("lost"))
	if _, diags := d.Apply(refused); !diags.Errors().Say("the disk is full", "left alone") {
		t.Error(diags)
	}
	d.server.AddFault("sessions.open:before:reset")
	if made, diags := d.Apply(lost); made != nil || !diags.Errors().Say("most likely not made") {
		t.Errorf("made %v: %s", made.Values(), diags)
	}
	if ghost := d.sessions()[0]; ghost.Status != "active" {
		t.Errorf("%s, which was left alone, is %s", ghost.ID, ghost.Status)
	}
}

// TestOpeningRefusedBesideASibling is refused while a session of the same apply is open at AUTX and nobody here knows it yet: it is waited for, and not
// named as one that may be somebody else's.
func TestOpeningRefusedBesideASibling(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	d.server.AddFault("sessions.open:before:status=402,skip=1,body=not enough credits")
	one, two := d.MustPlan(sessionType, nil, of("one")), d.MustPlan(sessionType, nil, of("two"))
	opening := gate.HoldRequest("GET", "/ws/agent/*")
	refusal := make(chan protocol.Diagnostics)
	go func() {
		_, diags := d.Apply(two)
		refusal <- diags
	}()
	opening.Arrived() // it has seen what was there before
	frames := gate.HoldFrames("/ws/agent/*", 1)
	made := make(chan *protocol.Instance)
	go func() {
		first, diags := d.Apply(one)
		if len(diags) > 0 {
			t.Error(diags)
		}
		made <- first
	}()
	frames.Arrived()
	for len(d.sessions()) == 0 && t.Context().Err() == nil {
		runtime.Gosched()
	}
	look := gate.HoldAnswer("GET", "/sessions")
	opening.Release()
	look.Arrived() // it shows the sibling
	look.Release()
	for range 200 { // requests, in which one that does not wait is done
		d.outside(otherKey, http.MethodGet, "/sessions", "")
		select {
		case diags := <-refusal:
			t.Fatalf("it did not wait for its sibling: %s", diags)
		default:
		}
	}
	frames.Release()
	diags := <-refusal
	first := <-made
	if !diags.Errors().Say("not enough credits", "The key is not used up") || diags.Say(first.ID()) || diags.Say("All the same") {
		t.Errorf("%s was opened by the same apply: %s", first.ID(), diags)
	}
	if turns(first) != "cc" {
		t.Errorf("the first is %v", first.Values())
	}
	d.mustHaveCharged("$0.10", 2, 1)
}

// TestOpeningLostBesideAnother has the answer to an opening lost while somebody else opens a session with the same agent: which is which can't be told.
func TestOpeningLostBesideAnother(t *testing.T) {
	t.Parallel()
	d := open(t)
	other := d.buy(of("other", "messages", nil)) // was there before
	gate := d.gate()
	held := gate.HoldRequest("GET", "/ws/agent/*")
	d.server.AddFault("sessions.open:after:reset,skip=1")
	plan := d.MustPlan(sessionType, nil, of("k"))
	done := make(chan protocol.Diagnostics)
	go func() {
		made, diags := d.Apply(plan)
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
		done <- diags
	}()
	held.Arrived()
	stranger := protocol.New(t)
	stranger.MustConfigure(protocol.ProviderValues(t, d.server)) // with a journal of its own
	theirs := stranger.MustApply(sessionType, nil, of("theirs", "messages", nil))
	held.Release()
	diags := <-done
	if !diags.Errors().Say("can't be told", theirs.ID(), "import {", "autx_session.NAME") || diags.Errors().Say(other.ID()) {
		t.Fatal(diags)
	}
	d.mustHaveCharged("$0.00", 0, 3)
}

// TestOpeningLostBesideOneWithAnother has the answer to an opening lost while somebody else opens a session with another agent: that explains nothing.
func TestOpeningLostBesideOneWithAnother(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	held := gate.HoldRequest("GET", "/ws/agent/*")
	d.server.AddFault("sessions.open:after:reset,skip=1")
	plan := d.MustPlan(sessionType, nil, of("k"))
	done := d.ApplyAside(plan)
	held.Arrived()
	stranger := protocol.New(t)
	stranger.MustConfigure(protocol.ProviderValues(t, d.server))
	theirs := stranger.MustApply(sessionType, nil, of("theirs", "agent", "GOLD", "messages", nil))
	held.Release()
	if made := <-done; made.Gone() || made.ID() == theirs.ID() || turns(made) != "nn" || made.Values()["status"] != "closed" {
		t.Errorf("made %v", made.Values())
	}
	d.mustHaveCharged("$0.00", 0, 2)
}

// TestOpeningLostAndClosed loses the answer to an opening where AUTX ends the session for that: nothing is left of it, and the next run talks.
func TestOpeningLostAndClosed(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("sessions.on_disconnect", "close"))
	d.server.AddFault("sessions.open:after:reset")
	d.refuse(of("k"), "", "most likely not made")
	made, diags := d.PlanAndApply(sessionType, nil, of("k"))
	if diags.HasErrors() || turns(made) != "cc" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	d.mustHaveCharged("$0.10", 2, 2)
	d.mustHoldNothing()
}

// TestClosedOnDisconnect loses the connection in mid-stream where AUTX ends the session for that: the turn is given back.
func TestClosedOnDisconnect(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("sessions.on_disconnect", "close"))
	d.server.AddFault("sessions.message:body:reset,bytes=7,skip=1")
	config := saying("k", 3)
	made, diags := d.PlanAndApply(sessionType, nil, config)
	if diags.HasErrors() || turns(made) != secondFails || at(made.Values(), "turns.1.amount_charged") != "0" {
		t.Fatalf("made %v: %s", made.Values(), diags)
	}
	if part := at(made.Values(), "turns.1.output_text"); part != nil && part != "Echo: M" {
		t.Errorf("the answer so far is %v", part)
	}
	d.mustHaveCharged("$0.05", 2, 1)
	d.MustBeSettled(made, config)
}
