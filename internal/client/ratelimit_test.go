package client_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"golang.org/x/time/rate"

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
	for rate, warnings := range map[float64]int{0.5: 1, 10: 0, 0: 1} { // without a rate of our own, the service refuses
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			ctx := tflogtest.RootLogger(t.Context(), &log)
			wire := &fakeWire{answer: succeed}
			if rate == 0 {
				wire.answer = limited(windowed(2, time.Second), new(int)) //nolint:bodyclose // the client closes it
			}
			c := wire.client(t, perSecond(rate))
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

// limiter tells for each request whether a service takes it, and if not, how many seconds later it would.
type limiter func(now time.Time) (taken bool, retryAfter int)

// windowed takes so many requests in each window of time.
func windowed(limit int, window time.Duration) limiter {
	counts := map[int64]int{}
	return func(now time.Time) (bool, int) {
		n := now.UnixNano() / int64(window)
		counts[n]++
		return counts[n] <= limit, int((time.Duration(n+1)*window - time.Duration(now.UnixNano()) + time.Second - 1) / time.Second)
	}
}

// bucketed takes requests at a rate, and a burst of them after a quiet time.
func bucketed(perSecond float64, burst int) limiter {
	bucket := rate.NewLimiter(rate.Limit(perSecond), burst)
	return func(now time.Time) (bool, int) {
		return bucket.AllowN(now, 1), int(math.Ceil((1 - bucket.TokensAt(now)) / perSecond))
	}
}

// limited answers like a service with a limit. It counts the refusals, and waits for a request's way there and back.
func limited(allow limiter, refusals *int) func(req *http.Request, earlier int) (*http.Response, error) {
	var mu sync.Mutex
	return func(req *http.Request, _ int) (*http.Response, error) {
		<-time.After(20 * time.Millisecond) // of the bubble's time
		mu.Lock()
		defer mu.Unlock()
		if taken, retryAfter := allow(time.Now()); !taken {
			*refusals++
			return respond(req, 429, map[string]string{"Retry-After": strconv.Itoa(retryAfter)}, ""), nil
		}
		return respond(req, 200, nil, fullAgent), nil
	}
}

// TestBusyRunAgainstALimit has many workers with 300 calls in all against services with limits. With a single retry each, all must succeed, purchases
// too, not much slower than the limit allows, and with few requests that are refused.
func TestBusyRunAgainstALimit(t *testing.T) {
	t.Parallel()
	const calls = 300
	services := map[string]struct {
		limit     func() limiter
		atBest    time.Duration
		configure float64
		refusals  int // besides one for each worker when the limit is met
	}{
		"5 a second, windows":       {func() limiter { return windowed(5, time.Second) }, 60 * time.Second, 0, 30},
		"5 a second, bucket":        {func() limiter { return bucketed(5, 5) }, 59 * time.Second, 0, 12},
		"5 a second, configured":    {func() limiter { return bucketed(5, 5) }, 60 * time.Second, 5, 0},
		"5 a second, configured 20": {func() limiter { return bucketed(5, 5) }, 59 * time.Second, 20, 12},
		"100 a second, bucket":      {func() limiter { return bucketed(100, 100) }, 2 * time.Second, 0, 12},
		"1 a second after 60":       {func() limiter { return bucketed(1, 60) }, 240 * time.Second, 0, 40},
		"100 a minute":              {func() limiter { return windowed(100, time.Minute) }, 2 * time.Minute, 0, 30},
	}
	for name, service := range services {
		for _, workers := range []int{2, 10, 40} {
			t.Run(fmt.Sprintf("%s/%d workers", name, workers), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var refusals int
					wire := &fakeWire{answer: limited(service.limit(), &refusals)} //nolint:bodyclose // the client closes it
					c := wire.client(t, retries(1), perSecond(service.configure))
					start := time.Now()
					var all sync.WaitGroup
					for worker := range workers {
						all.Go(func() {
							for i := worker; i < calls; i += workers {
								if err := oneOfEachKind()[[]string{"GET", "create"}[i/workers%2]].call(t.Context(), c); err != nil {
									t.Error(err)
								}
							}
						})
					}
					all.Wait()
					took := time.Since(start)
					pace, waited := c.RateLimit()
					t.Logf("%d calls took %s, at best %s; %d refused; pace %.3g", calls, took, service.atBest, refusals, pace)
					if most := service.atBest*3/2 + 3*time.Second; took > most {
						t.Errorf("it took %s; allowed are %s", took, most)
					}
					if most := service.refusals + workers; refusals > most {
						t.Errorf("%d requests were refused; allowed are %d", refusals, most)
					}
					if (waited > 0) != (refusals > 0) || waited > took*time.Duration(workers) {
						t.Errorf("%d workers have waited for %s", workers, waited)
					}
				})
			})
		}
	}
}

// TestPaceRecovers has a service that refuses everything for a while, such as when another program has used the limit up. Nothing that was answered tells
// the pace then, so it must be found anew soon, not by small steps from the slowest.
func TestPaceRecovers(t *testing.T) {
	t.Parallel()
	const workers, calls = 10, 300
	for blocked, most := range map[time.Duration]time.Duration{5 * time.Second: 2 * time.Minute, 20 * time.Second: 4 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			start, usual, refusals := time.Now(), bucketed(5, 5), 0
			wire := &fakeWire{answer: limited(func(now time.Time) (bool, int) { //nolint:bodyclose // the client closes it
				if at := now.Sub(start) - 3*time.Second; at > 0 && at < blocked {
					return false, 1
				}
				return usual(now)
			}, &refusals)}
			c := wire.client(t, retries(10))
			var all sync.WaitGroup
			for range workers {
				all.Go(func() {
					for range calls / workers {
						if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			if took := time.Since(start); took > most {
				t.Errorf("blocked for %s: %d calls took %s; allowed are %s", blocked, calls, took, most)
			}
		})
	}
}

// TestWaitingForTheLimitIsNoRetry refuses one call six times while others are answered, for ever while others are, and for ever while none is. The
// call has no deadline.
func TestWaitingForTheLimitIsNoRetry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		others   bool
		refusals int
		retries  int
		attempts int
		fails    bool
	}{
		"others go on":                 {true, 6, 1, 7, false},
		"others go on for ever":        {true, 1000, 1, 12, true}, // ten refusals are spared
		"with more retries":            {true, 1000, 4, 15, true},
		"nobody goes on":               {false, 100, 3, 4, true},
		"no retries are wanted at all": {true, 6, 0, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var posts atomic.Int64
				var c *client.Client
				wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
					if req.Method == http.MethodGet || int(posts.Add(1)) > test.refusals {
						return respond(req, 200, nil, fullAgent), nil
					}
					if test.others {
						var other sync.WaitGroup
						other.Go(func() { _ = oneOfEachKind()["GET"].call(t.Context(), c) })
						other.Wait()
					}
					return respond(req, 429, map[string]string{"Retry-After": "2"}, ""), nil
				}}
				c = wire.client(t, retries(test.retries))
				err := oneOfEachKind()["create"].call(t.Context(), c)
				if (err != nil) != test.fails || int(posts.Load()) != test.attempts {
					t.Errorf("%d attempts, %v", posts.Load(), err)
				}
				if e, ok := client.AsError(err); ok && (e.Outcome != client.Refused || e.Attempts != test.attempts) {
					t.Errorf("outcome %s, %d attempts", e.Outcome, e.Attempts)
				}
			})
		})
	}
}

// TestALimitOfOneEndpoint refuses one call for ever while others are answered. It holds them back a few times, not each time that it is refused, and
// keeps to the waits that it is told itself.
func TestALimitOfOneEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const wait = time.Minute // at the slowest pace, other requests get their turn in it
		var c *client.Client
		var others sync.WaitGroup
		var mu sync.Mutex
		var refused, answered []time.Time
		get := func() {
			if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
		wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) {
			if req.Method == http.MethodGet {
				mu.Lock()
				answered = append(answered, time.Now())
				mu.Unlock()
				return succeed(req, earlier)
			}
			get() // it is answered while the call is on its way
			mu.Lock()
			refused = append(refused, time.Now())
			mu.Unlock()
			others.Go(func() {
				<-time.After(time.Second) // of the bubble's time
				get()
			})
			return respond(req, 429, map[string]string{"Retry-After": "60"}, ""), nil
		}}
		c = wire.client(t, retries(2))
		e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), c))
		others.Wait()
		if e.Status != 429 || e.Outcome != client.Refused || e.Attempts != 13 || len(refused) != 13 {
			t.Errorf("%d attempts, outcome %s: %v", e.Attempts, e.Outcome, e)
		}
		heldBack := 0
		for i, at := range refused {
			if i > 0 && at.Sub(refused[i-1]) < wait {
				t.Errorf("attempt %d came %s after the one before", i, at.Sub(refused[i-1]))
			}
			if !slices.ContainsFunc(answered, func(other time.Time) bool { return other.After(at) && other.Before(at.Add(wait)) }) {
				heldBack++
			}
		}
		if heldBack != 3 {
			t.Errorf("the others were held back %d times by %d refusals", heldBack, len(refused))
		}
	})
}

// TestWaitingForTheLimitEndsWithTheContext gives a call less time than the limit.
func TestWaitingForTheLimitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
			return respond(req, 429, map[string]string{"Retry-After": "30"}, ""), nil
		}}
		c := wire.client(t, retries(20))
		ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
		defer cancel()
		start := time.Now()
		e := mustFail(t, oneOfEachKind()["create"].call(ctx, c))
		if e.Outcome != client.Refused || e.Attempts != 3 || time.Since(start) != 70*time.Second {
			t.Errorf("outcome %s, %d attempts after %s: %v", e.Outcome, e.Attempts, time.Since(start), e)
		}
	})
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
		between(t, wire.waits(), [2]time.Duration{20 * time.Second, 20 * time.Second}, [2]time.Duration{100 * time.Millisecond, 200 * time.Millisecond})
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
