package order

import (
	"context"
	"net/http"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

const (
	firstPause = time.Second
	lastPause  = 10 * time.Second
)

// waiter reads an order until it is finished.
type waiter struct {
	get func(context.Context) (*client.Order, error)
	// once reads it once only, whatever comes of it.
	once bool
	// trouble is why the last read failed, nil where it did not.
	trouble error
}

// wait gives the last that was read of the order, nil where nothing was. Its error is the context's where the order was not finished in time, and
// that of a read which makes no sense to repeat. An interrupt ends the waiting, and the last read with it.
func (w *waiter) wait(ctx context.Context) (*client.Order, error) {
	var last *client.Order
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		found, err := w.get(ctx)
		w.trouble = err
		if err == nil {
			last = found
			if w.once || finished(found.Status.Or("")) {
				return last, nil
			}
		}
		if ctx.Err() != nil {
			return last, ctx.Err() //nolint:wrapcheck // the caller says what was waited for
		}
		// What was just bought may not be found yet; a key that may not read orders never finds it.
		if err != nil && (w.once || client.IsStatus(err, http.StatusUnauthorized, http.StatusForbidden)) {
			return last, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return last, ctx.Err() //nolint:wrapcheck // as above
		}
	}
}
