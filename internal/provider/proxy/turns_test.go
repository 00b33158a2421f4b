package proxy_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestParallelRequestsWithOneLostAnswer sends many requests at one price at once, from one provider block and from two that share a journal, and loses an
// answer: each finds its own charge, and none is sent twice.
func TestParallelRequestsWithOneLostAnswer(t *testing.T) {
	t.Parallel()
	for _, blocks := range []int{1, 2} {
		t.Run(strconv.Itoa(blocks), func(t *testing.T) {
			t.Parallel()
			const each = 6
			d := open(t)
			desks := []*protocol.Driver{d.Driver}
			for len(desks) < blocks {
				other := protocol.New(t)
				other.MustConfigure(d.config)
				desks = append(desks, other)
			}
			d.server.AddFault("proxy.call:after:reset,skip=4")
			var plans []func() (*protocol.Instance, protocol.Diagnostics)
			for i, desk := range desks {
				for j := range each {
					plan := desk.MustPlan(requestType, nil, of(fmt.Sprint("k", i, "-", j)))
					plans = append(plans, func() (*protocol.Instance, protocol.Diagnostics) { return desk.Apply(plan) })
				}
			}
			var wait sync.WaitGroup
			var mu sync.Mutex
			ids, lost := map[string]bool{}, 0
			for _, apply := range plans {
				wait.Go(func() {
					made, diags := apply()
					if diags.HasErrors() {
						t.Error(diags)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					ids[made.ID()] = true
					v := made.Values()
					if v["response_text"] == nil {
						lost++
					} else if v["response_text"] != "Echo: "+fmt.Sprint(v["prompt"]) {
						t.Errorf("%v was answered %v", v["prompt"], v["response_text"])
					}
				})
			}
			wait.Wait()
			entries := map[string]bool{}
			for _, entry := range d.entries() {
				entries[entry.ID] = true
			}
			if !maps.Equal(ids, entries) || len(ids) != blocks*each || lost != 1 {
				t.Errorf("%d answers are lost; ids\n%q\nentries\n%q", lost, slices.Sorted(maps.Keys(ids)), slices.Sorted(maps.Keys(entries)))
			}
			d.mustHaveSent(blocks * each)
		})
	}
}

// TestFreeRequestsDoNotWait sends requests that cost nothing at the same time, while one that is charged is on its way.
func TestFreeRequestsDoNotWait(t *testing.T) {
	t.Parallel()
	const n = 5
	d := open(t)
	gate := d.gate()
	charged := d.MustPlan(requestType, nil, of("k"))
	free := make([]*protocol.Plan, n)
	for i := range free {
		free[i] = d.MustPlan(requestType, nil, to("FREE", fmt.Sprint("f", i), "0"))
	}
	var wait sync.WaitGroup
	apply := func(plan *protocol.Plan) {
		wait.Go(func() {
			if _, diags := d.Apply(plan); diags.HasErrors() {
				t.Error(diags)
			}
		})
	}
	first := gate.HoldRequest(http.MethodPost, "/proxy/"+summID)
	apply(charged)
	first.Arrived()
	all := []*acctest.Held{first}
	for _, plan := range free { // all of them are on their way at once
		held := gate.HoldRequest(http.MethodPost, "/proxy/*3")
		apply(plan)
		held.Arrived()
		all = append(all, held)
	}
	for _, held := range all {
		held.Release()
	}
	wait.Wait()
	d.mustHaveCharged("0.5")
	d.mustHaveSent(n + 1)
}

// TestTurnThatDoesNotCome gives up waiting at timeouts.create, before anything is sent.
func TestTurnThatDoesNotCome(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	first, second := d.MustPlan(requestType, nil, of("a")), d.MustPlan(requestType, nil, of("b", "timeouts", values{"create": "200ms"}))
	held := gate.HoldRequest(http.MethodPost, "/proxy/*")
	done := make(chan protocol.Diagnostics, 1)
	go func() { _, diags := d.Apply(first); done <- diags }()
	held.Arrived()
	made, diags := d.Apply(second)
	if made != nil || !diags.Errors().Say("was not sent", "nothing was charged", "the time for it was over") {
		t.Errorf("%v %s", made, diags)
	}
	held.Release()
	if diags := <-done; diags.HasErrors() {
		t.Error(diags)
	}
	d.mustHaveCharged("0.5")
	d.mustHaveSent(1)
}

// TestManyFreeRequests asks many times; each answer is its own.
func TestManyFreeRequests(t *testing.T) {
	t.Parallel()
	const n = 60
	d := open(t, mockserver.WithLatency(time.Millisecond))
	var wait sync.WaitGroup
	for i := range n {
		plan := d.MustPlan(requestType, nil, to("FREE", fmt.Sprint("f", i), "0"))
		wait.Go(func() {
			made, diags := d.Apply(plan)
			if diags.HasErrors() || made.Values()["response_text"] != fmt.Sprint("Echo: Prompt of f", i) || !strings.HasPrefix(made.ID(), "free-") {
				t.Errorf("%d: %s", i, diags)
			}
		})
	}
	wait.Wait()
	d.mustHaveSent(n)
	d.mustHaveCharged()
}
