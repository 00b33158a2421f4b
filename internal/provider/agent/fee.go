package agent

import (
	"context"
	"sync"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// launchFee is what a launch costs, unless the account has a free one left (client 0.4.1).
var launchFee = money.FromInt(20)

// ledgerPage is how many of the newest ledger entries are read to find out what a launch cost.
const ledgerPage = 100

// feeMeter finds out what launches really cost. AUTX's answer to a launch does not say, and the ledger's entry of a launch does not name the agent,
// so launches are metered one at a time, by the entries that each adds. Once one was charged the account has no free launch left, and the later ones
// of the walk go unmetered and in parallel: they cost the fee. One that was paid elsewhere is metered all the same, while none of the others runs.
type feeMeter struct {
	mu      sync.RWMutex // held for reading by launches that are not metered
	charged bool
	primed  bool
	seen    map[string]bool
}

// readLedger reads the newest entries of the ledger, newest first.
type readLedger func(ctx context.Context, limit int) ([]client.Transaction, error)

// measure runs a launch and gives what it cost: an amount, or null where the ledger does not tell.
func (m *feeMeter) measure(ctx context.Context, paidElsewhere bool, transactions readLedger, launch func() error) (usd.Value, error) {
	if !m.begin(paidElsewhere) {
		defer m.mu.RUnlock()
		return usd.Of(launchFee), launch()
	}
	defer m.mu.Unlock()
	if !m.primed {
		if entries, err := transactions(ctx, ledgerPage); err == nil {
			m.remember(entries)
		}
	}
	if err := launch(); err != nil {
		m.primed = false
		return usd.Null(), err
	}
	// The launch is done: what follows must not be cut short by an interrupt, or the state would not say what was paid.
	after := context.WithoutCancel(ctx)
	entries, err := transactions(after, ledgerPage)
	if err != nil || !m.primed {
		m.primed = false
		return usd.Null(), nil // the cost is unknown, the launch is good
	}
	cost, ok := m.costOf(entries)
	m.remember(entries)
	if !ok {
		return usd.Null(), nil
	}
	m.charged = m.charged || cost.Sign() > 0
	m.primed = !m.charged // what goes unmetered from now on adds entries as well
	return usd.Of(cost), nil
}

// begin takes the lock of a launch and tells whether it is to be metered: then no other launch runs beside it.
func (m *feeMeter) begin(paidElsewhere bool) (metered bool) {
	for {
		m.mu.RLock()
		if m.charged && !paidElsewhere {
			return false
		}
		m.mu.RUnlock()
		m.mu.Lock()
		if !m.charged || paidElsewhere {
			return true
		}
		m.mu.Unlock() // the one that this one waited for was charged
	}
}

func (m *feeMeter) remember(entries []client.Transaction) {
	m.primed = true
	m.seen = make(map[string]bool, len(entries))
	for _, entry := range entries {
		m.seen[entry.ID] = true
	}
}

// costOf finds the launch among the entries that are new: a charge that belongs to no order and no session. Where several might be it, the fee's
// amount decides; where that does not help nothing is claimed.
func (m *feeMeter) costOf(entries []client.Transaction) (money.Amount, bool) {
	var candidates []money.Amount
	fees := 0
	for _, entry := range entries {
		_, ofOrder := entry.OrderID.Value()
		_, ofSession := entry.SessionID.Value()
		if m.seen[entry.ID] || entry.Type != "consume" || ofOrder || ofSession {
			continue
		}
		amount := entry.Amount
		if amount.Sign() < 0 {
			amount = amount.Neg()
		}
		candidates = append(candidates, amount)
		if amount.Equal(launchFee) {
			fees++
		}
	}
	switch {
	case len(candidates) == 0:
		return money.Zero(), true
	case fees == 1:
		return launchFee, true
	case len(candidates) == 1:
		return candidates[0], true
	}
	return money.Zero(), false
}
