package providerdata_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// TestMoved: all who registered forget, in this walk only, and may register while others forget.
func TestMoved(t *testing.T) {
	t.Parallel()
	d, other := mustNew(t, settings("https://autx.ai/api/v1")), mustNew(t, settings("https://autx.ai/api/v1"))
	var first, second, elsewhere atomic.Int32
	d.Moved() // nobody has anything to forget
	d.OnMoved(func() {
		if first.Add(1) == 1 {
			d.OnMoved(func() { second.Add(1) })
		}
	})
	other.OnMoved(func() { elsewhere.Add(1) })
	d.Moved()
	const more = 20
	var all sync.WaitGroup
	for range more {
		all.Go(d.Moved)
		all.Go(func() { d.OnMoved(func() {}) })
	}
	all.Wait()
	if first.Load() != 1+more || second.Load() != more || elsewhere.Load() != 0 {
		t.Errorf("forgotten %d and %d times, in the other walk %d times", first.Load(), second.Load(), elsewhere.Load())
	}
}

// TestDeskForgets: whoever buys, and whatever comes of it, nothing that was read before is believed after it.
func TestDeskForgets(t *testing.T) {
	t.Parallel()
	d := mustNew(t, providerdata.Settings{Unknown: []string{"api_key"}})
	forgotten := 0
	d.OnMoved(func() { forgotten++ })
	_, err := d.Desk().Buy(t.Context(), purchase.Purchase{Kind: purchase.Order, Key: "k"})
	if _, refused := errors.AsType[*purchase.Refusal](err); !refused || forgotten != 1 {
		t.Errorf("%v, forgotten %d times", err, forgotten)
	}
}
