package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func told(diags diag.Diagnostics, texts ...string) bool {
	return slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(d.Summary()+"\n"+d.Detail(), text) })
	})
}

// TestSilence has AUTX say nothing any more at each boundary of a conversation.
func TestSilence(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]struct{ turns, charged, why string }{
		"sessions.message:before:hang,skip=1": {"cnn", "$0.05", "nothing came for"},
		"sessions.message:after:hang,skip=1":  {"ccn", "$0.10", "nothing came for"},
		"sessions.end:before:hang":            {"ccc", "$0.15", ""},
		"sessions.end:after:hang":             {"ccc", "$0.15", ""},
		"sessions.open:after:hang":            {"nnn", "$0.00", "nobody can attach"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			p := openPlace(t, mockserver.Responder{}, func(c *client.Config) { c.Timeout, c.TurnSilence = 2*time.Second, 500*time.Millisecond })
			p.server.AddFault(rule)
			b := p.wanting("k", 3)
			done, diags := b.buy(t.Context())
			if done == nil || diags.HasError() || statuses(done.turns) != want.turns || done.session.Status.Or("") != statusClosed {
				t.Fatalf("%v: %v", done, diags)
			}
			if want.why != "" && !told(diags, want.why, "change idempotency_key") {
				t.Errorf("nothing says %q: %v", want.why, diags)
			}
			if total, _ := p.charged(); total != want.charged || chargedBy(done.turns).ValueString() != strings.TrimSuffix(strings.TrimSuffix(want.charged[1:], "0"), ".0") {
				t.Errorf("%s was charged, and the turns say %s", total, chargedBy(done.turns))
			}
		})
	}
}

// TestSilentOpening never gets an answer to the opening, which was not carried out.
func TestSilentOpening(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, func(c *client.Config) { c.Timeout = time.Second })
	p.server.AddFault("sessions.open:before:hang")
	done, diags := p.wanting("k", 1).buy(t.Context())
	if done != nil || !told(diags, "most likely not made", "no session within 1s") {
		t.Errorf("%v: %v", done, diags)
	}
}

// TestLagging has the ledger lag behind: a turn whose answer was lost is looked for, stays open where it is not found, and is never called unsent.
func TestLagging(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, nil, mockserver.WithAssume("lists.lag", "1"))
	p.server.AddFault("sessions.message:after:reset,skip=1")
	done, diags := p.wanting("k", 3).buy(t.Context())
	if diags.HasError() || statuses(done.turns) != "cun" || !told(diags, "message 2 may have been charged", "next refresh looks again") {
		t.Fatalf("%s: %v", statuses(done.turns), diags)
	}
	if !slices.Equal(p.paused, reckonPauses[1:]) || !chargedBy(done.turns).IsNull() {
		t.Errorf("paused %v, charged %s", p.paused, chargedBy(done.turns))
	}
	// A refresh still does not find it; one that comes after another entry does.
	turns, _, more := p.walk.reckon(t.Context(), done.session, done.turns, false)
	if statuses(turns) != "cun" || len(more) > 0 {
		t.Errorf("refreshed as %s: %v", statuses(turns), more)
	}
	if _, diags := p.wanting("other", 1).buy(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	turns, _, more = p.walk.reckon(t.Context(), done.session, turns, false)
	if statuses(turns) != "ccn" || len(more) > 0 || turns[1].OutputText.ValueString() != "Echo: Message 2 of k" || turns[1].AmountCharged.ValueString() != "0.05" {
		t.Errorf("refreshed as %s: %v", statuses(turns), more)
	}
}

// TestUnreadableLedger can't read the ledger after a lost answer: the turn stays open, and that is said.
func TestUnreadableLedger(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"403", "500"} {
		p := openPlace(t, mockserver.Responder{}, nil)
		p.server.AddFault("sessions.message:after:reset")
		p.server.AddFault("credits.transactions:before:status=" + status + ",times=0")
		done, diags := p.wanting("k", 2).buy(t.Context())
		if diags.HasError() || statuses(done.turns) != "un" || !told(diags, "Could not find out what became of every message", status) {
			t.Errorf("%s: %v", statuses(done.turns), diags)
		}
		if again := slices.Equal(p.paused, reckonPauses[1:]); again != (status == "500") {
			t.Errorf("after %s it was tried again: %v", status, p.paused)
		}
	}
}

// TestRefusedAndCharged is answered with an error that hides a charge which the ledger does not show yet: the turn is not called free.
func TestRefusedAndCharged(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, nil, mockserver.WithAssume("lists.lag", "1"))
	p.server.AddFault("sessions.message:after:status=503,skip=1")
	done, diags := p.wanting("k", 3).buy(t.Context())
	if diags.HasError() || statuses(done.turns) != "cun" {
		t.Errorf("%s: %v", statuses(done.turns), diags)
	}
	if _, diags := p.wanting("other", 1).buy(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	if turns, _, _ := p.walk.reckon(t.Context(), done.session, done.turns, false); statuses(turns) != "ccn" {
		t.Errorf("refreshed as %s", statuses(turns))
	}
}

// TestJournalFails can't write the journal at each place of a conversation: what could not be noted before is not sent.
func TestJournalFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is full")
	for failing, want := range map[int]struct {
		turns string
		sent  int
	}{
		0: {"nn", 0}, 1: {"nn", 0}, 2: {"cn", 1}, 3: {"cc", 2},
	} {
		calls, sent := 0, 0
		var last notes
		talk := newTalk(&chat{messages: []string{"a", "b"}, most: money.FromInt(1), closes: true}, "ses_1", func(id string, raw json.RawMessage) error {
			calls++
			if calls == failing+1 {
				return broken
			}
			last = notes{}
			if err := json.Unmarshal(raw, &last); err != nil || id != "ses_1" || strings.Contains(string(raw), "answer") {
				t.Errorf("noted %s %s: %v", id, raw, err)
			}
			return nil
		}, costing())
		if talk.begin() {
			talk.hold(t.Context(), t.Context(), &fakeLine{send: func() (client.Turn, error) {
				if last.Sent != sent+1 || len(last.Turns) != sent {
					t.Errorf("message %d was sent when this was noted: %+v", sent+1, last)
				}
				sent++
				return client.Turn{Done: true, Billed: true, Output: "answer", OrderID: client.Of(fmt.Sprint("order-", sent)), AmountCharged: client.Of(money.MustParse("0.05"))}, nil
			}})
		}
		if noted := failing != 3; noted && (last.Sent != sent || len(last.Turns) != sent) {
			t.Errorf("failing at %d: at last this is noted: %+v", failing, last)
		}
		if statuses(talk.turns) != want.turns || sent != want.sent || (talk.why == "") != (want.sent == 2) || (talk.why != "" && !strings.Contains(talk.why, "disk is full")) {
			t.Errorf("failing at %d: %s, sent %d, %q", failing, statuses(talk.turns), sent, talk.why)
		}
	}
}

// TestJournalFailsAtOnce can't note the session that is open: nothing is said, and it is closed.
func TestJournalFailsAtOnce(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, nil)
	b := p.wanting("k", 2)
	noted := 0
	id, err := b.conduct(t.Context(), t.Context(), func(string, json.RawMessage) error {
		if noted++; noted == 1 {
			return errors.New("the disk is full")
		}
		return nil
	})
	if err != nil || id == "" || statuses(b.talk.turns) != "nn" || !strings.Contains(b.talk.why, "disk is full") {
		t.Errorf("%s, %v, %s, %q", id, err, statuses(b.talk.turns), b.talk.why)
	}
	if sessions := p.server.State().Sessions; len(sessions) != 1 || sessions[0].Status != statusClosed || len(p.server.State().Orders) != 0 {
		t.Errorf("there are %+v", sessions)
	}
}

// fakeLine answers as a test says.
type fakeLine struct {
	send   func() (client.Turn, error)
	lost   bool
	closed int
	cut    int
}

func (f *fakeLine) Send(context.Context, string, func(string)) (client.Turn, error) { return f.send() }

func (f *fakeLine) Close(context.Context) error { f.closed++; return nil }

func (f *fakeLine) Abort() { f.cut++ }

func (f *fakeLine) Lost() bool { return f.lost }

// TestStops ends a conversation before the next message for each reason there is.
func TestStops(t *testing.T) {
	t.Parallel()
	over, end := context.WithTimeout(t.Context(), 0)
	defer end()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	turn := func(amount string) client.Turn {
		out := client.Turn{Done: true}
		if amount != "" {
			out.Billed, out.AmountCharged = true, client.Of(money.MustParse(amount))
		}
		return out
	}
	for name, c := range map[string]struct {
		wanted context.Context //nolint:containedctx // the case's
		most   string
		turn   client.Turn
		err    error
		want   string
		why    string
		prices []string
	}{
		"interrupted":         {gone, "1", turn("0.05"), nil, "nnn", "interrupted before message 1", nil},
		"out of time":         {over, "1", turn("0.05"), nil, "nnn", "was over before message 1", nil},
		"enough":              {t.Context(), "0.15", turn("0.05"), nil, "ccc", "", nil},
		"dearer than told":    {t.Context(), "0.15", turn("0.06"), nil, "ccn", "Message 3 would cost $0.06: with the $0.12 charged so far that is above max_cost, $0.15.", nil},
		"much dearer":         {t.Context(), "0.15", turn("0.10"), nil, "cnn", "Message 2 would cost $0.10", nil},
		"without a bill":      {t.Context(), "0.15", turn(""), nil, "ccc", "", nil},
		"not enough, no bill": {t.Context(), "0.15", turn(""), nil, "ccn", "Message 3 would cost $0.06: with the $0.12", []string{"0.05", "0.05", "0.06"}},
		"raised meanwhile":    {t.Context(), "0.15", turn("0.05"), nil, "cnn", "Message 2 would cost $0.11: with the $0.05 charged so far", []string{"0.05", "0.11"}},
		"cheaper meanwhile":   {t.Context(), "0.15", turn("0.05"), nil, "ccc", "", []string{"0.05", "0.01"}},
		"raised before":       {t.Context(), "0.15", turn("0.06"), nil, "nnn", "would cost $0.18, which is above max_cost, $0.15: none was sent", []string{"0.06"}},
		"not read":            {t.Context(), "0.15", turn("0.05"), nil, "cnn", "What message 2 costs could not be read, so it was not sent: no price", []string{"0.05", ""}},
		"lost after done":     {t.Context(), "0.15", turn("0.05"), errors.New("lost"), "cnn", "broke off after message 1", nil},
		"surely not sent":     {t.Context(), "0.15", client.Turn{}, &client.Error{Outcome: client.NotSent, Message: "shut"}, "nnn", "Message 1 could not be sent", nil},
		"refused":             {t.Context(), "0.15", client.Turn{}, &client.Error{Outcome: client.Refused, Message: "no"}, "unn", "answered with an error", nil},
		"lost":                {t.Context(), "0.15", client.Turn{Output: "ans"}, &client.Error{Outcome: client.Unknown}, "unn", "was lost", nil},
		"of no known reason":  {t.Context(), "0.15", client.Turn{}, errors.New("odd"), "unn", "odd", nil},
		"ended half-way":      {t.Context(), "0.15", client.Turn{Output: "ans"}, nil, "unn", "ended before it was complete", nil},
	} {
		talk := newTalk(&chat{messages: []string{"a", "b", "c"}, most: money.MustParse(c.most), timeout: time.Minute}, "ses_1", func(string, json.RawMessage) error { return nil }, costing(c.prices...))
		talk.hold(t.Context(), c.wanted, &fakeLine{send: func() (client.Turn, error) { return c.turn, c.err }})
		if got := statuses(talk.turns); got != c.want || (c.why == "") != (talk.why == "") || !strings.Contains(talk.why, c.why) {
			t.Errorf("%s: %s, %q", name, got, talk.why)
		}
		if c.turn.Output != "" && talk.turns[0].OutputText.ValueString() != c.turn.Output {
			t.Errorf("%s: what came is lost: %v", name, talk.turns[0])
		}
	}
}

// costing reads one price after the other, and then the last; "" can't be read, and none is $0.05.
func costing(prices ...string) func(context.Context) (money.Amount, error) {
	if len(prices) == 0 {
		prices = []string{"0.05"}
	}
	return func(context.Context) (money.Amount, error) {
		next := prices[0]
		if len(prices) > 1 {
			prices = prices[1:]
		}
		if next == "" {
			return money.Zero(), errors.New("no price")
		}
		return money.MustParse(next), nil
	}
}

// TestHangUp closes only what is to be closed and can be.
func TestHangUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		closes, lost bool
		messages     []string
		want         int
	}{{true, false, []string{"a"}, 1}, {true, true, []string{"a"}, 0}, {false, false, []string{"a"}, 0}, {true, false, nil, 0}} {
		with := &fakeLine{lost: c.lost}
		newTalk(&chat{closes: c.closes, messages: c.messages}, "ses_1", nil, nil).hangUp(t.Context(), with)
		if with.closed != c.want || with.cut != 1 {
			t.Errorf("%+v: closed %d times, and cut %d times", c, with.closed, with.cut)
		}
	}
}

// TestRecalled reads what an earlier run has noted, whatever it is.
func TestRecalled(t *testing.T) {
	t.Parallel()
	messages := []string{"a", "b", "c"}
	for noted, want := range map[string]string{
		"":            "uuu",
		"null":        "nnn",
		"{":           "uuu",
		`{"sent":0}`:  "nnn",
		`{"sent":-4}`: "nnn",
		`{"sent":9}`:  "uuu",
		`{"sent":2}`:  "uun",
		`{"sent":2,"turns":[{"order":"o","status":"completed","charged":0.05,"fee":"0.005"}]}`:                                                    "cun",
		`{"sent":1,"turns":[{"status":"failed"},{"status":"completed"},{"status":"completed"},{"status":"completed"}]}`:                           "fnn",
		`{"sent":3,"turns":[{"status":"completed"},{"status":"completed"},{"status":"completed"},{"status":"completed"}],"of a later version":1}`: "ccc",
	} {
		turns, refused := recalled(messages, json.RawMessage(noted))
		if got := statuses(turns); got != want || refused != -1 {
			t.Errorf("%s: %s, refused %d", noted, got, refused)
		}
	}
	if turns, refused := recalled(messages, json.RawMessage(`{"sent":2,"refused":true,"turns":[{"status":"completed"}]}`)); refused != 1 || statuses(turns) != "cun" {
		t.Errorf("refused: %d, %s", refused, statuses(turns))
	}
	if turns, _ := recalled(nil, nil); len(turns) != 0 {
		t.Errorf("without messages: %v", turns)
	}
	turns, _ := recalled(messages, json.RawMessage(`{"sent":1,"turns":[{"order":"o","status":"completed","charged":0.05,"fee":"0.005"}]}`))
	if turns[0].OrderID.ValueString() != "o" || turns[0].AmountCharged.ValueString() != "0.05" || turns[0].PlatformFee.ValueString() != "0.005" || !turns[0].open() {
		t.Errorf("read %v", turns[0])
	}
}

// TestAssign gives each turn its charge.
func TestAssign(t *testing.T) {
	t.Parallel()
	entry := func(kind, session, order, amount string) client.Transaction {
		out := client.Transaction{ID: kind + order, Type: kind, Amount: money.MustParse(amount), SessionID: client.Of(session)}
		if order != "" {
			out.OrderID = client.Of(order)
		}
		return out
	}
	refund := entry("refund", "", "o2", "0.05")
	refund.SessionID = client.Field[string]{}
	charges := chargesOf([]client.Transaction{ // newest first
		entry("consume", "other", "x", "9"), entry("consume", "s", "", "-0.07"), refund, entry("deposit", "s", "o9", "5"), entry("consume", "s", "o2", "0.05"), entry("consume", "s", "o1", "0.05"),
	}, "s")
	if len(charges) != 3 || charges[0].order != "o1" || !charges[1].refunded || charges[0].refunded || charges[2].amount.String() != "0.07" {
		t.Fatalf("charges %+v", charges)
	}
	first := newTurn(types.StringValue("a"), turnUnknown)
	known := newTurn(types.StringValue("b"), turnCompleted)
	known.OrderID = types.StringValue("o1")
	unsent := newTurn(types.StringValue("c"), turnNotSent)
	of, left := assign([]turnModel{first, known, unsent}, charges)
	if of[0].order != "o2" || of[1].order != "o1" || len(of) != 2 || len(left) != 1 || left[0].order != "" {
		t.Errorf("assigned %+v, left %+v", of, left)
	}
	// One that was answered and billed without its order keeps its charge from the one after it, of which nothing is known.
	nameless := newTurn(types.StringValue("a"), turnCompleted)
	nameless.OutputText, nameless.AmountCharged = types.StringValue("x"), usd.Of(money.MustParse("0.05"))
	of, left = assign([]turnModel{nameless, newTurn(types.StringValue("b"), turnUnknown)}, charges[:1])
	if of[0].order != "o1" || len(of) != 1 || len(left) != 0 {
		t.Errorf("without its order: assigned %+v, left %+v", of, left)
	}
}

// TestThousandTurns holds a conversation of a thousand messages: nothing is lost, and no goroutine and no memory stays behind.
func TestThousandTurns(t *testing.T) {
	t.Parallel()
	const n = 1000
	p := openPlace(t, mockserver.Responder{Chunks: 2}, nil)
	b := p.wanting("k", n)
	chunks := 0
	b.chat.tell = func(string) { chunks++ }
	done, diags := b.buy(t.Context())
	if len(diags) > 0 || len(done.turns) != n {
		t.Fatal(diags)
	}
	for i := range done.turns {
		if turn := &done.turns[i]; !turn.is(turnCompleted) || turn.OutputText.ValueString() != fmt.Sprintf("Echo: Message %d of k", i+1) || turn.AmountCharged.ValueString() != "0.05" {
			t.Fatalf("turn %d is %v", i+1, turn)
		}
	}
	if total, count := p.charged(); total != "$50.00" || count != n || chargedBy(done.turns).ValueString() != "50" || chunks != 1+4*n {
		t.Errorf("charged %s in %d, told %d times", total, count, chunks)
	}
	// The next run knows them all again, though the ledger shows only half of them.
	again, diags := placeAt(t, p.server, p.journal, nil).wanting("k", n).buy(t.Context())
	if diags.HasError() || !again.adopted || chargedBy(again.turns).ValueString() != "50" {
		t.Fatal(diags)
	}
	for i := range again.turns {
		if !again.turns[i].OutputText.Equal(done.turns[i].OutputText) || !again.turns[i].OrderID.Equal(done.turns[i].OrderID) {
			t.Fatalf("turn %d is known again as %v", i+1, again.turns[i])
		}
	}
	if _, count := p.charged(); count != n {
		t.Errorf("%d charges", count)
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	t.Logf("%d MiB in use after a thousand turns", memory.HeapAlloc>>20)
	if memory.HeapAlloc > 256<<20 {
		t.Errorf("%d MiB in use", memory.HeapAlloc>>20)
	}
}

// TestFiftyAtOnce holds fifty conversations at the same time through one provider.
func TestFiftyAtOnce(t *testing.T) {
	t.Parallel()
	const n = 50
	p := openPlace(t, mockserver.Responder{}, nil)
	var wait sync.WaitGroup
	ids := make([]string, n)
	for i := range n {
		wait.Go(func() {
			key := fmt.Sprint("k", i)
			done, diags := p.wanting(key, 4).buy(t.Context())
			if len(diags) > 0 || statuses(done.turns) != "cccc" || done.turns[3].OutputText.ValueString() != "Echo: Message 4 of "+key {
				t.Errorf("%s: %v", key, diags)
				return
			}
			ids[i] = done.session.ID
		})
	}
	wait.Wait()
	slices.Sort(ids)
	if total, count := p.charged(); total != "$10.00" || count != 4*n || len(slices.Compact(ids)) != n || len(p.server.State().Sessions) != n {
		t.Errorf("charged %s in %d, %d sessions", total, count, len(p.server.State().Sessions))
	}
	for _, s := range p.server.State().Sessions {
		if s.Status != statusClosed || !s.CreditsReserved.IsZero() {
			t.Errorf("%s is %s", s.ID, s.Status)
		}
	}
}

// TestOneLostAmongMany opens many sessions at the same time and loses the answer to one opening: the others explain theirs, so that it is found.
func TestOneLostAmongMany(t *testing.T) {
	t.Parallel()
	const n = 10
	p := openPlace(t, mockserver.Responder{}, nil)
	p.server.AddFault("sessions.open:after:reset,skip=4")
	var wait sync.WaitGroup
	var mu sync.Mutex
	lost := 0
	for i := range n {
		wait.Go(func() {
			done, diags := p.wanting(fmt.Sprint("k", i), 2).buy(t.Context())
			mu.Lock()
			defer mu.Unlock()
			switch {
			case diags.HasError():
				t.Errorf("%d: %v", i, diags)
			case statuses(done.turns) == "nn":
				lost++
			case statuses(done.turns) != "cc":
				t.Errorf("%d: %s", i, statuses(done.turns))
			}
		})
	}
	wait.Wait()
	if total, count := p.charged(); lost != 1 || total != "$0.90" || count != 2*(n-1) || len(p.server.State().Sessions) != n {
		t.Errorf("%d lost, charged %s in %d, %d sessions", lost, total, count, len(p.server.State().Sessions))
	}
}

// TestRefusedBesideOthers is refused while other sessions of the agent are opened: what AUTX says is passed on.
func TestRefusedBesideOthers(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, nil)
	if _, diags := p.wanting("first", 1).buy(t.Context()); len(diags) > 0 {
		t.Fatal(diags)
	}
	p.server.AddFault("sessions.open:before:status=402,body=too little")
	_, diags := p.wanting("second", 1).buy(t.Context())
	if !told(diags, "Could not open session \"second\"", "too little") || told(diags, "may have been carried out") {
		t.Error(diags)
	}
}

// TestRefusedOpening has a look at what there is in spite of a refusal, and of nothing else, and tells only what this walk has not opened.
func TestRefusedOpening(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, nil)
	ours := p.wanting("ours", 0) // stays open, and nothing is said in it
	ours.chat.tell = func(text string) {
		id, isOpening := strings.CutSuffix(strings.TrimPrefix(text, "Session "), " is open")
		if isOpening && !p.walk.isOurs(id) {
			t.Errorf("session %s is open, and nobody else would know that it is ours", id)
		}
	}
	opened, diags := ours.buy(t.Context())
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	mine := purchase.Match{ID: opened.session.ID}
	b := p.wanting("k", 1)
	doubts := b.purchase(t.Context()).Doubts
	for outcome, says := range map[client.Outcome]string{
		client.Refused: "AUTX says that it has opened no session, and nothing was charged.",
		client.NotSent: "No session was opened, and nothing was charged.",
		client.Unknown: "",
	} {
		failure := &client.Error{Outcome: outcome, Message: "too little"}
		if doubts(failure) != (outcome == client.Refused) {
			t.Errorf("%v: doubts are %t", outcome, doubts(failure))
		}
		diags := b.refused(failure, purchase.Result{Unexplained: []purchase.Match{mine}})
		if !told(diags, "too little", says) || told(diags, "nothing was charged") != (says != "") || told(diags, "All the same") || told(diags, mine.ID) {
			t.Errorf("%v: %v", outcome, diags)
		}
	}
	if doubts(context.Canceled) {
		t.Error("what is no answer of AUTX is doubted")
	}
	both := purchase.Result{Unexplained: []purchase.Match{mine, {ID: "ses_theirs"}}}
	if diags := b.refused(&client.Error{Outcome: client.Refused}, both); !told(diags, "a new session with", "  - ses_theirs") || told(diags, mine.ID) {
		t.Error(diags)
	}
}

// TestLeftAlone tells of one session and of several in words that fit, and of who may take them over.
func TestLeftAlone(t *testing.T) {
	t.Parallel()
	one, two := purchase.Match{ID: "ses_1", Label: "session with CHAT, holds $0.25"}, purchase.Match{ID: "ses_2"}
	for name, test := range map[string]struct {
		sessions   []purchase.Match
		rivals     []string
		has, lacks []string
	}{
		"none": {rivals: []string{`session "a"`}, lacks: []string{" "}},
		"one": {
			sessions: []purchase.Match{one},
			has: []string{
				"a new session with", "  - ses_1 (session with CHAT, holds $0.25)", "It may be somebody else's", "It was left alone, and applying this again leaves it alone",
				"autx_session_close", "importing it", `to = autx_session.NAME`, `id = "ses_1"`,
			},
			lacks: []string{"They", "them", "other openings"},
		},
		"two": {
			sessions: []purchase.Match{one, two},
			has:      []string{"2 new sessions with", "  - ses_1", "  - ses_2", "They may be", "They were left alone", `id = "ses_1"`},
			lacks:    []string{"a new session", "It may", "It was"},
		},
		"one that a rival may have": {
			sessions: []purchase.Match{one}, rivals: []string{`session "a"`, `session "b"`},
			has: []string{"may take a session over that is named here, and close it", `  - session "a"`, `  - session "b"`},
		},
	} {
		text := leftAlone(test.sessions, test.rivals)
		for _, want := range test.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: nothing says %q: %s", name, want, text)
			}
		}
		for _, not := range test.lacks {
			if strings.Contains(text, not) {
				t.Errorf("%s: it says %q: %s", name, not, text)
			}
		}
	}
}

// TestStrangerSaysNothing is refused while somebody else has just opened a session with the same agent, and says nothing in it yet: it is named and left
// alone, so that they can go on, and the key is not used up.
func TestStrangerSaysNothing(t *testing.T) {
	t.Parallel()
	p := openPlace(t, mockserver.Responder{}, nil)
	p.server.AddFault("sessions.open:before:status=402,skip=1,body=too little")
	if _, err := p.walk.idsBefore(t.Context()); err != nil {
		t.Fatal(err)
	}
	theirs, err := placeAt(t, p.server, t.TempDir(), nil).walk.api.Sessions.Open(t.Context(), "CHAT")
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Abort()
	done, diags := p.wanting("k", 1).buy(t.Context())
	if done != nil || !told(diags, "too little", "not used up", theirs.Session().ID, "left alone") || len(p.paused) > 0 {
		t.Errorf("%+v: %v, paused %v", done, diags, p.paused)
	}
	if _, err := theirs.Send(t.Context(), "hello", nil); err != nil || theirs.Lost() {
		t.Errorf("they can't go on: %v", err)
	}
	if done, diags := p.wanting("k", 1).buy(t.Context()); diags.HasError() || statuses(done.turns) != "c" || done.session.ID == theirs.Session().ID {
		t.Errorf("the next attempt: %+v: %v", done, diags)
	}
	if total, n := p.charged(); total != "$0.10" || n != 2 {
		t.Errorf("charged %s in %d", total, n)
	}
}

// TestStrangersConversation loses the answer to an opening, and later gets a refusal, while somebody else talks to the same agent on the same account:
// their conversation is not taken for the lost one, which would close it under their hands.
func TestStrangersConversation(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{"sessions.open:before:reset,skip=1": "most likely not made", "sessions.open:before:status=402,skip=1,body=too little": "too little"} {
		p := openPlace(t, mockserver.Responder{}, nil)
		p.server.AddFault(rule)
		if _, err := p.walk.idsBefore(t.Context()); err != nil {
			t.Fatal(err)
		}
		theirs := placeAt(t, p.server, t.TempDir(), nil).wanting("theirs", 1)
		theirs.chat.closes = false
		if _, diags := theirs.buy(t.Context()); len(diags) > 0 {
			t.Fatal(diags)
		}
		done, diags := p.wanting("k", 1).buy(t.Context())
		if done != nil || !told(diags, want) {
			t.Errorf("%s: %+v: %v", rule, done, diags)
		}
		if s := p.server.State().Sessions[0]; s.Status != statusActive {
			t.Errorf("%s: theirs is %s", rule, s.Status)
		}
	}
}
