package once_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/once"
)

// TestRecall asks once for each key, whatever becomes of it.
func TestRecall(t *testing.T) {
	t.Parallel()
	var m once.Memory[int]
	var asked atomic.Int64
	ask := func(value int, err error) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { asked.Add(1); return value, err }
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got, err := m.Recall(t.Context(), "a", ask(7, nil)); got != 7 || err != nil {
				t.Errorf("%d, %v", got, err)
			}
		})
	}
	wait.Wait()
	broken := errors.New("broken")
	for _, later := range []error{broken, nil} {
		if _, err := m.Recall(t.Context(), "b", ask(0, later)); !errors.Is(err, broken) {
			t.Errorf("another answer: %v", err)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// TestJoin shares a request that is on its way, goes on for the others when one gives up, and keeps nothing.
func TestJoin(t *testing.T) {
	t.Parallel()
	var flights singleflight.Group
	begun, release := make(chan struct{}), make(chan struct{})
	asked := 0
	ask := func(ctx context.Context) (string, error) {
		asked++
		close(begun)
		<-release
		return "answer", ctx.Err()
	}
	impatient, giveUp := context.WithCancelCause(t.Context())
	gone := make(chan error)
	go func() {
		_, err := once.Join(impatient, &flights, "x", ask)
		gone <- err
	}()
	<-begun
	why := errors.New("no time")
	giveUp(why)
	if err := <-gone; !errors.Is(err, why) {
		t.Errorf("gave up with %v", err)
	}
	answers := make(chan string)
	go func() {
		answer, err := once.Join(t.Context(), &flights, "x", func(context.Context) (string, error) { return "answer", nil })
		if err != nil {
			t.Error(err)
		}
		answers <- answer
	}()
	close(release)
	if got := <-answers; got != "answer" || asked != 1 {
		t.Errorf("%q, asked %d times", got, asked)
	}
	broken := errors.New("broken")
	if got, err := once.Join(t.Context(), &flights, "x", func(context.Context) (string, error) { return "rest", broken }); !errors.Is(err, broken) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWhatIsSharedEnds has those who wait for an answer that never comes. They have no deadline, except one.
func TestWhatIsSharedEnds(t *testing.T) {
	t.Parallel()
	never := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	var flights singleflight.Group
	var memory once.Memory[string]
	var before once.Before
	for name, share := range map[string]func(ctx context.Context) error{
		"Join":   func(ctx context.Context) error { _, err := once.Join(ctx, &flights, "x", never); return err },
		"Recall": func(ctx context.Context) error { _, err := memory.Recall(ctx, "x", never); return err },
		"IDs": func(ctx context.Context) error {
			_, err := before.IDs(ctx, "x", func(ctx context.Context) ([]string, error) { _, err := never(ctx); return nil, err })
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var all sync.WaitGroup
			for _, limit := range []time.Duration{0, 0, 0, time.Minute} {
				all.Go(func() {
					ctx, want := t.Context(), inventory.GetTime
					if limit > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, limit)
						defer cancel()
						want = limit
					}
					err := share(ctx)
					if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != want {
						t.Errorf("%s: after %s: %v; want an end after %s", name, took, err, want)
					}
					if limit == 0 && (err == nil || !strings.HasPrefix(err.Error(), "it took longer than 1h0m0s: ")) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			all.Wait()
		})
	}
}

// TestAnImpatientQuestionIsAnsweredAllTheSame gives the one who asks first no time: the answer is kept for the others, and not the end of the context.
func TestAnImpatientQuestionIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var memory once.Memory[string]
		ask := func(ctx context.Context) (string, error) {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(time.Minute): // of the bubble's time
				return "answer", nil
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := memory.Recall(ctx, "x", ask); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := memory.Recall(t.Context(), "x", ask); got != "answer" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := memory.Recall(t.Context(), "x", nil); got != "answer" || err != nil {
			t.Errorf("%q, %v; want the answer that is kept", got, err)
		}
	})
}

// TestBefore lists once for the purchases of one moment, knows what this walk has bought, and lists again after an error.
func TestBefore(t *testing.T) {
	t.Parallel()
	var b once.Before
	listed := 0
	list := func(context.Context) ([]string, error) { listed++; return []string{"1", "2"}, nil }
	b.Bought("a", "0") // before anybody has looked: the look will show it
	for _, want := range [][]string{{"1", "2"}, {"1", "2", "3"}} {
		got, err := b.IDs(t.Context(), "a", list)
		if slices.Sort(got); !slices.Equal(got, want) || err != nil {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
		b.Bought("a", "3")
	}
	if listed != 1 {
		t.Errorf("listed %d times", listed)
	}
	broken := errors.New("broken")
	if _, err := b.IDs(t.Context(), "b", func(context.Context) ([]string, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if got, err := b.IDs(t.Context(), "b", list); len(got) != 2 || err != nil || listed != 2 {
		t.Errorf("%v, %v", got, err)
	}
}
