package tuning

import (
	"context"
	"sync/atomic"
	"time"
)

// lend makes a call with a context that forgets the caller's when the call ends.
func lend[Q, P any](ctx context.Context, req Q, call func(context.Context, Q) (P, error)) (P, error) {
	within, cancel := context.WithCancel(ctx)
	l := &lent{}
	l.from.Store(&within)
	defer l.from.Store(nil) //nolint:contextcheck // nothing is asked of it
	defer cancel()
	return call(l, req) //nolint:contextcheck // it is the caller's context, as long as the call lasts
}

// lent is a context that is another one for a time, and a cancelled one without values ever after.
type lent struct {
	from atomic.Pointer[context.Context]
}

var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (l *lent) now() context.Context {
	if from := l.from.Load(); from != nil {
		return *from
	}
	return over
}

// Deadline implements context.Context.
func (l *lent) Deadline() (time.Time, bool) { return l.now().Deadline() }

// Done implements context.Context.
func (l *lent) Done() <-chan struct{} { return l.now().Done() }

// Err implements context.Context.
func (l *lent) Err() error { return l.now().Err() }

// Value implements context.Context.
func (l *lent) Value(key any) any { return l.now().Value(key) }
