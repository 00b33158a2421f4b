package credit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// defaultCreateTimeout bounds one movement of money.
const defaultCreateTimeout = 5 * time.Minute

// movement is what a deposit and a withdrawal have in common in state: money moved once, under a key.
type movement struct {
	ID             types.String   `tfsdk:"id"`
	IdempotencyKey types.String   `tfsdk:"idempotency_key"`
	Amount         usd.Value      `tfsdk:"amount"`
	CreatedAt      types.String   `tfsdk:"created_at"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

func (m *movement) common() *movement { return m }

// model is a movement with what only its own resource has.
type model interface {
	common() *movement
	// moved records the ledger's entry in what is not common.
	moved(amount usd.Value)
}

// walk is what the movements of one walk share: one moves at a time, so that each finds its own entry in the ledger.
type walk struct {
	mu sync.Mutex
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk { return &walk{} })
}

// direction is one of the two ways to move money.
type direction struct {
	kind purchase.Kind
	// entry is the type of the ledger's entry (client 0.4.1).
	entry string
	// noun names one for a reader.
	noun string
	send func(*client.Client) func(context.Context, money.Amount) (*client.Balance, error)
}

var (
	in = direction{
		kind: purchase.Deposit, entry: "deposit", noun: "deposit",
		send: func(c *client.Client) func(context.Context, money.Amount) (*client.Balance, error) {
			return c.Credits.DepositTest
		},
	}
	out = direction{
		kind: purchase.Withdrawal, entry: "withdrawal", noun: "withdrawal",
		send: func(c *client.Client) func(context.Context, money.Amount) (*client.Balance, error) {
			return c.Credits.Withdraw
		},
	}
)

func (d direction) title(amount usd.Value) string {
	if value, ok := amount.Amount(); ok {
		return d.noun + " of " + value.USD()
	}
	return d.noun + " of an amount that is not known yet"
}

// snapshot is what the journal keeps of the ledger as it was before a movement: the entries that a later look must not take for it.
type snapshot struct {
	Entries []string `json:"entries"`
}

// move moves money at most once a key, and gives the ledger's entry; its id begins with unlisted where the entry could not be told from others.
func (d direction) move(
	ctx context.Context, desk *purchase.Desk, w *walk, api *client.Client, key string, amount money.Amount, deadline time.Duration,
) (purchase.Result, client.Transaction, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var before snapshot
	look := func(ctx context.Context, known snapshot) ([]client.Transaction, error) {
		entries, err := d.entries(ctx, api, amount)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(entries, func(t client.Transaction) bool { return slices.Contains(known.Entries, t.ID) }), nil
	}
	var found client.Transaction
	result, err := desk.Buy(ctx, purchase.Purchase{
		Kind: d.kind, Key: key, Title: d.title(usd.Of(amount)), Digest: amount.String(), Scope: amount.String(), Authorized: amount, Deadline: deadline,
		Settled: purchase.AdoptIfSameInputs,
		Snapshot: func(ctx context.Context) (json.RawMessage, error) {
			entries, err := d.entries(ctx, api, amount)
			if err != nil {
				return nil, err
			}
			for _, entry := range entries {
				before.Entries = append(before.Entries, entry.ID)
			}
			return json.Marshal(before)
		},
		Send: func(ctx context.Context) (string, error) {
			if _, err := d.send(api)(ctx, amount); err != nil {
				return "", err
			}
			// AUTX has moved the money and does not say which entry it is. Whatever the look finds, this is done and must not be done again.
			entries, err := look(ctx, before)
			if err != nil || len(entries) != 1 {
				return unlisted(key), nil //nolint:nilerr // the id is a label; the money has moved
			}
			found = entries[0]
			return found.ID, nil
		},
		Find: func(ctx context.Context, raw json.RawMessage) ([]purchase.Match, error) {
			var known snapshot
			if err := json.Unmarshal(raw, &known); err != nil {
				return nil, fmt.Errorf("read the journal's snapshot of the ledger: %w", err)
			}
			entries, err := look(ctx, known)
			if err != nil {
				return nil, err
			}
			matches := make([]purchase.Match, 0, len(entries))
			for _, entry := range entries {
				matches = append(matches, purchase.Match{ID: entry.ID, Label: fmt.Sprintf("%s of %s, %s", d.noun, entry.Amount.USD(), entry.CreatedAt)})
			}
			return matches, nil
		},
		Confirm: func(ctx context.Context, id string) (bool, error) {
			if isUnlisted(id) {
				return true, nil
			}
			_, listed, err := d.find(ctx, api, id)
			// The list has the newest entries only, and an entry never goes away: one that is not listed is old.
			return listed || err == nil, err
		},
	})
	if err == nil && found.ID != result.ID && !isUnlisted(result.ID) {
		// It was taken over, or found after its answer was lost.
		if entry, listed, lookup := d.find(context.WithoutCancel(ctx), api, result.ID); lookup == nil && listed {
			found = entry
		}
	}
	if found.ID != result.ID {
		found = client.Transaction{ID: result.ID, Amount: amount}
	}
	return result, found, err
}

// entries are the entries that a movement of this amount can be taken for.
func (d direction) entries(ctx context.Context, api *client.Client, amount money.Amount) ([]client.Transaction, error) {
	all, err := api.Credits.Transactions(ctx, mostTransactions)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t client.Transaction) bool { return t.Type != d.entry || !magnitude(t.Amount).Equal(amount) }), nil
}

// find looks an entry up by its id among the newest.
func (d direction) find(ctx context.Context, api *client.Client, id string) (entry client.Transaction, listed bool, err error) {
	all, err := api.Credits.Transactions(ctx, mostTransactions)
	if err != nil {
		return client.Transaction{}, false, err
	}
	for _, entry := range all {
		if entry.ID == id {
			return entry, entry.Type == d.entry, nil
		}
	}
	return client.Transaction{}, false, nil
}

// magnitude is an amount without its sign: whether withdrawals are negative in the ledger is not documented.
func magnitude(amount money.Amount) money.Amount {
	if amount.Sign() < 0 {
		return amount.Neg()
	}
	return amount
}

const unlistedPrefix = "unlisted-"

// unlisted labels a movement that AUTX confirmed and whose entry could not be told from others.
func unlisted(key string) string {
	digest := sha256.Sum256([]byte(key))
	return unlistedPrefix + hex.EncodeToString(digest[:8])
}

func isUnlisted(id string) bool { return strings.HasPrefix(id, unlistedPrefix) }

func unlistedWarning(d direction, id string) diag.Diagnostics {
	if !isUnlisted(id) {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Moved, but the ledger's entry is not known", fmt.Sprintf(
		"AUTX confirmed the %s, but its ledger shows no new entry of this amount, or several. The money has moved once and is not moved again; the id is only a label.", d.noun))}
}
