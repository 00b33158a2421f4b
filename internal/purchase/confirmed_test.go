package purchase_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Of a purchase that the service confirms without an id it is known that it was made. These tests are of its id.

// standIn is an order whose id may be stood in for, as a movement of money that a ledger shows without a key.
func (b *buyer) standIn(key, digest string) purchase.Purchase {
	p := b.order(key, digest)
	p.Placeholder, p.Lasting = "unlisted-"+key, true
	return p
}

// inTheSameMoment makes orders arrive by other means while a request is on its way, once.
func (b *buyer) inTheSameMoment(orders int) {
	b.service.during = func() {
		for range orders {
			b.service.add(b.apiKey, order, "seller")
		}
		b.service.mu.Lock()
		defer b.service.mu.Unlock()
		b.service.during = nil
	}
}

func TestAnIDThatIsNotSaidIsLookedUp(t *testing.T) {
	t.Parallel()
	for f, warnings := range map[fate]int{unnamed: 0, noID: 1} { // what is usual is not told
		for _, p := range []func(*buyer) purchase.Purchase{
			func(b *buyer) purchase.Purchase { return b.order("k", "d") },
			func(b *buyer) purchase.Purchase { return b.standIn("k", "d") },
			func(b *buyer) purchase.Purchase { return b.agent("k") },
		} {
			b := newBuyer(t)
			b.service.script = []fate{f}
			buy := p(b)
			result := b.must(buy)
			if result.ID != "id-1" || result.Adopted || len(result.Problems) != warnings {
				t.Errorf("fate %d: result = %+v; want id-1, made now, with %d warnings", f, result, warnings)
			}
			b.wantState(buy.Kind, "k", "known")
			if result := b.must(buy); result.ID != "id-1" || !result.Adopted {
				t.Errorf("result = %+v; want id-1 taken over", result)
			}
			b.wantCharges(buy.Kind, "k", 1)
		}
	}
}

func TestAConfirmedPurchaseIsNeverCalledAbsent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*buyer)
		want    string
	}{
		"a list that lags":         {func(b *buyer) { b.service.lag = 1 }, "not listed yet"},
		"a list that can't be had": {func(b *buyer) { b.service.findErrs = purchase.LookupPauses() }, "could not be looked up"},
		"others in that moment":    {func(b *buyer) { b.inTheSameMoment(1) }, "id-2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			c.prepare(b)
			b.service.script = []fate{unnamed}
			refusal := b.refuse(b.order("k", "d"), purchase.ReasonUnknown)
			for _, want := range []string{"confirmed", "was made once", c.want} {
				if !strings.Contains(refusal.Detail, want) {
					t.Errorf("%q is missing in: %s", want, refusal.Detail)
				}
			}
			for _, wrong := range []string{"may not have been", "may have been made", "not made", "If none is it"} {
				if strings.Contains(refusal.Detail, wrong) {
					t.Errorf("it was made, and the text says %q: %s", wrong, refusal.Detail)
				}
			}
			switch name {
			case "others in that moment":
				b.refuse(b.order("k", "d"), purchase.ReasonUnknown)
				b.refuse(b.order("k", "other"), purchase.ReasonBound)
				b.desk().SawInState(t.Context(), order, "k", "id-2") // the import that the text names
			case "a list that lags":
				b.refuse(b.order("k", "d"), purchase.ReasonUnknown)
				if sends, _, _ := b.service.counts(); sends != 1 {
					t.Fatalf("%d requests; want no second one, however often it is not found", sends)
				}
				b.service.lag = 0
			}
			result := b.must(b.order("k", "d"))
			if want := map[string]string{"others in that moment": "id-2"}[name]; want != "" && result.ID != want {
				t.Errorf("result = %+v; want %s", result, want)
			}
			if !result.Adopted {
				t.Errorf("result = %+v; want taken over", result)
			}
			b.wantCharges(order, "k", 1)
		})
	}
}

func TestAPlaceholderStandsInForAnIDThatCantBeTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*buyer)
		want    string
	}{
		"a list that lags":         {func(b *buyer) { b.service.lag = 1 }, "not listed yet"},
		"a list that can't be had": {func(b *buyer) { b.service.findErrs = purchase.LookupPauses() }, "could not be looked up"},
		"others in that moment":    {func(b *buyer) { b.inTheSameMoment(2) }, "id-3"},
	} {
		for _, f := range []fate{unnamed, diedUnnamed} {
			t.Run(fmt.Sprint(name, ", fate ", f), func(t *testing.T) {
				t.Parallel()
				b := newBuyer(t)
				c.prepare(b)
				b.service.script = []fate{f}
				if f == diedUnnamed {
					failing := b.service.findErrs
					b.service.findErrs = 0
					if _, _, dead := b.buy(b.standIn("k", "d")); !dead {
						t.Fatal("the process did not die")
					}
					if b.service.findErrs = failing; failing > 0 {
						// This run has sent nothing, so it need not guess: there is another.
						b.refuse(b.standIn("k", "d"), purchase.ReasonUnknown)
						return
					}
				}
				result := b.must(b.standIn("k", "d"))
				if result.ID != "unlisted-k" || result.Adopted != (f == diedUnnamed) {
					t.Errorf("result = %+v; want the placeholder", result)
				}
				wantProblem(t, result.Problems, purchase.SeverityWarning, "Made, but its id is not known", c.want)
				wantProblem(t, result.Problems, purchase.SeverityWarning, "Made, but its id is not known", "was made once")
				if view := b.wantState(order, "k", "known"); view.ID != "unlisted-k" {
					t.Errorf("record = %+v", view)
				}
				b.service.lag = 0
				if result := b.must(b.standIn("k", "d")); result.ID != "unlisted-k" || !result.Adopted {
					t.Errorf("result = %+v; want it taken over", result)
				}
				b.refuse(b.standIn("k", "other"), purchase.ReasonBound)
				b.wantCharges(order, "k", 1)
			})
		}
	}
}

// TestWhatAPlaceholderStandsForIsNotTakenForAnother: the list shows the first purchase only when the second is looked for, whose request was lost.
func TestWhatAPlaceholderStandsForIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	lagging := func(t *testing.T) (*buyer, *purchase.Desk) {
		t.Helper()
		b := newBuyer(t)
		d := b.desk()
		b.service.script, b.service.lag = []fate{unnamed}, 1
		if result, err := d.Buy(t.Context(), b.standIn("a", "d")); err != nil || result.ID != "unlisted-a" {
			t.Fatalf("result = %+v, %v; want the placeholder", result, err)
		}
		return b, d
	}
	show := func(b *buyer) func() {
		return func() {
			b.service.mu.Lock()
			defer b.service.mu.Unlock()
			b.service.lag = 0
		}
	}
	snapshotWithoutIt := func(p purchase.Purchase) purchase.Purchase {
		p.Snapshot = func(context.Context) (json.RawMessage, error) { return json.RawMessage("[]"), nil }
		return p
	}
	t.Run("lost, and only the first is there", func(t *testing.T) {
		t.Parallel()
		b, d := lagging(t)
		b.service.script, b.service.during = []fate{lostBefore}, show(b)
		_, err := d.Buy(t.Context(), snapshotWithoutIt(b.standIn("b", "d")))
		refusal := wantRefusal(t, err, purchase.ReasonAmbiguous)
		if !strings.Contains(refusal.Detail, "order a") {
			t.Errorf("the first one is not named: %s", refusal.Detail)
		}
		b.wantCharges(order, "b", 0)
	})
	t.Run("confirmed, and only the first is there", func(t *testing.T) {
		t.Parallel()
		b, d := lagging(t)
		b.service.script = []fate{unnamed}
		p := snapshotWithoutIt(b.standIn("b", "d"))
		find := p.Find
		p.Find = func(ctx context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
			matches, err := find(ctx, snapshot) // the second lags
			return append(matches, purchase.Match{ID: "id-1"}), err
		}
		b.service.lag = 2
		if result, err := d.Buy(t.Context(), p); err != nil || result.ID != "unlisted-b" {
			t.Errorf("result = %+v, %v; want no guess", result, err)
		}
	})
	t.Run("in an earlier run: no rival any more", func(t *testing.T) {
		t.Parallel()
		b, _ := lagging(t)
		show(b)()
		for i, f := range []fate{lostAfter, unnamed} {
			b.service.script = []fate{f}
			key := fmt.Sprint("k", i)
			if result := b.must(b.standIn(key, "d")); result.ID != fmt.Sprint("id-", i+2) {
				t.Errorf("fate %d: result = %+v; want its own id", f, result)
			}
			b.wantCharges(order, key, 1)
		}
	})
}

// TestWhatAPlaceholderStandsForIsNotTakenForAnEarlierOne: a run died before its request was carried out, another one bought under another key and could
// not tell which of the two what it found is. It is not taken for the first one's, in whichever run that is looked for.
func TestWhatAPlaceholderStandsForIsNotTakenForAnEarlierOne(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script = []fate{diedBefore}
	if _, _, dead := b.buy(b.standIn("a", "d")); !dead {
		t.Fatal("the process did not die")
	}
	b.service.script = []fate{unnamed}
	if result := b.must(b.standIn("b", "d")); result.ID != "unlisted-b" {
		t.Fatalf("result = %+v; want no guess", result)
	}
	for i := range 3 {
		if i == 1 { // a state has it now
			b.desk().SawInputs(t.Context(), order, "b", "unlisted-b", "d")
		}
		refusal := b.refuse(b.standIn("a", "d"), purchase.ReasonAmbiguous)
		if !strings.Contains(refusal.Detail, "order b") {
			t.Errorf("the second one is not named: %s", refusal.Detail)
		}
	}
	b.wantCharges(order, "a", 0)
	b.wantCharges(order, "b", 1)
}

// TestWhatAPlaceholderStandsForMayBeListedLater: as before, but the second one is not listed while it is looked for; it shows when the first one is
// looked for, before that is sent again or after it was lost again.
func TestWhatAPlaceholderStandsForMayBeListedLater(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"before it is sent again": false, "after it was lost again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuyer(t)
			b.service.script = []fate{diedBefore}
			if _, _, dead := b.buy(b.standIn("a", "d")); !dead {
				t.Fatal("the process did not die")
			}
			b.service.script, b.service.lag = []fate{unnamed}, 1
			if result := b.must(b.standIn("b", "d")); result.ID != "unlisted-b" {
				t.Fatalf("result = %+v; want no guess", result)
			}
			show := func() {
				b.service.mu.Lock()
				defer b.service.mu.Unlock()
				b.service.lag = 0
			}
			if b.service.script, b.service.during = []fate{lostBefore}, show; !again {
				show()
			}
			if refusal := b.refuse(b.standIn("a", "d"), purchase.ReasonAmbiguous); !strings.Contains(refusal.Detail, "order b") {
				t.Errorf("the second one is not named: %s", refusal.Detail)
			}
			b.wantCharges(order, "a", 0)
			b.wantCharges(order, "b", 1)
		})
	}
}

// TestAnOldPlaceholderIsNoRival: what one of them may stand for was settled before, so what a run that died has bought later is taken over.
func TestAnOldPlaceholderIsNoRival(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.inTheSameMoment(1)
	b.service.script = []fate{unnamed}
	if result := b.must(b.standIn("old", "d")); result.ID != "unlisted-old" {
		t.Fatalf("result = %+v; want no guess", result)
	}
	b.must(b.standIn("old", "d")) // another run takes it over
	b.desk().SawInputs(t.Context(), order, "old", "unlisted-old", "d")
	b.service.script = []fate{diedAfter}
	if _, _, dead := b.buy(b.standIn("k", "d")); !dead {
		t.Fatal("the process did not die")
	}
	if result := b.must(b.standIn("k", "d")); result.ID != "id-3" || !result.Adopted {
		t.Errorf("result = %+v; want id-3 taken over", result)
	}
	b.wantCharges(order, "k", 1)
}

func TestAPlaceholderAfterTheKeyWasRotated(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.service.script, b.service.lag = []fate{unnamed}, 1
	b.must(b.standIn("k", "d"))
	b.service.lag = 0
	for _, o := range b.service.objects {
		o.owner = "autx_live_second"
	}
	b.apiKey = "autx_live_second"
	b.refuse(b.standIn("k", "d"), purchase.ReasonAmbiguous)
	b.wantCharges(order, "k", 1)
}
