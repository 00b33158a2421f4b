package purchase_test

import (
	"os"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Tests of inputs that only a state knows: a fresh runner, whose journal is lost.

func (b *buyer) saw(t *testing.T, id, digest string) {
	t.Helper()
	wantNone(t, b.desk().SawInputs(t.Context(), order, "k", id, digest))
}

func (b *buyer) wantDigest(t *testing.T, want string) {
	t.Helper()
	if view, _ := b.desk().RecordOf(order, "k"); view.Digest != want {
		t.Errorf("the record has the digest %q (%+v); want %q", view.Digest, view, want)
	}
}

func TestAStateBindsItsInputs(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id := b.service.add(b.apiKey, order, "seller")
	b.saw(t, id, "d")
	b.refuse(b.order("k", "other"), purchase.ReasonBound)
	result := b.must(b.order("k", "d"))
	if result.ID != id || !result.Adopted {
		t.Errorf("result = %+v; want %s taken over", result, id)
	}
	for _, p := range result.Problems {
		if p.Severity != purchase.SeverityWarning || len(result.Problems) != 1 {
			t.Errorf("problems: %+v", result.Problems)
		}
		wantProblem(t, result.Problems, purchase.SeverityWarning, "Earlier purchase taken over", "made before")
	}
	if sends, _, _ := b.service.counts(); sends != 0 {
		t.Errorf("%d requests; want none", sends)
	}
}

func TestWhichInputsCount(t *testing.T) {
	t.Parallel()
	t.Run("of a state that says so later", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.saw(t, "id-1", "")
		b.wantDigest(t, "")
		b.saw(t, "id-1", "d")
		b.wantDigest(t, "d")
		b.saw(t, "id-1", "") // an import, of which the configuration has not been noted yet
		b.wantDigest(t, "d")
		b.saw(t, "id-1", "e") // what an import was said to be, corrected
		b.wantDigest(t, "e")
		b.saw(t, "id-2", "")
		b.wantDigest(t, "")
		b.saw(t, "id-3", "f")
		b.wantDigest(t, "f")
	})
	t.Run("of the purchase itself before those of a state", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.order("k", "d"))
		b.saw(t, "id-1", "e")
		b.wantDigest(t, "d")
		b.must(b.order("k", "d")) // taken over
		b.saw(t, "id-1", "e")
		b.wantDigest(t, "d")
		b.refuse(b.order("k", "e"), purchase.ReasonBound)
	})
	t.Run("of a configuration that took over what was known without", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		id := b.service.add(b.apiKey, order, "seller")
		b.saw(t, id, "")
		b.must(b.order("k", "d"))
		b.wantDigest(t, "d")
		b.saw(t, id, "e")
		b.wantDigest(t, "e")
	})
	t.Run("in one walk", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		reads := 0
		d := b.desk()
		wantNone(t, d.SawInState(t.Context(), order, "k", "id-1"))
		wantNone(t, d.SawInputs(t.Context(), order, "k", "id-1", "d"))
		b.wantDigest(t, "d")
		b.hooks.OnRead = func() { reads++ }
		d = b.desk()
		for range 3 {
			wantNone(t, d.SawInputs(t.Context(), order, "k", "id-1", "d"))
			wantNone(t, d.PlanKeep(t.Context(), order, "k", "id-1"))
		}
		if reads != 1 {
			t.Errorf("the journal was read %d times; want once a walk", reads)
		}
	})
}

// TestInputsOfAState: a journal that has learned a key from a state tells other inputs from those that the state holds.
func TestInputsOfAState(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.must(b.order("k", "d"))
	for _, digest := range []string{"", "d"} { // the journal is lost; a refresh by a version that knew no digests, and one that does
		if err := os.RemoveAll(b.journal); err != nil {
			t.Fatal(err)
		}
		d := b.desk()
		if d.UsedBefore(t.Context(), order, "k") {
			t.Error("a lost journal knows the key")
		}
		for range 2 {
			if problems := d.SawInputs(t.Context(), order, "k", "id-1", digest); len(problems) != 0 {
				t.Errorf("problems: %+v", problems)
			}
		}
		if rec, ok := d.RecordOf(order, "k"); !ok || rec.Digest != digest || rec.ID != "id-1" || !rec.InState || !d.UsedBefore(t.Context(), order, "k") {
			t.Errorf("digest %q: the record is %+v", digest, rec)
		}
	}
	b.refuse(b.order("k", "other"), purchase.ReasonBound)
	if result := b.must(b.order("k", "d")); result.ID != "id-1" || !result.Adopted {
		t.Errorf("result = %+v; want id-1 adopted", result)
	}
	b.wantCharges(order, "k", 1)
	if b.desk().UsedBefore(t.Context(), purchase.AgentLaunch, "k") || b.desk().UsedBefore(t.Context(), order, "") {
		t.Error("used before: a key that was not")
	}
}

// TestAKeyThatIsForgottenStaysUsed: a taint whose plan saw no state destroys first, with a journal that knows nothing. The destroy tells it.
func TestAKeyThatIsForgottenStaysUsed(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id := b.service.add(b.apiKey, order, "seller")
	d := b.desk()
	wantNone(t, d.Forget(t.Context(), order, "k", id))
	b.wantState(order, "k", "forgotten")
	if result, err := d.Buy(t.Context(), b.order("k", "d")); err != nil || result.ID != id || !result.Adopted {
		t.Errorf("result = %+v, %v; want %s taken over", result, err, id)
	}
	b.service.remove(id)
	wantNone(t, b.desk().Forget(t.Context(), order, "gone", id))
	b.refuse(b.order("gone", "d"), purchase.ReasonBound)
	wantNone(t, b.desk().Forget(t.Context(), order, "imported", ""))
	wantNone(t, b.desk().Forget(t.Context(), purchase.AgentLaunch, "A", id))
	for kind, key := range map[purchase.Kind]string{order: "imported", purchase.AgentLaunch: "A"} {
		b.wantState(kind, key, "none")
	}
	if sends, _, _ := b.service.counts(); sends != 0 {
		t.Errorf("%d requests; want none", sends)
	}
}
