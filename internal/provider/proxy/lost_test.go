package proxy_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// lostAfter are the ways to lose the answer to a request that was carried out.
var lostAfter = []string{"after:reset", "after:status=500", "after:status=502", "after:status=503,body=<html>", "after:status=302"}

// lostBefore are the ways to lose a request before it is carried out.
var lostBefore = []string{"before:reset", "before:status=500", "before:status=502", "before:status=408"}

// TestLostAnswer loses the answer of a request that was charged: it is found in the ledger, charged once, and never sent again.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, fault := range lostAfter {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.elsewhere("SUMM") // what was charged before is not taken for it
			d.elsewhere("GOLD")
			d.server.AddFault("proxy.call:" + fault)
			made, diags := d.PlanAndApply(requestType, nil, of("k"))
			if diags.HasErrors() || !diags.Warnings().Say("although its answer was lost", made.ID(), "It was sent once") ||
				!diags.Warnings().Say("Answer is lost", "$0.50", "can't be read again", "change idempotency_key") {
				t.Fatal(diags)
			}
			v := made.Values()
			if v["status_code"] != nil || v["response_text"] != nil || at(v, "spend.charged_usd") != "0.5" || made.ID() != d.entries()[2].ID {
				t.Errorf("made %v", v)
			}
			d.mustHaveCharged("0.5", "0.5", "7")
			d.mustBeSettled(made, of("k"))
		})
	}
}

// TestLostAnswerWhileTheAgentWorks hangs up on a service that still works, at the client's timeout.
func TestLostAnswerWhileTheAgentWorks(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.reconfigure("timeout", "300ms")
	d.server.AddFault("proxy.call:after:hang")
	made, diags := d.PlanAndApply(requestType, nil, of("k"))
	if diags.HasErrors() || !diags.Warnings().Say("although its answer was lost", made.ID()) {
		t.Fatal(diags)
	}
	d.mustHaveCharged("0.5")
}

// TestLostRequest loses the request before it was carried out: it is said that nothing was found, and the next apply asks.
func TestLostRequest(t *testing.T) {
	t.Parallel()
	for _, fault := range lostBefore {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.server.AddFault("proxy.call:" + fault)
			d.refuse(of("k"), "", "not there", "not charged", "safe to apply again")
			d.mustHaveCharged()
			d.NextWalk()
			if plan := d.MustPlan(requestType, nil, of("k")); !plan.Diagnostics.Warnings().Say("still open", "looks it up first") {
				t.Errorf("the next plan: %s", plan.Diagnostics)
			}
			made, diags := d.PlanAndApply(requestType, nil, of("k"))
			if diags.HasErrors() || made.Values()["response_text"] != "Echo: Prompt of k" {
				t.Fatal(diags)
			}
			d.mustBeSettled(made, of("k"))
			d.mustHaveCharged("0.5")
		})
	}
}

// TestLostFreeRequest loses requests that cost nothing, and their answers: nothing was charged, and the next apply asks again.
func TestLostFreeRequest(t *testing.T) {
	t.Parallel()
	for _, agent := range []string{"FREE", "MINE"} {
		for _, fault := range slices.Concat(lostAfter, lostBefore) {
			t.Run(agent+" "+fault, func(t *testing.T) {
				t.Parallel()
				d := open(t)
				d.server.AddFault("proxy.call:" + fault)
				d.refuse(to(agent, "k", "0"), "", "Agent did not answer", "nothing was charged", "not used up", "Apply again")
				made := d.ask(to(agent, "k", "0"))
				d.mustBeSettled(made, to(agent, "k", "0"))
				d.mustHaveCharged()
				d.mustHaveSent(2)
			})
		}
	}
}

// TestLostFreeRequestThatHasGotAPrice loses the answer of a request that was free right before: if the agent has a price by now, whether it was charged
// can't be told, so nothing is sent again.
func TestLostFreeRequestThatHasGotAPrice(t *testing.T) {
	t.Parallel()
	const freeID = "00000000-0000-4000-8000-000000000003"
	d := open(t)
	gate := d.gate()
	plan := d.MustPlan(requestType, nil, to("FREE", "k", "1"))
	held := gate.HoldRequest(http.MethodPost, "/proxy/*")
	d.server.AddFault("proxy.call:after:reset")
	done := make(chan protocol.Diagnostics, 1)
	go func() { _, diags := d.Apply(plan); done <- diags }()
	held.Arrived()
	d.reprice(freeID, "0.40")
	held.Release()
	said(t, "the apply", (<-done).Errors(), "", "free right before it was sent", "costs $0.40 now", "change idempotency_key")
	d.mustHaveCharged("0.4")
	for range 2 {
		d.refuse(to("FREE", "k", "1"), "", "free right before it was sent", "sent nothing")
	}
	d.ask(to("FREE", "k2", "1"))
	d.mustHaveCharged("0.4", "0.4")
	// Free again, it can be asked again.
	d.reprice(freeID, "0")
	if made, diags := d.PlanAndApply(requestType, nil, to("FREE", "k", "1")); diags.HasErrors() || made.Values()["status_code"] != int64(200) {
		t.Error(diags)
	}
	d.mustHaveCharged("0.4", "0.4")
}

// TestLostFreeRequestThatCannotBeCheckedAgain loses the network with the answer: the next apply asks again once it sees that the agent is free.
func TestLostFreeRequestThatCannotBeCheckedAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	plan := d.MustPlan(requestType, nil, to("FREE", "k", "0"))
	d.server.AddFault("proxy.call:after:reset")
	d.server.AddFault("agents.get_by_ticker:before:reset,skip=1,times=4") // the price is read once before, and four times after
	made, diags := d.Apply(plan)
	said(t, "the apply", diags.Errors(), "", "Outcome of the purchase is unknown")
	if made != nil {
		t.Errorf("made %v", made.Values())
	}
	made, diags = d.PlanAndApply(requestType, nil, to("FREE", "k", "0"))
	if diags.HasErrors() || made.Values()["response_text"] != "Echo: Prompt of k" {
		t.Error(diags)
	}
	d.mustHaveCharged()
}

// TestLostAnswerBesideAnother has the answer lost while another request at the same price is charged by other means: which is which can't be told, so
// nothing is guessed and nothing sent again.
func TestLostAnswerBesideAnother(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	plan := d.MustPlan(requestType, nil, of("k"))
	held := gate.HoldRequest(http.MethodPost, "/proxy/*")
	d.server.AddFault("proxy.call:after:reset,skip=2")
	done := make(chan protocol.Diagnostics, 1)
	go func() { _, diags := d.Apply(plan); done <- diags }()
	held.Arrived()
	d.elsewhere("SUMM")
	d.elsewhere("JSON") // at another price: not taken for it
	held.Release()
	diags := <-done
	entries := d.entries()
	if !diags.Errors().Say("can't be told", entries[0].ID, entries[2].ID) || diags.Errors().Say(entries[1].ID) || diags.Errors().Say("import {") {
		t.Fatal(diags)
	}
	for range 2 {
		d.refuse(of("k"), "", "nothing was sent again", entries[0].ID, entries[2].ID)
	}
	d.mustHaveSent(3)
}

// TestAnsweredBesideAnother has an answer, and another charge at the same price in the ledger: the request is made, and only its entry is not known.
func TestAnsweredBesideAnother(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	plan := d.MustPlan(requestType, nil, of("k"))
	held := gate.HoldRequest(http.MethodPost, "/proxy/*")
	type outcome struct {
		made  *protocol.Instance
		diags protocol.Diagnostics
	}
	done := make(chan outcome, 1)
	go func() { made, diags := d.Apply(plan); done <- outcome{made, diags} }()
	held.Arrived()
	d.elsewhere("SUMM")
	held.Release()
	got := <-done
	if got.diags.HasErrors() || !got.diags.Warnings().Say("its id is not known", "made once") {
		t.Fatal(got.diags)
	}
	v := got.made.Values()
	if v["response_text"] != "Echo: Prompt of k" || !strings.HasPrefix(got.made.ID(), "unlisted-") || at(v, "spend.charged_usd") != nil {
		t.Errorf("made %v", v)
	}
	d.mustBeSettled(got.made, of("k"))
	again, diags := d.PlanAndApply(requestType, nil, of("k")) // the state is lost
	if diags.HasErrors() || again.ID() != got.made.ID() || !diags.Warnings().Say("can't be read again") {
		t.Error(diags)
	}
	d.mustHaveSent(2)
}

// TestLaggingLedger has a ledger that never shows the newest entry: what was answered is kept, without its entry.
func TestLaggingLedger(t *testing.T) {
	t.Parallel()
	d := open(t, mockserver.WithAssume("lists.lag", "1"))
	for i := range 2 {
		key := fmt.Sprint("k", i)
		made, diags := d.PlanAndApply(requestType, nil, of(key))
		if diags.HasErrors() || made.Values()["response_text"] != "Echo: Prompt of "+key {
			t.Fatal(diags)
		}
		d.mustBeSettled(made, of(key))
	}
	d.mustHaveCharged("0.5", "0.5")
	d.mustHaveSent(2)
}

// TestInterrupted interrupts the run while the request is on its way: it is carried out and its answer kept.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	ctx, interrupt := context.WithCancel(t.Context())
	plan := d.MustPlan(requestType, nil, of("k"))
	held := gate.HoldRequest(http.MethodPost, "/proxy/*")
	type outcome struct {
		made  *protocol.Instance
		diags protocol.Diagnostics
	}
	done := make(chan outcome, 1)
	go func() { made, diags := d.WithContext(ctx).Apply(plan); done <- outcome{made, diags} }()
	held.Arrived()
	interrupt()
	held.Release()
	got := <-done
	if got.diags.HasErrors() || got.made.Values()["response_text"] != "Echo: Prompt of k" {
		t.Fatal(got.diags)
	}
	d.mustHaveCharged("0.5")

	// Interrupted before, nothing is sent.
	d.NextWalk()
	plan = d.MustPlan(requestType, nil, of("k2"))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	made, diags := d.WithContext(stopped).Apply(plan)
	if made != nil || !diags.Errors().Say("not sent") {
		t.Errorf("%v %s", made, diags)
	}
	d.mustHaveSent(1)
}

// TestLostFreeRequestThatGetsAPriceNow raises the price after a lost free request was looked up and before it is sent again: the look was made for one
// that is free, so nothing is sent.
func TestLostFreeRequestThatGetsAPriceNow(t *testing.T) {
	t.Parallel()
	d := open(t)
	plan := d.MustPlan(requestType, nil, to("FREE", "k", "1"))
	d.server.AddFault("proxy.call:after:reset")
	d.server.AddFault("agents.get_by_ticker:before:reset,skip=1,times=4")
	if _, diags := d.Apply(plan); !diags.Errors().Say("Outcome of the purchase is unknown") {
		t.Fatal(diags)
	}
	d.NextWalk()
	plan = d.MustPlan(requestType, nil, to("FREE", "k", "1"))
	// It is looked for three times; the price that is read after that is another one.
	d.server.AddFault(`agents.get_by_ticker:after:status=200,skip=3,content_type=application/json,body={"id":"00000000-0000-4000-8000-000000000003","ticker":"FREE","service_price":0.4}`)
	made, diags := d.Apply(plan)
	said(t, "the apply", diags.Errors(), "", "got a price just now", "nothing was charged")
	if made != nil {
		t.Errorf("made %v", made.Values())
	}
	d.mustHaveSent(1)
	d.ask(to("FREE", "other", "0"))
	d.mustHaveCharged()
}

// TestLostAnswerBesideAnOrder has the answer lost while an order at the same price comes in: its charge names an order, so it is not taken for the
// request's.
func TestLostAnswerBesideAnOrder(t *testing.T) {
	t.Parallel()
	for fault, charged := range map[string]int{"after:reset": 2, "before:reset": 1} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			plan := d.MustPlan(requestType, nil, of("k"))
			held := gate.HoldRequest(http.MethodPost, "/proxy/*")
			d.server.AddFault("proxy.call:" + fault)
			type outcome struct {
				made  *protocol.Instance
				diags protocol.Diagnostics
			}
			done := make(chan outcome, 1)
			go func() { made, diags := d.Apply(plan); done <- outcome{made, diags} }()
			held.Arrived()
			d.outside(myKey, http.MethodPost, "/orders/", `{"agent_id": "`+summID+`", "prompt": "elsewhere", "payment_method": "credits"}`)
			held.Release()
			got := <-done
			if len(d.entries()) != charged {
				t.Fatalf("charged %q", d.charges())
			}
			if charged == 1 {
				if got.made != nil || !got.diags.Errors().Say("not there", "safe to apply again") {
					t.Errorf("%v %s", got.made, got.diags)
				}
				return
			}
			if got.diags.HasErrors() || got.made.ID() != d.entries()[1].ID {
				t.Errorf("%v %s", got.made, got.diags)
			}
		})
	}
}
