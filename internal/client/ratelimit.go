package client

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxRequestsPerSecond is more than any machine running Terraform can send.
	maxRequestsPerSecond = 1e6
	// longWait is how long a request must wait for the rate limit before the user is told why the run is slow.
	longWait = time.Second
	// stagger is the distance at which requests go on after a pause, so that those that waited longest come first.
	stagger = 10 * time.Millisecond
)

// pacer decides when a request may be sent. It keeps to the configured rate, and when the service answers 429 it holds back all requests for as long
// as the service asked, then lets them go in the order in which they came: without that a busy run starves some requests until they fail.
type pacer struct {
	bucket *rate.Limiter // nil: no limit
	told   sync.Once

	mu     sync.Mutex
	paused time.Time // no request before this time
	next   time.Time // the next place in the queue after the pause
}

func newPacer(perSecond float64) *pacer {
	p := &pacer{}
	if perSecond > 0 {
		// A burst of one spaces requests evenly; a larger one would let twice the rate through in the first second.
		p.bucket = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	return p
}

// wait returns when a request may be sent, or with the context's error when that ends first.
func (p *pacer) wait(ctx context.Context) error {
	for {
		place, waiting := p.queue(time.Now())
		if !waiting {
			break
		}
		if err := p.sleep(ctx, time.Until(place)); err != nil {
			return err
		}
		if p.mayGo(place) {
			break
		}
	}
	if p.bucket == nil {
		return ctx.Err()
	}
	reserved := p.bucket.Reserve()
	if err := p.sleep(ctx, reserved.Delay()); err != nil {
		reserved.Cancel() // somebody else may have the place
		return err
	}
	return nil
}

// pause holds back all requests for a time.
func (p *pacer) pause(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(wait); until.After(p.paused) {
		p.paused = until
		if p.next.Before(until) {
			p.next = until
		}
	}
}

// queue gives a request its place after a pause, or tells that there is nothing to wait for.
func (p *pacer) queue(now time.Time) (place time.Time, waiting bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.next) {
		return time.Time{}, false
	}
	place = p.next
	p.next = p.next.Add(stagger)
	return place, true
}

// mayGo tells whether no further pause has begun since the place was given.
func (p *pacer) mayGo(place time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.paused.After(place)
}

func (p *pacer) sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	if wait >= longWait {
		p.told.Do(func() { logSlowedDown(ctx, wait) })
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
