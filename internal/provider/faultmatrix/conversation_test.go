package faultmatrix_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// messages is how many a conversation has; each is charged.
const messages = 2

// socket matches the path on which conversations are held.
const socket = "/ws/agent/*"

// conversationFaults are those that a WebSocket has, in the order of the table: at the opening, and at each message.
func conversationFaults() []fault {
	const (
		open     = "sessions.open:"
		notFound = "Error: Purchase not found after its answer was lost"
	)
	untold := func(name, rule string, says ...string) fault {
		return fault{name: "opening: " + name, sort: done, frame: 1, rule: rule, turns: "nn", says: append(says, "messages 1 to 2 were not sent", "Nothing is sent again")}
	}
	hang := untold("hang until timeout", "", saysMade, "no session within")
	hang.hang, hang.provider = true, `timeout = "10s"`
	out := []fault{
		{name: "dial refused", sort: notDone, shut: true, provider: "max_retries = 4", says: []string{"connection refused", saysNoContact}},
		{name: "upgrade: 429 then fine", sort: later, limited: true},
		{name: "opening: reset before", sort: notDone, frame: 1, rule: open + "before:reset", says: []string{notFound, saysSafe}},
		{
			name: "opening: error 503 before", sort: notDone, certain: true, frame: 1, rule: open + `before:status=503,body={"detail":"try later"}`,
			says: []string{"try later", "nothing was charged"},
		},
		{name: "opening: 402", sort: refused, frame: 1, says: []string{"credits", "nothing was charged"}},
		untold("answer lost after commit", open+"after:reset", saysMade, "EOF|reset by peer|server closed|broke off"),
		{
			name: "opening: error 500 after commit", sort: notDone, certain: true, belied: true, frame: 1, rule: open + `after:status=500,body={"detail":"the disk is full"}`,
			says: []string{"the disk is full", "nothing was charged", "All the same your account has a new session", "It was left alone"},
		},
		hang,
	}
	for n := range messages {
		out = append(out, messageFaults(n+1)...)
	}
	return out
}

// messageFaults are those at the n-th message.
func messageFaults(n int) []fault {
	charged, uncharged := strings.Repeat("c", n), strings.Repeat("c", n-1)
	at := func(name, rule, known string, why ...string) fault {
		f := fault{name: fmt.Sprintf("message %d: %s", n, name), sort: done, frame: n + 1, turns: (known + "nn")[:messages]}
		f.charges = strings.Count(f.turns, "c")
		if rule != "" {
			action, parameters, _ := strings.Cut(rule, ",") // a body takes the rest of the rule
			f.rule = strings.TrimSuffix(fmt.Sprintf("sessions.message:%s,skip=%d,%s", action, n-1, parameters), ",")
		}
		if f.turns != strings.Repeat("c", messages) { // else all is found again, and there is nothing to tell
			f.says = slices.Concat(why, []string{"Conversation is not complete", "Nothing is sent again"})
		}
		return f
	}
	lost := fmt.Sprintf("message %d was lost", n)
	answered := fmt.Sprintf("Message %d was answered with an error", n)
	fine := at("nothing wrong", "", charged)
	fine.goesOn, fine.says = true, nil
	silent := at("silence until timeout", "", charged, lost, "no sign of life")
	silent.hang = true
	unbilled := at("cut between done and billing", "", charged, fmt.Sprintf("Message %d could not be sent|interrupted before message %d", n+1, n+1))
	unbilled.cutAfter = `"type":"done"`
	closed := at("closed elsewhere in mid-stream", "body:delay=1h,bytes=3", uncharged+"f", answered)
	closed.closes, closed.charges = true, n
	return []fault{
		fine,
		at("reset before", "before:reset", uncharged, lost),
		at("error 402", `before:status=402,body={"detail":"Insufficient credits"}`, uncharged+"f", answered, "Insufficient credits"),
		at("error 503 before", `before:status=503,body={"detail":"try later"}`, uncharged+"f", answered, "try later"),
		at("answer lost after commit", "after:reset", charged, lost),
		at("error 500 after commit", `after:status=500,body={"detail":"the disk is full"}`, charged, answered, "the disk is full"),
		at("cut within a chunk", "body:truncate,bytes=3", charged, lost),
		at("cut between chunks", fmt.Sprintf("body:truncate,bytes=%d", firstChunk), charged, lost),
		unbilled,
		silent,
		closed,
	}
}

// interrupts tells whether the ending keeps a conversation from going on.
func (e ending) interrupts() bool { return e.kills || e.orphans || e.graceful }

// stopsAtOnce tells whether the first of two signals is enough to end the run in order: what has not reached AUTX is not tried any more.
func (c combination) stopsAtOnce() bool {
	return c.kind.talks() && c.ending.twice && (c.fault.shut || c.fault.limited)
}

// chargesOfConversation is how often a conversation is charged by the end of the run that meets the fault, and in the end. While a provider outlives its CLI its run
// has not ended: then the first is what the fault finds.
func (c combination) chargesOfConversation() (first, last int) {
	f := c.fault
	switch {
	case f.sort == refused:
		return 0, 0
	case f.sort == later && !c.ending.interrupts():
		return messages, messages
	case c.adoptsBelied():
		return 0, 0
	case f.sort != done:
		return 0, messages
	case f.goesOn && !c.ending.interrupts():
		return messages, messages
	case f.closes && c.ending.orphans:
		return f.charges, f.charges - 1
	case f.closes && !c.ending.kills:
		return f.charges - 1, f.charges - 1
	}
	return f.charges, f.charges
}

// story is how the turns of a conversation read in the end, by their first letters: completed, failed, not sent.
func (c combination) story() string {
	_, last := c.chargesOfConversation()
	switch f := c.fault; {
	case f.sort != done, f.goesOn:
		return (strings.Repeat("c", last) + "nn")[:messages]
	case f.closes && c.ending.kills:
		// With the connection the agent's answer is not given up: AUTX finishes the turn and charges it.
		return (strings.Repeat("c", last) + "nn")[:messages]
	case c.ending.kills:
		// Whoever might know that AUTX has refused the message is dead: that it was not charged is all that can be found out.
		return strings.ReplaceAll(f.turns, "f", "n")
	default:
		return f.turns
	}
}

// provokeConversation is provoke for what strikes on a WebSocket.
func (c *cell) provokeConversation() (struck, release, gone func()) {
	c.t.Helper()
	f := c.fault
	if f.limited {
		held := c.gate.AnswerHeld(http.MethodGet, c.kind.path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		return held.Arrived, held.Release, held.Gone
	}
	held := c.gate.HoldFrames(c.kind.path, f.frame)
	if f.cutAfter != "" {
		c.gate.CutAfterFrame(c.kind.path, f.cutAfter, f.frame-1)
	}
	struck = func() {
		held.Arrived()
		operation, n := c.kind.operation, 1
		if f.frame > 1 {
			operation, n = "sessions.message", f.frame-1
		}
		acctest.Eventually(c.t, "it was carried out", func() bool { return acctest.Sent(c.server)[operation] >= n })
		if !f.closes {
			c.awaitTurns()
		}
	}
	gone = func() {
		held.Gone()
		c.awaitTurns()
	}
	switch {
	case f.hang:
		return struck, func() {}, gone
	case f.closes:
		return struck, func() {
			if !c.ending.kills {
				c.request(http.MethodDelete, "/sessions/"+c.server.State().Sessions[0].ID, "")
			}
			held.Release()
		}, gone
	}
	return struck, held.Release, gone
}

// awaitTurns waits until the service has done with each message that it has.
func (c *cell) awaitTurns() {
	c.t.Helper()
	acctest.Eventually(c.t, "each message was answered", func() bool {
		for _, order := range c.server.State().Orders {
			if order.Status == "pending" {
				return false
			}
		}
		return true
	})
}

// adoptsBelied tells whether the next run takes over the session of an opening that was refused although it was carried out: where the run died that was
// told, its answer is as good as lost.
func (c combination) adoptsBelied() bool { return c.fault.belied && c.ending.kills }

// leavesBelied tells whether such a session is left alone, as it may be somebody else's.
func (c combination) leavesBelied() bool { return c.fault.belied && !c.ending.kills }

// mustHaveTalked checks what conversations there were: one at most, beside one that is left alone; each message sent at most once, in order. It is closed
// by the run that held it, or by the next where that run was killed; in the end the state says what became of each message.
func (c *cell) mustHaveTalked(when string, charges int, atTheEnd bool) {
	c.t.Helper()
	state := c.server.State()
	var asked []string
	for _, order := range state.Orders {
		asked = append(asked, order.Prompt)
	}
	if want := prompts()[:min(len(asked), messages)]; !slices.Equal(asked, want) {
		c.t.Errorf("%s: it was asked %q", when, asked)
	}
	sent := map[string]int{}
	for _, request := range c.server.Requests() {
		if request.Committed {
			sent[request.Operation]++
		}
	}
	most := 1
	if c.leavesBelied() && atTheEnd {
		most = 2
	}
	if sent["sessions.open"] > most || len(state.Sessions) != sent["sessions.open"] || sent["sessions.message"] != len(asked) {
		c.t.Errorf("%s: %d sessions and %d turns by %v\n%s", when, len(state.Sessions), len(asked), sent, acctest.Traffic(c.server))
	}
	for i, session := range state.Sessions {
		if i == 0 && c.leavesBelied() {
			if session.Status != "active" {
				c.t.Errorf("%s: session %s, which may be somebody else's, is %s", when, session.ID, session.Status)
			}
			continue
		}
		if held := session.Status != "closed" || !session.CreditsReserved.IsZero(); held && (atTheEnd || !c.ending.kills) {
			c.t.Errorf("%s: session %s is %s and holds %s", when, session.ID, session.Status, session.CreditsReserved)
		}
	}
	if !atTheEnd || c.fault.sort == refused {
		return
	}
	told, charged := c.Attributes(c.kind.address), money.Zero()
	var letters strings.Builder
	of, _ := told["turns"].([]any)
	for _, one := range of {
		turn, _ := one.(map[string]any)
		status, _ := turn["status"].(string)
		letters.WriteString((status + "?")[:1])
		if amount, ok := turn["amount_charged"].(string); ok && status == "completed" {
			charged = charged.Add(money.MustParse(amount))
		}
		if status == "completed" && turn["output_text"] != fmt.Sprint("Echo: ", turn["prompt"]) {
			c.t.Errorf("%s: a turn is %v", when, turn)
		}
	}
	if got := letters.String(); got != c.story() || !charged.Equal(money.MustParse(c.kind.each).Times(int64(charges))) || told["status"] != "closed" {
		c.t.Errorf("%s: the state has the turns %q, charged %s, and the session is %v; want %q", when, got, charged.USD(), told["status"], c.story())
	}
}

// prompts are what is asked in a conversation.
func prompts() []string { return []string{"First question.", "Other question."} }

// firstChunk is how long the first chunk of an answer is, in bytes: the mock server splits "Echo: First question." into three.
const firstChunk = 7
