package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
)

// hangs does nothing until the request is given up.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// hanging is a shelf over a service of 40 objects whose list never answers as long as hang is set.
func hanging(hang *bool) (*service, *inventory.Shelf[item]) {
	s := newService(40)
	source := s.source()
	list := source.List
	source.List = func(ctx context.Context) ([]item, error) {
		answer, err := list(ctx)
		if *hang {
			return nil, hangs(ctx)
		}
		return answer, err
	}
	return s, inventory.NewShelf(source)
}

// TestAListThatHangsIsReplacedByGETs has readers without a deadline. They wait for the list once, all together, and not again for each read, nor after
// a write; and once MaxAge has passed the list gets another chance.
func TestAListThatHangsIsReplacedByGETs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := true
		s, shelf := hanging(&hang)
		start := time.Now()
		took := func(want time.Duration) {
			t.Helper()
			if took := time.Since(start); took != want {
				t.Errorf("%s have passed; want %s", took, want)
			}
		}
		var readers sync.WaitGroup
		for i := range 12 {
			readers.Go(func() { wantItem(t, shelf, fmt.Sprint("id-", i), 0) })
		}
		readers.Wait()
		took(inventory.ListTime)
		s.wantRequests(t, 12, 1)
		for i := 12; i < 20; i++ {
			wantItem(t, shelf, fmt.Sprint("id-", i), 0)
		}
		shelf.Drop()
		shelf.Wrote("id-39")
		for i := 20; i < 28; i++ {
			wantItem(t, shelf, fmt.Sprint("id-", i), 0)
		}
		if _, err := shelf.All(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("All: %v", err)
		}
		took(inventory.ListTime)
		s.wantRequests(t, 28, 1)

		<-time.After(inventory.MaxAge) // of the bubble's time
		hang = false
		for i := range 10 {
			wantItem(t, shelf, fmt.Sprint("id-", i), 0)
		}
		took(inventory.ListTime + inventory.MaxAge)
		s.wantRequests(t, 30, 2)
	})
}

// TestAllTellsThatTheListHangs has a caller without a deadline.
func TestAllTellsThatTheListHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := true
		_, shelf := hanging(&hang)
		start := time.Now()
		_, err := shelf.All(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != inventory.ListTime {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if want := "it took longer than 2m30s: "; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("All: %v; want %q and why", err, want)
		}
	})
}

// TestAListThatHangsOverAWrite has a write while readers wait for the list, which makes the list no faster: who comes after does without it.
func TestAListThatHangsOverAWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := true
		s, shelf := hanging(&hang)
		var readers sync.WaitGroup
		for i := range 3 {
			readers.Go(func() { wantItem(t, shelf, fmt.Sprint("id-", i), 0) })
		}
		synctest.Wait()
		shelf.Drop()
		readers.Wait()
		start := time.Now()
		for i := range 6 {
			wantItem(t, shelf, fmt.Sprint("id-", i), 0)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("readers after the write have waited for %s", took)
		}
		s.wantRequests(t, 9, 1)
	})
}

// TestASharedGETEnds has readers without a deadline, one with less time than the request, and one that comes when the request is over.
func TestASharedGETEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		source, asked := s.source(), 0
		get := source.Get
		source.Get = func(ctx context.Context, id string) (item, error) {
			if asked++; asked > 1 {
				return get(ctx, id)
			}
			return item{}, hangs(ctx)
		}
		shelf := inventory.NewShelf(source)
		start := time.Now()
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				_, err := shelf.Get(t.Context(), "id-0")
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != inventory.GetTime {
					t.Errorf("after %s: %v", time.Since(start), err)
				}
				if want := "it took longer than 1h0m0s: "; err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("Get: %v; want %q and why", err, want)
				}
			})
		}
		readers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := shelf.Get(ctx, "id-0"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		})
		readers.Wait()
		wantItem(t, shelf, "id-0", 0)
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// TestAListThatHungDoesNotSpeakForANewerOne has a list that began before a write and is given up long after the next one has answered.
func TestAListThatHungDoesNotSpeakForANewerOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := true
		_, shelf := hanging(&hang)
		var early sync.WaitGroup
		early.Go(func() {
			if _, err := shelf.All(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("All: %v", err)
			}
		})
		synctest.Wait()
		hang = false
		shelf.Drop()
		if all, err := shelf.All(t.Context()); err != nil || len(all) != 40 {
			t.Fatalf("All: %d, %v", len(all), err)
		}
		early.Wait()
		shelf.Drop()
		if all, err := shelf.All(t.Context()); err != nil || len(all) != 40 {
			t.Errorf("the list works, and All says: %d, %v", len(all), err)
		}
	})
}

// TestASlowServiceIsWaitedFor has requests that may take longer than usual, and a list that does.
func TestASlowServiceIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newService(3).source()
		source.Timeout = 2 * inventory.ListTime
		list := source.List
		source.List = func(ctx context.Context) ([]item, error) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(source.Timeout): // of the bubble's time
				return list(ctx)
			}
		}
		if all, err := inventory.NewShelf(source).All(t.Context()); err != nil || len(all) != 3 {
			t.Errorf("All: %d, %v", len(all), err)
		}
	})
}
