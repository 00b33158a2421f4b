package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func TestBuyIsKnown(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	result := b.must(b.agent("SUMM"))
	if result.ID != "id-1" || result.Adopted || len(result.Problems) != 0 {
		t.Errorf("result = %+v; want id-1, bought now, without a problem", result)
	}
	b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	if view := b.wantState(purchase.AgentLaunch, "SUMM", "known"); view.ID != "id-1" || view.InState || view.Attempts != 1 {
		t.Errorf("record = %+v", view)
	}
	if _, finds, confirms := b.service.counts(); finds != 0 || confirms != 0 {
		t.Errorf("a purchase that goes well made %d finds and %d confirms; want none", finds, confirms)
	}
}

func TestIntentIsDurableBeforeTheRequest(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.add(b.apiKey, order, "seller")
	b.service.during = func() {
		if view := b.wantState(order, "k", "intent"); view.Snapshot == "" || !strings.Contains(view.Snapshot, "id-1") {
			t.Errorf("the intent holds the snapshot %q; want one with id-1", view.Snapshot)
		}
	}
	b.must(b.order("k", "d"))
	if sends, _, _ := b.service.counts(); sends != 1 {
		t.Fatalf("%d requests; want 1", sends)
	}
}

func TestDefiniteFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{refused}
	_, err, _ := b.buy(b.agent("SUMM"))
	if _, typed := errors.AsType[*failure](err); !typed {
		t.Fatalf("error is %v; want the service's own", err)
	}
	if _, isRefusal := errors.AsType[*purchase.Refusal](err); isRefusal {
		t.Errorf("the service's error was replaced by a refusal: %v", err)
	}
	b.wantState(purchase.AgentLaunch, "SUMM", "none")
	if _, finds, _ := b.service.counts(); finds != 0 {
		t.Errorf("a definite failure was looked up")
	}
	b.must(b.agent("SUMM"))
	b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
}

func TestDefiniteFailureAfterALostRequest(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script, b.service.lag = []fate{lostAfter, refused}, 1
	b.refuse(b.order("k", "d"), purchase.ReasonAbsent)
	if _, err, _ := b.buy(b.order("k", "d")); err == nil {
		t.Fatal("want the service's refusal")
	}
	// The second request was refused, but of the first one it still isn't known.
	b.wantState(order, "k", "unknown")
	b.service.lag = 0
	if result := b.must(b.order("k", "d")); !result.Adopted || result.ID != "id-1" {
		t.Errorf("result = %+v; want id-1 adopted", result)
	}
	b.wantCharges(order, "k", 1)
}

func TestLostAnswerIsFoundAgain(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{lostAfter}
	result := b.must(b.agent("SUMM"))
	if result.ID != "id-1" || result.Adopted {
		t.Errorf("result = %+v; want id-1, charged by this call", result)
	}
	wantProblem(t, result.Problems, purchase.SeverityWarning, "Purchase made although its answer was lost", "id-1")
	b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	b.wantState(purchase.AgentLaunch, "SUMM", "adopted")
}

func TestLostAnswerIsFoundInALaggingList(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script, b.service.lag = []fate{lostAfter}, 1
	pauses := 0
	b.hooks.Sleep = func(context.Context, time.Duration) error {
		if pauses++; pauses == 2 {
			b.service.mu.Lock()
			defer b.service.mu.Unlock()
			b.service.lag = 0
		}
		return nil
	}
	if result := b.must(b.order("k", "d")); result.ID != "id-1" {
		t.Errorf("result = %+v; want id-1", result)
	}
	b.wantCharges(order, "k", 1)
}

func TestLostRequestIsAbsentAndBoughtByTheNextRun(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{lostBefore}
	refusal := b.refuse(b.order("k", "d"), purchase.ReasonAbsent)
	for _, want := range []string{"order k", "not there", "safe to apply again"} {
		if !strings.Contains(refusal.Detail, want) {
			t.Errorf("%q is missing in: %s", want, refusal.Detail)
		}
	}
	if view := b.wantState(order, "k", "unknown"); view.Absent != 1 {
		t.Errorf("record = %+v; want one absence counted", view)
	}
	if sends, finds, _ := b.service.counts(); sends != 1 || finds != purchase.LookupPauses() {
		t.Errorf("%d requests and %d looks; want 1 and %d", sends, finds, purchase.LookupPauses())
	}
	result := b.must(b.order("k", "d"))
	if result.Adopted {
		t.Errorf("result = %+v; want bought now", result)
	}
	if view := b.wantState(order, "k", "known"); view.Attempts != 2 || view.Absent != 2 {
		t.Errorf("record = %+v; want 2 attempts, and 2 looks that found nothing", view)
	}
	b.wantCharges(order, "k", 1)
}

func TestTheNextRunAdoptsWhatAppearsLate(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script, b.service.lag = []fate{lostAfter}, 1
	b.refuse(b.order("k", "d"), purchase.ReasonAbsent)
	b.service.lag = 0
	result := b.must(b.order("k", "d"))
	if result.ID != "id-1" || !result.Adopted {
		t.Errorf("result = %+v; want id-1 adopted", result)
	}
	wantProblem(t, result.Problems, purchase.SeverityWarning, "Earlier purchase taken over", "charges nothing")
	b.wantCharges(order, "k", 1)
}

func TestTheFirstSnapshotIsKept(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	// The first order was made, but no list shows it in time; the second loses its answer as well. Both are there afterwards, and neither may be guessed.
	b.service.script, b.service.lag = []fate{lostAfter}, 1
	b.refuse(b.order("k", "d"), purchase.ReasonAbsent)
	b.service.script = []fate{lostAfter}
	first, err := b.service.find(b.apiKey, order, "seller", nil)
	if err != nil || len(first) != 0 {
		t.Fatalf("the list shows %v, %v", first, err)
	}
	b.service.during = func() {
		b.service.mu.Lock()
		defer b.service.mu.Unlock()
		b.service.lag = 0
	}
	b.refuse(b.order("k", "d"), purchase.ReasonAmbiguous)
	if view := b.wantState(order, "k", "ambiguous"); view.Candidates != 2 || view.Snapshot != "[]" {
		t.Errorf("record = %+v; want both candidates against the first snapshot", view)
	}
}

func TestLookThatFails(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script, b.service.findErrs = []fate{lostAfter}, purchase.LookupPauses()
	refusal := b.refuse(b.order("k", "d"), purchase.ReasonUnknown)
	if !strings.Contains(refusal.Detail, "$30.00") || !strings.Contains(refusal.Detail, "Don't make it by hand") {
		t.Errorf("detail: %s", refusal.Detail)
	}
	b.wantState(order, "k", "unknown")

	b.service.findErrs = purchase.LookupPauses()
	refusal = b.refuse(b.order("k", "d"), purchase.ReasonUnknown)
	if !errors.Is(refusal, errScripted) || !strings.Contains(refusal.Detail, "sent nothing") {
		t.Errorf("refusal: %v", refusal)
	}
	if result := b.must(b.order("k", "d")); !result.Adopted {
		t.Errorf("result = %+v; want adopted", result)
	}
	if sends, _, _ := b.service.counts(); sends != 1 {
		t.Errorf("%d requests; want 1", sends)
	}
}

func TestOneFailedLookDoesNotMatter(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script, b.service.findErrs = []fate{lostAfter}, purchase.LookupPauses()-1
	if result := b.must(b.order("k", "d")); result.ID != "id-1" {
		t.Errorf("result = %+v", result)
	}
}

func TestNothingToLookUp(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{lostAfter}
	p := b.order("k", "d")
	p.Find = nil
	b.refuse(p, purchase.ReasonUnknown)
	b.refuse(p, purchase.ReasonUnknown)
	b.wantCharges(order, "k", 1)
}

func TestSomebodyElsesOrderIsNeverGuessed(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{lostAfter}
	b.service.during = func() { b.service.add(b.apiKey, order, "seller") } // by other means, in the same moment
	refusal := b.refuse(b.order("k", "d"), purchase.ReasonAmbiguous)
	for _, want := range []string{"id-1", "id-2", "import {", "idempotency_key"} {
		if !strings.Contains(refusal.Detail, want) {
			t.Errorf("%q is missing in: %s", want, refusal.Detail)
		}
	}
	b.wantState(order, "k", "ambiguous")
	b.service.during = nil
	b.refuse(b.order("k", "d"), purchase.ReasonAmbiguous)
	if sends, _, _ := b.service.counts(); sends != 1 {
		t.Errorf("%d requests; want 1", sends)
	}
	// The way out that the message names: an import, which a read then sees.
	if problems := b.desk().SawInState(t.Context(), order, "k", "id-1"); len(problems) != 0 {
		t.Errorf("problems: %+v", problems)
	}
	if result := b.must(b.order("k", "d")); result.ID != "id-1" || !result.Adopted {
		t.Errorf("result = %+v; want id-1 adopted", result)
	}
}

func TestIdenticalOrdersInParallelWithOneLostAnswer(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{lostAfter} // whoever comes first
	inFlight := make(chan struct{}, 3)
	all := make(chan struct{})
	b.service.during = func() {
		inFlight <- struct{}{}
		<-all
	}
	d := b.desk()
	type outcome struct {
		key    string
		result purchase.Result
		err    error
	}
	outcomes := make(chan outcome, 3)
	for _, key := range []string{"a", "b", "c"} {
		go func() {
			result, err := d.Buy(t.Context(), b.order(key, "same"))
			outcomes <- outcome{key, result, err}
		}()
	}
	for range 3 {
		<-inFlight
	}
	close(all)
	ids := map[string]string{}
	for range 3 {
		o := <-outcomes
		if o.err != nil {
			t.Fatalf("%s: %v", o.key, o.err)
		}
		if other := ids[o.result.ID]; other != "" {
			t.Fatalf("%s and %s both have %s", o.key, other, o.result.ID)
		}
		ids[o.result.ID] = o.key
		b.wantCharges(order, o.key, 1)
	}
}

// TestALookWaitsForWhatIsOnItsWay: the other order is there already and its answer is not. Which of the two is whose is known only then.
func TestALookWaitsForWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	empty := func(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil }
	arrived, answer := make(chan struct{}), make(chan struct{})
	other := b.order("b", "d")
	send := other.Send
	other.Snapshot = empty
	other.Send = func(ctx context.Context) (string, error) {
		id, err := send(ctx)
		close(arrived)
		<-answer
		return id, err
	}
	done := make(chan error, 1)
	go func() {
		_, err := b.desk().Buy(t.Context(), other)
		done <- err
	}()
	<-arrived
	b.service.mu.Lock()
	b.service.script = []fate{lostAfter}
	b.service.mu.Unlock()
	locks := 0
	b.hooks.OnLock = func(string) {
		if locks++; locks == 2 { // the first is its own
			close(answer)
		}
	}
	p := b.order("a", "d")
	p.Snapshot = empty
	if result := b.must(p); result.ID != "id-2" || locks < 2 {
		t.Errorf("result = %+v after %d locks; want id-2, after a wait for the other one", result, locks)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTwoLostAnswersAreNotAssigned(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{diedAfter, diedBefore}
	b.buy(b.order("a", "d")) // it dies
	second := b.order("b", "d")
	second.Snapshot = func(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil } // taken while a was on its way
	b.buy(second)                                                                                          // it dies
	// One order is there, and either key may have made it.
	for key, other := range map[string]string{"a": "order b", "b": "order a"} {
		for range 2 {
			refusal := b.refuse(b.order(key, "d"), purchase.ReasonAmbiguous)
			if !strings.Contains(refusal.Detail, other) || !strings.Contains(refusal.Detail, "id-1") {
				t.Errorf("the rival or the candidate is not named: %s", refusal.Detail)
			}
		}
		if view := b.wantState(order, key, "ambiguous"); view.Candidates != 1 {
			t.Errorf("record = %+v; want the one candidate", view)
		}
	}
	if sends, _, _ := b.service.counts(); sends != 2 {
		t.Errorf("%d requests; want none of the runs that can't tell", sends)
	}
	// An import settles the one, and with it the other.
	b.desk().SawInState(t.Context(), order, "a", "id-1")
	if result := b.must(b.order("b", "d")); result.Adopted || result.ID != "id-2" {
		t.Errorf("result = %+v; want id-2, bought now", result)
	}
}

func TestWhatWasThereBeforeIsNoRival(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"a", "b"} {
		b := newBuyer(t)
		b.service.script = []fate{diedAfter, diedBefore}
		b.buy(b.order("a", "d")) // it dies
		b.buy(b.order("b", "d")) // it dies, and its snapshot has the order of a
		for _, key := range []string{first, "a", "b"} {
			if view, _ := b.desk().RecordOf(order, key); view.State != "intent" {
				continue
			}
			result := b.must(b.order(key, "d"))
			if want := map[string]string{"a": "id-1", "b": "id-2"}[key]; result.ID != want || result.Adopted != (key == "a") {
				t.Errorf("%s first: the result of %s is %+v; want %s", first, key, result, want)
			}
		}
		b.wantCharges(order, "a", 1)
		b.wantCharges(order, "b", 1)
	}
}

// TestManyOpenOrdersAreNotLookedInto: each would take a request, and as many looks as there are purchases would come of an outage.
func TestManyOpenOrdersAreNotLookedInto(t *testing.T) {
	t.Parallel()
	for others, decided := range map[int]bool{purchase.MostContenders: true, purchase.MostContenders + 1: false} {
		b := newBuyer(t)
		b.service.script = []fate{diedAfter}
		b.buy(b.order("a", "d")) // it dies
		for i := range others {
			b.service.script = []fate{diedBefore}
			b.buy(b.order(fmt.Sprint("open ", i), "d")) // it dies, and its snapshot has the order of a
		}
		_, err, _ := b.buy(b.order("a", "d"))
		_, finds, _ := b.service.counts()
		if decided != (err == nil) || finds > 1+purchase.MostContenders {
			t.Errorf("%d open: %v after %d looks", others, err, finds)
		}
	}
}

// TestRunsThatLookForTheirsDoNotWaitForEachOther: two purchases whose process died are looked for at once. Each holds its own key.
func TestRunsThatLookForTheirsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.hooks.Memory = purchase.NewMemoryStore() // waits of its own on a key's lock, which show up as a deadlock
	empty := func(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil }
	b.service.script = []fate{diedAfter, diedAfter}
	for _, key := range []string{"a", "b"} {
		p := b.order(key, "d")
		p.Snapshot = empty
		b.buy(p) // it dies
	}
	var meet sync.WaitGroup
	meet.Add(2)
	refusals := make(chan error, 2)
	for _, key := range []string{"a", "b"} {
		p := b.order(key, "d")
		find, once := p.Find, sync.Once{}
		p.Find = func(ctx context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
			once.Do(func() { meet.Done(); meet.Wait() }) // both hold their keys
			return find(ctx, snapshot)
		}
		go func() {
			_, err := b.desk().Buy(t.Context(), p)
			refusals <- err
		}()
	}
	for range 2 {
		wantRefusal(t, <-refusals, purchase.ReasonAmbiguous)
	}
}

func TestScopeKeepsPurchasesApart(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{diedBefore, lostAfter}
	other := b.order("a", "d")
	other.Scope = "another seller"
	b.buy(other) // it dies
	if result := b.must(b.order("b", "d")); result.ID != "id-1" {
		t.Errorf("result = %+v; want id-1, as no purchase of the same scope is open", result)
	}
}

func TestDeathAroundTheRequest(t *testing.T) {
	t.Parallel()
	for _, kind := range []purchase.Kind{purchase.AgentLaunch, order} {
		for f, adopted := range map[fate]bool{diedBefore: false, diedAfter: true} {
			b := newBuyer(t)
			buy := b.order("K", "d")
			if kind == purchase.AgentLaunch {
				buy = b.agent("K")
			}
			b.service.script = []fate{f}
			if _, _, dead := b.buy(buy); !dead {
				t.Fatal("the process did not die")
			}
			b.wantState(kind, "K", "intent")
			if result := b.must(buy); result.Adopted != adopted {
				t.Errorf("%s, fate %d: result = %+v; want adopted %t", kind, f, result, adopted)
			}
			b.wantCharges(kind, "K", 1)
		}
	}
}

func TestSettledAgent(t *testing.T) {
	t.Parallel()
	t.Run("not in a state: adopted", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.agent("SUMM"))
		if result := b.must(b.agent("SUMM")); !result.Adopted || result.ID != "id-1" {
			t.Errorf("result = %+v; want id-1 adopted", result)
		}
		b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	})
	t.Run("in a state: refused", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.agent("SUMM"))
		b.desk().SawInState(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
		refusal := b.refuse(b.agent("SUMM"), purchase.ReasonBound)
		for _, want := range []string{"id-1", "terraform untaint", "moved block", "to = autx_agent.NAME", `id = "id-1"`} {
			if !strings.Contains(refusal.Detail, want) {
				t.Errorf("%q is missing in: %s", want, refusal.Detail)
			}
		}
		b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	})
	t.Run("in a state and gone: bought again", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.agent("SUMM"))
		b.desk().SawInState(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
		b.service.remove("id-1")
		if result := b.must(b.agent("SUMM")); result.Adopted || result.ID != "id-2" {
			t.Errorf("result = %+v; want id-2, bought now", result)
		}
		if view := b.wantState(purchase.AgentLaunch, "SUMM", "known"); view.InState {
			t.Errorf("record = %+v; want not in a state yet", view)
		}
	})
	t.Run("forgotten: bought again without asking", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.agent("SUMM"))
		b.desk().SawInState(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
		b.service.remove("id-1")
		b.desk().Forget(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
		b.wantState(purchase.AgentLaunch, "SUMM", "forgotten")
		if result := b.must(b.agent("SUMM")); result.Adopted || result.ID != "id-2" {
			t.Errorf("result = %+v; want id-2, bought now", result)
		}
		if _, _, confirms := b.service.counts(); confirms != 0 {
			t.Errorf("%d confirms; want none", confirms)
		}
	})
	t.Run("can't be confirmed: nothing sent", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.agent("SUMM"))
		p := b.agent("SUMM")
		p.Confirm = func(context.Context, string) (bool, error) { return false, errScripted }
		if refusal := b.refuse(p, purchase.ReasonCheck); !errors.Is(refusal, errScripted) {
			t.Errorf("refusal: %v", refusal)
		}
		b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	})
}

func TestSettledOrder(t *testing.T) {
	t.Parallel()
	t.Run("same inputs: adopted", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.order("k", "d"))
		b.desk().SawInState(t.Context(), order, "k", "id-1")
		b.desk().Forget(t.Context(), order, "k", "id-1")
		b.wantState(order, "k", "forgotten")
		if result := b.must(b.order("k", "d")); !result.Adopted || result.ID != "id-1" {
			t.Errorf("result = %+v; want id-1 adopted", result)
		}
		b.wantCharges(order, "k", 1)
	})
	t.Run("other inputs: refused", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.order("k", "d"))
		refusal := b.refuse(b.order("k", "other"), purchase.ReasonBound)
		if !strings.Contains(refusal.Detail, "id-1") || !strings.Contains(refusal.Detail, "change idempotency_key") {
			t.Errorf("detail: %s", refusal.Detail)
		}
		b.wantCharges(order, "k", 1)
	})
	t.Run("other inputs than the open attempt: refused and settled", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.script = []fate{diedAfter}
		b.buy(b.order("k", "d")) // it dies
		b.refuse(b.order("k", "other"), purchase.ReasonBound)
		if view := b.wantState(order, "k", "adopted"); view.ID != "id-1" || view.Digest != "d" {
			t.Errorf("record = %+v; want id-1 with its own digest", view)
		}
		b.wantCharges(order, "k", 1)
	})
	t.Run("inputs not known: adopted, and said so", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		id := b.service.add(b.apiKey, order, "seller")
		b.desk().SawInState(t.Context(), order, "k", id)
		result := b.must(b.order("k", "d"))
		if !result.Adopted {
			t.Errorf("result = %+v; want adopted", result)
		}
		wantProblem(t, result.Problems, purchase.SeverityWarning, "Earlier purchase taken over", "could not be compared")
	})
	t.Run("gone: refused", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.order("k", "d"))
		b.service.remove("id-1")
		b.refuse(b.order("k", "d"), purchase.ReasonBound)
		b.wantCharges(order, "k", 1)
	})
	t.Run("gone with its mock server: bought", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.instance = "first"
		b.must(b.order("k", "d"))
		b.service.remove("id-1")
		b.service.instance = "second"
		if result := b.must(b.order("k", "d")); result.Adopted || result.ID != "id-2" {
			t.Errorf("result = %+v; want id-2, bought now", result)
		}
	})
}

func TestOpenAttemptAtAnotherMockServer(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.instance = "first"
	b.service.script = []fate{lostBefore}
	b.refuse(b.order("k", "d"), purchase.ReasonAbsent)
	b.service.instance = "second"
	id := b.service.add(b.apiKey, order, "seller") // of that server's seed: not new because an old snapshot lacks it
	b.refuse(b.order("k", "d"), purchase.ReasonAmbiguous)
	b.service.remove(id)
	if result := b.must(b.order("k", "d")); result.Adopted {
		t.Errorf("result = %+v; want bought now", result)
	}
	if view := b.wantState(order, "k", "known"); view.Attempts != 1 {
		t.Errorf("record = %+v; want no trace of the other server's attempt", view)
	}
}

func TestRotatedKey(t *testing.T) {
	t.Parallel()
	rotate := func(b *buyer, to string) {
		for _, o := range b.service.objects {
			o.owner = to // the same account
		}
		b.apiKey = to
	}
	t.Run("settled: taken over", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []purchase.Kind{purchase.AgentLaunch, order} {
			b := newBuyer(t)
			buy := func() purchase.Purchase {
				if kind == order {
					return b.order("K", "d")
				}
				return b.agent("K")
			}
			b.must(buy())
			before := b.wantState(kind, "K", "known")
			rotate(b, "autx_live_second")
			if result := b.must(buy()); !result.Adopted || result.ID != "id-1" {
				t.Errorf("%s: result = %+v; want id-1 adopted", kind, result)
			}
			if after := b.wantState(kind, "K", "adopted"); after.Owner == before.Owner {
				t.Errorf("%s: the owner of the record is still %s", kind, after.Owner)
			}
			b.wantCharges(kind, "K", 1)
		}
	})
	t.Run("another account: ignored", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []purchase.Kind{purchase.AgentLaunch, order} {
			for _, f := range []fate{answered, diedAfter} {
				b := newBuyer(t)
				buy := func() purchase.Purchase {
					if kind == order {
						return b.order("K", "d")
					}
					return b.agent("K")
				}
				b.service.script = []fate{f}
				b.buy(buy()) // it may die
				b.apiKey = "autx_live_somebody_else"
				b.service.remove("id-1") // so that the ticker is free
				if result := b.must(buy()); result.Adopted || result.ID != "id-2" {
					t.Errorf("%s, fate %d: result = %+v; want id-2, bought now", kind, f, result)
				}
			}
		}
	})
	t.Run("open agent: adopted", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.script = []fate{diedAfter}
		b.buy(b.agent("K")) // it dies
		rotate(b, "autx_live_second")
		if result := b.must(b.agent("K")); !result.Adopted || result.ID != "id-1" {
			t.Errorf("result = %+v; want id-1 adopted", result)
		}
		b.wantCharges(purchase.AgentLaunch, "K", 1)
	})
	t.Run("open order: not guessed", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.script = []fate{diedAfter}
		b.buy(b.order("K", "d")) // it dies
		rotate(b, "autx_live_second")
		b.refuse(b.order("K", "d"), purchase.ReasonAmbiguous)
		b.wantCharges(order, "K", 1)
	})
}

func TestSpendingOff(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits = nil
	refusal := b.refuse(b.agent("SUMM"), purchase.ReasonSpendingOff)
	for _, want := range []string{"$20.00", "spending = {", `max_per_apply = "20.00"`, "nothing was charged"} {
		if !strings.Contains(refusal.Detail, want) {
			t.Errorf("%q is missing in: %s", want, refusal.Detail)
		}
	}
	wantNothingDone(t, b)
}

func wantNothingDone(t *testing.T, b *buyer) {
	t.Helper()
	if sends, finds, confirms := b.service.counts(); sends+finds+confirms != 0 {
		t.Errorf("%d requests, %d finds, %d confirms; want none", sends, finds, confirms)
	}
	if entries, err := filepath.Glob(filepath.Join(b.journal, "records", "*.json")); err != nil || len(entries) != 0 {
		t.Errorf("the journal has %v (%v); want nothing", entries, err)
	}
}

func TestPriceIsReadAgain(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.price = money.MustParse("30.01")
	refusal := b.refuse(b.order("k", "d"), purchase.ReasonPrice)
	if !strings.Contains(refusal.Detail, "$30.01") || !strings.Contains(refusal.Detail, "$30.00") {
		t.Errorf("want both prices: %s", refusal.Detail)
	}
	p := b.order("k", "d")
	p.Price = func(context.Context) (money.Amount, error) { return money.Amount{}, errScripted }
	if refusal := b.refuse(p, purchase.ReasonCheck); !errors.Is(refusal, errScripted) {
		t.Errorf("refusal: %v", refusal)
	}
	wantNothingDone(t, b)
	b.service.price = money.FromInt(30)
	b.must(b.order("k", "d"))
}

func TestSnapshotThatFails(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	p := b.order("k", "d")
	p.Snapshot = func(context.Context) (json.RawMessage, error) { return nil, errScripted }
	b.refuse(p, purchase.ReasonCheck)
	wantNothingDone(t, b)
	// Its reservation was given back.
	b.limits.MaxPerApply = money.FromInt(30)
	d := b.desk()
	if _, err := d.Buy(t.Context(), p); err == nil {
		t.Fatal("bought without a snapshot")
	}
	if _, err := d.Buy(t.Context(), b.order("k", "d")); err != nil {
		t.Errorf("the reservation was kept: %v", err)
	}
}

func TestCancelledBeforeTheRequest(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.desk().Buy(ctx, b.agent("SUMM"))
	wantRefusal(t, err, purchase.ReasonCancelled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; want one that wraps the context's", err)
	}
	wantNothingDone(t, b)

	// At each point up to the request: while the price is read, while the snapshot is taken, while the intent is written.
	for point := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		p := b.order("k", "d")
		price, snapshot := p.Price, p.Snapshot
		switch point {
		case 0:
			p.Price = func(ctx context.Context) (money.Amount, error) { cancel(); return price(ctx) }
		case 1:
			p.Snapshot = func(ctx context.Context) (json.RawMessage, error) { cancel(); return snapshot(ctx) }
		case 2:
			b.hooks.FailWrites = func(string) error { cancel(); return nil }
		}
		_, err := b.desk().Buy(ctx, p)
		b.hooks.FailWrites = nil
		wantRefusal(t, err, purchase.ReasonCancelled)
		wantNothingDone(t, b)
		cancel()
	}
}

func TestCancelledDuringTheRequest(t *testing.T) {
	t.Parallel()
	for _, f := range []fate{answered, lostAfter} {
		b := newBuyer(t)
		ctx, cancel := context.WithCancel(t.Context())
		b.service.script = []fate{f}
		p := b.agent("SUMM")
		send := p.Send
		p.Send = func(inner context.Context) (string, error) {
			cancel()
			if inner.Err() != nil {
				t.Error("the request was cancelled with the run")
			}
			if _, ok := inner.Deadline(); !ok {
				t.Error("the request has no deadline of its own")
			}
			return send(inner)
		}
		if result, err := b.desk().Buy(ctx, p); err != nil || result.ID != "id-1" {
			t.Errorf("fate %d: result = %+v, %v; want id-1 all the same", f, result, err)
		}
		b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	}
}

func TestDeadlineEndsTheRequestNotTheLook(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	p := b.agent("SUMM")
	p.Deadline = time.Nanosecond
	p.Send = func(ctx context.Context) (string, error) {
		<-ctx.Done()
		b.service.add(b.apiKey, purchase.AgentLaunch, "SUMM") // it arrived all the same
		return "", ctx.Err()
	}
	if result := b.must(p); result.ID != "id-1" || result.Adopted {
		t.Errorf("result = %+v; want id-1, found again", result)
	}
}

func TestOneKeyForTwoResources(t *testing.T) {
	t.Parallel()
	for _, kind := range []purchase.Kind{purchase.AgentLaunch, order} {
		b := newBuyer(t)
		buy := b.order("K", "d")
		if kind == purchase.AgentLaunch {
			buy = b.agent("K")
		}
		d := b.desk()
		if _, err := d.Buy(t.Context(), buy); err != nil {
			t.Fatal(err)
		}
		_, err := d.Buy(t.Context(), buy)
		wantRefusal(t, err, purchase.ReasonDuplicate)
		b.wantCharges(kind, "K", 1)
	}
}

func TestOneKeyForTwoResourcesOfTwoProviderBlocks(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.hooks.Command, b.hooks.Process = "7-1", "8-1"
	b.must(b.agent("SUMM"))
	b.hooks.Process = "9-1"
	b.refuse(b.agent("SUMM"), purchase.ReasonDuplicate)
	// In the next command it is an earlier purchase like any other.
	b.hooks.Command = "10-1"
	if result := b.must(b.agent("SUMM")); !result.Adopted {
		t.Errorf("result = %+v; want adopted", result)
	}
	// Destroyed in a command, the key is free in that same command.
	b.service.remove("id-1")
	b.desk().Forget(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
	b.hooks.Process = "11-1"
	if result := b.must(b.agent("SUMM")); result.Adopted || result.ID != "id-2" {
		t.Errorf("result = %+v; want id-2, bought now", result)
	}
}

func TestJournalThatCantBeUsed(t *testing.T) {
	t.Parallel()
	t.Run("no directory", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		file := filepath.Join(b.journal, "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		b.journal = filepath.Join(file, "journal")
		refusal := b.refuse(b.agent("SUMM"), purchase.ReasonJournal)
		if !strings.Contains(refusal.Detail, file) {
			t.Errorf("the path is missing in: %s", refusal.Detail)
		}
		if sends, _, _ := b.service.counts(); sends != 0 {
			t.Errorf("%d requests without a journal", sends)
		}
		problems := b.desk().SawInState(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
		wantProblem(t, problems, purchase.SeverityWarning, "Purchase journal can't be used", file)
	})
	t.Run("full disk before the request", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.limits.MaxPerApply = money.FromInt(20)
		b.hooks.FailWrites = func(string) error { return errScripted }
		b.refuse(b.agent("SUMM"), purchase.ReasonJournal)
		wantNothingDone(t, b)
	})
	t.Run("full disk after the request", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.hooks.FailWrites = func(data string) error {
			if strings.Contains(data, `"known"`) {
				return errScripted
			}
			return nil
		}
		result := b.must(b.agent("SUMM"))
		wantProblem(t, result.Problems, purchase.SeverityWarning, "Purchase not noted in the journal", "id-1")
		b.hooks.FailWrites = nil
		if result := b.must(b.agent("SUMM")); !result.Adopted || result.ID != "id-1" {
			t.Errorf("result = %+v; want id-1 adopted", result)
		}
		b.wantCharges(purchase.AgentLaunch, "SUMM", 1)
	})
	t.Run("full disk after a lost answer", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.script = []fate{lostAfter}
		b.hooks.FailWrites = func(data string) error {
			if !strings.Contains(data, `"intent"`) {
				return errScripted
			}
			return nil
		}
		result := b.must(b.order("k", "d"))
		if result.ID != "id-1" || len(result.Problems) != 2 {
			t.Errorf("result = %+v; want id-1 and two warnings", result)
		}
	})
}

func TestBrokenRecords(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty":         "",
		"cut off":       `{"format": 1, "kind": "agent_launch", "key": "SU`,
		"newer":         `{"format": 2, "whatever": true}`,
		"no state":      `{"format": 1, "kind": "agent_launch", "key": "SUMM", "owner": "x", "state": "fine"}`,
		"known without": `{"format": 1, "kind": "agent_launch", "key": "SUMM", "owner": "x", "state": "known"}`,
		"no format":     `{"kind": "agent_launch", "key": "SUMM", "owner": "x", "state": "known", "id": "id-1"}`,
		"another key":   `{"format": 1, "kind": "agent_launch", "key": "OTHER", "owner": "x", "state": "forgotten", "id": "id-1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, foreign := range []bool{false, true} {
				b := newBuyer(t)
				file := b.desk().RecordFile(purchase.AgentLaunch, "SUMM")
				if foreign {
					file = strings.TrimSuffix(file, ".json")
					file = strings.TrimSuffix(file, filepath.Ext(file)) + ".0123456789abcdef.json"
				}
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				refusal := b.refuse(b.agent("SUMM"), purchase.ReasonJournal)
				if !strings.Contains(refusal.Detail, file) {
					t.Errorf("the file is not named: %s", refusal.Detail)
				}
				if newer := strings.Contains(refusal.Detail, "newer version of this provider"); newer != (name == "newer") {
					t.Errorf("detail: %s", refusal.Detail)
				}
				if sends, _, _ := b.service.counts(); sends != 0 {
					t.Errorf("%d requests beside a broken record", sends)
				}
				if !foreign {
					problems := b.desk().SawInState(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
					wantProblem(t, problems, purchase.SeverityWarning, "Purchase journal can't be used", file)
					problems = b.desk().Forget(t.Context(), purchase.AgentLaunch, "SUMM", "id-1")
					wantProblem(t, problems, purchase.SeverityWarning, "Purchase journal not up to date", file)
				}
				if data, err := os.ReadFile(file); err != nil || string(data) != content {
					t.Errorf("the broken file was changed to %q, %v", data, err)
				}
			}
		})
	}
}

func TestNamespacesAreApart(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.order("k", "d"))
	b.limits.Namespace = "prod"
	if result := b.must(b.order("k", "d")); result.Adopted {
		t.Errorf("result = %+v; want bought, as the other record is of another namespace", result)
	}
	b.wantCharges(order, "k", 2)
}

func TestSecretsAndModes(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.hooks.Command = "7-1"
	b.journal = filepath.Join(b.journal, "deep", "journal")
	b.must(b.agent("SUMM"))
	files := 0
	err := filepath.WalkDir(b.journal, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if info.Mode().Perm() != 0o700 {
				t.Errorf("%s has mode %v; want 0700", path, info.Mode().Perm())
			}
			return nil
		}
		files++
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v; want 0600", path, info.Mode().Perm())
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), b.apiKey) || strings.Contains(path, b.apiKey) {
			t.Errorf("%s has the API key", path)
		}
		if strings.Contains(entry.Name(), ".tmp") {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("%d files, %v; want a record, a lock and the ledger at least", files, err)
	}
}

func TestIncompletePurchase(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	p := b.agent("")
	b.refuse(p, purchase.ReasonCheck)
	b.apiKey = ""
	b.refuse(b.agent("SUMM"), purchase.ReasonCheck)
	wantNothingDone(t, b)
}

func wantProblem(t *testing.T, problems []purchase.Problem, severity purchase.Severity, summary, inDetail string) {
	t.Helper()
	for _, p := range problems {
		if p.Summary == summary {
			if p.Severity != severity || !strings.Contains(p.Detail, inDetail) {
				t.Errorf("problem %+v; want severity %d and %q in the detail", p, severity, inDetail)
			}
			return
		}
	}
	t.Errorf("problems %+v; want %q", problems, summary)
}
