package purchase_test

import (
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Tests of inputs that only a state knows: a fresh runner, whose journal is lost.

func (b *buyer) saw(t *testing.T, id, digest string) {
	t.Helper()
	wantNone(t, b.desk().SawInStateWith(t.Context(), order, "k", id, digest))
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
		wantNone(t, d.SawInStateWith(t.Context(), order, "k", "id-1", "d"))
		b.wantDigest(t, "d")
		b.hooks.OnRead = func() { reads++ }
		d = b.desk()
		for range 3 {
			wantNone(t, d.SawInStateWith(t.Context(), order, "k", "id-1", "d"))
			wantNone(t, d.PlanKeep(t.Context(), order, "k", "id-1"))
		}
		if reads != 1 {
			t.Errorf("the journal was read %d times; want once a walk", reads)
		}
	})
}
