package purchase_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// talkHistory is a random sequence of runs that hold conversations with one seller: with openings whose answer is lost, processes that die at any write
// of the journal and between any two steps, a journal that can't be written for a while, steps that fail, states that are saved or lost, and lists that
// lag to the end of a run. What must hold after each step is what the guarantee promises.
type talkHistory struct {
	*buyer
	t       *rapid.T
	talks   map[string]*conversation
	state   map[string]string // what Terraform's state holds: id by key
	result  map[string]string // the id that a key was first said to have bought
	applied map[string]bool
}

func newTalkHistory(t *rapid.T) *talkHistory {
	h := &talkHistory{
		buyer: newBuyerAt(t, ""), t: t, talks: map[string]*conversation{}, state: map[string]string{}, result: map[string]string{}, applied: map[string]bool{},
	}
	h.hooks.Memory = purchase.NewMemoryStore()
	return h
}

func (h *talkHistory) key() string {
	return rapid.SampledFrom([]string{"A", "B", "C"}).Draw(h.t, "key")
}

func (h *talkHistory) talk(key string) *conversation {
	if h.talks[key] == nil {
		h.talks[key] = newConversation(h.buyer, key)
	}
	return h.talks[key]
}

// run is one walk that holds a conversation under a key, or takes it over.
func (h *talkHistory) run() {
	key := h.key()
	h.applied[key] = true
	c := h.talk(key)
	c.buyer = h.buyer
	openings := []fate{answered, answered, answered, refused, lostBefore, lostAfter, diedBefore, diedAfter}
	h.service.script = []fate{rapid.SampledFrom(openings).Draw(h.t, "opening")}
	h.service.shown, h.service.lag = len(h.service.objects), 0
	lag := rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(h.t, "lag")
	h.service.during = func() {
		h.service.mu.Lock()
		defer h.service.mu.Unlock()
		h.service.lag = lag
	}
	c.at, c.fail = map[string]func(){}, map[string]error{}
	step := rapid.SampledFrom([]string{"opened", "noted", "begun 1", "sent 1", "begun 2", "sent 2", "ended"}).Draw(h.t, "step")
	switch rapid.SampledFrom([]string{"nothing", "nothing", "dies", "fails"}).Draw(h.t, "what happens there") {
	case "dies":
		c.at[step] = func() { panic(died{}) }
	case "fails":
		c.fail[step] = rapid.SampledFrom([]error{&failure{maybe: true}, &failure{maybe: false}, errScripted}).Draw(h.t, "failure")
	}
	fatal := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 4, 5}).Draw(h.t, "fatal write")
	broken := rapid.SampledFrom([]int{0, 0, 0, 2, 3, 4, 5, 6}).Draw(h.t, "broken write")
	before, writes := rapid.Bool().Draw(h.t, "before the write"), 0
	die := func(now bool) {
		if now && writes == fatal {
			panic(died{})
		}
	}
	h.hooks.FailWrites = func(string) error {
		writes++
		die(before)
		if broken > 0 && writes >= broken {
			return errScripted // to the end of the run
		}
		return nil
	}
	h.hooks.AfterWrite = func() { die(!before) }
	result, err, dead := h.buy(c.purchase())
	h.hooks.FailWrites, h.hooks.AfterWrite, h.service.during, h.service.script, h.service.lag = nil, nil, nil, nil, 0
	if err == nil && !dead {
		h.bought(key, result)
		if rapid.Bool().Draw(h.t, "state saved") {
			h.state[key] = result.ID
		}
	}
}

// bought checks what a run was given.
func (h *talkHistory) bought(key string, result purchase.Result) {
	if first, again := h.result[key]; again && first != result.ID {
		h.t.Errorf("%s is %s now, and was %s", key, result.ID, first)
	}
	h.result[key] = result.ID
	at := slices.IndexFunc(h.service.objects, func(o *object) bool { return o.id == result.ID })
	if h.service.objects[at].tag != key {
		h.t.Errorf("the conversation of %s is %s, which was opened for %s", key, result.ID, h.service.objects[at].tag)
	}
	var n chatNotes // nothing was noted: nothing may have been sent
	if result.Notes == nil {
		result.Notes = n.json()
	}
	if err := json.Unmarshal(result.Notes, &n); err != nil {
		h.t.Fatalf("%s: the notes %s: %v", key, result.Notes, err)
	}
	if sent := h.talk(key).messages; sent > n.Begun || n.Ended > sent {
		h.t.Errorf("%s: %d messages were sent, and the notes say that at least %d and at most %d were", key, sent, n.Ended, n.Begun)
	}
}

func (h *talkHistory) refresh() {
	d := h.desk()
	for _, key := range slices.Sorted(maps.Keys(h.state)) {
		d.SawInputs(h.t.Context(), purchase.Session, key, h.state[key], "d")
	}
}

func (h *talkHistory) loseState() { delete(h.state, h.key()) }

// check holds the service to the guarantee: no conversation is opened twice, and no message is sent twice.
func (h *talkHistory) check() {
	for key, c := range h.talks {
		if charged := h.service.chargesOf(purchase.Session, key); charged > 1 || charged > 0 && !h.applied[key] {
			h.t.Fatalf("%s was opened %d times", key, charged)
		}
		if c.messages > 2 {
			h.t.Fatalf("%s: %d messages were sent; there are two", key, c.messages)
		}
	}
}

// TestAnyHistoryOfConversations: whatever happens, each is opened once and each message sent once, and what the notes say holds.
func TestAnyHistoryOfConversations(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newTalkHistory(t)
		t.Repeat(map[string]func(*rapid.T){
			"run":        func(*rapid.T) { h.run() },
			"run again":  func(*rapid.T) { h.run() },
			"refresh":    func(*rapid.T) { h.refresh() },
			"lose state": func(*rapid.T) { h.loseState() },
			"":           func(*rapid.T) { h.check() },
		})
		h.settle()
	})
}

// settle ends a history with runs in which nothing goes wrong: each key has its conversation then, or is one of those that can't be told.
func (h *talkHistory) settle() {
	for _, key := range slices.Sorted(maps.Keys(h.applied)) {
		c := h.talk(key)
		c.at, c.fail = map[string]func(){}, map[string]error{}
		result, err, _ := h.buy(c.purchase())
		refusal, refused := errors.AsType[*purchase.Refusal](err)
		switch {
		case err == nil:
			h.bought(key, result)
			again, second, _ := h.buy(c.purchase())
			if second != nil || !again.Adopted || again.ID != result.ID || string(again.Notes) != string(result.Notes) {
				h.t.Errorf("%s was %+v and is %+v, %v", key, result, again, second)
			}
		case !refused || refusal.Reason != purchase.ReasonAmbiguous:
			h.t.Errorf("%s can't be had: %v", key, err)
		}
	}
	h.check()
}
