package proxy

import (
	"context"
	"fmt"
	"slices"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
)

// snapshot is what the journal keeps of the time before a request, for a later look for its charge.
type snapshot struct {
	// Key is the request's.
	Key string `json:"key"`
	// Free says that the request was to cost nothing when it was sent: then the ledger has nothing of it.
	Free bool `json:"free,omitempty"`
	// Price is what it was to cost, in US dollars.
	Price money.Amount `json:"price_usd"`
	// Entries are the ids of the entries of the ledger that could be those of a request.
	Entries []string `json:"entries,omitempty"`
	// Limit is how many entries were asked for. A look that asks for more would take old entries for new ones.
	Limit int `json:"limit,omitempty"`
}

// before looks at the ledger before a request that is charged.
func before(ctx context.Context, api *client.Client, key string, price money.Amount) (snapshot, error) {
	entries, limit, err := ledger.Newest(ctx, api)
	if err != nil {
		return snapshot{}, err
	}
	out := snapshot{Key: key, Price: price, Limit: limit, Entries: []string{}}
	for i := range entries {
		if isCharge(&entries[i]) {
			out.Entries = append(out.Entries, entries[i].ID)
		}
	}
	return out, nil
}

// since gives the charges that are new against the snapshot and are of one of the prices.
func (s snapshot) since(ctx context.Context, api *client.Client, prices ...money.Amount) ([]client.Transaction, error) {
	all, err := api.Credits.Transactions(ctx, s.Limit)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(entry client.Transaction) bool {
		fits := slices.ContainsFunc(prices, ledger.Magnitude(entry.Amount).Equal)
		return !fits || !isCharge(&entry) || slices.Contains(s.Entries, entry.ID)
	}), nil
}

// isCharge tells whether an entry of the ledger may be the charge of a request: one that belongs to neither an order nor a session. That AUTX makes
// no order of a request is from the SDK reference; what else is charged like this, such as a launch, is of another amount.
func isCharge(entry *client.Transaction) bool {
	return entry.Type == "consume" && entry.OrderID.Or("") == "" && entry.SessionID.Or("") == ""
}

// label describes a charge for a reader.
func label(entry *client.Transaction) string {
	text := fmt.Sprintf("charge of %s without an order", ledger.Magnitude(entry.Amount).USD())
	if entry.CreatedAt != "" {
		text += ", " + entry.CreatedAt
	}
	return text
}
