package client

import (
	"math"
	"testing"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"
)

// TestPaceIsSound sends, answers and refuses requests in any order, at times that may go back, as they are taken before the gate is. The pace stays
// within its bounds, and a refusal never makes it faster.
func TestPaceIsSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		configured := rapid.SampledFrom([]float64{0, 0.01, 0.1, 3, 5, 1000, maxRequestsPerSecond}).Draw(t, "configured")
		p, now := newPacer(configured), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		ceiling := p.pace.ceiling
		fastest := rate.Limit(0) // the most that anything has allowed since the last refusal
		seconds := func(t *rapid.T, what string, least, most float64) time.Duration {
			if rapid.Bool().Draw(t, what+" is small") {
				least, most = least/1000, most/1000
			}
			return time.Duration(rapid.Float64Range(least, most).Draw(t, what) * float64(time.Second))
		}
		t.Repeat(map[string]func(*rapid.T){
			"time":   func(t *rapid.T) { now = now.Add(seconds(t, "passed", -2, 90)) },
			"send":   func(*rapid.T) { p.queue(now) },
			"answer": func(*rapid.T) { p.answered() },
			"answers": func(t *rapid.T) {
				for range rapid.IntRange(1, 1000).Draw(t, "n") {
					p.answered()
				}
			},
			"refuse": func(t *rapid.T) {
				before, settled, found := p.pace.limit, p.pace.settled, p.pace.found
				sent, wait := now.Add(-seconds(t, "took", 0, 60)), seconds(t, "wait", 0, 120)
				if found && rapid.Bool().Draw(t, "sent when the pause was over") {
					sent = settled
				}
				p.refused(sent, now, wait)
				after := p.pace.limit
				if news := !found || !sent.Before(settled); !news && after != before {
					t.Fatalf("from %g to %g by a request that was sent %s before the last wait was over", before, after, settled.Sub(sent))
				} else if news && after > max(before*backOff, slowest) || after > before {
					t.Fatalf("from %g to %g by a refusal", before, after)
				}
				fastest = after
			},
			"": func(t *rapid.T) {
				limit := p.pace.limit
				switch {
				case !p.pace.found && limit != ceiling:
					t.Fatalf("%g before any refusal", limit)
				case p.pace.found && (math.IsNaN(float64(limit)) || math.IsInf(float64(limit), 0)):
					t.Fatalf("the pace is %g", limit)
				case limit < min(slowest, ceiling) || limit > ceiling:
					t.Fatalf("%g is not between %g and %g", limit, min(slowest, ceiling), ceiling)
				case p.pace.found && limit < fastest:
					t.Fatalf("from %g to %g without a refusal", fastest, limit)
				case p.bucket.Limit() != limit:
					t.Fatalf("the bucket is filled at %g, not at %g", p.bucket.Limit(), limit)
				}
				fastest = limit
			},
		})
	})
}

// TestPaceAfterARace has a request that got past the gate while a 429 closed it for half a minute, and is refused in that time, after answers to others
// that were on their way. It is no reason to go slower still, let alone at the slowest.
func TestPaceAfterARace(t *testing.T) {
	t.Parallel()
	p, start := newPacer(0), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	at := start.Add
	for i := range 300 {
		p.queue(at(time.Duration(i) * 10 * time.Millisecond))
		p.answered()
	}
	p.refused(at(3*time.Second), at(3*time.Second), 30*time.Second)
	found := p.pace.limit
	if found < 8 || found > 10 {
		t.Errorf("the pace is %g; want 300 answers in 33 seconds", found)
	}
	for range 3 {
		p.answered()
	}
	p.refused(at(3010*time.Millisecond), at(3050*time.Millisecond), time.Second)
	if p.pace.limit != found {
		t.Errorf("the pace went from %g to %g", found, p.pace.limit)
	}
	if want := at(33 * time.Second); !p.paused.Equal(want) {
		t.Errorf("no request before %s; want %s", p.paused, want)
	}
	// Refused when the wait is over, it is news.
	p.refused(at(33*time.Second), at(33*time.Second), 0)
	if p.pace.limit >= found {
		t.Errorf("the pace stayed at %g", p.pace.limit)
	}
}

// TestPaceOfAStretchThatBeginsLater refuses a request by the clock of somebody who looked at it before the one who sent last.
func TestPaceOfAStretchThatBeginsLater(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{time.Nanosecond, time.Second, time.Second + time.Nanosecond, time.Minute} {
		for _, wait := range []time.Duration{0, time.Second} { // a 429 that asks for no wait stands for a second
			p, start := newPace(100), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
			p.sends(start.Add(later))
			p.taken = 7
			if !p.reduce(start, start, wait) || p.limit < 6.9 || p.limit > 7.1 {
				t.Errorf("%s later: the pace is %g; want 7 answers in a second", later, p.limit)
			}
		}
	}
}
