package client

import (
	"net/http"
	"time"
)

// ServiceTime is the service's clock by the Date header of its last answer. The clock of this machine may be off by hours; what the service allows at
// what time has to be judged by its own. It is the time of this machine before the first answer.
func (c *Client) ServiceTime() time.Time {
	if skew := c.skew.Load(); skew != nil {
		return time.Now().Add(*skew)
	}
	return time.Now()
}

// timeOf is the service's clock when it gave an answer: the answer's Date, or what is known from others.
func (c *Client) timeOf(header http.Header) time.Time {
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		return at
	}
	return c.ServiceTime()
}

// noteDate compares the service's clock with this machine's.
func (c *Client) noteDate(header http.Header) {
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		skew := time.Until(at)
		c.skew.Store(&skew)
	}
}
