package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// methodSocket stands for the method in the errors of a conversation.
const methodSocket = "WS"

// Open begins a session with an agent that supports sessions, and holds credits for it (SDK reference). Each attempt to reach the service is bounded
// by the configured Timeout; ctx bounds the opening only, not the conversation. End the conversation by Close or Abort, whatever becomes of it.
//
// The error's outcome is NotSent when the service could not be reached or refused the WebSocket, before the key was sent: no session exists. It is
// Refused when the service answered by an error frame. Otherwise it is Unknown: the session may exist and hold credits.
func (s *SessionsService) Open(ctx context.Context, tickerOrID string) (*Conversation, error) {
	return s.OpenWhile(ctx, ctx, tickerOrID)
}

// OpenWhile is Open for a caller that may stop wanting the session: when wanted ends, no more is done to reach the service, and the error's outcome
// is NotSent. Once the key is sent only ctx ends the opening, so that it is known what came of it.
func (s *SessionsService) OpenWhile(ctx, wanted context.Context, tickerOrID string) (*Conversation, error) {
	path, err := pathOf("/ws/agent/%s", tickerOrID)
	req := request{method: methodSocket, path: path, secrets: s.client.secrets}
	if err != nil {
		return nil, notSent(req, err)
	}
	current := &call{req: req, progress: s.client.pacer.progress()}
	ctx = s.client.logContext(context.WithValue(ctx, callKey{}, current))
	reach, cancel := context.WithCancel(ctx)
	defer cancel()
	unwatch := context.AfterFunc(wanted, cancel)
	defer unwatch()
	for {
		if wanted.Err() != nil {
			cancel() // it may have ended before it was watched
		}
		if err := s.client.pacer.wait(reach); err != nil {
			return nil, s.client.unopened(reach, current, err)
		}
		conversation, again, err := s.client.tryToOpen(ctx, reach, current)
		if !again {
			return conversation, err
		}
	}
}

// tryToOpen makes one attempt: to reach the service within reach, and then to open the session within ctx. It tells whether another one is due; then
// it has waited for it.
func (c *Client) tryToOpen(ctx, reach context.Context, current *call) (_ *Conversation, again bool, _ error) {
	current.attempts++
	current.started, current.waiting, current.trip = time.Now(), false, &trip{unsent: true}
	deadline := current.started.Add(c.config.Timeout)
	beats := &pulse{through: c.wire}
	dialing, stop := context.WithDeadline(reach, deadline)
	defer stop()
	conn, err := c.dial(dialing, current, beats)
	if conn != nil {
		c.pacer.answered()
		opening, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		opened, err := c.begin(opening, newConversation(ctx, c, conn, beats, current))
		return opened, false, err
	}
	again, _ = c.checkRetry(reach, nil, err) // it has no error of its own
	if !again {
		return nil, false, c.unopened(reach, current, err)
	}
	head := current.trip.response() //nolint:bodyclose // it has no body
	timer := time.NewTimer(c.pause(firstBackoff, lastBackoff, current.attempts-1, head, current.alone))
	defer timer.Stop()
	select {
	case <-reach.Done():
		return nil, false, c.unopened(reach, current, reach.Err())
	case <-timer.C:
		return nil, true, nil
	}
}

// response is the head of a trip's answer, nil when there was none.
func (t *trip) response() *http.Response {
	if t.status == 0 {
		return nil
	}
	return &http.Response{StatusCode: t.status, Header: t.header}
}

// dial opens the WebSocket. The key travels in the first frame only (client 0.4.1), so that no server that merely answers an upgrade is told it. The
// error is nil, and so is the connection, when the service answered the upgrade by a status that says what is wrong.
func (c *Client) dial(ctx context.Context, current *call, beats *pulse) (*websocket.Conn, error) {
	header := http.Header{}
	if c.config.UserAgent != "" {
		header.Set("User-Agent", c.config.UserAgent)
	}
	conn, _, err := websocket.Dial(ctx, c.baseURL+current.req.path, &websocket.DialOptions{ //nolint:bodyclose // the library says not to
		HTTPClient: &http.Client{Transport: beats, CheckRedirect: checkRedirect}, HTTPHeader: header, OnPingReceived: beats.answers,
	})
	_, redirected := errors.AsType[*redirectError](err)
	switch {
	case err == nil:
		conn.SetReadLimit(maxReceivedFrame)
		return conn, nil
	case current.trip.status >= http.StatusMultipleChoices && !redirected:
		return nil, nil //nolint:nilnil // the trip has the answer
	case current.trip.successful():
		return nil, fmt.Errorf("the answer is no WebSocket: it is %s",
			current.req.secrets.describeBody(current.trip.header.Get(headerContentType), current.trip.body, current.trip.truncated))
	}
	return nil, err
}

// unopened is the error of a conversation that never began. Nothing was sent that could have begun it.
func (c *Client) unopened(ctx context.Context, current *call, err error) *Error {
	e := c.failure(ctx, current, err)
	e.Outcome = NotSent
	return e
}

// begin authenticates and waits for the first frame.
func (c *Client) begin(ctx context.Context, conversation *Conversation) (*Conversation, error) {
	if err := conversation.open(ctx); err != nil {
		conversation.stop()
		_ = conversation.conn.CloseNow()
		return nil, err
	}
	conversation.start()
	return conversation, nil
}

// open sends the key and reads the session. Only heartbeats, and frames that this client does not know, may come before it.
func (c *Conversation) open(ctx context.Context) error {
	if err := c.say(ctx, outgoing{Type: frameAuth, Token: "Bearer " + c.client.config.APIKey}); err != nil {
		return c.failed(Unknown, c.inTime(ctx, err))
	}
	for {
		f, err := c.hear(ctx)
		if err != nil {
			return c.failed(Unknown, c.inTime(ctx, err))
		}
		switch f.kind {
		case frameSession:
			if err := c.session.UnmarshalJSON(f.raw); err != nil {
				return c.failed(Unknown, err)
			}
			c.noteProblems()
			return nil
		case frameError:
			return c.refused(f.message(c.req.secrets))
		case frameChunk, frameDone, frameBilling:
			return c.failed(Unknown, broken("a %q frame before the session", f.kind))
		}
	}
}

// inTime says in what way an opening failed: the attempt took longer than it may, the caller gave up, or the connection was lost.
func (c *Conversation) inTime(ctx context.Context, err error) error {
	switch cause := ctx.Err(); {
	case errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("no session within %s: %w", c.client.config.Timeout, cause)
	case cause != nil:
		return fmt.Errorf("given up before the session was there: %w", cause)
	}
	return describeLoss(err)
}
