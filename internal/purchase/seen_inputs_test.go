package purchase_test

import (
	"os"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

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

	// What is known is not replaced.
	b.desk().SawInputs(t.Context(), order, "k", "id-1", "else")
	if rec, _ := b.desk().RecordOf(order, "k"); rec.Digest != "d" || rec.ID != "id-1" {
		t.Errorf("the record is %+v", rec)
	}
	b.wantCharges(order, "k", 1)
	if b.desk().UsedBefore(t.Context(), purchase.AgentLaunch, "k") || b.desk().UsedBefore(t.Context(), order, "") {
		t.Error("used before: a key that was not")
	}
}
