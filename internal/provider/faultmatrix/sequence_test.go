package faultmatrix_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestMain bounds how many sequences are tried, where the command line does not say it.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen {
		checks := "8"
		if os.Getenv(everythingEnv) != "" {
			checks = "60"
		}
		if err := flag.Set("rapid.checks", checks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// mishap is what happens to one purchase of a run.
type mishap struct {
	name string
	rule string
	// dies tells that the process dies once the service has done with the request: what it learns and saves afterwards is lost.
	dies bool
}

func mishaps() []mishap {
	return []mishap{
		{name: "none"},
		{name: "answer lost", rule: "after:reset"},
		{name: "500 after commit", rule: "after:status=500"},
		{name: "body cut", rule: "body:truncate,bytes=9"},
		{name: "403", rule: "before:status=403"},
		{name: "429", rule: "before:status=429"},
		{name: "503 before", rule: "before:status=503"},
		{name: "dies after commit", dies: true},
		{name: "dies before commit", rule: "before:status=403", dies: true},
	}
}

// sequence is a configuration, a state and a journal that live through many runs.
type sequence struct {
	*protocol.Driver
	t       *rapid.T
	server  *mockserver.Server
	gate    *acctest.Gate
	journal string
	state   map[string]*protocol.Instance
	applied map[string]bool
}

func orderOf(key string) protocol.Values {
	return protocol.Values{"idempotency_key": key, "agent_id": summ, "prompt": "Prompt of " + key, "max_price": "0.50"}
}

// run applies a configuration of orders with the keys, one after the other. The mishap strikes at the purchase with the given key, if there is one.
func (s *sequence) run(keys []string, at string, what mishap) {
	s.NextWalk()
	for _, key := range slices.Sorted(maps.Keys(s.state)) {
		if !slices.Contains(keys, key) {
			if _, diags := s.Apply(s.MustPlan("autx_order", s.state[key], nil)); diags.HasErrors() {
				s.t.Fatalf("forget %s: %s", key, diags)
			}
			delete(s.state, key)
		}
	}
	for _, key := range keys {
		if s.step(key, key == at, what) {
			return
		}
	}
}

// step applies one order of a run, and tells whether the process died of it.
func (s *sequence) step(key string, struck bool, what mishap) (died bool) {
	if prior := s.state[key]; prior != nil {
		now, _, diags := s.Read(prior)
		if plan := s.MustPlan("autx_order", now, orderOf(key)); diags.HasErrors() || !plan.Empty() {
			s.t.Fatalf("%s is in state, and there is something left to do: %v\n%s", key, plan.Values(), diags)
		}
		return false
	}
	s.applied[key] = true
	plan := s.MustPlan("autx_order", nil, orderOf(key))
	if !struck {
		s.keep(key, plan)
		return false
	}
	if what.rule != "" {
		rule := s.server.AddFault("orders.create:" + what.rule)
		defer rule.Remove()
	}
	if !what.dies {
		s.keep(key, plan)
		return false
	}
	held := s.gate.HoldOutcome(http.MethodPost, "/orders/")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Apply(plan) // nobody is left whom it could tell anything
	}()
	select {
	case <-held.Reached():
	case <-done: // it was taken over, or refused, without a request
		s.gate.Clear()
		return true
	}
	kept := snapshot(s.t, s.journal)
	held.Release()
	<-done
	restore(s.t, s.journal, kept)
	return true
}

func (s *sequence) keep(key string, plan *protocol.Plan) {
	made, diags := s.Apply(plan)
	if made != nil {
		s.state[key] = made
	}
	if made != nil && diags.HasErrors() {
		s.t.Fatalf("%s would be tainted: %s", key, diags)
	}
}

// bought counts the orders of a key at the service; each key has a prompt of its own.
func (s *sequence) bought() map[string]int {
	out := map[string]int{}
	for _, order := range s.server.State().Orders {
		out[strings.TrimPrefix(order.Prompt, "Prompt of ")]++
	}
	return out
}

// mustHaveBoughtOnce fails unless no key was bought twice, and none that was never applied.
func (s *sequence) mustHaveBoughtOnce() {
	for key, n := range s.bought() {
		if n > 1 || !s.applied[key] {
			s.t.Fatalf("%s was bought %d times (applied: %t)\n%s", key, n, s.applied[key], acctest.Traffic(s.server))
		}
	}
	if err := s.server.CheckInvariants(); err != nil {
		s.t.Fatal(err)
	}
}

// TestAnySequence goes through random runs: orders come and go, answers are lost, processes die, states are lost. At no time is a key bought twice, and when
// all is well again, each key that was ever applied has been bought once: those of which the outcome can't be told from another's are refused instead.
func TestAnySequence(t *testing.T) {
	t.Parallel()
	all := []string{"k1", "k2", "k3", "k4"}
	rapid.Check(t, func(rt *rapid.T) {
		server, err := mockserver.Start(mockserver.WithSeed(seed("1000")))
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = server.Close() }() // nothing is kept
		gate := acctest.NewGate(t, server)
		s := &sequence{
			Driver: protocol.New(t), t: rt, server: server, gate: gate, journal: t.TempDir(),
			state: map[string]*protocol.Instance{}, applied: map[string]bool{},
		}
		s.MustConfigure(protocol.Values{
			"base_url": gate.URL(), "api_key": server.Key(), "max_retries": 0, "spending": protocol.Values{"max_per_apply": "1000", "journal": s.journal},
		})
		for range rapid.IntRange(1, 6).Draw(rt, "runs") {
			keys := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, len(all), rapid.ID).Draw(rt, "keys")
			at := rapid.SampledFrom(all).Draw(rt, "at")
			what := mishaps()[rapid.IntRange(0, len(mishaps())-1).Draw(rt, "mishap")]
			s.run(keys, at, what)
			s.mustHaveBoughtOnce()
			if rapid.IntRange(0, 3).Draw(rt, "state lost") == 0 {
				clear(s.state)
			}
		}
		s.mend()
	})
}

// mend applies everything that was ever applied, without mishaps.
func (s *sequence) mend() {
	s.NextWalk()
	for _, key := range slices.Sorted(maps.Keys(s.applied)) {
		if s.state[key] != nil {
			continue
		}
		made, diags := s.Apply(s.MustPlan("autx_order", nil, orderOf(key)))
		if made == nil && !diags.Errors().Say("nothing was sent again", "import {") {
			s.t.Fatalf("%s can't be bought, and nothing says why: %s", key, diags)
		}
		if made == nil { // of two outcomes that are open, which order is whose can't be told
			s.applied[key] = s.bought()[key] == 1
			continue
		}
		s.state[key] = made
	}
	s.mustHaveBoughtOnceEach()
}

func (s *sequence) mustHaveBoughtOnceEach() {
	s.mustHaveBoughtOnce()
	bought := s.bought()
	for key, applied := range s.applied {
		if applied && bought[key] != 1 {
			s.t.Fatalf("%s was applied and is bought %d times", key, bought[key])
		}
	}
	for key, instance := range s.state {
		found := false
		for _, order := range s.server.State().Orders {
			found = found || order.ID == instance.ID() && order.Prompt == fmt.Sprint("Prompt of ", key)
		}
		if !found {
			s.t.Fatalf("the state has %s under the id %s, which is not its own", key, instance.ID())
		}
	}
}
