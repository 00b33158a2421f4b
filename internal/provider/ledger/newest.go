// Package ledger reads the account's credit transactions, as far as AUTX shows them.
package ledger

import (
	"context"
	"net/http"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

const (
	// Default is how many entries client 0.4.1 asks for.
	Default = 50
	// Most is the most that one call gives (assumed).
	Most = 500
)

// Newest gives the newest entries, as many as AUTX gives at once, and how many those are. No call gives the rest.
func Newest(ctx context.Context, api *client.Client) (entries []client.Transaction, limit int, err error) {
	entries, err = api.Credits.Transactions(ctx, Most)
	if client.IsStatus(err, http.StatusBadRequest, http.StatusUnprocessableEntity) {
		// How many one call may ask for is assumed; what the published client asks for is sure to work.
		entries, err = api.Credits.Transactions(ctx, Default)
		return entries, Default, err
	}
	return entries, Most, err
}

// Magnitude is an amount without its sign: that the amounts of entries are positive, whatever their type, is assumed.
func Magnitude(amount money.Amount) money.Amount {
	if amount.Sign() < 0 {
		return amount.Neg()
	}
	return amount
}
