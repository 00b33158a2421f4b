package once

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// glance is a look at what is there that purchases of one moment share.
type glance struct {
	at  time.Time
	ids map[string]bool
}

// glanceAge is how old a look may be for the next purchase. What was bought since looks new to it, which is right for the purchases of this
// configuration, as the journal knows them, and is the reason not to let it grow old: what others have bought since could not be told apart.
const glanceAge = 3 * time.Second

// Before tells what was there before a purchase, by scope, so that a lost one can be found among what is new. The zero value is ready.
type Before struct {
	flights singleflight.Group

	mu   sync.Mutex
	kept map[string]*glance
}

// IDs gives the ids of what is there in a scope.
func (b *Before) IDs(ctx context.Context, scope string, list func(context.Context) ([]string, error)) ([]string, error) {
	b.mu.Lock()
	last := b.kept[scope]
	b.mu.Unlock()
	if last == nil || time.Since(last.at) >= glanceAge {
		var err error
		last, err = Join(ctx, &b.flights, scope, func(ctx context.Context) (*glance, error) {
			asked := time.Now()
			ids, err := list(ctx)
			if err != nil {
				return nil, err
			}
			fresh := &glance{at: asked, ids: make(map[string]bool, len(ids))}
			for _, id := range ids {
				fresh.ids[id] = true
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.kept == nil {
				b.kept = map[string]*glance{}
			}
			b.kept[scope] = fresh
			return fresh, nil
		})
		if err != nil {
			return nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := make([]string, 0, len(last.ids))
	for id := range last.ids {
		ids = append(ids, id)
	}
	return ids, nil
}

// Bought notes a purchase of this walk, so that the next look at what was there before knows it.
func (b *Before) Bought(scope, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := b.kept[scope]; last != nil {
		last.ids[id] = true
	}
}
