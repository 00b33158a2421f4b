package client

import (
	"context"
	"fmt"
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
// was heard since is a sign of life too.
func (c *Conversation) ping() error {
	asked := int64(time.Since(c.began))
	ctx, cancel := context.WithTimeout(c.life, pingPatience)
	defer cancel()
	err := c.conn.Ping(ctx)
	if err == nil || c.life.Err() != nil || c.handing.Load() || c.heard.Load() > asked {
		return nil
	}
	return fmt.Errorf("the service gave no sign of life for %s: %w", pingPatience, err)
}
