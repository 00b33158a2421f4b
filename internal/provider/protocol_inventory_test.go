package provider_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// listings is a list of own agents that can show what is over, or fail.
type listings struct {
	gate  *acctest.Gate
	old   atomic.Pointer[[]byte] // what it shows; nil: what is there
	fails atomic.Bool
	last  atomic.Pointer[[]byte]
}

// oldLists puts a gate in front of a server that decides what the list of own agents shows.
func oldLists(t *testing.T, server *mockserver.Server) *listings {
	t.Helper()
	l := &listings{gate: acctest.NewGate(t, server)}
	l.gate.Rewrite("GET", "/agents/mine", func(_, answer []byte) []byte {
		if l.fails.Load() {
			return []byte("<html>")
		}
		if old := l.old.Load(); old != nil {
			return *old
		}
		answer = bytes.Clone(answer)
		l.last.Store(&answer)
		return answer
	})
	return l
}

// TestAListOlderThanTheLastApply: the walk after an apply gets the list of own agents as it was before. It plans nothing back.
func TestAListOlderThanTheLastApply(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	lists := oldLists(t, server)
	config := protocol.ProviderValues(t, server)
	config["base_url"] = lists.gate.URL()
	d := protocol.New(t)
	d.MustConfigure(config)
	const n = 8
	var made []*protocol.Instance
	for i := range n {
		made = append(made, d.MustApply(agentType, nil, agentNamed(fmt.Sprint("AG", i))))
	}
	readAll := func() {
		t.Helper()
		for i, one := range made {
			ticker := fmt.Sprint("AG", i)
			price := "0.50"
			if i == 5 {
				price = "7"
			}
			again := d.MustRead(one)
			if diff := cmp.Diff(one.Values(), again.Values()); diff != "" {
				t.Errorf("%s (-before +after the read):\n%s", ticker, diff)
			}
			if plan := d.MustPlan(agentType, again, agentNamed(ticker, "service_price", price)); !plan.Empty() {
				t.Errorf("%s is not settled", ticker)
			}
		}
	}
	d.NextWalk()
	for _, one := range made {
		d.MustRead(one)
	}
	lists.old.Store(lists.last.Load())
	made[5] = d.MustApply(agentType, made[5], agentNamed("AG5", "service_price", "7"))
	readAll() // in the walk that wrote
	d.NextWalk()
	server.ClearRequests()
	readAll()
	want := map[string]int{"agents.mine": 1, "agents.get": 3} // two before it lists, and the one of which the list is old
	if diff := cmp.Diff(want, acctest.Sent(server)); diff != "" {
		t.Errorf("requests of the walk (-want +got):\n%s", diff)
	}

	// One that was destroyed is gone, though the list still has it, and the others are not.
	d.NextWalk()
	if _, diags := d.Apply(d.MustPlan(agentType, made[6], nil)); len(diags) > 0 {
		t.Error(diags)
	}
	if after, _, diags := d.Read(made[6]); !diags.HasErrors() && !after.Gone() {
		t.Error("what this walk destroyed is read from an old list")
	}
	d.NextWalk()
	made = slices.Delete(made, 6, 8)
	readAll()
}

// TestReadsOfAnyHistory compares what refreshes see with what is there, over random histories: applies, changes by somebody else, new walks, and a
// list of own agents that lags behind, shows what is over, is cut off, or fails. What was applied is never seen otherwise, and what somebody else
// changed is seen as it is or, where the list is older, not yet.
func TestReadsOfAnyHistory(t *testing.T) {
	t.Parallel()
	tickers := []string{"AG0", "AG1", "AG2", "AG3", "AG4"}
	var worlds []*historyWorld
	for _, position := range [][2]string{{"lists.lag", "0"}, {"lists.lag", "2"}, {"lists.default_limit", "3"}} {
		server := market(t, tickers, mockserver.WithAssume(position[0], position[1]), mockserver.WithAssume("agents.public_endpoint_url", "true"))
		w := &historyWorld{server: server, lists: oldLists(t, server), tickers: tickers, d: protocol.New(t)}
		w.config = protocol.ProviderValues(t, server)
		w.config["base_url"], w.config["max_retries"] = w.lists.gate.URL(), 0
		worlds = append(worlds, w)
	}
	rapid.Check(t, func(rt *rapid.T) { rapid.SampledFrom(worlds).Draw(rt, "lists").anyHistory(t, rt) })
}

// historyWorld is where random histories happen.
type historyWorld struct {
	server  *mockserver.Server
	lists   *listings
	tickers []string
	config  protocol.Values
	d       *protocol.Driver
}

func (w *historyWorld) anyHistory(t *testing.T, rt *rapid.T) {
	t.Helper()
	server, lists, tickers, d := w.server, w.lists, w.tickers, w.d
	server.Reset()
	lists.old.Store(nil)
	lists.fails.Store(false)
	w.config["spending"] = protocol.Values{"max_per_apply": "1000", "journal": t.TempDir()}
	d.MustConfigure(w.config)
	state := map[string]*protocol.Instance{}
	for _, ticker := range tickers {
		state[ticker] = d.MustImport(agentType, seededID(t, server, ticker))
	}
	prices := rapid.SampledFrom([]string{"1", "2", "3", "4"})
	pick := func(rt *rapid.T) string { return rapid.SampledFrom(tickers).Draw(rt, "agent") }
	there := func(ticker string) (price string, found bool) {
		for _, a := range server.State().Agents {
			if a.Ticker == ticker {
				return a.ServicePrice.String(), true
			}
		}
		return "", false
	}
	rt.Repeat(map[string]func(*rapid.T){
		"read": func(rt *rapid.T) {
			for _, ticker := range rapid.Permutation(tickers).Draw(rt, "order") {
				before := state[ticker]
				if before.Gone() {
					continue
				}
				after, _, diags := d.Read(before)
				if diags.HasErrors() {
					if _, found := there(ticker); found {
						rt.Fatalf("%s: %s", ticker, diags)
					}
					continue // it was removed by somebody else, and the list does not confirm that
				}
				price, found := there(ticker)
				switch {
				case after.Gone() != !found && (after.Gone() || after.Values()["service_price"] != before.Values()["service_price"]):
					rt.Fatalf("%s: the read finds it gone: %t; it is there: %t", ticker, after.Gone(), found)
				case !after.Gone() && found && !sameAmount(after.Values()["service_price"], price) &&
					after.Values()["service_price"] != before.Values()["service_price"]:
					rt.Fatalf("%s: read as %v, state has %v, there it is %s", ticker, after.Values()["service_price"], before.Values()["service_price"], price)
				}
				state[ticker] = after
			}
		},
		"apply": func(rt *rapid.T) {
			ticker := pick(rt)
			price := prices.Draw(rt, "price")
			if _, found := there(ticker); state[ticker].Gone() || !found {
				return
			}
			plan := d.MustPlan(agentType, state[ticker], agentNamed(ticker, "service_price", price))
			if plan.Empty() {
				return
			}
			applied, diags := d.Apply(plan)
			if diags.HasErrors() {
				rt.Fatalf("%s: %s", ticker, diags)
			}
			state[ticker] = applied
			if got, _ := there(ticker); !sameAmount(price, got) {
				return // state had this price, so it was not sent; somebody else has changed it since
			}
			after := d.MustRead(state[ticker])
			if after.Gone() || !sameAmount(after.Values()["service_price"], price) {
				rt.Fatalf("%s was given the price %s in this walk and is read as %v", ticker, price, after.Values())
			}
		},
		"somebody changes": func(rt *rapid.T) {
			ticker := pick(rt)
			if _, found := there(ticker); found {
				asOwner(t, server, http.MethodPatch, "/agents/"+seededID(t, server, ticker), `{"service_price": `+prices.Draw(rt, "price")+`}`)
			}
		},
		"somebody removes": func(rt *rapid.T) {
			ticker := pick(rt)
			if _, found := there(ticker); found {
				asOwner(t, server, http.MethodDelete, "/agents/"+seededID(t, server, ticker), "")
			}
		},
		"next walk":      func(*rapid.T) { d.NextWalk() },
		"list is old":    func(*rapid.T) { lists.old.Store(lists.last.Load()) },
		"list is fresh":  func(*rapid.T) { lists.old.Store(nil) },
		"list fails":     func(*rapid.T) { lists.fails.Store(true) },
		"list is mended": func(*rapid.T) { lists.fails.Store(false) },
	})
}

func sameAmount(a any, b string) bool {
	text := fmt.Sprint(a)
	x, errX := money.Parse(text)
	y, errY := money.Parse(b)
	return errX == nil && errY == nil && x.Equal(y)
}
