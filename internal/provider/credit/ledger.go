package credit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

const (
	// defaultTransactions is how many entries client 0.4.1 asks for.
	defaultTransactions = 50
	// mostTransactions is the most that one call gives (assumed).
	mostTransactions = 500
)

// newestEntries gives the newest entries of the ledger, as many as AUTX gives at once, and how many those are. No call gives the rest.
func newestEntries(ctx context.Context, api *client.Client) (entries []client.Transaction, limit int, err error) {
	entries, err = api.Credits.Transactions(ctx, mostTransactions)
	if client.IsStatus(err, http.StatusBadRequest, http.StatusUnprocessableEntity) {
		// How many one call may ask for is assumed; what the published client asks for is sure to work.
		entries, err = api.Credits.Transactions(ctx, defaultTransactions)
		return entries, defaultTransactions, err
	}
	return entries, mostTransactions, err
}

// snapshot is what the journal keeps of the time before a movement, for a later look for it.
type snapshot struct {
	// Amount is what was to be moved; nil for any amount.
	Amount *money.Amount `json:"amount_usd,omitempty"`
	// Entries are the ids of the entries of the movement's direction.
	Entries []string `json:"entries"`
	// Limit is how many entries were asked for. A look that asks for more would take old entries for new ones.
	Limit int `json:"limit"`
	// LastAt is when the account was last moved in this direction, by the balance: "" for never, nil where that is not known.
	LastAt *string `json:"last_at,omitempty"`
}

// snapshot looks at the ledger before a movement.
func (d direction) snapshot(ctx context.Context, api *client.Client, amount *money.Amount) (snapshot, error) {
	entries, limit, err := newestEntries(ctx, api)
	if err != nil {
		return snapshot{}, err
	}
	before := snapshot{Amount: amount, Entries: []string{}, Limit: limit}
	for _, entry := range entries {
		if entry.Type == d.entry {
			before.Entries = append(before.Entries, entry.ID)
		}
	}
	// Read after the list, so that it never misses what the list has. It only sharpens the look, so it may fail.
	if balance, err := api.Credits.Balance(ctx); err == nil {
		last := d.last(balance).Or("")
		before.LastAt = &last
	}
	return before, nil
}

// errLag says that the ledger can't be believed at the moment.
var errLag = errors.New("AUTX's list of transactions lags behind the balance")

// lost gives what a movement may have become whose answer was lost.
func (d direction) lost(ctx context.Context, api *client.Client, before snapshot) ([]client.Transaction, error) {
	// Read before the list, so that it never has what the list misses only for the order of the two.
	balance, balanceErr := api.Credits.Balance(ctx)
	all, err := api.Credits.Transactions(ctx, before.Limit)
	if err != nil {
		return nil, err
	}
	fresh := d.freshIn(all, before)
	if len(fresh) == 0 && before.LastAt != nil {
		// Nothing new is listed. Is the list up to date? If it is not, calling the movement absent would let it be made twice.
		if balanceErr != nil {
			return nil, balanceErr
		}
		if last := d.last(balance).Or(""); last != *before.LastAt {
			return nil, fmt.Errorf("%w: it shows no new %s, and the balance says that the last one was at %s", errLag, d.noun, last)
		}
	}
	return before.matching(fresh), nil
}

// fresh gives what is new against a snapshot and has its amount.
func (d direction) fresh(ctx context.Context, api *client.Client, before snapshot) ([]client.Transaction, error) {
	all, err := api.Credits.Transactions(ctx, before.Limit)
	if err != nil {
		return nil, err
	}
	return before.matching(d.freshIn(all, before)), nil
}

// freshIn are the entries of the direction that a snapshot does not have.
func (d direction) freshIn(all []client.Transaction, before snapshot) []client.Transaction {
	return slices.DeleteFunc(slices.Clone(all), func(entry client.Transaction) bool {
		return entry.Type != d.entry || slices.Contains(before.Entries, entry.ID)
	})
}

// matching are the entries that have the amount which was to be moved.
func (s snapshot) matching(entries []client.Transaction) []client.Transaction {
	if s.Amount == nil {
		return entries
	}
	return slices.DeleteFunc(entries, func(entry client.Transaction) bool { return !magnitude(entry.Amount).Equal(*s.Amount) })
}

// find looks an entry up by its id, of whatever type; nil where it is not there.
func find(entries []client.Transaction, id string) *client.Transaction {
	if i := slices.IndexFunc(entries, func(entry client.Transaction) bool { return entry.ID == id }); i >= 0 {
		return &entries[i]
	}
	return nil
}
