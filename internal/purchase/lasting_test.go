package purchase_test

import (
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// TestLasting: what the service does not show any more is believed where it is this account's own, and only there.
func TestLasting(t *testing.T) {
	t.Parallel()
	entry := func(b *buyer) purchase.Purchase {
		p := b.order("k", "d")
		p.Lasting = true
		return p
	}
	t.Run("not shown any more: taken over", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(entry(b))
		b.service.remove("id-1")
		if result := b.must(entry(b)); !result.Adopted || result.ID != "id-1" {
			t.Errorf("result = %+v; want id-1 taken over", result)
		}
		b.wantCharges(order, "k", 1)
	})
	t.Run("with other inputs: refused", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(entry(b))
		b.service.remove("id-1")
		p := entry(b)
		p.Digest = "other"
		b.refuse(p, purchase.ReasonBound)
		b.wantCharges(order, "k", 1)
	})
	t.Run("gone with its mock server: bought", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.service.instance = "first"
		b.must(entry(b))
		b.service.remove("id-1")
		b.service.instance = "second"
		if result := b.must(entry(b)); result.Adopted || result.ID != "id-2" {
			t.Errorf("result = %+v; want id-2, bought now", result)
		}
	})
	t.Run("of another account: bought", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(entry(b))
		b.apiKey = "autx_live_another_account"
		if result := b.must(entry(b)); result.Adopted || result.ID != "id-2" {
			t.Errorf("result = %+v; want id-2, bought now", result)
		}
	})
}
