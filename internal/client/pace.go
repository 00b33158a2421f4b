package client

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// shortestPause is the wait that a 429 stands for when it names none.
	shortestPause = time.Second
	// idle is how long nothing must be sent for a stretch of requests to end.
	idle = time.Second
	// fewAnswers are too few to judge a rate by.
	fewAnswers = 5
	// firstGuess is the rate, in requests a second, after a 429 that was not preceded by any answer.
	firstGuess rate.Limit = 5
	// slowest bounds how slow the pace can get, in requests a second.
	slowest rate.Limit = 0.1
	// backOff is what remains of a rate, at most, when the service refuses it.
	backOff = 0.95
	// growth is by what share the pace grows in each second in which requests wait for it, and searching the same until the limit is found.
	growth    = 0.02
	searching = 0.5
)

// pace finds the rate that the service takes. AUTX's rate limits are not published, and other programs may share them; so after a 429 requests go on
// at the rate at which they were answered before it, the wait that it asks for counted in, and from there slowly faster until the next 429.
type pace struct {
	ceiling rate.Limit // the configured rate; rate.Inf without one
	limit   rate.Limit
	found   bool // the service has answered 429
	rough   bool // the limit rests on too little to be near the service's

	first, last time.Time // of the current stretch of requests
	taken       int       // answers in it
	settled     time.Time // what was sent before says nothing about the limit: the end of the wait of the last reduction
	grown       time.Time
}

func newPace(perSecond float64) pace {
	limit := rate.Inf
	if perSecond > 0 {
		limit = rate.Limit(perSecond)
	}
	return pace{ceiling: limit, limit: limit}
}

// sends notes that a request is about to be sent.
func (p *pace) sends(now time.Time) {
	if now.Sub(p.last) > idle {
		p.first, p.taken = now, 0
	}
	p.last = now
}

// reduce slows down after a 429 to a request that was sent at a time. What was sent before the last reduction, or got past the gate while that was
// made and so within its wait, says nothing about the new pace.
func (p *pace) reduce(sent, now time.Time, wait time.Duration) bool {
	if p.found && sent.Before(p.settled) {
		return false
	}
	wait = max(wait, shortestPause)
	// The stretch is at least as long as the wait that ends it, in whatever order requests were sent and answered: a shorter one would make a rate of
	// any size, or below zero, of a few answers.
	stretch := max(now.Add(wait).Sub(p.first), wait)
	before, seen := p.limit, rate.Limit(float64(p.taken)/stretch.Seconds())
	p.rough = p.taken == 0 || (!p.found && p.taken < fewAnswers)
	switch {
	case p.taken == 0 && before == rate.Inf:
		seen = firstGuess
	case p.taken == 0:
		seen = before / 2
	}
	p.limit = max(min(seen, before*backOff), min(slowest, before)) // a configured rate may be slower than the slowest
	p.found = true
	p.settled = now.Add(wait)
	p.first, p.last, p.grown, p.taken = p.settled, p.settled, p.settled, 0
	return true
}

// grow goes faster by the time that has passed, and tells whether the limit changed. It is called while requests wait for the pace: else growing
// would find out nothing.
func (p *pace) grow(now time.Time) bool {
	passed := now.Sub(p.grown)
	if !p.found || passed <= 0 || p.limit >= p.ceiling {
		return false
	}
	share := growth
	if p.rough {
		share = searching
	}
	p.grown = now
	p.limit = min(p.limit*rate.Limit(1+share*min(passed, idle).Seconds()), p.ceiling)
	return true
}
