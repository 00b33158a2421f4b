package credit

import (
	"context"
	"sync"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// walk is what the credits of one walk share.
type walk struct {
	// moving lets one movement of money be made at a time, so that each finds its own entry in the ledger.
	moving sync.Mutex

	reading sync.Mutex
	kept    *client.Balance
}

func walkOf(data *providerdata.Data) *walk {
	return providerdata.Shared(data, func() *walk { return &walk{} })
}

// balance is the account's balance, read once a walk: for plans and refreshes. What moves money reads it anew.
func (w *walk) balance(ctx context.Context, api *client.Client) (*client.Balance, error) {
	w.reading.Lock()
	defer w.reading.Unlock()
	if w.kept != nil {
		return w.kept, nil
	}
	balance, err := api.Credits.Balance(ctx)
	if err == nil {
		w.kept = balance
	}
	return balance, err
}
