package client_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

func perSecond(n float64) func(*client.Config) {
	return func(c *client.Config) { c.RequestsPerSecond = n }
}

func succeed(req *http.Request, _ int) (*http.Response, error) {
	return respond(req, 200, nil, fullAgent), nil
}

// TestRateLimit has 20 workers at once: requests are evenly spaced, none fails.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: succeed}
		c := wire.client(t, perSecond(5))
		var workers sync.WaitGroup
		for range 20 {
			workers.Go(func() {
				if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		for i, wait := range wire.waits() {
			if wait < 199*time.Millisecond || wait > 201*time.Millisecond {
				t.Errorf("wait %d is %s", i, wait)
			}
		}
		if times := wire.times(); len(times) != 20 || times[0] != 0 {
			t.Errorf("%d requests", len(times))
		}
	})
}

func TestNoRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: succeed}
		c := wire.client(t)
		for range 50 {
			if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
		if times := wire.times(); times[49] != 0 {
			t.Errorf("50 requests took %s", times[49])
		}
	})
}

// TestRetriesKeepToTheRate counts attempts, not calls.
func TestRetriesKeepToTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) { return respond(req, 503, nil, ""), nil }}
		_ = mustFail(t, oneOfEachKind()["GET"].call(t.Context(), wire.client(t, perSecond(0.1))))
		for i, wait := range wire.waits() {
			if wait < 10*time.Second-time.Millisecond {
				t.Errorf("wait %d is %s", i, wait)
			}
		}
	})
}

// TestWaitingDoesNotCountForTheTimeout waits for the rate longer than an attempt may take.
func TestWaitingDoesNotCountForTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: succeed}
		c := wire.client(t, perSecond(0.01), func(c *client.Config) { c.Timeout = time.Second })
		for range 3 {
			if err := oneOfEachKind()["create"].call(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestCancelledWhileWaitingForTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: succeed}
		c := wire.client(t, perSecond(0.1))
		if err := oneOfEachKind()["create"].call(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		e := mustFail(t, oneOfEachKind()["create"].call(ctx, c))
		if e.Outcome != client.NotSent || e.Attempts != 0 || time.Since(start) != 3*time.Second || len(wire.times()) != 1 {
			t.Errorf("outcome %s, %d attempts after %s: %v", e.Outcome, e.Attempts, time.Since(start), e)
		}
		// The place that was given up is free for the next one.
		if err := oneOfEachKind()["create"].call(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if at := wire.times()[1]; at < 10*time.Second-time.Millisecond || at > 10*time.Second+time.Millisecond {
			t.Errorf("the next request went out at %s", at)
		}
	})
}

// TestSlownessIsExplainedOnce looks for the one warning.
func TestSlownessIsExplainedOnce(t *testing.T) {
	t.Parallel()
	for rate, warnings := range map[float64]int{0.5: 1, 10: 0} {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			ctx := tflogtest.RootLogger(t.Context(), &log)
			c := (&fakeWire{answer: succeed}).client(t, perSecond(rate))
			for range 5 {
				if err := oneOfEachKind()["GET"].call(ctx, c); err != nil {
					t.Error(err)
				}
			}
			if lines := log.lines(t, "warn"); len(lines) != warnings {
				t.Errorf("%g per second: %d warnings: %v", rate, len(lines), lines)
			}
		})
	}
}

// windowed answers like a service that lets so many requests a second through and refuses the rest until the second is over.
func windowed(limit int) func(req *http.Request, earlier int) (*http.Response, error) {
	var mu sync.Mutex
	counts := map[int64]int{}
	return func(req *http.Request, _ int) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		second := time.Now().Unix()
		counts[second]++
		if counts[second] > limit {
			return respond(req, 429, map[string]string{"Retry-After": "1"}, ""), nil
		}
		return respond(req, 200, nil, fullAgent), nil
	}
}

// TestBusyRunAgainstALimit has 10 workers with 30 calls each against a service that takes 5 requests a second. With 3 retries each, all must succeed,
// purchases too, and not much slower than the limit allows.
func TestBusyRunAgainstALimit(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{2, 10, 40} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answer: windowed(5)} //nolint:bodyclose // the client closes it
				c := wire.client(t)
				start := time.Now()
				var all sync.WaitGroup
				for range workers {
					all.Go(func() {
						for i := range 300 / workers {
							if err := oneOfEachKind()[[]string{"GET", "create"}[i%2]].call(t.Context(), c); err != nil {
								t.Error(err)
							}
						}
					})
				}
				all.Wait()
				took := time.Since(start)
				t.Logf("%d calls took %s and %d requests", 300/workers*workers, took, len(wire.times()))
				if took > 90*time.Second {
					t.Errorf("it took %s; the limit allows 60s", took)
				}
			})
		})
	}
}

// TestPauseHoldsBackOthers is told to wait by one request and sends another meanwhile.
func TestPauseHoldsBackOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) {
			if earlier == 0 {
				return respond(req, 429, map[string]string{"Retry-After": "20"}, ""), nil
			}
			return succeed(req, earlier)
		}}
		c := wire.client(t)
		var first sync.WaitGroup
		first.Go(func() {
			if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := oneOfEachKind()["create"].call(t.Context(), c); err != nil {
			t.Error(err)
		}
		first.Wait()
		between(t, wire.waits(), [2]time.Duration{20 * time.Second, 20 * time.Second}, [2]time.Duration{time.Millisecond, 20 * time.Millisecond})
	})
}

// TestALongWaitConcernsOnlyItself: one request is told to come back in an hour, the next is not held back.
func TestALongWaitConcernsOnlyItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) {
			if earlier == 0 {
				return respond(req, 429, map[string]string{"Retry-After": "3600"}, ""), nil
			}
			return succeed(req, earlier)
		}}
		c := wire.client(t)
		_ = mustFail(t, oneOfEachKind()["create"].call(t.Context(), c))
		if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
			t.Error(err)
		}
		between(t, wire.waits(), [2]time.Duration{0, 0})
	})
}
