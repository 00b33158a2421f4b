// Package once lets those who ask AUTX the same thing in one walk ask it once: for the whole walk, at the same moment, or within a few seconds.
package once

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// Memory keeps answers for one walk: each is asked for once, whatever becomes of it. It is for facts that a reader is told, never for a purchase. The
// zero value is ready.
type Memory[T any] struct {
	mu   sync.Mutex
	kept map[string]*remembered[T]
}

type remembered[T any] struct {
	once  sync.Once
	value T
	err   error
}

// Recall gives the answer that is kept under a key, or asks for it.
func (m *Memory[T]) Recall(ctx context.Context, key string, ask func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	if m.kept == nil {
		m.kept = map[string]*remembered[T]{}
	}
	r := m.kept[key]
	if r == nil {
		r = &remembered[T]{}
		m.kept[key] = r
	}
	m.mu.Unlock()
	r.once.Do(func() { r.value, r.err = ask(ctx) })
	return r.value, r.err
}

// Join makes a request once for all who want it at the same time; nothing of it is kept. It goes on for the others when one of them gives up, bounded
// by the client's timeout.
func Join[T any](ctx context.Context, flights *singleflight.Group, name string, ask func(context.Context) (T, error)) (T, error) {
	var none T
	done := flights.DoChan(name, func() (any, error) { return ask(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return none, context.Cause(ctx) //nolint:wrapcheck // the caller's own context
	case result := <-done:
		if result.Err != nil {
			return none, result.Err
		}
		value, _ := result.Val.(T)
		return value, nil
	}
}
