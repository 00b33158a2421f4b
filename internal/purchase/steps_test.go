package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// conversation is a purchase of several steps: it is opened, which the service charges, and then two messages are sent, of which it notes how many it
// has begun and ended.
type conversation struct {
	*buyer
	key      string
	at       map[string]func() // what happens at a step
	fail     map[string]error  // what a step fails with
	messages int               // how many were sent
	conducts int
	ctx      context.Context //nolint:containedctx // what it was conducted with, to look at
	noteErr  error           // of the first note that failed
	note     purchase.Note
}

func newConversation(b *buyer, key string) *conversation {
	return &conversation{buyer: b, key: key, at: map[string]func(){}, fail: map[string]error{}}
}

type chatNotes struct {
	Begun, Ended int
}

func (n chatNotes) json() json.RawMessage {
	data, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return data
}

func (c *conversation) step(name string) error {
	if do := c.at[name]; do != nil {
		do()
	}
	return c.fail[name]
}

// purchase is the conversation as a purchase.
func (c *conversation) purchase() purchase.Purchase {
	p := c.order(c.key, "d")
	p.Kind, p.Title, p.Send, p.Conduct = purchase.Session, "session "+c.key, nil, c.conduct
	p.Find = func(_ context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
		var known []string
		if err := json.Unmarshal(snapshot, &known); err != nil {
			return nil, err
		}
		return c.service.find(c.apiKey, purchase.Session, "seller", known)
	}
	p.Snapshot = func(context.Context) (json.RawMessage, error) {
		matches, err := c.service.find(c.apiKey, purchase.Session, "seller", nil)
		ids := []string{}
		for _, m := range matches {
			ids = append(ids, m.ID)
		}
		if err != nil {
			return nil, err
		}
		c.service.mu.Lock()
		defer c.service.mu.Unlock()
		c.service.finds-- // it is no look for something lost
		return json.Marshal(ids)
	}
	return p
}

func (c *conversation) conduct(ctx context.Context, note purchase.Note) (string, error) {
	c.conducts++
	c.ctx, c.note = ctx, note
	id, err := c.service.send(c.apiKey, purchase.Session, c.key, "seller")
	if err != nil {
		return "", err
	}
	noted := chatNotes{}
	steps := []func() error{
		func() error { return c.step("opened") },
		func() error { return note(id, noted.json()) },
		func() error { return c.step("noted") },
	}
	for range 2 {
		steps = append(steps,
			func() error { noted.Begun++; return note("", noted.json()) },
			func() error { return c.step(fmt.Sprint("begun ", noted.Begun)) },
			func() error { c.messages++; return nil },
			func() error { return c.step(fmt.Sprint("sent ", noted.Begun)) },
			func() error { noted.Ended++; return note("", noted.json()) },
		)
	}
	steps = append(steps, func() error { return c.step("ended") })
	for _, do := range steps {
		if err := do(); err != nil {
			c.noteErr = err
			return id, err
		}
	}
	return id, nil
}

func notesOf(t reporter, result purchase.Result) chatNotes {
	t.Helper()
	var n chatNotes
	if err := json.Unmarshal(result.Notes, &n); err != nil {
		t.Fatalf("the notes %q: %v", result.Notes, err)
	}
	return n
}

func TestAConversationIsNotedStepByStep(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	c := newConversation(b, "k")
	c.at["begun 2"] = func() {
		view := b.wantState(purchase.Session, "k", "intent")
		if view.NotedID != "id-1" || view.Notes != `{"Begun":2,"Ended":1}` {
			t.Errorf("before the second message the journal has %+v; want its id, and that it is about to be sent", view)
		}
	}
	result := b.must(c.purchase())
	if result.ID != "id-1" || result.Adopted || len(result.Problems) != 0 || string(result.Notes) != `{"Begun":2,"Ended":2}` {
		t.Errorf("result = %+v (notes %s); want id-1 with the last notes, and no problem", result, result.Notes)
	}
	if view := b.wantState(purchase.Session, "k", "known"); view.ID != "id-1" || view.NotedID != "" || view.Notes != `{"Begun":2,"Ended":2}` {
		t.Errorf("record = %+v; want the notes kept", view)
	}
	again := b.must(c.purchase())
	if again.ID != "id-1" || !again.Adopted || string(again.Notes) != string(result.Notes) {
		t.Errorf("result = %+v (notes %s); want it taken over with its notes", again, again.Notes)
	}
	if _, finds, _ := b.service.counts(); c.conducts != 1 || c.messages != 2 || finds != 0 {
		t.Errorf("%d conversations with %d messages, and %d looks; want 1, 2 and none", c.conducts, c.messages, finds)
	}
}

func TestAConversationThatDies(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]struct {
		state    string
		noted    bool
		messages int // sent in all, by the run that died and by the next
		conducts int
		notes    chatNotes // of the next run's result
	}{
		"before":  {state: "intent", messages: 2, conducts: 2, notes: chatNotes{2, 2}},
		"opened":  {state: "intent", messages: 0, conducts: 1},
		"noted":   {state: "intent", noted: true, messages: 0, conducts: 1, notes: chatNotes{0, 0}},
		"begun 1": {state: "intent", noted: true, messages: 0, conducts: 1, notes: chatNotes{1, 0}},
		"sent 1":  {state: "intent", noted: true, messages: 1, conducts: 1, notes: chatNotes{1, 0}},
		"begun 2": {state: "intent", noted: true, messages: 1, conducts: 1, notes: chatNotes{2, 1}},
		"sent 2":  {state: "intent", noted: true, messages: 2, conducts: 1, notes: chatNotes{2, 1}},
		"ended":   {state: "intent", noted: true, messages: 2, conducts: 1, notes: chatNotes{2, 2}},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			c := newConversation(b, "k")
			if at == "before" {
				b.service.script = []fate{diedBefore}
			}
			c.at[at] = func() { panic(died{}) }
			if result, err, dead := b.buy(c.purchase()); !dead {
				t.Fatalf("it was to die: %+v, %v", result, err)
			}
			delete(c.at, at)
			if view := b.wantState(purchase.Session, "k", want.state); (view.NotedID == "id-1") != want.noted {
				t.Errorf("it left %+v; want its id noted: %t", view, want.noted)
			}
			// Whatever else appears meanwhile: what is noted needs no look.
			if want.noted {
				b.service.add(b.apiKey, purchase.Session, "seller")
			}
			result := b.must(c.purchase())
			if result.ID != "id-1" || result.Adopted != (at != "before") {
				t.Errorf("result = %+v; want id-1", result)
			}
			if at == "opened" {
				if result.Notes != nil {
					t.Errorf("notes %s; want none, as none were written", result.Notes)
				}
			} else if got := notesOf(t, result); got != want.notes {
				t.Errorf("notes %+v; want %+v", got, want.notes)
			}
			_, finds, confirms := b.service.counts()
			if want.noted && (finds != 0 || confirms != 1) {
				t.Errorf("%d looks and %d questions whether it is there; want none and one, as its id is known", finds, confirms)
			}
			if want.noted {
				wantProblem(t, result.Problems, purchase.SeverityWarning, "Earlier purchase taken over", "as far as it got")
			}
			if c.messages != want.messages || c.conducts != want.conducts {
				t.Errorf("%d conversations with %d messages; want %d and %d", c.conducts, c.messages, want.conducts, want.messages)
			}
			b.wantCharges(purchase.Session, "k", 1)
			b.wantState(purchase.Session, "k", map[bool]string{true: "adopted", false: "known"}[at != "before"])
		})
	}
}

func TestAFailureAfterTheIDIsNotedIsAWarning(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"refused": &failure{maybe: false}, "unknown": &failure{maybe: true}, "untyped": errScripted, "no id": purchase.ErrIDUnknown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			b.hooks.Command = "cli"
			c := newConversation(b, "k")
			c.fail["sent 1"] = failure
			result := b.must(c.purchase())
			if result.ID != "id-1" || result.Adopted || notesOf(t, result) != (chatNotes{1, 0}) {
				t.Errorf("result = %+v (notes %s); want id-1 as far as it got", result, result.Notes)
			}
			wantProblem(t, result.Problems, purchase.SeverityWarning, "Purchase made, but not to its end", failure.Error())
			b.wantState(purchase.Session, "k", "known")
			if _, finds, _ := b.service.counts(); finds != 0 {
				t.Errorf("%d looks; want none, as the id is known", finds)
			}
			if reserved, err := purchase.Reserved(b.journal, "cli"); err != nil || reserved != "30" {
				t.Errorf("reserved %s, %v; want what was authorised to stay reserved", reserved, err)
			}
		})
	}
}

func TestAFailureBeforeTheIDIsKnown(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	c := newConversation(b, "k")
	p := c.purchase()
	conduct := p.Conduct
	p.Conduct = func(ctx context.Context, note purchase.Note) (string, error) {
		if err := note("", json.RawMessage(`{"Begun":9}`)); err != nil {
			t.Error(err)
		}
		return conduct(ctx, note)
	}
	b.service.script = []fate{refused}
	if _, err, _ := b.buy(p); !errors.As(err, new(*failure)) {
		t.Errorf("error is %v; want the service's own", err)
	}
	b.wantState(purchase.Session, "k", "none")

	b.service.script = []fate{lostAfter}
	result := b.must(p)
	wantProblem(t, result.Problems, purchase.SeverityWarning, "Purchase made although its answer was lost", "id-1")
	if string(result.Notes) != `{"Begun":9}` {
		t.Errorf("notes %s; want those from before the id was known", result.Notes)
	}
	b.wantCharges(purchase.Session, "k", 1)
}

func TestNotesOfALostAttemptAreNotThoseOfTheNext(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	c := newConversation(b, "k")
	p := c.purchase()
	p.Conduct = func(ctx context.Context, note purchase.Note) (string, error) {
		if err := note("", json.RawMessage(`{"Begun":9}`)); err != nil {
			t.Error(err)
		}
		return "", &failure{maybe: true}
	}
	b.refuse(p, purchase.ReasonAbsent)
	p.Conduct = func(context.Context, purchase.Note) (string, error) { return "id-7", nil }
	if result := b.must(p); result.ID != "id-7" || result.Notes != nil {
		t.Errorf("result = %+v (notes %s); want no notes, as it made none", result, result.Notes)
	}
}

func TestWhatIsNotedIsNobodyElses(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	first := newConversation(b, "first")
	first.at["begun 1"] = func() { panic(died{}) }
	if _, _, dead := b.buy(first.purchase()); !dead {
		t.Fatal("it was to die")
	}
	// The second one's look at the time before shows nothing, as a list that lags does.
	b.service.script = []fate{lostAfter}
	second := newConversation(b, "second").purchase()
	second.Snapshot = func(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil }
	if result := b.must(second); result.ID != "id-2" {
		t.Errorf("result = %+v; want id-2: id-1 is the first one's", result)
	}
	if result := b.must(first.purchase()); result.ID != "id-1" || !result.Adopted {
		t.Errorf("result = %+v; want id-1 taken over", result)
	}
}

// TestNobodyWaitsForAConversationThatIsKnown: it may go on for an hour, and what is new beside it is not it.
func TestNobodyWaitsForAConversationThatIsKnown(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"opened", "noted"} { // where it is when the other one begins to look
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			first, reached, proceed, noted, end := newConversation(b, "first"), make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
			first.at[at] = func() { close(reached); <-proceed }
			first.at["begun 1"] = func() { close(noted); <-end }
			done := make(chan purchase.Result)
			d := b.desk()
			p := first.purchase()
			go func() {
				result, err, _ := buyAt(t.Context(), d, p)
				if err != nil {
					t.Error(err)
				}
				done <- result
			}()
			<-reached
			if at == "noted" {
				close(proceed)
				<-noted
			}
			b.service.mu.Lock()
			b.service.script = []fate{lostAfter}
			b.service.mu.Unlock()
			waiting := 0
			b.hooks.OnLock = func(string) {
				if waiting++; waiting == 2 && at == "opened" { // the first lock is that of its own key
					close(proceed)
				}
			}
			second := newConversation(b, "second").purchase()
			second.Snapshot = func(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil }
			if result := b.must(second); result.ID != "id-2" {
				t.Errorf("result = %+v; want id-2", result)
			}
			if at == "noted" && waiting != 1 {
				t.Errorf("it waited for %d keys; want its own only", waiting)
			}
			close(end)
			if result := <-done; result.ID != "id-1" {
				t.Errorf("result = %+v; want id-1", result)
			}
		})
	}
}

func TestAConversationIsDetachedAndBounded(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	c := newConversation(b, "k")
	ctx, cancel := context.WithCancel(t.Context())
	c.at["begun 1"] = func() {
		cancel()
		if c.ctx.Err() != nil {
			t.Error("the interrupt of the CLI ended the conversation")
		}
		if _, bounded := c.ctx.Deadline(); !bounded {
			t.Error("the conversation has no end")
		}
	}
	result, err, _ := buyAt(ctx, b.desk(), c.purchase())
	if err != nil || result.ID != "id-1" || notesOf(t, result) != (chatNotes{2, 2}) {
		t.Errorf("result = %+v, %v; want the conversation to its end", result, err)
	}
	b.wantState(purchase.Session, "k", "known")

	other := newConversation(b, "other")
	_, err, _ = buyAt(ctx, b.desk(), other.purchase())
	wantRefusal(t, err, purchase.ReasonCancelled)
	if other.conducts != 0 {
		t.Error("an interrupted run began a conversation")
	}
	b.wantState(purchase.Session, "other", "none")
}

func TestAJournalThatCantBeWrittenStopsAConversation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails    string // what a write that fails has in it
		messages int
		notes    chatNotes
	}{
		"at the id":           {fails: `"noted_id"`, messages: 0, notes: chatNotes{0, 0}},
		"between the turns":   {fails: `"Begun": 2`, messages: 1, notes: chatNotes{2, 1}},
		"after the last turn": {fails: `"Ended": 2`, messages: 2, notes: chatNotes{2, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, works := range []bool{true, false} { // whether the journal can be written again at the end
				b := newBuyer(t)
				chat := newConversation(b, "k")
				failing := true
				b.hooks.FailWrites = func(data string) error {
					if failing && strings.Contains(data, c.fails) {
						failing = !works
						return errScripted
					}
					return nil
				}
				result := b.must(chat.purchase())
				if !errors.Is(chat.noteErr, errScripted) || chat.messages != c.messages {
					t.Errorf("the note says %v, and %d messages were sent; want the store's error and %d", chat.noteErr, chat.messages, c.messages)
				}
				if result.ID != "id-1" || notesOf(t, result) != c.notes {
					t.Errorf("result = %+v (notes %s); want id-1 and what is known of it", result, result.Notes)
				}
				wantProblem(t, result.Problems, purchase.SeverityWarning, "Purchase made, but not to its end", "scripted")
				// The write that ends the purchase names its id in another way, so only notes that are in it can make it fail.
				if b.hooks.FailWrites = nil; works || c.fails == `"noted_id"` {
					b.wantState(purchase.Session, "k", "known")
				} else {
					wantProblem(t, result.Problems, purchase.SeverityWarning, "Purchase not noted in the journal", "id-1")
				}
				again := b.must(chat.purchase())
				if !again.Adopted || again.ID != "id-1" || chat.conducts != 1 {
					t.Errorf("result = %+v after %d conversations; want id-1 taken over", again, chat.conducts)
				}
				b.wantCharges(purchase.Session, "k", 1)
			}
		})
	}
}

func TestNotesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	c := newConversation(b, "k")
	c.at["begun 1"] = func() {
		before := b.wantState(purchase.Session, "k", "intent")
		for name, err := range map[string]error{
			"another id":    c.note("id-9", chatNotes{7, 7}.json()),
			"no JSON":       c.note("", json.RawMessage("{")),
			"an empty text": c.note("", json.RawMessage{}),
		} {
			if err == nil {
				t.Errorf("%s was noted", name)
			}
		}
		if after := b.wantState(purchase.Session, "k", "intent"); after != before {
			t.Errorf("the record is %+v; want it as it was, %+v", after, before)
		}
		if err := c.note("id-1", nil); err != nil {
			t.Errorf("the same id again: %v", err)
		}
		if after := b.wantState(purchase.Session, "k", "intent"); after.Notes != before.Notes {
			t.Errorf("no notes took the place of notes: %+v", after)
		}
	}
	b.must(c.purchase())
	before := b.wantState(purchase.Session, "k", "known")
	if err := c.note("id-1", chatNotes{7, 7}.json()); err == nil {
		t.Error("a purchase that has ended took a note: another process may have its key")
	}
	if after := b.wantState(purchase.Session, "k", "known"); after != before {
		t.Errorf("the record is %+v; want it as it was, %+v", after, before)
	}
}

// interrupted leaves a conversation that died with its id noted.
func interrupted(t *testing.T, b *buyer) *conversation {
	t.Helper()
	c := newConversation(b, "k")
	c.at["sent 1"] = func() { panic(died{}) }
	if _, _, dead := b.buy(c.purchase()); !dead {
		t.Fatal("it was to die")
	}
	c.at = map[string]func(){}
	return c
}

func TestAnInterruptedConversationInTheNextRun(t *testing.T) {
	t.Parallel()
	t.Run("other inputs", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		p := interrupted(t, b).purchase()
		p.Digest = "other"
		refusal := b.refuse(p, purchase.ReasonBound)
		if !strings.Contains(refusal.Detail, "id-1") {
			t.Errorf("the id is missing in: %s", refusal.Detail)
		}
	})
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		c := interrupted(t, b)
		b.service.remove("id-1")
		b.refuse(c.purchase(), purchase.ReasonBound)
		if c.conducts != 1 {
			t.Error("a key that is used once was used again")
		}
		p := c.purchase()
		p.Lasting = true
		if result := b.must(p); !result.Adopted || result.ID != "id-1" {
			t.Errorf("result = %+v; want the journal believed", result)
		}
	})
	t.Run("its service was reset", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.instance = "one"
		c := interrupted(t, b)
		b.service.remove("id-1")
		b.service.instance = "two"
		if result := b.must(c.purchase()); result.Adopted || result.ID != "id-2" || c.conducts != 2 {
			t.Errorf("result = %+v; want it made at the new service", result)
		}
	})
	t.Run("the API key was changed", func(t *testing.T) {
		t.Parallel()
		for _, ours := range []bool{true, false} {
			b := newBuyer(t)
			c := interrupted(t, b)
			b.apiKey = "autx_live_second"
			if ours {
				b.service.objects[0].owner = b.apiKey
			}
			result := b.must(c.purchase())
			if result.Adopted != ours || (result.ID == "id-1") != ours {
				t.Errorf("ours: %t: result = %+v", ours, result)
			}
			if want := map[bool]chatNotes{true: {1, 0}, false: {2, 2}}[ours]; notesOf(t, result) != want {
				t.Errorf("ours: %t: notes %s; want %+v", ours, result.Notes, want)
			}
		}
	})
	t.Run("its plan", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		interrupted(t, b)
		d := b.desk()
		problems := d.PlanCreate(t.Context(), purchase.Planned{Kind: purchase.Session, Key: "k", Title: "session k", Authorized: money.FromInt(30)})
		wantProblem(t, problems, purchase.SeverityWarning, "Key was used before", "id-1")
		if !d.UsedBefore(t.Context(), purchase.Session, "k") || !d.Lost(t.Context(), purchase.Session, "k") {
			t.Error("a plan is not told that the key is used, or that no state has it")
		}
	})
	t.Run("a state has it", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		interrupted(t, b)
		if problems := b.desk().SawInState(t.Context(), purchase.Session, "k", "id-1"); len(problems) != 0 {
			t.Errorf("problems: %+v", problems)
		}
		if view := b.wantState(purchase.Session, "k", "known"); view.ID != "id-1" || !view.InState || view.NotedID != "" || view.Notes == "" {
			t.Errorf("record = %+v; want it known with its notes", view)
		}
	})
	t.Run("a state has another one", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		c := interrupted(t, b)
		b.desk().SawInState(t.Context(), purchase.Session, "k", "id-0")
		if result := b.must(c.purchase()); result.ID != "id-1" || !result.Adopted {
			t.Errorf("result = %+v; want what was noted last", result)
		}
	})
	t.Run("a state learns another one later", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		c := newConversation(b, "k")
		b.must(c.purchase())
		b.desk().Forget(t.Context(), purchase.Session, "k", "id-1")
		b.desk().SawInState(t.Context(), purchase.Session, "k", "id-5")
		if view := b.wantState(purchase.Session, "k", "known"); view.ID != "id-5" || view.Notes != "" {
			t.Errorf("record = %+v; want no notes of another session", view)
		}
	})
}

func TestAPurchaseIsSentOrConducted(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	both := newConversation(b, "k").purchase()
	both.Send = b.order("k", "d").Send
	neither := both
	neither.Send, neither.Conduct = nil, nil
	b.refuse(both, purchase.ReasonCheck)
	b.refuse(neither, purchase.ReasonCheck)
	if sends, _, _ := b.service.counts(); sends != 0 {
		t.Errorf("%d requests; want none", sends)
	}
}

func TestAConductThatNotesNothing(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	p := b.order("k", "d")
	send := p.Send
	p.Send, p.Conduct = nil, func(ctx context.Context, _ purchase.Note) (string, error) { return send(ctx) }
	b.service.script = []fate{noID}
	if result := b.must(p); result.ID != "id-1" || result.Notes != nil {
		t.Errorf("result = %+v; want it looked up", result)
	}
	b.service.script = []fate{answered}
	p.Key = "k2"
	if result := b.must(p); result.ID != "id-2" || result.Notes != nil {
		t.Errorf("result = %+v; want what was answered", result)
	}
}
