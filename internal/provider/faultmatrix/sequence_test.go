package faultmatrix_test

import (
	"flag"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

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

// turn is one run of a sequence.
type turn struct {
	articles []article // the configuration
	at       string    // the key of the article at which the mishap strikes, if the run gets to it
	what     mishap
	loses    bool // that the state is lost after it
}

// turns draws runs of some of the articles.
func turns(of []article) *rapid.Generator[turn] {
	return rapid.Custom(func(t *rapid.T) turn {
		return turn{
			articles: rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), func(a article) string { return a.key }).Draw(t, "articles"),
			at:       rapid.SampledFrom(of).Draw(t, "at").key,
			what:     rapid.SampledFrom(mishaps()).Draw(t, "mishap"),
			loses:    rapid.IntRange(0, 3).Draw(t, "state lost") == 0,
		}
	})
}

// account counts what a sequence of runs may have bought, and holds the service to it.
type account struct {
	server *mockserver.Server
	seeded int
	// applied are the articles that a run has ever tried to buy, by key, and open those of which it can't be told whether they were bought.
	applied map[string]article
	open    map[string]bool
}

func newAccount(server *mockserver.Server) *account {
	c := &account{server: server, applied: map[string]article{}, open: map[string]bool{}}
	for _, entry := range server.State().Transactions {
		if entry.User == me {
			c.seeded++
		}
	}
	return c
}

// fails is what both tests of a kind can do: testing.T and rapid.T.
type fails interface {
	Fatalf(format string, args ...any)
}

// mustHold fails unless each key was bought at most once and none that was never applied; and, at the end, each that was applied but those that are open.
func (c *account) mustHold(t fails, atTheEnd bool) {
	most, least := map[string]int{}, map[string]int{}
	for key, a := range c.applied {
		most[a.mark]++
		if atTheEnd && !c.open[key] {
			least[a.mark]++
		}
	}
	bought := marksOf(c.server.State(), c.seeded)
	for mark, n := range bought {
		if n > most[mark] {
			t.Fatalf("%s: bought %d times, under %d keys\n%s", mark, n, most[mark], acctest.Traffic(c.server))
		}
	}
	for mark, n := range least {
		if bought[mark] < n {
			t.Fatalf("%s: bought %d times, and %d keys were applied of which nothing is open\n%s", mark, bought[mark], n, acctest.Traffic(c.server))
		}
	}
	if err := c.server.CheckInvariants(); err != nil {
		t.Fatalf("%v", err)
	}
}

// mustBeTheirs fails unless each article in state has an id of its own, which is the service's for it.
func (c *account) mustBeTheirs(t fails, ids map[string]string) {
	marks := marksOfIDs(c.server.State())
	of := map[string]string{}
	for key, id := range ids {
		if a := c.applied[key]; !a.stands(id, marks) || of[id] != "" {
			t.Fatalf("the state has %s, %s, under the id %s, which is %q, and of %q as well", key, a.mark, id, marks[id], of[id])
		}
		of[id] = key
	}
}

// sequence is a configuration, a state and a journal that live through many runs.
type sequence struct {
	*protocol.Driver
	*account
	t       *rapid.T
	gate    *acctest.Gate
	journal string
	state   map[string]*protocol.Instance
}

// run applies a configuration, one article after the other.
func (s *sequence) run(of turn) {
	s.NextWalk()
	for _, key := range slices.Sorted(maps.Keys(s.state)) {
		if !slices.ContainsFunc(of.articles, func(a article) bool { return a.key == key }) {
			if _, diags := s.Apply(s.MustPlan(s.applied[key].typeName, s.state[key], nil)); diags.HasErrors() {
				s.t.Fatalf("forget %s: %s", key, diags)
			}
			delete(s.state, key)
		}
	}
	for _, a := range of.articles {
		struck := mishap{}
		if a.key == of.at {
			struck = of.what
		}
		if s.step(a, struck) {
			return
		}
	}
}

// step applies one article of a run, and tells whether the process died of it.
func (s *sequence) step(a article, what mishap) (died bool) {
	if prior := s.state[a.key]; prior != nil {
		now, _, diags := s.Read(prior)
		if plan := s.MustPlan(a.typeName, now, a.config); diags.HasErrors() || !plan.Empty() {
			s.t.Fatalf("%s is in state, and there is something left to do: %v\n%s", a.key, plan.Values(), diags)
		}
		return false
	}
	s.applied[a.key] = a
	s.server.Advance(time.Hour + time.Second) // withdrawals have to lie an hour apart
	plan := s.MustPlan(a.typeName, nil, a.config)
	if what.rule != "" {
		rule := s.server.AddFault(a.operation + ":" + what.rule)
		defer rule.Remove()
	}
	if !what.dies {
		s.keep(a.key, plan)
		return false
	}
	held := s.gate.HoldOutcome(http.MethodPost, a.path)
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

func (s *sequence) keep(key string, plan *protocol.Plan) (protocol.Diagnostics, bool) {
	made, diags := s.Apply(plan)
	if made == nil {
		return diags, false
	}
	s.state[key] = made
	if diags.HasErrors() {
		s.t.Fatalf("%s would be tainted: %s", key, diags)
	}
	return diags, true
}

// mend applies everything that was ever applied, without mishaps. What can't be told from another's is refused, and says so.
func (s *sequence) mend() {
	s.NextWalk()
	for _, key := range slices.Sorted(maps.Keys(s.applied)) {
		if s.state[key] != nil {
			continue
		}
		s.server.Advance(time.Hour + time.Second)
		diags, made := s.keep(key, s.MustPlan(s.applied[key].typeName, nil, s.applied[key].config))
		if !made && !diags.Errors().Say("nothing was sent again", "import {") {
			s.t.Fatalf("%s can't be bought, and nothing says why: %s", key, diags)
		}
		s.open[key] = !made
	}
	s.mustHold(s.t, true)
	ids := map[string]string{}
	for key, instance := range s.state {
		ids[key] = instance.ID()
	}
	s.mustBeTheirs(s.t, ids)
}

// TestAnySequence goes through random runs: orders, deposits and withdrawals come and go, answers are lost, processes die, states are lost. At no time
// is a key bought twice, and when all is well again, each key that was ever applied has been bought once: those of which the outcome can't be told from
// another's are refused instead.
func TestAnySequence(t *testing.T) {
	t.Parallel()
	all := articles()
	rapid.Check(t, func(rt *rapid.T) {
		server, err := mockserver.Start(mockserver.WithSeed(seed("1000")))
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = server.Close() }() // nothing is kept
		gate := acctest.NewGate(t, server)
		s := &sequence{
			Driver: protocol.New(t), account: newAccount(server), t: rt, gate: gate, journal: t.TempDir(), state: map[string]*protocol.Instance{},
		}
		s.MustConfigure(protocol.Values{
			"base_url": gate.URL(), "api_key": server.Key(), "max_retries": 0,
			"spending": protocol.Values{"max_per_apply": "1000", "journal": s.journal, "allow_deposits": true, "allow_withdrawals": true},
		})
		for _, of := range rapid.SliceOfN(turns(all), 1, 6).Draw(rt, "runs") {
			s.run(of)
			s.mustHold(rt, false)
			if of.loses {
				clear(s.state)
			}
		}
		s.mend()
	})
}
