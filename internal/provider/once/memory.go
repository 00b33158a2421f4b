// Package once lets those who ask AUTX the same thing in one walk ask it once: for the whole walk, at the same moment, or within a few seconds.
package once

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
)

// Memory keeps answers for one walk: each is asked for once, whatever becomes of it. It is for facts that a reader is told, never for a purchase. The
// zero value is ready.
type Memory[T any] struct {
	flights singleflight.Group

	mu   sync.Mutex
	kept map[string]*remembered[T]
}

type remembered[T any] struct {
	value T
	err   error
}

// Recall gives the answer that is kept under a key, or asks for it as Join does: who gives up neither ends the question for the others nor leaves
// them the context's error.
func (m *Memory[T]) Recall(ctx context.Context, key string, ask func(context.Context) (T, error)) (T, error) {
	r := m.look(key)
	if r == nil {
		var err error
		r, err = Join(ctx, &m.flights, key, func(ctx context.Context) (*remembered[T], error) {
			if r := m.look(key); r != nil {
				return r, r.err // another one's answer came in between the look and the question
			}
			r := &remembered[T]{}
			r.value, r.err = ask(ctx)
			m.keep(key, r)
			return r, r.err
		})
		if err != nil {
			var none T
			return none, err
		}
	}
	return r.value, r.err
}

func (m *Memory[T]) look(key string) *remembered[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[key]
}

func (m *Memory[T]) keep(key string, r *remembered[T]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[string]*remembered[T]{}
	}
	m.kept[key] = r
}

// Join makes a request once for all who want it at the same time; nothing of it is kept. It goes on for the others when one of them gives up, but no
// longer than any read that is shared (inventory.GetTime): those who wait may have no deadline of their own.
func Join[T any](ctx context.Context, flights *singleflight.Group, name string, ask func(context.Context) (T, error)) (T, error) {
	return inventory.Join(ctx, flights, name, inventory.GetTime, ask)
}
