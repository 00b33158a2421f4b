package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
)

// Join makes a request once for all who want it at the same time; nothing of it is kept. Each of them may stop waiting: the request goes on for the
// others, but no longer than it may take, whatever time those have who wait. Then its error says so, and what became of the request until then.
func Join[V any](
	ctx context.Context, flights *singleflight.Group, name string, atMost time.Duration, request func(context.Context) (V, error),
) (V, error) {
	var none V
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	done := flights.DoChan(name, func() (any, error) {
		flight, land := context.WithTimeoutCause(context.WithoutCancel(ctx), atMost, &lateError{atMost})
		defer land()
		value, err := request(flight)
		return value, tellLate(flight, err)
	})
	select {
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case result := <-done:
		if result.Err != nil {
			return none, result.Err
		}
		value, _ := result.Val.(V) // the flight's name tells the type; only a nil interface is not of it
		return value, nil
	}
}

// lateError is why a shared request was given up: the time that is its own ran out, not that of anybody who waited for it.
type lateError struct{ after time.Duration }

func (e *lateError) Error() string { return "it took longer than " + e.after.String() }

// Unwrap makes it a deadline that was missed.
func (e *lateError) Unwrap() error { return context.DeadlineExceeded }

// tellLate adds to the error of a shared request that its time ran out, where that is so and the error does not say it yet.
func tellLate(flight context.Context, err error) error {
	if cause := context.Cause(flight); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// isLate tells whether a shared request was given up for taking too long.
func isLate(err error) bool {
	_, late := errors.AsType[*lateError](err)
	return late
}
