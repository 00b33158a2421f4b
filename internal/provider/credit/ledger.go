package credit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
)

// snapshot is what the journal keeps of the time before a movement, for a later look for it.
type snapshot struct {
	// Key is the movement's.
	Key string `json:"key"`
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
func (d direction) snapshot(ctx context.Context, api *client.Client, key string, amount *money.Amount) (snapshot, error) {
	entries, limit, err := ledger.Newest(ctx, api)
	if err != nil {
		return snapshot{}, err
	}
	before := snapshot{Key: key, Amount: amount, Entries: []string{}, Limit: limit}
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

// since gives what a movement may have become: what is new against the snapshot of before and has its amount.
func (d direction) since(ctx context.Context, api *client.Client, before snapshot) ([]client.Transaction, error) {
	fresh, err := d.fresh(ctx, api, before)
	matching := before.matching(fresh)
	if err != nil || len(matching) > 0 || before.LastAt == nil {
		return matching, err
	}
	// Nothing that it could be is listed. Is the list up to date? If it is not, calling the movement absent would let it be made twice. The list is read
	// once more after the balance, so that it does not miss what the balance has only for the order of the two.
	balance, err := api.Credits.Balance(ctx)
	if err != nil {
		return nil, err
	}
	last := d.last(balance).Or("")
	if last == *before.LastAt {
		return nil, nil
	}
	if fresh, err = d.fresh(ctx, api, before); err != nil {
		return nil, err
	}
	if matching = before.matching(fresh); len(matching) == 0 && !explained(fresh, last) {
		return nil, fmt.Errorf("%w: the balance says that the last %s was at %s, and it is not listed", errLag, d.noun, last)
	}
	return matching, nil
}

// explained tells whether one of the entries may be the last movement that the balance tells of.
func explained(entries []client.Transaction, last string) bool {
	const slack = time.Second // the two may be written one after the other
	return slices.ContainsFunc(entries, func(entry client.Transaction) bool {
		listed, okListed := parseInstant(entry.CreatedAt)
		told, okTold := parseInstant(last)
		return entry.CreatedAt == last || !okListed || !okTold || !listed.Before(told.Add(-slack))
	})
}

// fresh gives the entries of the direction that a snapshot does not have.
func (d direction) fresh(ctx context.Context, api *client.Client, before snapshot) ([]client.Transaction, error) {
	all, err := api.Credits.Transactions(ctx, before.Limit)
	return slices.DeleteFunc(all, func(entry client.Transaction) bool {
		return entry.Type != d.entry || slices.Contains(before.Entries, entry.ID)
	}), err
}

// matching are the entries that have the amount which was to be moved.
func (s snapshot) matching(entries []client.Transaction) []client.Transaction {
	var out []client.Transaction
	for _, entry := range entries {
		if s.Amount == nil || ledger.Magnitude(entry.Amount).Equal(*s.Amount) {
			out = append(out, entry)
		}
	}
	return out
}

// find looks an entry up by its id, of whatever type; nil where it is not there.
func find(entries []client.Transaction, id string) *client.Transaction {
	if i := slices.IndexFunc(entries, func(entry client.Transaction) bool { return entry.ID == id }); i >= 0 {
		return &entries[i]
	}
	return nil
}
