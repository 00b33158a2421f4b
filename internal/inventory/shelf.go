package inventory

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// MaxAge is the longest that a list answers, counted from when it was asked for. One process may serve several runs.
	MaxAge = 60 * time.Second
	// ListTime bounds a shared list, which may fail to come for reasons of its own: a limit of its endpoint, a table that is locked. It is two of the
	// longest pauses that a 429 can ask for (client.DefaultRetryAfterCap), in which GETs would not get through either, and half a minute for the answer,
	// its turn at a few requests a second included; and it is half of what a resource's read has by default, so that GETs have the other half. Where one
	// request may take longer than usual, the list may, too (Source.Timeout).
	ListTime = 150 * time.Second
	// forAnswer is what a list has beyond the time of one request.
	forAnswer = 30 * time.Second
	// GetTime bounds a shared GET, which nothing replaces. The client ends it after some attempts, later where it is configured so; this is only for
	// what would never end.
	GetTime = time.Hour
	// DefaultMaxItems is how many items a list may have to be kept, unless WithMaxItems says otherwise.
	DefaultMaxItems = 20_000

	// plainReads is how many different objects are read one by one before it pays to list them.
	plainReads = 2
)

// Source reads the objects of one kind from the service.
type Source[T any] struct {
	// Get reads one object by its id.
	Get func(ctx context.Context, id string) (T, error)
	// List reads all objects.
	List func(ctx context.Context) ([]T, error)
	// ID gives an object's id.
	ID func(T) string
	// Timeout is how long one request may take: a list that is given less is never read. The usual time where it is zero.
	Timeout time.Duration
}

// Pointers makes a list of what a service answered a list of pointers, which a shelf can share. It hands the error on.
func Pointers[T any](items []T, err error) ([]*T, error) {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out, err
}

// Option changes how a shelf works.
type Option func(*settings)

type settings struct {
	maxItems int
	now      func() time.Time
}

// WithMaxItems bounds the memory of a shelf: a longer list answers those who wait for it and is not kept; later reads are GETs.
func WithMaxItems(n int) Option { return func(s *settings) { s.maxItems = n } }

// WithClock replaces the clock by which lists grow old.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// Shelf answers reads of one kind of object during one walk. Its methods may be called concurrently. Readers share what it returns and must not
// change it.
type Shelf[T any] struct {
	source Source[T]
	settings
	flights singleflight.Group

	mu       sync.Mutex
	epoch    uint64              // how often Drop was called; what was begun in an earlier one is not kept
	seen     map[string]struct{} // the objects that were read one by one
	own      map[string]struct{} // the objects that this walk wrote; no list is believed about them any more
	kept     *listing[T]
	answered uint64   // the newest epoch whose list has answered
	failed   *failure // of the list, the last time
	tooLarge bool     // the list has too many items to be kept; a write hardly changes that
}

// listing is one answer of the list.
type listing[T any] struct {
	items []T
	byID  map[string]T
	asked time.Time
}

// failure is a list that failed. For MaxAge, as long as an answer of it would be believed, Get does without the list: a service that is restarted
// serves it again.
type failure struct {
	err error
	at  time.Time
}

// NewShelf makes an empty shelf. It makes no request.
func NewShelf[T any](source Source[T], options ...Option) *Shelf[T] {
	s := &Shelf[T]{source: source, settings: settings{maxItems: DefaultMaxItems, now: time.Now}, seen: map[string]struct{}{}, own: map[string]struct{}{}}
	for _, option := range options {
		option(&s.settings)
	}
	return s
}

// Get reads one object. Its errors are those of the source's Get, and the context's own. An error is not remembered.
func (s *Shelf[T]) Get(ctx context.Context, id string) (T, error) {
	item, _, err := s.Find(ctx, id)
	return item, err
}

// Find is Get that also tells whether a list answered. A list may be older than a write of an earlier walk: a reader that finds something else in it
// than it expects should ask Confirm before it believes that somebody changed the object.
func (s *Shelf[T]) Find(ctx context.Context, id string) (item T, listed bool, err error) {
	kept, plain := s.consult(id)
	if plain {
		item, err = s.Confirm(ctx, id)
		return item, false, err
	}
	if kept == nil {
		if kept, err = s.list(ctx); err != nil {
			if ctx.Err() != nil {
				return item, false, context.Cause(ctx)
			}
			item, err = s.Confirm(ctx, id)
			return item, false, err
		}
	}
	if item, listed = kept.byID[id]; listed {
		return item, true, nil
	}
	item, err = s.Confirm(ctx, id)
	return item, false, err
}

// Confirm reads one object by a plain GET, whatever a list says. Those who want the same one at the same time share it.
func (s *Shelf[T]) Confirm(ctx context.Context, id string) (T, error) {
	return Join(ctx, &s.flights, s.flight("get "+id), GetTime, func(ctx context.Context) (T, error) { return s.source.Get(ctx, id) })
}

// All gives the whole list, as it is kept or as the service gives it now: it may lag behind a write. It tries even where Get has given the list up,
// unless the list took longer than ListTime: then the next reader must not wait as long for the same.
func (s *Shelf[T]) All(ctx context.Context) ([]T, error) {
	s.mu.Lock()
	kept, failed := s.fresh(), s.failing()
	s.mu.Unlock()
	if kept == nil {
		if failed != nil && isLate(failed.err) {
			return nil, failed.err
		}
		var err error
		if kept, err = s.list(ctx); err != nil {
			return nil, err
		}
	}
	return append([]T(nil), kept.items...), nil
}

// Wrote forgets everything after an object was written, and from then on reads that one by plain GETs only: the next list may still show it as it was
// before. Call it after each write, also after one that failed, as it may have been carried out; Drop where the object's id is not known.
func (s *Shelf[T]) Wrote(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own[id] = struct{}{}
	s.drop()
}

// Drop forgets everything, and what is still on its way as well.
func (s *Shelf[T]) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

func (s *Shelf[T]) drop() {
	s.epoch++
	s.kept = nil
	if s.failed != nil && !isLate(s.failed.err) { // a write makes no list come sooner
		s.failed = nil
	}
	clear(s.seen)
}

// consult decides how an object is read: from a list that is kept, by a plain GET, or (neither) from a list yet to be read.
func (s *Shelf[T]) consult(id string) (_ *listing[T], plain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, own := s.own[id]; own {
		return nil, true
	}
	if kept := s.fresh(); kept != nil {
		return kept, false
	}
	if s.failing() != nil || s.tooLarge {
		return nil, true
	}
	if _, again := s.seen[id]; !again && len(s.seen) >= plainReads {
		return nil, false
	}
	s.seen[id] = struct{}{}
	return nil, true
}

// fresh is the list that is kept, unless it is too old.
func (s *Shelf[T]) fresh() *listing[T] {
	if s.kept != nil && s.now().Sub(s.kept.asked) >= MaxAge {
		s.kept = nil
	}
	return s.kept
}

// failing is the failure of the list, unless it is so old that the list may work again.
func (s *Shelf[T]) failing() *failure {
	if s.failed != nil && s.now().Sub(s.failed.at) >= MaxAge {
		s.failed = nil
	}
	return s.failed
}

func (s *Shelf[T]) list(ctx context.Context) (*listing[T], error) {
	s.mu.Lock()
	epoch := s.epoch
	s.mu.Unlock()
	atMost := max(ListTime, s.source.Timeout+forAnswer)
	return Join(ctx, &s.flights, flightIn(epoch, "list"), atMost, func(ctx context.Context) (*listing[T], error) { return s.fetch(ctx, epoch) })
}

// fetch reads the list and keeps it, unless something was written since it was asked for.
func (s *Shelf[T]) fetch(ctx context.Context, epoch uint64) (*listing[T], error) {
	s.mu.Lock()
	if kept := s.fresh(); kept != nil && s.epoch == epoch {
		s.mu.Unlock()
		return kept, nil // another reader's list came in between the look and the flight
	}
	asked := s.now()
	s.mu.Unlock()
	items, err := s.source.List(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if err = tellLate(ctx, err); s.epoch == epoch || (isLate(err) && s.answered <= epoch) { // a newer one that has answered knows better
			s.failed = &failure{err: err, at: s.now()}
		}
		return nil, err
	}
	l := &listing[T]{items: items, byID: make(map[string]T, len(items)), asked: asked}
	for _, item := range items {
		l.byID[s.source.ID(item)] = item
	}
	s.tooLarge, s.failed, s.answered = len(items) > s.maxItems, nil, max(s.answered, epoch)
	if !s.tooLarge && s.epoch == epoch {
		s.kept = l
	}
	return l, nil
}

// flight names a request for those who want the same one at the same time. After a write nobody joins what was begun before.
func (s *Shelf[T]) flight(what string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return flightIn(s.epoch, what)
}

func flightIn(epoch uint64, what string) string { return strconv.FormatUint(epoch, 10) + " " + what }
