package purchase_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// history is a random sequence of runs over a few keys, with whatever may go wrong in between, and what must hold after each step.
type history struct {
	*buyer
	t         *rapid.T
	kind      purchase.Kind
	keys      []string
	state     map[string]string // what Terraform's state holds: id by key
	destroyed map[string]int    // how often the object of a key was destroyed
}

func newHistory(t *rapid.T, kind purchase.Kind) *history {
	h := &history{buyer: newBuyerAt(t, ""), t: t, kind: kind, keys: []string{"A", "B", "C"}, state: map[string]string{}, destroyed: map[string]int{}}
	h.hooks.Memory = purchase.NewMemoryStore()
	h.service.lax = true // the desk alone has to see to it that there is one agent a ticker
	if rapid.Bool().Draw(t, "limited") {
		h.limits.MaxPerApply = money.FromInt(40)
	}
	return h
}

func (h *history) key() string { return rapid.SampledFrom(h.keys).Draw(h.t, "key") }

func (h *history) purchase(key string) purchase.Purchase {
	if h.kind == order {
		digest := rapid.SampledFrom([]string{"d", "d", "d", "e", ""}).Draw(h.t, "digest")
		return h.order(key, digest)
	}
	return h.agent(key)
}

// buy is one run that creates under a key, and maybe dies at a write of the journal.
func (h *history) buy() {
	key := h.key()
	if h.kind == purchase.AgentLaunch && h.state[key] != "" && rapid.Bool().Draw(h.t, "refreshed") {
		h.desk().SawInState(context.Background(), h.kind, key, h.state[key])
	}
	h.service.script = []fate{rapid.SampledFrom([]fate{answered, answered, refused, lostBefore, lostAfter, diedBefore, diedAfter, noID}).Draw(h.t, "fate")}
	h.service.findErrs = rapid.SampledFrom([]int{0, 0, 0, 1, purchase.LookupPauses()}).Draw(h.t, "failing looks")
	fatal := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(h.t, "fatal write")
	before := rapid.Bool().Draw(h.t, "before the write")
	writes := 0
	die := func(now bool) {
		if now && writes == fatal {
			panic(died{})
		}
	}
	h.hooks.FailWrites = func(string) error { writes++; die(before); return nil }
	h.hooks.AfterWrite = func() { die(!before) }
	cancelled := rapid.SampledFrom([]bool{false, false, false, true}).Draw(h.t, "interrupted")
	ctx, cancel := context.WithCancel(context.Background())
	if cancelled {
		h.service.during = cancel
	}
	result, err, dead := buyAt(ctx, h.desk(), h.purchase(key))
	cancel()
	h.hooks.FailWrites, h.hooks.AfterWrite, h.service.during = nil, nil, nil
	h.service.script, h.service.findErrs = nil, 0
	if dead || err != nil {
		return
	}
	if tag := h.tagOf(result.ID); tag != key {
		h.t.Fatalf("the purchase under %s is %s, which was bought under %q", key, result.ID, tag)
	}
	if rapid.Bool().Draw(h.t, "state saved") {
		h.state[key] = result.ID
	}
}

func (h *history) tagOf(id string) string {
	for _, o := range h.service.objects {
		if o.id == id && !o.gone {
			return o.tag
		}
	}
	return ""
}

// refresh reads what the state holds.
func (h *history) refresh() {
	d := h.desk()
	for _, key := range h.keys {
		id := h.state[key]
		if id == "" {
			continue
		}
		if h.tagOf(id) == "" {
			d.Forget(context.Background(), h.kind, key, id)
			delete(h.state, key)
			continue
		}
		d.SawInState(context.Background(), h.kind, key, id)
	}
}

// destroy ends what the state holds under a key; an order lives on at the service.
func (h *history) destroy() {
	key := h.key()
	id := h.state[key]
	if id == "" {
		return
	}
	if h.kind == purchase.AgentLaunch {
		h.service.remove(id)
		h.destroyed[key]++
	}
	delete(h.state, key)
	if rapid.Bool().Draw(h.t, "noted") {
		h.desk().Forget(context.Background(), h.kind, key, id)
	}
}

// lose drops a key from the state alone.
func (h *history) lose() { delete(h.state, h.key()) }

// vanish destroys an agent outside of Terraform.
func (h *history) vanish() {
	key := h.key()
	if live := h.service.live(h.kind, key); h.kind == purchase.AgentLaunch && len(live) > 0 {
		h.service.remove(live[0])
		h.destroyed[key]++
	}
}

func (h *history) check() {
	for _, key := range h.keys {
		charges := h.service.chargesOf(h.kind, key)
		if charges > 1+h.destroyed[key] {
			h.t.Fatalf("%s was charged %d times and destroyed %d times", key, charges, h.destroyed[key])
		}
		if live := h.service.live(h.kind, key); h.kind == purchase.AgentLaunch && len(live) > 1 {
			h.t.Fatalf("%s has the live agents %v", key, live)
		}
	}
}

func (h *history) run() {
	h.t.Repeat(map[string]func(*rapid.T){
		"buy":     func(*rapid.T) { h.buy() },
		"refresh": func(*rapid.T) { h.refresh() },
		"destroy": func(*rapid.T) { h.destroy() },
		"lose":    func(*rapid.T) { h.lose() },
		"vanish":  func(*rapid.T) { h.vanish() },
		"":        func(*rapid.T) { h.check() },
	})
}

func TestAnyHistoryBuysAtMostOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { newHistory(t, order).run() })
}

func TestAnyHistoryHasOneAgentATicker(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, purchase.AgentLaunch)
		h.run()
		// Nothing is lost either: in the end each ticker can be had, by buying it or by taking over what is there.
		h.limits.MaxPerApply = money.FromInt(1000)
		h.refresh()
		for _, key := range h.keys {
			before := h.service.live(h.kind, key)
			result, err := h.desk().Buy(t.Context(), h.agent(key))
			if refusal, ok := errors.AsType[*purchase.Refusal](err); ok && refusal.Reason == purchase.ReasonBound && len(before) == 1 {
				continue // it is live, and a state had it
			}
			if err != nil {
				h.t.Fatalf("%s can't be had: %v", key, err)
			}
			if live := h.service.live(h.kind, key); !slices.Equal(live, []string{result.ID}) || result.Adopted != (len(before) == 1) {
				h.t.Fatalf("%s: result %+v; live before %v, after %v", key, result, before, live)
			}
		}
		h.check()
	})
}
