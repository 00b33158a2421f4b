package client

import (
	"context"
	"errors"
)

// Conversation is an open chat session over a WebSocket.
type Conversation struct{ session Session }

// Open opens a session with an agent.
func (s *SessionsService) Open(ctx context.Context, tickerOrID string) (*Conversation, error) {
	return nil, notSent(request{method: methodSocket, path: "/ws/agent/" + tickerOrID}, errors.Join(errors.ErrUnsupported, ctx.Err()))
}

// Session is what the service told of the session when it was opened.
func (c *Conversation) Session() Session { return c.session }

// Send sends a message.
func (c *Conversation) Send(ctx context.Context, prompt string, chunk func(text string)) (Turn, error) {
	_, _, _ = ctx, prompt, chunk
	return Turn{}, errors.ErrUnsupported
}

// Close ends the session.
func (c *Conversation) Close(ctx context.Context) error { return errors.Join(errors.ErrUnsupported, ctx.Err()) }

// Abort cuts the connection.
func (c *Conversation) Abort() {}

// Lost tells whether no further Send is possible.
func (c *Conversation) Lost() bool { return true }

const methodSocket = "WS"
