package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errNotFound = errors.New("not found")
	errDown     = errors.New("the list is down")
)

type item struct {
	id      string
	version int
}

// service is what a shelf reads from. It counts requests.
type service struct {
	mu       sync.Mutex
	items    []item
	gets     int
	lists    int
	listDown bool
	getDown  bool
	lag      int           // how many of the newest items the list misses
	limit    int           // how many items the list has at most; 0: all
	stale    func() []item // what the list shows instead of what is there
	inGet    func()        // while a GET is on its way
	inList   func()
}

func newService(n int) *service {
	s := &service{}
	for i := range n {
		s.items = append(s.items, item{id: fmt.Sprint("id-", i)})
	}
	return s
}

func (s *service) source() inventory.Source[item] {
	return inventory.Source[item]{
		Get: func(_ context.Context, id string) (item, error) {
			s.mu.Lock()
			s.gets++
			hook := s.inGet
			s.mu.Unlock()
			if hook != nil {
				hook()
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.getDown {
				return item{}, errDown
			}
			return s.plain(id)
		},
		List: func(context.Context) ([]item, error) {
			s.mu.Lock()
			s.lists++
			hook := s.inList
			shown := s.items
			if s.stale != nil {
				shown = s.stale()
			}
			answer := slices.Clone(shown[:max(0, len(shown)-s.lag)])
			if s.limit > 0 {
				answer = answer[:min(s.limit, len(answer))]
			}
			down := s.listDown
			s.mu.Unlock()
			if hook != nil {
				hook()
			}
			if down {
				return nil, errDown
			}
			return answer, nil
		},
		ID: func(i item) string { return i.id },
	}
}

func (s *service) plain(id string) (item, error) {
	for _, i := range s.items {
		if i.id == id {
			return i, nil
		}
	}
	return item{}, errNotFound
}

func (s *service) wantRequests(t *testing.T, gets, lists int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gets != gets || s.lists != lists {
		t.Errorf("%d GETs and %d lists; want %d and %d", s.gets, s.lists, gets, lists)
	}
}

func wantItem(t *testing.T, shelf *inventory.Shelf[item], id string, version int) {
	t.Helper()
	if got, err := shelf.Get(t.Context(), id); err != nil || got != (item{id, version}) {
		t.Errorf("Get(%s) = %v, %v; want version %d", id, got, err, version)
	}
}

func TestOneReadIsOneGET(t *testing.T) {
	t.Parallel()
	s := newService(10)
	wantItem(t, inventory.NewShelf(s.source()), "id-3", 0)
	s.wantRequests(t, 1, 0)
}

func TestTheThirdReadLists(t *testing.T) {
	t.Parallel()
	s := newService(10)
	shelf := inventory.NewShelf(s.source())
	for range 3 { // the same ones again are no reason to list
		wantItem(t, shelf, "id-0", 0)
		wantItem(t, shelf, "id-1", 0)
	}
	s.wantRequests(t, 6, 0)
	for i := range 10 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 8, 1)
}

func TestTwoHundredReadsInParallel(t *testing.T) {
	t.Parallel()
	s := newService(200)
	shelf := inventory.NewShelf(s.source())
	var group errgroup.Group
	group.SetLimit(10)
	for i := range 200 {
		group.Go(func() error {
			id := fmt.Sprint("id-", i)
			got, err := shelf.Get(t.Context(), id)
			if err == nil && got.id != id {
				return fmt.Errorf("asked for %s, got %s", id, got.id)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	s.wantRequests(t, 2, 1)
}

func TestAMissIsConfirmed(t *testing.T) {
	t.Parallel()
	s := newService(10)
	s.lag = 1
	shelf := inventory.NewShelf(s.source())
	for i := range 10 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 3, 1) // the newest one by a GET
	if _, err := shelf.Get(t.Context(), "gone"); !errors.Is(err, errNotFound) {
		t.Errorf("error is %v; want not found", err)
	}
	s.wantRequests(t, 4, 1)
}

func TestAFailingListFallsBackToGETs(t *testing.T) {
	t.Parallel()
	s := newService(20)
	s.listDown = true
	shelf := inventory.NewShelf(s.source())
	for i := range 20 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 20, 1)
	if _, err := shelf.All(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("All: %v; want its error", err)
	}
	s.wantRequests(t, 20, 2)
	shelf.Drop()
	s.listDown = false
	for i := range 20 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 22, 3)
}

func TestAListThatWorksAgainIsUsed(t *testing.T) {
	t.Parallel()
	s := newService(5)
	s.listDown = true
	shelf := inventory.NewShelf(s.source())
	for i := range 3 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.listDown = false
	if all, err := shelf.All(t.Context()); err != nil || len(all) != 5 {
		t.Errorf("All = %v, %v", all, err)
	}
	wantItem(t, shelf, "id-4", 0)
	s.wantRequests(t, 3, 2)
}

func TestErrorsAreNotRemembered(t *testing.T) {
	t.Parallel()
	s := newService(3)
	s.getDown = true
	shelf := inventory.NewShelf(s.source())
	if _, err := shelf.Get(t.Context(), "id-0"); !errors.Is(err, errDown) {
		t.Errorf("error is %v", err)
	}
	s.getDown = false
	wantItem(t, shelf, "id-0", 0)
}

func TestAllSharesTheList(t *testing.T) {
	t.Parallel()
	s := newService(3)
	shelf := inventory.NewShelf(s.source())
	for range 3 {
		all, err := shelf.All(t.Context())
		if err != nil || len(all) != 3 {
			t.Fatalf("All = %v, %v", all, err)
		}
		all[0] = item{id: "changed by its reader"}
	}
	wantItem(t, shelf, "id-0", 0)
	s.wantRequests(t, 0, 1)
}

func TestFindTellsWhetherAListAnswered(t *testing.T) {
	t.Parallel()
	s := newService(4)
	s.lag = 1
	shelf := inventory.NewShelf(s.source())
	for i, want := range []bool{false, false, true, false} { // two plain reads, one from the list, one that it misses
		id := fmt.Sprint("id-", i)
		if got, listed, err := shelf.Find(t.Context(), id); err != nil || listed != want || got.id != id {
			t.Errorf("Find(%s) = %v, %t, %v; want listed %t", id, got, listed, err, want)
		}
	}
	s.wantRequests(t, 3, 1)
	s.items[2].version = 7
	if got, err := shelf.Confirm(t.Context(), "id-2"); err != nil || got.version != 7 {
		t.Errorf("Confirm = %v, %v; want what a GET gives", got, err)
	}
	s.wantRequests(t, 4, 1)
}

func TestWhatWasWrittenIsReadByGETs(t *testing.T) {
	t.Parallel()
	s := newService(10)
	old := slices.Clone(s.items)
	s.stale = func() []item { return old }
	shelf := inventory.NewShelf(s.source())
	s.items[4].version = 1
	shelf.Wrote("id-4")
	s.items = slices.Delete(s.items, 5, 6)
	shelf.Wrote("id-5")
	for _, i := range []int{0, 1, 2, 3, 6, 7, 8, 9} {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 2, 1)
	wantItem(t, shelf, "id-4", 1) // the list has version 0
	if _, listed, err := shelf.Find(t.Context(), "id-5"); listed || !errors.Is(err, errNotFound) {
		t.Errorf("the deleted object: listed %t, %v; want not found, though the list has it", listed, err)
	}
	s.wantRequests(t, 4, 1)
	shelf.Drop() // forgets the list, not what was written
	for i := range 4 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	wantItem(t, shelf, "id-4", 1)
}

func TestDropForgets(t *testing.T) {
	t.Parallel()
	s := newService(5)
	shelf := inventory.NewShelf(s.source())
	if _, err := shelf.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.items[0].version = 1
	shelf.Drop()
	wantItem(t, shelf, "id-0", 1)
	s.wantRequests(t, 1, 1)
}

func TestAListOnItsWayIsNotKeptOverADrop(t *testing.T) {
	t.Parallel()
	s := newService(5)
	shelf := inventory.NewShelf(s.source())
	onItsWay, proceed := make(chan struct{}), make(chan struct{})
	s.inList = func() { close(onItsWay); <-proceed }
	early := make(chan []item)
	go func() {
		all, err := shelf.All(t.Context())
		if err != nil {
			t.Error(err)
		}
		early <- all
	}()
	<-onItsWay
	s.mu.Lock()
	s.items[0].version, s.inList = 1, nil
	s.mu.Unlock()
	shelf.Drop()
	// A reader after the write does not join the list of before.
	if all, err := shelf.All(t.Context()); err != nil || all[0].version != 1 {
		t.Errorf("All after the write = %v, %v", all, err)
	}
	close(proceed)
	if all := <-early; all[0].version != 0 {
		t.Errorf("the early reader got %v; want what it asked for", all)
	}
	if all, err := shelf.All(t.Context()); err != nil || all[0].version != 1 {
		t.Errorf("All = %v, %v; want the list of after the write", all, err)
	}
	s.wantRequests(t, 0, 2)
}

func TestAGETOnItsWayIsNotSharedOverADrop(t *testing.T) {
	t.Parallel()
	s := newService(1)
	shelf := inventory.NewShelf(s.source())
	onItsWay, proceed := make(chan struct{}, 2), make(chan struct{})
	s.inGet = func() { onItsWay <- struct{}{}; <-proceed }
	done := make(chan error, 2)
	read := func() { _, err := shelf.Get(t.Context(), "id-0"); done <- err }
	go read()
	<-onItsWay
	shelf.Drop()
	go read()
	<-onItsWay
	close(proceed)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	s.wantRequests(t, 2, 0)
}

func TestSameReadsShareARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(3)
		shelf := inventory.NewShelf(s.source())
		proceed := make(chan struct{})
		s.inGet, s.inList = func() { <-proceed }, func() { <-proceed }
		first, cancel := context.WithCancel(t.Context())
		cancelled, done := make(chan error, 2), make(chan error, 8)
		get := func(ctx context.Context, to chan error) { _, err := shelf.Get(ctx, "id-0"); to <- err }
		all := func(ctx context.Context, to chan error) { _, err := shelf.All(ctx); to <- err }
		for _, read := range []func(context.Context, chan error){get, all} {
			go read(first, cancelled) // whoever starts the request
			synctest.Wait()
			for range 4 {
				go read(t.Context(), done)
			}
			synctest.Wait()
		}
		cancel()
		for range 2 {
			if err := <-cancelled; !errors.Is(err, context.Canceled) {
				t.Errorf("the cancelled reader got %v", err)
			}
		}
		s.wantRequests(t, 1, 1)
		close(proceed)
		for range 8 {
			if err := <-done; err != nil {
				t.Errorf("a reader was cancelled with another one: %v", err)
			}
		}
		s.wantRequests(t, 1, 1)
	})
}

func TestACancelledReaderOfTheListMakesNoGET(t *testing.T) {
	t.Parallel()
	s := newService(3)
	shelf := inventory.NewShelf(s.source())
	wantItem(t, shelf, "id-0", 0)
	wantItem(t, shelf, "id-1", 0)
	ctx, cancel := context.WithCancel(t.Context())
	proceed := make(chan struct{})
	s.inList = func() { cancel(); <-proceed }
	if _, err := shelf.Get(ctx, "id-2"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	s.wantRequests(t, 2, 1)
	close(proceed)
	wantItem(t, shelf, "id-2", 0) // the list it has started serves the next reader
	s.wantRequests(t, 2, 1)
	if _, err := shelf.Get(ctx, "id-9"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	s.wantRequests(t, 2, 1)
}

func TestAListGrowsOld(t *testing.T) {
	t.Parallel()
	s := newService(5)
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	shelf := inventory.NewShelf(s.source(), inventory.WithClock(func() time.Time { return now }))
	s.inList = func() { now = now.Add(10 * time.Second) } // its age counts from when it was asked for
	if _, err := shelf.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(inventory.MaxAge - 10*time.Second - time.Nanosecond)
	wantItem(t, shelf, "id-0", 0)
	s.wantRequests(t, 0, 1)
	now = now.Add(time.Nanosecond)
	s.items[0].version = 1
	wantItem(t, shelf, "id-0", 1)
	s.wantRequests(t, 1, 1)
	if _, err := shelf.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantRequests(t, 1, 2)
}

func TestALongListIsNotKept(t *testing.T) {
	t.Parallel()
	s := newService(10)
	shelf := inventory.NewShelf(s.source(), inventory.WithMaxItems(9))
	for i := range 10 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 9, 1) // the third read is answered by the list, the others by GETs
	shelf.Drop()
	for i := range 4 {
		wantItem(t, shelf, fmt.Sprint("id-", i), 0)
	}
	s.wantRequests(t, 13, 1)
	s.items = s.items[:9]
	for range 2 {
		if all, err := shelf.All(t.Context()); err != nil || len(all) != 9 {
			t.Errorf("All = %v, %v", all, err)
		}
	}
	s.wantRequests(t, 13, 2) // short enough again
}
