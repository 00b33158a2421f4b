package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// pingEvery is how often the service is asked for a sign of life, and pingPatience how long it may take to give one. Both are what client 0.4.1
	// does, by the defaults of its WebSocket library, so a service that works with it answers.
	pingEvery    = 20 * time.Second
	pingPatience = 20 * time.Second
)

// watch finds a half-open connection: one whose other end is gone without a word, so that nothing ever comes and no write fails.
func (c *Conversation) watch() {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.life.Done():
			return
		case <-ticker.C:
		}
		if err := c.ping(); err != nil {
			c.end(err)
			c.stop()
			return
		}
	}
}

// ping asks for a sign of life. No pong is read while a frame waits for the one who takes the turn, or behind one that is still arriving: whatever
// comes is a sign of life too. A ping that fails early never left, as something long was being sent.
func (c *Conversation) ping() error {
	before, asked := c.pulse.count.Load(), time.Now()
	ctx, cancel := context.WithTimeout(c.life, pingPatience)
	defer cancel()
	err := c.conn.Ping(ctx)
	if err == nil || time.Since(asked) < pingPatience || c.life.Err() != nil || c.handing.Load() || c.pulse.count.Load() != before {
		return nil
	}
	return fmt.Errorf("the service gave no sign of life for %s: %w", pingPatience, err)
}

// pulse counts what comes over the connection, down to pieces of frames.
type pulse struct {
	through http.RoundTripper
	count   atomic.Uint64
	leaving atomic.Bool // the closing handshake has begun, after which nothing may be sent, pongs included
}

// RoundTrip opens the connection that is counted.
func (p *pulse) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := p.through.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err //nolint:wrapcheck // it passes on what it is told
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		resp.Body = &counted{conn, p}
	}
	return resp, nil
}

// answers tells whether a ping of the service is answered.
func (p *pulse) answers(context.Context, []byte) bool { return !p.leaving.Load() }

type counted struct {
	io.ReadWriteCloser
	pulse *pulse
}

// Read reads.
func (c *counted) Read(into []byte) (int, error) {
	n, err := c.ReadWriteCloser.Read(into)
	if n > 0 {
		c.pulse.count.Add(1)
	}
	return n, err //nolint:wrapcheck // a reader gives io.EOF as it is
}
