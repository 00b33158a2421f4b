package credit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	// defaultCreateTimeout bounds one movement of money, those of the same run that come before it included.
	defaultCreateTimeout = 5 * time.Minute
	// sendAtLeast is the least time that the request itself gets: a short timeouts.create must not turn an answer that comes late into one that is lost.
	sendAtLeast = 150 * time.Second
)

// request is one movement to be made at most once a key.
type request struct {
	key    string
	title  string
	amount money.Amount
	// anyAmount says that the key does not stand for the amount: whatever was moved under it counts.
	anyAmount bool
	deadline  time.Duration
}

// move moves money at most once a key, and gives the ledger's entry. The id of the result begins with unlistedPrefix where AUTX has confirmed the
// movement and its entry could not be told from others. The caller is alone.
func (w *walk) move(ctx context.Context, d direction, r request) (purchase.Result, client.Transaction, error) {
	m := &moving{walk: w, direction: d, request: r}
	buy := purchase.Purchase{
		Kind: d.kind, Key: r.key, Title: r.title, Authorized: r.amount, Deadline: max(r.deadline, sendAtLeast), Settled: purchase.AdoptIfSameInputs,
		Snapshot: m.look, Send: m.send, Find: m.find, Confirm: m.confirm,
		Lasting: true, // an entry never goes away, and only the newest can be read
	}
	if !r.anyAmount {
		buy.Digest = r.amount.String()
	}
	result, err := w.desk.Buy(ctx, buy)
	w.drop()
	if err != nil {
		return result, client.Transaction{}, err
	}
	if m.found == nil || m.found.ID != result.ID {
		m.recall(ctx, result.ID)
	}
	return result, *m.found, nil
}

// moving is one movement on its way.
type moving struct {
	*walk
	direction
	request

	before snapshot
	found  *client.Transaction
}

// look takes the snapshot.
func (m *moving) look(ctx context.Context) (json.RawMessage, error) {
	var amount *money.Amount
	if !m.anyAmount {
		amount = &m.amount
	}
	var err error
	if m.before, err = m.snapshot(ctx, m.api, amount); err != nil {
		return nil, err
	}
	return json.Marshal(m.before)
}

// send moves the money. AUTX does not say which entry that has become; whatever the look for it finds, the money has moved and must not move again, so
// there is an id in any case.
func (m *moving) send(ctx context.Context) (string, error) {
	if err := m.direction.send(ctx, m.api, m.amount); err != nil {
		return "", err
	}
	before := m.before
	before.Amount = &m.amount
	for _, pause := range m.pauses {
		if m.pause(ctx, pause) != nil {
			break
		}
		entries, err := m.fresh(ctx, m.api, before)
		if err == nil && len(entries) == 1 {
			m.found = &entries[0]
			return m.found.ID, nil
		}
		if err == nil && len(entries) > 1 {
			break // somebody else has moved as much at the same moment
		}
	}
	return unlisted(m.key), nil
}

// find looks for a movement whose answer was lost.
func (m *moving) find(ctx context.Context, raw json.RawMessage) ([]purchase.Match, error) {
	var before snapshot
	if err := json.Unmarshal(raw, &before); err != nil {
		return nil, fmt.Errorf("read the journal's snapshot of the ledger: %w", err)
	}
	entries, err := m.lost(ctx, m.api, before)
	if err != nil {
		return nil, err
	}
	if m.anyAmount && len(entries) > 1 {
		// Which of them it is does not matter to a floor: it looks at the balance after it, which has them all.
		return []purchase.Match{{ID: unlisted(m.key), Label: fmt.Sprintf("one of %d new entries", len(entries))}}, nil
	}
	matches := make([]purchase.Match, len(entries))
	for i, entry := range entries {
		matches[i] = purchase.Match{ID: entry.ID, Label: strings.TrimSuffix(fmt.Sprintf("%s of %s, %s", m.noun, magnitude(entry.Amount).USD(), entry.CreatedAt), ", ")}
	}
	return matches, nil
}

// confirm tells whether the ledger shows an entry.
func (m *moving) confirm(ctx context.Context, id string) (bool, error) {
	entries, _, err := newestEntries(ctx, m.api)
	if err != nil {
		return false, err
	}
	if m.found = find(entries, id); m.found != nil && m.found.Type != m.entry {
		m.found = nil
	}
	return m.found != nil, nil
}

// recall looks up the entry of a movement that an earlier run has made, or whose answer was lost. What can't be read is left open.
func (m *moving) recall(ctx context.Context, id string) {
	m.found = &client.Transaction{ID: id, Amount: m.amount}
	if isUnlisted(id) {
		return
	}
	entries, _, err := newestEntries(context.WithoutCancel(ctx), m.api)
	if entry := find(entries, id); err == nil && entry != nil {
		m.found = entry
	}
}

const unlistedPrefix = "unlisted-"

// unlisted labels a movement that AUTX confirmed and whose entry could not be told from others.
func unlisted(key string) string {
	digest := sha256.Sum256([]byte(key))
	return unlistedPrefix + hex.EncodeToString(digest[:8])
}

func isUnlisted(id string) bool { return strings.HasPrefix(id, unlistedPrefix) }

// unlistedWarning tells that an id is only a label.
func unlistedWarning(d direction, amount usd.Value, id string) diag.Diagnostics {
	if !isUnlisted(id) {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Moved, but the ledger's entry is not known", fmt.Sprintf(
		"AUTX confirmed the %s, but its ledger shows no new entry of this amount yet, or several. The money has moved once and is not moved again; the id %s is only a "+
			"label, and created_at stays empty.", d.title(amount), id))}
}
