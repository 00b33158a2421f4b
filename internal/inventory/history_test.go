package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
)

// history is a service, all that it ever was, and a shelf over it.
type history struct {
	*service
	shelf *inventory.Shelf[item]
	now   time.Time
	past  [][]item // the oldest first, without the present

	ours   map[string]bool // what was written through the shelf's walk
	behind int             // by how many changes the list is behind
	shown  [][]item        // what lists have shown, and when
	asked  []time.Time
	next   int

	// What the promise about lists that fail is about; all but kept is forgotten with a write.
	kept     int                 // how many items a list may have to be kept
	plainly  map[string]struct{} // what was read by GETs while a list could have been asked
	answered bool                // a list that can be kept has come, at the last of asked
	failed   time.Time           // when the list failed last; zero: it did not
}

func newHistory(t *rapid.T) *history {
	h := &history{
		service: newService(rapid.IntRange(0, 8).Draw(t, "items")), now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), ours: map[string]bool{}, next: 100,
		kept: rapid.IntRange(0, 12).Draw(t, "kept"), plainly: map[string]struct{}{},
	}
	h.stale = func() []item {
		if back := len(h.past) - h.behind; h.behind > 0 && len(h.past) > 0 {
			return h.past[max(0, back)]
		}
		return h.items
	}
	source := h.source()
	list := source.List
	source.List = func(ctx context.Context) ([]item, error) {
		answer, err := list(ctx)
		if err != nil {
			h.failed = h.now
			return nil, err
		}
		h.shown, h.asked = append(h.shown, answer), append(h.asked, h.now)
		h.failed, h.answered = time.Time{}, len(answer) <= h.kept
		return answer, nil
	}
	h.listDown = rapid.Bool().Draw(t, "down")
	h.shelf = inventory.NewShelf(source, inventory.WithMaxItems(h.kept), inventory.WithClock(func() time.Time { return h.now }))
	return h
}

// pick draws an object: one that is there, one that was, or one that never was.
func (h *history) pick(t *rapid.T) string {
	ids := []string{"unknown"}
	for _, i := range h.items {
		ids = append(ids, i.id)
	}
	for _, was := range h.past {
		for _, i := range was {
			ids = append(ids, i.id)
		}
	}
	return rapid.SampledFrom(ids).Draw(t, "id")
}

// change changes the service, by the walk itself or by somebody else, and tells the shelf what a provider would.
func (h *history) change(t *rapid.T, id string, change func(items []item) []item) {
	h.past = append(h.past, slices.Clone(h.items))
	h.items = change(h.items)
	if rapid.Bool().Draw(t, "ours") {
		h.ours[id] = true
		h.shelf.Wrote(id)
		h.forget()
	}
}

// forget does what a shelf promises of a write: nothing that was read before counts any more.
func (h *history) forget() {
	h.answered, h.failed = false, time.Time{}
	clear(h.plainly)
}

// listsFor tells how many lists a read of an object may ask for: one where others were read by GETs before, none while one is kept, within MaxAge of one
// that failed, and once one was too long to be kept.
func (h *history) listsFor(id string) int {
	tooLong := len(h.shown) > 0 && len(h.shown[len(h.shown)-1]) > h.kept
	answers := h.answered && h.now.Sub(h.asked[len(h.asked)-1]) < inventory.MaxAge
	failing := !h.failed.IsZero() && h.now.Sub(h.failed) < inventory.MaxAge
	if h.ours[id] || tooLong || answers || failing {
		return 0
	}
	if _, again := h.plainly[id]; again || len(h.plainly) < 2 {
		h.plainly[id] = struct{}{}
		return 0
	}
	return 1
}

func (h *history) at(id string) int {
	return slices.IndexFunc(h.items, func(i item) bool { return i.id == id })
}

// read compares a read with a plain GET. What others changed may be as old as a list that is kept; everything else is the same.
func (h *history) read(t *rapid.T) {
	id := h.pick(t)
	want, wantErr := h.plain(id)
	wantLists, before, listsBefore := h.listsFor(id), h.gets+h.lists, h.lists
	got, listed, err := h.shelf.Find(t.Context(), id)
	if made := h.gets + h.lists - before; made > 2 {
		t.Fatalf("one read made %d requests", made)
	}
	if made := h.lists - listsBefore; made != wantLists {
		t.Fatalf("one read made %d lists; want %d (the last failure was %s ago)", made, wantLists, h.now.Sub(h.failed))
	}
	if got == want && errors.Is(err, wantErr) {
		return
	}
	switch {
	case !listed:
		t.Fatalf("Find(%s) = %v, %v, not from a list; a plain GET gives %v, %v", id, got, err, want, wantErr)
	case h.ours[id]:
		t.Fatalf("Find(%s) = %v, %v; our own write is newer: %v, %v", id, got, err, want, wantErr)
	}
	last := len(h.shown) - 1
	if !slices.Contains(h.shown[last], got) || h.now.Sub(h.asked[last]) >= inventory.MaxAge {
		t.Fatalf("Find(%s) = %v; the last list, of %s ago, shows %v", id, got, h.now.Sub(h.asked[last]), h.shown[last])
	}
	// A reader that did not expect this asks again.
	if got, err := h.shelf.Confirm(t.Context(), id); got != want || !errors.Is(err, wantErr) {
		t.Fatalf("Confirm(%s) = %v, %v; a plain GET gives %v, %v", id, got, err, want, wantErr)
	}
}

// list compares the whole list with what a plain list showed at most MaxAge ago.
func (h *history) list(t *rapid.T) {
	all, err := h.shelf.All(t.Context())
	if err != nil {
		if !errors.Is(err, errDown) || !h.listDown {
			t.Fatal(err)
		}
		return
	}
	last := len(h.shown) - 1
	if !slices.Equal(all, h.shown[last]) || h.now.Sub(h.asked[last]) >= inventory.MaxAge {
		t.Fatalf("All = %v; the last list, of %s ago, shows %v", all, h.now.Sub(h.asked[last]), h.shown[last])
	}
}

// TestReadsEqualPlainGETs compares a shelf with plain GETs over random histories: writes of this walk and of others; lists that miss the newest, show
// what is over, are cut off or fail; and time that passes.
func TestReadsEqualPlainGETs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t)
		t.Repeat(map[string]func(*rapid.T){
			"read": h.read,
			"walk": func(t *rapid.T) {
				for range 4 {
					h.read(t)
				}
			},
			"list": h.list,
			"create": func(t *rapid.T) {
				h.next++
				id := fmt.Sprint("id-", h.next)
				h.change(t, id, func(items []item) []item { return append(items, item{id: id}) })
			},
			"update": func(t *rapid.T) {
				id := h.pick(t)
				if i := h.at(id); i >= 0 {
					h.change(t, id, func(items []item) []item { items[i].version++; return items })
				}
			},
			"delete": func(t *rapid.T) {
				id := h.pick(t)
				if i := h.at(id); i >= 0 {
					h.change(t, id, func(items []item) []item { return slices.Delete(items, i, i+1) })
				}
			},
			"lost": func(*rapid.T) { h.shelf.Drop(); h.forget() }, // a write whose object is not known
			"lag":  func(t *rapid.T) { h.lag = rapid.IntRange(0, 3).Draw(t, "lag") },
			"age":  func(t *rapid.T) { h.behind = rapid.IntRange(0, 5).Draw(t, "behind") },
			"cut":  func(t *rapid.T) { h.limit = rapid.IntRange(0, 5).Draw(t, "limit") },
			"break": func(t *rapid.T) {
				h.listDown = rapid.Bool().Draw(t, "down")
			},
			"wait": func(t *rapid.T) {
				h.now = h.now.Add(time.Duration(rapid.SampledFrom([]int{1, 20, 59, 60, 61, 90}).Draw(t, "seconds")) * time.Second)
			},
		})
	})
}

// TestReadsDuringWritesAreNotOlderThanTheWrites has readers and writers at once, and lists that show what is over. Whoever reads after a write was
// done sees it.
func TestReadsDuringWritesAreNotOlderThanTheWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const objects, rounds = 6, 20
		s := newService(objects)
		first := slices.Clone(s.items)
		if rapid.Bool().Draw(t, "stale") {
			s.stale = func() []item { return first }
		}
		shelf := inventory.NewShelf(s.source())
		var mu sync.Mutex
		written := map[string]int{} // the versions whose writes are done
		var all errgroup.Group
		for i := range objects {
			id := fmt.Sprint("id-", i)
			all.Go(func() error {
				for version := range rounds {
					s.mu.Lock()
					s.items[i].version = version + 1
					s.mu.Unlock()
					shelf.Wrote(id)
					mu.Lock()
					written[id] = version + 1
					mu.Unlock()
				}
				return nil
			})
			all.Go(func() error {
				for range rounds {
					mu.Lock()
					least := written[id]
					mu.Unlock()
					got, err := shelf.Get(t.Context(), id)
					if err != nil || got.version < least {
						return fmt.Errorf("%s: %v, %w; version %d was written before", id, got, err, least)
					}
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
	})
}
