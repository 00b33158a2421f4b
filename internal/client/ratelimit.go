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
)

// pacer decides when a request may be sent: one gate for all requests of a client. It keeps to the configured rate, and when the service answers 429
// it holds back all requests for as long as the service asked, then lets them go at the rate that the service was seen to take (pace). So a limit is
// met by waiting: without that, a busy run starves some requests until they fail.
//
// There is one gate, and not one for each endpoint, because a 429 does not say what is limited. Against a limit of the key, gates of their own would
// each have to find a share of it that changes with what the others send, and would be refused all the time. So a limit of an endpoint slows down
// everything at first; a call that is refused while others are answered, again and again, is left to wait alone (mostShared).
type pacer struct {
	told sync.Once

	mu      sync.Mutex
	pace    pace
	bucket  *rate.Limiter // at the pace
	changed chan struct{} // closed when the bucket is replaced, as places given by the old one no longer count
	paused  time.Time     // no request before this time
	done    uint64        // answers other than 429
	waited  time.Duration // by all requests together, since a 429
}

func newPacer(perSecond float64) *pacer {
	p := &pacer{pace: newPace(perSecond)}
	p.renew()
	return p
}

// renew starts a bucket at the current pace. A burst of one spaces requests evenly; a larger one would let twice the rate through in the first
// second.
func (p *pacer) renew() {
	if p.changed != nil {
		close(p.changed)
	}
	p.bucket, p.changed = rate.NewLimiter(p.pace.limit, 1), make(chan struct{})
}

// wait returns when a request may be sent, or with the context's error when that ends first.
func (p *pacer) wait(ctx context.Context) error {
	for {
		place := p.queue(time.Now())
		if place.wait <= 0 {
			return ctx.Err()
		}
		if place.wait >= longWait {
			p.told.Do(func() { logSlowedDown(ctx, place.wait) })
		}
		began, timer := time.Now(), time.NewTimer(place.wait)
		ready := false
		select {
		case <-ctx.Done():
			timer.Stop()
			place.giveBack()
			return ctx.Err()
		case <-place.changed:
			timer.Stop()
		case <-timer.C:
			ready = place.reserved != nil
		}
		p.hasWaited(time.Since(began))
		if ready {
			return nil
		}
	}
}

// hasWaited adds up what a limit of the service has cost; the configured rate is what the user wants.
func (p *pacer) hasWaited(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pace.found {
		p.waited += took
	}
}

// place is where a request stands in the queue.
type place struct {
	wait     time.Duration
	reserved *rate.Reservation // nil while all requests are held back
	changed  <-chan struct{}   // closed when the place counts no longer
}

// giveBack leaves the place to somebody else.
func (p place) giveBack() {
	if p.reserved != nil {
		p.reserved.Cancel()
	}
}

func (p *pacer) queue(now time.Time) place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.paused.Sub(now); wait > 0 {
		return place{wait: wait, changed: p.changed}
	}
	reserved := p.bucket.ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	p.pace.sends(now)
	if wait > 0 && p.pace.grow(now) {
		p.bucket.SetLimitAt(now, p.pace.limit)
	}
	return place{wait: wait, reserved: reserved, changed: p.changed}
}

// answered notes an answer other than 429.
func (p *pacer) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.pace.taken++
}

// progress counts the answers other than 429.
func (p *pacer) progress() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// refused notes a 429 to a request that was sent at a time. It holds back all requests for the wait that the service asked for, which may be zero.
func (p *pacer) refused(sent, now time.Time, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := now.Add(wait); wait > 0 && until.After(p.paused) {
		p.paused = until
	}
	if p.pace.reduce(sent, now, wait) {
		p.renew()
	}
}

// limited is the rate at which requests go on since the service has answered 429, and how long they have waited for that, all together.
func (p *pacer) limited() (perSecond float64, waited time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.pace.limit), p.waited
}
