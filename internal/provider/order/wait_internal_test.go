package order

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// script answers one read after the other; the last answer stays.
func script(answers ...any) (get func(context.Context) (*client.Order, error), reads *int) {
	reads = new(int)
	return func(ctx context.Context) (*client.Order, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err() //nolint:wrapcheck // as it is
		}
		next := answers[min(*reads, len(answers)-1)]
		*reads++
		if err, ok := next.(error); ok {
			return nil, err
		}
		status, _ := next.(string)
		return &client.Order{ID: "x", Status: client.Of(status)}, nil
	}, reads
}

func TestWait(t *testing.T) {
	t.Parallel()
	broken := &client.Error{Status: http.StatusBadGateway}
	missing := &client.Error{Status: http.StatusNotFound}
	forbidden := &client.Error{Status: http.StatusForbidden}
	for name, c := range map[string]struct {
		answers []any
		once    bool
		within  time.Duration
		status  string // of the last read; "" for none
		err     error
		reads   int
		took    time.Duration
	}{
		"completed at once":       {answers: []any{"completed"}, status: "completed", reads: 1},
		"failed at once":          {answers: []any{"failed"}, status: "failed", reads: 1},
		"completed later":         {answers: []any{"pending", "pending", "pending", "completed"}, status: "completed", reads: 4, took: 4750 * time.Millisecond},
		"a status to come":        {answers: []any{"queued", "pending", "completed"}, status: "completed", reads: 3, took: 2500 * time.Millisecond},
		"broken in between":       {answers: []any{"pending", broken, missing, "completed"}, status: "completed", reads: 4, took: 4750 * time.Millisecond},
		"not found at first":      {answers: []any{missing, "completed"}, status: "completed", reads: 2, took: time.Second},
		"too late":                {answers: []any{"pending"}, within: 5 * time.Second, status: "pending", err: context.DeadlineExceeded, reads: 4, took: 5 * time.Second},
		"never read":              {answers: []any{broken}, within: 3 * time.Second, err: context.DeadlineExceeded, reads: 3, took: 3 * time.Second},
		"forbidden":               {answers: []any{forbidden}, err: forbidden, reads: 1},
		"forbidden later":         {answers: []any{"pending", forbidden}, status: "pending", err: forbidden, reads: 2, took: time.Second},
		"once, and pending":       {answers: []any{"pending"}, once: true, status: "pending", reads: 1},
		"once, and broken":        {answers: []any{broken}, once: true, err: broken, reads: 1},
		"a minute, at a low rate": {answers: []any{"pending"}, within: time.Minute, status: "pending", err: context.DeadlineExceeded, reads: 10, took: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, begun := t.Context(), time.Now()
				if c.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.within)
					defer cancel()
				}
				get, reads := script(c.answers...)
				w := waiter{get: get, once: c.once}
				last, err := w.wait(ctx)
				status := ""
				if last != nil {
					status = last.Status.Or("")
				}
				if took := time.Since(begun); status != c.status || !errors.Is(err, c.err) || *reads != c.reads || took != c.took {
					t.Errorf("status %q, %v, after %d reads in %s", status, err, *reads, took)
				}
			})
		})
	}
}

// TestWaitInterrupted ends at once, in the middle of a pause and of a read.
func TestWaitInterrupted(t *testing.T) {
	t.Parallel()
	for name, get := range map[string]func(context.Context) (*client.Order, error){
		"in a pause": func(context.Context) (*client.Order, error) { return &client.Order{Status: client.Of("pending")}, nil },
		"in a read": func(ctx context.Context) (*client.Order, error) {
			<-ctx.Done()
			return nil, ctx.Err() //nolint:wrapcheck // as it is
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				begun := time.Now()
				time.AfterFunc(300*time.Millisecond, cancel)
				w := waiter{get: get}
				if _, err := w.wait(ctx); !errors.Is(err, context.Canceled) || time.Since(begun) != 300*time.Millisecond {
					t.Errorf("%v after %s", err, time.Since(begun))
				}
			})
		})
	}
}
