package credit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
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
	// repeatable says that one run may ask for it several times.
	repeatable bool
	deadline   time.Duration
}

// move moves money at most once a key, and gives the ledger's entry. The id of the result begins with unlistedPrefix where AUTX has confirmed the
// movement and its entry could not be told from others. The caller is alone.
func (w *walk) move(ctx context.Context, d direction, r request) (purchase.Result, client.Transaction, error) {
	m := &moving{walk: w, direction: d, request: r}
	buy := purchase.Purchase{
		Kind: d.kind, Key: r.key, Title: r.title, Authorized: r.amount, Deadline: max(r.deadline, sendAtLeast), Settled: purchase.AdoptIfSameInputs,
		Snapshot: m.look, Send: m.send, Find: m.find, Confirm: m.confirm,
		Lasting: true, // an entry never goes away, and only the newest can be read
		// What has moved must not move again, whether or not its entry can be told from others.
		Placeholder: unlisted(r.key),
		Repeatable:  r.repeatable,
	}
	if !r.anyAmount {
		buy.Digest = digestOf(r.amount)
	}
	result, err := w.desk.Buy(ctx, buy)
	if err != nil {
		return result, client.Transaction{}, err
	}
	return result, m.entryOf(ctx, result.ID), nil
}

// digestOf is what the journal compares: a key stands for an amount.
func digestOf(amount money.Amount) string { return amount.String() }

// moving is one movement on its way.
type moving struct {
	*walk
	direction
	request

	listed []client.Transaction // what was read last
}

// look takes the snapshot.
func (m *moving) look(ctx context.Context) (json.RawMessage, error) {
	var amount *money.Amount
	if !m.anyAmount {
		amount = &m.amount
	}
	before, err := m.snapshot(ctx, m.api, m.key, amount)
	if err != nil {
		return nil, err
	}
	return json.Marshal(before)
}

// send moves the money. AUTX answers with the balance after it, and does not say which entry of the ledger it has become.
func (m *moving) send(ctx context.Context) (string, error) {
	if err := m.direction.send(ctx, m.api, m.amount); err != nil {
		return "", err
	}
	return "", purchase.ErrIDUnknown
}

// find gives what a movement may have become: this one, by its own snapshot, or another one of the journal by that one's.
func (m *moving) find(ctx context.Context, raw json.RawMessage) ([]purchase.Match, error) {
	var before snapshot
	if err := json.Unmarshal(raw, &before); err != nil {
		return nil, fmt.Errorf("read the journal's snapshot of the ledger: %w", err)
	}
	entries, err := m.since(ctx, m.api, before)
	if err != nil {
		return nil, err
	}
	if m.anyAmount && before.Key == m.key && len(entries) > 1 {
		// Which of them it is does not matter to a floor: it looks at the balance after it, which has them all.
		return []purchase.Match{{ID: unlisted(m.key), Label: fmt.Sprintf("one of %d new entries", len(entries))}}, nil
	}
	m.listed = entries
	matches := make([]purchase.Match, len(entries))
	for i, entry := range entries {
		label := fmt.Sprintf("%s of %s, %s", m.noun, ledger.Magnitude(entry.Amount).USD(), entry.CreatedAt)
		matches[i] = purchase.Match{ID: entry.ID, Label: strings.TrimSuffix(label, ", ")}
	}
	return matches, nil
}

// confirm tells whether the ledger shows an entry.
func (m *moving) confirm(ctx context.Context, id string) (bool, error) {
	entries, _, err := ledger.Newest(ctx, m.api)
	if err != nil {
		return false, err
	}
	m.listed = entries
	entry := find(entries, id)
	return entry != nil && entry.Type == m.entry, nil
}

// entryOf gives the entry of a movement that was made. What can't be read is left open.
func (m *moving) entryOf(ctx context.Context, id string) client.Transaction {
	entry := find(m.listed, id)
	if entry == nil && !isUnlisted(id) {
		if all, _, err := ledger.Newest(context.WithoutCancel(ctx), m.api); err == nil {
			entry = find(all, id)
		}
	}
	if entry == nil {
		return client.Transaction{ID: id, Amount: m.amount}
	}
	return *entry
}

const unlistedPrefix = "unlisted-"

// unlisted labels a movement that AUTX confirmed and whose entry could not be told from others.
func unlisted(key string) string {
	digest := sha256.Sum256([]byte(key))
	return unlistedPrefix + hex.EncodeToString(digest[:8])
}

func isUnlisted(id string) bool { return strings.HasPrefix(id, unlistedPrefix) }
