package mockserver

import (
	"fmt"
	"sync"
	"time"
)

// wireTime is how the server writes times: RFC 3339 in UTC with microseconds (assumed: no source shows AUTX's spelling).
const wireTime = "2006-01-02T15:04:05.000000Z"

// clock is the one source of time. It runs with the real one or stands still; either way it can be moved on. It never goes back.
type clock struct {
	mu     sync.Mutex
	fixed  *time.Time
	offset time.Duration
	last   time.Time
}

// now is the current time to the microsecond.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *clock) read() time.Time {
	now := time.Now()
	if c.fixed != nil {
		now = *c.fixed
	}
	now = now.Add(c.offset).UTC().Truncate(time.Microsecond)
	if now.Before(c.last) { // the real clock was set back
		return c.last
	}
	c.last = now
	return now
}

// stands tells whether the clock only moves when it is advanced.
func (c *clock) stands() bool { return c.fixed != nil }

// advance moves the clock on.
func (c *clock) advance(by time.Duration) error {
	if by < 0 {
		return fmt.Errorf("the clock only moves forward, not by %s", by)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += by
	return nil
}

// resume takes a stored world's time up again: a clock that stands never starts before it, a real one keeps what it was advanced by.
func (c *clock) resume(offset time.Duration, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed == nil {
		c.offset = offset
	} else if c.fixed.Before(last) {
		c.fixed = &last
	}
	if c.last.Before(last) && c.fixed != nil {
		c.last = last
	}
}

func (c *clock) advanced() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// formatTime writes a time for the wire; the zero time is null.
func formatTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(wireTime)
	return &text
}
