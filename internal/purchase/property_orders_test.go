package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// orderHistory is a random sequence of runs that place orders with one seller, whose list shows no keys: with answers that are lost, processes that die,
// lists that lag to the end of a run, looks at the time before that are not fresh, a key of the API that is changed, and somebody else who orders from
// the same account. What must hold after each step is what the guarantee promises.
type orderHistory struct {
	*buyer
	t *rapid.T
	// others says that somebody else orders from the account, by means that no journal sees.
	others  bool
	state   map[string]string // what Terraform's state holds: id by key
	applied map[string]bool   // the keys under which a run has ever tried to buy
	since   map[string]int    // how many orders the oldest look at the time before has seen, by key
	rotated bool              // what an earlier key of the API left open can't be compared
	anyLag  bool              // a look may have missed what was there
	result  map[string]string // the id that a key was first said to have bought
}

func newOrderHistory(t *rapid.T) *orderHistory {
	h := &orderHistory{
		buyer: newBuyerAt(t, ""), t: t, others: rapid.Bool().Draw(t, "others"),
		state: map[string]string{}, applied: map[string]bool{}, since: map[string]int{}, result: map[string]string{},
	}
	h.hooks.Memory = purchase.NewMemoryStore()
	if rapid.Bool().Draw(t, "limited") {
		h.limits.MaxPerApply = money.FromInt(70) // two orders a run
	}
	return h
}

func (h *orderHistory) digest(key string) string { return "inputs of " + key }

func (h *orderHistory) key() string {
	return rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(h.t, "key")
}

// order is the purchase under a key. Stale is how many of the newest orders its look at the time before misses.
func (h *orderHistory) order(key string, stale int) purchase.Purchase {
	p := h.buyer.order(key, h.digest(key))
	p.Snapshot = func(context.Context) (json.RawMessage, error) {
		h.service.mu.Lock()
		defer h.service.mu.Unlock()
		seen := h.service.objects[:max(0, len(h.service.objects)-stale)]
		if before, known := h.since[key]; !known || len(seen) < before {
			h.since[key] = len(seen)
		}
		ids := []string{}
		for _, o := range seen {
			ids = append(ids, o.id)
		}
		return json.Marshal(ids)
	}
	return p
}

var (
	orderFates = []fate{answered, answered, refused, lostBefore, lostAfter, diedBefore, diedAfter, noID, unnamed, diedUnnamed}
	// together are the fates of orders of one run: a process that dies takes all of them with it, which the single ones show.
	together = []fate{answered, lostBefore, lostAfter, refused, noID}
)

// run is one walk that buys under keys, at the same time where there are several.
func (h *orderHistory) run(keys []string, fates []fate) {
	stale := rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(h.t, "stale")
	lag := rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(h.t, "lag")
	intruders := 0
	if h.others {
		intruders = rapid.IntRange(0, 2).Draw(h.t, "others' orders in that moment")
	}
	h.service.script, h.service.shown = fates, len(h.service.objects)
	h.service.findErrs = rapid.SampledFrom([]int{0, 0, 0, 1, purchase.LookupPauses()}).Draw(h.t, "failing looks")
	var once sync.Once
	h.service.during = func() {
		once.Do(func() {
			for range intruders {
				h.service.add(h.apiKey, order, "seller")
			}
			h.service.mu.Lock()
			defer h.service.mu.Unlock()
			h.service.lag = lag
		})
	}
	for _, key := range keys {
		h.applied[key] = true
	}
	h.anyLag = h.anyLag || lag > 0
	d := h.desk()
	var wait sync.WaitGroup
	ids, errs := make([]string, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		p := h.order(key, stale)
		wait.Go(func() {
			result, err, _ := buyAt(context.Background(), d, p)
			ids[i], errs[i] = result.ID, err
		})
	}
	wait.Wait()
	for i, key := range keys {
		if ids[i] != "" {
			h.bought(key, ids[i])
		}
		h.told(key, errs[i])
	}
	h.service.during, h.service.script, h.service.findErrs, h.service.lag, h.service.dieInFind = nil, nil, 0, 0, false
}

// bought checks an id that a run was given.
func (h *orderHistory) bought(key, id string) {
	if first, again := h.result[key]; again && first != id {
		h.t.Errorf("%s is %s now, and was %s", key, id, first)
	}
	h.result[key] = id
	for other, taken := range h.result {
		if other != key && taken == id {
			h.t.Errorf("%s and %s are both %s", key, other, id)
		}
	}
	at := slices.IndexFunc(h.service.objects, func(o *object) bool { return o.id == id })
	switch tag := h.service.objects[at].tag; {
	case tag == key:
	case tag != "" && h.others && h.anyLag:
		// A list that lags showed somebody else's order alone, which was taken for that of another key; so this one's look like each other's.
	case tag != "":
		h.t.Errorf("the order of %s is %s, which was placed for %s", key, id, tag)
	case at < h.since[key]:
		h.t.Errorf("the order of %s is %s, which was there before", key, id)
	case h.service.charges[string(order)+" "+key] > 0 && !h.anyLag:
		h.t.Errorf("the order of %s is %s, which somebody else placed, although its own is there as well", key, id)
	}
}

// told checks that a refusal fits what happened.
func (h *orderHistory) told(key string, err error) {
	refusal, ok := errors.AsType[*purchase.Refusal](err)
	if !ok {
		return
	}
	if refusal.Reason == purchase.ReasonAmbiguous && len(h.applied) == 1 && !h.others && !h.rotated {
		h.t.Errorf("%s is ambiguous, and nobody else has ordered anything: %v", key, err)
	}
}

func (h *orderHistory) buy() {
	key := h.key()
	fatal, writes := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(h.t, "fatal write"), 0
	before := rapid.Bool().Draw(h.t, "before the write")
	die := func(now bool) {
		if now && writes == fatal {
			panic(died{})
		}
	}
	h.hooks.FailWrites = func(string) error { writes++; die(before); return nil }
	h.hooks.AfterWrite = func() { die(!before) }
	h.run([]string{key}, []fate{rapid.SampledFrom(orderFates).Draw(h.t, "fate")})
	h.hooks.FailWrites, h.hooks.AfterWrite = nil, nil
	if id := h.result[key]; id != "" && rapid.Bool().Draw(h.t, "state saved") {
		h.state[key] = id
	}
}

func (h *orderHistory) buyThree() {
	keys := rapid.SampledFrom([][]string{{"A", "B", "C"}, {"B", "C", "D"}, {"A", "C", "D"}}).Draw(h.t, "keys")
	h.run(keys, rapid.SliceOfN(rapid.SampledFrom(together), 3, 3).Draw(h.t, "fates"))
}

func (h *orderHistory) refresh() {
	d := h.desk()
	for _, key := range slices.Sorted(maps.Keys(h.state)) {
		id := h.state[key]
		d.SawInputs(context.Background(), order, key, id, h.digest(key))
	}
}

func (h *orderHistory) forget() {
	key := h.key()
	if id := h.state[key]; id != "" {
		delete(h.state, key)
		h.desk().Forget(context.Background(), order, key, id)
	}
}

func (h *orderHistory) rotate() {
	h.rotated = true
	h.apiKey += "x"
	for _, o := range h.service.objects {
		o.owner = h.apiKey
	}
}

// check holds the service to the guarantee: nothing is charged twice, and nothing that no run has asked for.
func (h *orderHistory) check() {
	for _, key := range []string{"A", "B", "C", "D"} {
		switch charged := h.service.chargesOf(order, key); {
		case charged > 1:
			h.t.Fatalf("%s was charged %d times", key, charged)
		case charged > 0 && !h.applied[key]:
			h.t.Fatalf("%s was charged and never applied", key)
		}
	}
}

// TestAnyHistoryOfOrders: whatever happens, the charges are those of the keys that were ever applied, each once; and what can't be told is refused.
func TestAnyHistoryOfOrders(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newOrderHistory(t)
		t.Repeat(map[string]func(*rapid.T){
			"buy":       func(*rapid.T) { h.buy() },
			"buy three": func(*rapid.T) { h.buyThree() },
			"refresh":   func(*rapid.T) { h.refresh() },
			"forget":    func(*rapid.T) { h.forget() },
			"rotate":    func(*rapid.T) { h.rotate() },
			"":          func(*rapid.T) { h.check() },
		})
		h.settle()
	})
}

// settle ends a history with runs in which nothing goes wrong: each key is bought then, by one of the runs, or is one of those that can't be told.
func (h *orderHistory) settle() {
	h.limits.MaxPerApply = money.FromInt(1000)
	for _, key := range slices.Sorted(maps.Keys(h.applied)) {
		result, err, _ := h.buyer.buy(h.order(key, 0))
		refusal, refused := errors.AsType[*purchase.Refusal](err)
		switch {
		case err == nil:
			h.bought(key, result.ID)
			if own := h.service.chargesOf(order, key); own == 0 && !h.others {
				h.t.Errorf("%s is %s and was never charged", key, result.ID)
			}
		case !refused, refusal.Reason != purchase.ReasonAmbiguous && refusal.Reason != purchase.ReasonUnknown:
			h.t.Errorf("%s can't be had: %v", key, err)
		}
		if again, second, _ := h.buyer.buy(h.order(key, 0)); err == nil && (second != nil || !again.Adopted || again.ID != result.ID) {
			h.t.Errorf("%s was %+v and is %+v, %v", key, result, again, second)
		}
	}
	h.check()
}
