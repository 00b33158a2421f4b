package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Conversation is an open chat session over a WebSocket. One turn at a time can be taken; Close and Abort may be called at any time, also while a
// turn runs. It holds a connection and two goroutines until Close, Abort or the loss of the connection.
type Conversation struct {
	client   *Client
	req      request // names the conversation in errors and the log
	attempts int
	conn     *websocket.Conn
	session  Session

	life    context.Context //nolint:containedctx // the connection's life, which outlasts the call that opened it
	stop    context.CancelFunc
	running sync.WaitGroup
	gone    chan struct{} // closed when nothing can be read any more

	complained chan struct{} // closed when an error frame answers the close frame

	pulse   *pulse
	handing atomic.Bool // a frame waits for the one who takes the turn, so that nothing is read

	closing sync.Once
	closed  error // what Close gave

	mu      sync.Mutex
	turn    *exchange // that is running
	owed    int       // bills of earlier turns that are yet to come
	ended   error     // why no further message can be sent
	leaving bool      // the close frame is on its way
	refusal string    // what an error frame said meanwhile; never empty when one came
	loss    error     // why nothing can be read any more
}

func newConversation(ctx context.Context, c *Client, conn *websocket.Conn, beats *pulse, current *call) *Conversation {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	return &Conversation{
		client: c, req: current.req, attempts: current.attempts, conn: conn, life: life, stop: stop, gone: make(chan struct{}),
		complained: make(chan struct{}), pulse: beats,
	}
}

func (c *Conversation) start() {
	c.running.Go(c.read)
	c.running.Go(c.watch)
}

// Session is what the service told of the session when it was opened.
func (c *Conversation) Session() Session { return c.session }

// Lost tells whether no further Send is possible: the connection is gone, the session has ended, or a turn was left before it was done.
func (c *Conversation) Lost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended != nil
}

// Abort cuts the connection without a word. The session stays as it is at AUTX; a turn in flight goes on there and is charged (assumed).
func (c *Conversation) Abort() {
	c.end(errors.New("the connection was cut by this side"))
	c.stop()
	c.running.Wait()
	_ = c.conn.CloseNow()
}

// Close ends the session: it sends the close frame and waits for the closing handshake, for which the service has a few seconds. A turn that runs is
// left, and refunded by the service (SDK reference). Afterwards the connection is gone in any case. A second Close gives what the first one gave.
//
// The error's outcome is NotSent when the connection was gone before, Refused when an error frame came, and Unknown when the handshake did not come:
// then SessionsService.Close tells, and ends the session if it is still there.
func (c *Conversation) Close(ctx context.Context) error {
	c.closing.Do(func() {
		c.closed = c.close(ctx)
		c.Abort()
		c.logEnd(c.closed)
	})
	return c.closed
}

func (c *Conversation) close(ctx context.Context) error {
	lost := c.leave()
	select {
	case <-c.gone:
		return c.failed(NotSent, lost)
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, c.client.config.Timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return c.failed(NotSent, fmt.Errorf("given up before the session was closed: %w", err))
	}
	if err := c.say(ctx, outgoing{Type: frameClose}); err != nil {
		return c.failed(Unknown, err)
	}
	unwatch := context.AfterFunc(ctx, c.stop)
	defer unwatch()
	c.shakeHands()
	c.mu.Lock()
	refusal, loss := c.refusal, c.loss
	c.mu.Unlock()
	switch status := websocket.CloseStatus(loss); {
	case refusal != "":
		return c.refused(refusal)
	case status == websocket.StatusNormalClosure, status == websocket.StatusNoStatusRcvd:
		return nil
	case ctx.Err() != nil:
		return c.failed(Unknown, fmt.Errorf("given up while the session was closed: %w", ctx.Err()))
	}
	return c.failed(Unknown, fmt.Errorf("the closing of the session was not confirmed: %w", describeLoss(loss)))
}

// shakeHands waits for the service to close the connection, as it does after a close frame (assumed), or to say why not. If neither comes it begins
// the closing handshake itself, which the library bounds at a few seconds, and which drops whatever else still comes.
func (c *Conversation) shakeHands() {
	const patience = 3 * time.Second
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.gone:
	case <-c.complained:
	case <-timer.C:
	}
	c.pulse.leaving.Store(true)
	_ = c.conn.Close(websocket.StatusNormalClosure, "") // what came back is what was read
	<-c.gone
}

// leave begins the closing: a turn that runs is told, and what still comes is dropped. It gives why the conversation had ended, if it had.
func (c *Conversation) leave() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.ended
	c.leaving = true
	if c.ended == nil {
		c.ended = errors.New("the conversation was closed by this side")
	}
	c.drop(c.turn)
	return before
}

// end notes why no further message can be sent; the first reason counts.
func (c *Conversation) end(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.ended = reason
	}
}

// reason is why no further message can be sent.
func (c *Conversation) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// read takes frames from the connection to its end: everything depends on somebody reading, pongs and the closing handshake included.
func (c *Conversation) read() {
	defer close(c.gone)
	defer c.stop()
	for {
		f, err := c.hear(c.life)
		if err == nil {
			err = c.route(f)
		}
		if err != nil {
			c.mu.Lock()
			c.loss = err
			c.mu.Unlock()
			c.end(describeLoss(err))
			if !c.isLeaving() { // the closing handshake may still be going on there
				_ = c.conn.CloseNow()
			}
			return
		}
	}
}

func (c *Conversation) isLeaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaving
}

// route brings a frame to where it belongs.
func (c *Conversation) route(f frame) error {
	for {
		c.mu.Lock()
		current := c.turn
		if current == nil {
			err := c.outside(f)
			c.mu.Unlock()
			return err
		}
		c.mu.Unlock()
		handed, err := c.hand(current, f)
		if handed || err != nil {
			return err
		}
	}
}

// hand gives a frame to the one who takes the turn. It fails to when the turn is left first.
func (c *Conversation) hand(current *exchange, f frame) (handed bool, err error) {
	c.handing.Store(true)
	defer func() {
		c.pulse.count.Add(1) // first: whoever finds that no frame waits any more finds that something came
		c.handing.Store(false)
	}()
	select {
	case current.frames <- f:
		return true, nil
	case <-current.left:
		return false, nil
	case <-c.life.Done():
		return false, c.life.Err()
	}
}

// outside takes a frame that belongs to no turn. The caller has locked the conversation.
func (c *Conversation) outside(f frame) error {
	switch {
	case c.leaving:
		if f.kind == frameError && c.refusal == "" {
			c.refusal = f.message(c.req.secrets)
			close(c.complained)
		}
		return nil
	case c.ended != nil:
		return nil //nolint:nilerr // the rest of a turn that was left is no new failure
	}
	switch f.kind {
	case frameBilling:
		c.owed = max(0, c.owed-1) // late, and nobody waits for it any more
	case frameError:
		c.ended = fmt.Errorf("the service ended the session: %s", f.message(c.req.secrets))
	case frameSession, frameChunk, frameDone:
		return broken("a %q frame while no turn was running", f.kind)
	}
	return nil
}

// say sends a frame, within the configured Timeout.
func (c *Conversation) say(ctx context.Context, what outgoing) error {
	encoded, err := what.encode()
	if err != nil {
		return err
	}
	return c.write(ctx, encoded)
}

func (c *Conversation) write(ctx context.Context, encoded []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.client.config.Timeout)
	defer cancel()
	c.logFrame("sent", encoded)
	if err := c.conn.Write(ctx, websocket.MessageText, encoded); err != nil {
		return describeLoss(err)
	}
	return nil
}

// hear waits for a frame.
func (c *Conversation) hear(ctx context.Context) (frame, error) {
	kind, reader, err := c.conn.Reader(ctx)
	if err != nil {
		return frame{}, err
	}
	raw, err := io.ReadAll(reader)
	if err != nil {
		return frame{}, err
	}
	c.logFrame("received", raw)
	f, err := readFrame(kind, raw)
	if err != nil {
		return frame{}, err
	}
	if problems := f.problems(); len(problems) > 0 {
		logReadProblems(c.life, &answer{req: c.req}, problems) //nolint:contextcheck // ctx may be an attempt's, without the logger
	}
	if !f.known() {
		c.logUnknown(f.kind)
	}
	return f, nil
}

// noteProblems logs what of the session could not be read.
func (c *Conversation) noteProblems() {
	if problems := readProblems(reflect.ValueOf(&c.session).Elem()); len(problems) > 0 {
		logReadProblems(c.life, &answer{req: c.req}, problems)
	}
}

// describeLoss says in what way a connection was lost.
func describeLoss(err error) error {
	closed, ok := errors.AsType[websocket.CloseError](err)
	_, violated := errors.AsType[*protocolError](err)
	switch {
	case ok:
		reason := ""
		if closed.Reason != "" {
			reason = ": " + oneLine(closed.Reason, maxMessage)
		}
		return fmt.Errorf("the service closed the connection with code %d%s", closed.Code, reason)
	case violated:
		return err
	case errors.Is(err, websocket.ErrMessageTooBig):
		return broken("a frame is larger than %d MiB", maxReceivedFrame>>20)
	}
	return fmt.Errorf("the connection was lost: %w", err)
}

// failed is an error of the conversation with a cause.
func (c *Conversation) failed(outcome Outcome, err error) *Error {
	return &Error{Method: methodSocket, Path: c.req.displayPath(), Attempts: c.attempts, Outcome: outcome, Err: c.req.secrets.scrubError(err)}
}

// refused is the error that an error frame stands for.
func (c *Conversation) refused(message string) *Error {
	return &Error{Method: methodSocket, Path: c.req.displayPath(), Attempts: c.attempts, Outcome: Refused, Message: message}
}
