package mockserver

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// rateLimit bounds the requests of each key. A bucket holds one second's worth of requests (at least one) and fills with time by the server's
// clock, so a clock that stands still never refills it.
type rateLimit struct {
	perSecond float64 // requests; 0: unlimited
	next      map[string]time.Time
}

// take spends one request of a key's bucket. When it is empty it gives the 429 answer, with Retry-After in whole seconds.
func (l *rateLimit) take(key string, now time.Time) *answer {
	if l.perSecond <= 0 {
		return nil
	}
	if l.next == nil {
		l.next = map[string]time.Time{}
	}
	interval := time.Duration(float64(time.Second) / l.perSecond)
	burst := time.Duration(math.Max(1, math.Floor(l.perSecond))) * interval
	due := later(l.next[key], now).Add(interval) // when the bucket would be full again
	if wait := due.Sub(now) - burst; wait > 0 {
		seconds := int64((wait + time.Second - 1) / time.Second)
		return refuse(http.StatusTooManyRequests, "Rate limit exceeded").with("Retry-After", strconv.FormatInt(seconds, 10))
	}
	l.next[key] = due
	return nil
}

func (l *rateLimit) reset() { l.next = nil }
