package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// billPatience is how long a turn that is done waits for its bill, which may come after (client 0.4.1).
const billPatience = 10 * time.Second

// Turn is one message of a conversation and what came back. It is meaningful beside an error too: it is what came before.
type Turn struct {
	// OrderID is the order as which the turn is kept, and OutputHash the SHA-256 of the output in hexadecimal (assumed). They come when it is done.
	OrderID, OutputHash Field[string]
	// Output is the agent's answer: the chunks in their order, at most MaxBody bytes.
	Output string
	// AmountCharged is the price and PlatformFee AUTX's part of it, in USD. They come with the bill.
	AmountCharged, PlatformFee Field[money.Amount]
	// Done means that the answer is complete, Billed that the bill has come.
	Done, Billed bool
}

// exchange is a turn that is running, between the one who reads and the one who waits.
type exchange struct {
	frames chan frame
	left   chan struct{} // closed when nobody waits any more
}

// Send sends a message and waits for the answer. chunk, if any, is called with each piece of it as it arrives, from this goroutine; while it works,
// nothing is read. Messages are charged each; a prompt whose frame is 1 MiB or more is not sent (public chat page).
//
// A turn is bounded by ctx, by the configured TurnSilence, during which not a frame comes, and by the configured TurnTimeout, whatever comes. A turn
// that is done without a bill, which then does not come within ten seconds, is no error.
//
// The error's outcome is NotSent when the message surely was not sent, Refused when an error frame came, whose message it has, and Unknown for
// everything else: the message may be charged and its answer lost. After Refused the conversation can go on unless Lost; after Unknown it cannot, and
// Close gives an incomplete turn back (SDK reference) where the connection still stands.
func (c *Conversation) Send(ctx context.Context, prompt string, chunk func(text string)) (Turn, error) {
	started := time.Now()
	encoded, err := outgoing{Type: frameMessage, Prompt: &prompt}.encode()
	if err != nil {
		return Turn{}, c.failed(NotSent, err)
	}
	if err := ctx.Err(); err != nil {
		return Turn{}, c.failed(NotSent, fmt.Errorf("given up before it was sent: %w", err))
	}
	current, owed, err := c.take()
	if err != nil {
		return Turn{}, c.failed(NotSent, err)
	}
	answer := &reply{owed: owed}
	if err = c.write(ctx, encoded); err != nil {
		c.end(err)
		c.stop()
	} else {
		err = c.wait(ctx, current, answer, chunk)
	}
	c.settle(current, answer)
	turn := answer.soFar()
	switch {
	case err == nil && answer.refused && !turn.Done:
		err = c.refused(answer.refusal)
	case err != nil:
		err = c.failed(Unknown, err)
	}
	c.logTurn(turn, time.Since(started), err)
	return turn, err
}

// take begins a turn.
func (c *Conversation) take() (current *exchange, owed int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended != nil:
		return nil, 0, c.ended
	case c.turn != nil:
		return nil, 0, errors.New("another turn of the conversation is running")
	}
	c.turn = &exchange{frames: make(chan frame), left: make(chan struct{})}
	return c.turn, c.owed, nil
}

// settle ends a turn.
func (c *Conversation) settle(current *exchange, answer *reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed = answer.owed
	if answer.turn.Done && !answer.turn.Billed {
		c.owed++
	}
	if answer.turn.Done && answer.refused && c.ended == nil { // an error that concerns no turn
		c.ended = fmt.Errorf("the service ended the session: %s", answer.refusal)
	}
	answer.rest()
	c.drop(current)
}

// drop lets the reader go on without a turn. The caller has locked the conversation.
func (c *Conversation) drop(current *exchange) {
	if current != nil && c.turn == current {
		c.turn = nil
		close(current.left)
	}
}

// wait takes the turn's frames until it is over. The error is why it is not, and then the conversation has ended.
func (c *Conversation) wait(ctx context.Context, current *exchange, answer *reply, chunk func(text string)) error {
	silence := time.NewTimer(c.client.config.TurnSilence)
	defer silence.Stop()
	limit := time.NewTimer(c.client.config.TurnTimeout)
	defer limit.Stop()
	bill := time.NewTimer(billPatience)
	defer bill.Stop()
	bill.Stop() // until the turn is done
	for {
		var err error
		select {
		case f := <-current.frames:
			done := answer.turn.Done
			if err = c.takeFrame(f, answer, chunk); err != nil {
				c.endAfter(err)
				return err
			}
			if answer.over() {
				return nil
			}
			if answer.turn.Done && !done {
				bill.Reset(billPatience)
			}
			silence.Reset(c.client.config.TurnSilence)
			continue
		case <-bill.C:
			return nil
		case <-current.left:
			err = c.reason()
		case <-c.gone:
			err = c.reason()
		case <-ctx.Done():
			err = fmt.Errorf("given up before the turn was done: %w", ctx.Err())
		case <-silence.C:
			err = fmt.Errorf("nothing came for %s", c.client.config.TurnSilence)
		case <-limit.C:
			err = fmt.Errorf("the turn was not done within %s", c.client.config.TurnTimeout)
		}
		if answer.turn.Done { // only the bill is missing
			return nil
		}
		c.endAfter(err)
		return err
	}
}

// endAfter notes that there can be no further turn after one that failed.
func (c *Conversation) endAfter(err error) {
	c.end(fmt.Errorf("the turn before was not finished: %w", err))
}

// takeFrame adds a frame to the answer. A frame against the protocol cuts the connection; an answer that grows too large only ends the turn, so that
// closing the session can give it back.
func (c *Conversation) takeFrame(f frame, answer *reply, chunk func(text string)) error {
	text, err := answer.take(f, c.req.secrets)
	if text != "" && chunk != nil {
		chunk(text)
	}
	if _, violated := errors.AsType[*protocolError](err); violated {
		c.stop()
	}
	return err
}
