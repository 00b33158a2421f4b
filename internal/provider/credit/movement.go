package credit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
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

// snapshot is what the journal keeps of the ledger as it was before a movement: the entries that a later look must not take for it, and the amount to
// look for; nil is any amount.
type snapshot struct {
	Amount  *money.Amount `json:"amount_usd,omitempty"`
	Entries []string      `json:"entries"`
}

// request is one movement to be made at most once a key.
type request struct {
	key    string
	amount money.Amount
	// bound says that the key stands for this amount alone; otherwise whatever was moved under it counts.
	bound    bool
	deadline time.Duration
}

// move moves money at most once a key, and gives the ledger's entry; its id begins with unlisted where the entry could not be told from others.
func (d direction) move(ctx context.Context, desk *purchase.Desk, w *walk, api *client.Client, r request) (purchase.Result, client.Transaction, error) {
	w.moving.Lock()
	defer w.moving.Unlock()
	var before snapshot
	var found client.Transaction
	buy := purchase.Purchase{
		Kind: d.kind, Key: r.key, Title: d.title(usd.Of(r.amount)), Authorized: r.amount, Deadline: r.deadline, Settled: purchase.AdoptIfSameInputs,
		Snapshot: func(ctx context.Context) (json.RawMessage, error) {
			taken, err := d.snapshot(ctx, api, r)
			if err != nil {
				return nil, err
			}
			before = taken
			return json.Marshal(taken)
		},
		Send: func(ctx context.Context) (string, error) {
			if _, err := d.send(api)(ctx, r.amount); err != nil {
				return "", err
			}
			// AUTX has moved the money and does not say which entry it is. Whatever the look finds, this is done and must not be done again.
			entries, err := d.newEntries(ctx, api, snapshot{Amount: &r.amount, Entries: before.Entries})
			if err != nil || len(entries) != 1 {
				return unlisted(r.key), nil
			}
			found = entries[0]
			return found.ID, nil
		},
		Find: func(ctx context.Context, raw json.RawMessage) ([]purchase.Match, error) {
			var known snapshot
			if err := json.Unmarshal(raw, &known); err != nil {
				return nil, fmt.Errorf("read the journal's snapshot of the ledger: %w", err)
			}
			entries, err := d.newEntries(ctx, api, known)
			matches := make([]purchase.Match, 0, len(entries))
			for _, entry := range entries {
				matches = append(matches, purchase.Match{ID: entry.ID, Label: fmt.Sprintf("%s of %s, "+
					"%s", d.noun, magnitude(entry.Amount).USD(), entry.CreatedAt)})
			}
			return matches, err
		},
		// An entry of the ledger never goes away, and only the newest can be read, so the journal is believed: Confirm stays nil.
	}
	if r.bound {
		buy.Digest = r.amount.String()
	}
	result, err := desk.Buy(ctx, buy)
	if err != nil {
		return result, client.Transaction{}, err
	}
	if found.ID != result.ID {
		// It was taken over, or found after its answer was lost.
		found = client.Transaction{ID: result.ID, Amount: r.amount}
		if entry, listed, lookup := d.find(context.WithoutCancel(ctx), api, result.ID); lookup == nil && listed {
			found = entry
		}
	}
	return result, found, nil
}

func (d direction) snapshot(ctx context.Context, api *client.Client, r request) (snapshot, error) {
	all, err := api.Credits.Transactions(ctx, mostTransactions)
	if err != nil {
		return snapshot{}, err
	}
	out := snapshot{Entries: []string{}}
	if r.bound {
		out.Amount = &r.amount
	}
	for _, entry := range all {
		if entry.Type == d.entry {
			out.Entries = append(out.Entries, entry.ID)
		}
	}
	return out, nil
}

// newEntries are the entries that a movement can be taken for and that were not there before.
func (d direction) newEntries(ctx context.Context, api *client.Client, before snapshot) ([]client.Transaction, error) {
	all, err := api.Credits.Transactions(ctx, mostTransactions)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t client.Transaction) bool {
		return t.Type != d.entry || slices.Contains(before.Entries, t.ID) || (before.Amount != nil && !magnitude(t.Amount).Equal(*before.Amount))
	}), nil
}

// find looks an entry up by its id among the newest; listed tells whether it is there and of this direction.
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
		"AUTX confirmed the %s, but its ledger shows no new entry of this amount, or several. The money has moved once and is not moved again; "+
			"the id is only a label.", d.noun))}
}
