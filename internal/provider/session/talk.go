package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// hangUpWithin bounds the closing of a conversation.
const hangUpWithin = 15 * time.Second

// line is a conversation with AUTX, as the client has it.
type line interface {
	Send(ctx context.Context, prompt string, chunk func(text string)) (client.Turn, error)
	Close(ctx context.Context) error
	Abort()
	Lost() bool
}

// talk is a conversation under way and what is known of its turns.
type talk struct {
	chat *chat
	id   string // the session's
	note purchase.Note
	// ask reads what a message costs now, and price is the most that one was seen to cost.
	ask   func(context.Context) (money.Amount, error)
	price money.Amount
	turns []turnModel
	// sent is how many messages were sent, or may have been.
	sent int
	// refused is the index of the turn that AUTX answered with an error, -1 where there is none.
	refused int
	// why is why it ended before its last message was answered, "" where it did not.
	why string
}

func newTalk(c *chat, id string, note purchase.Note, ask func(context.Context) (money.Amount, error)) *talk {
	return &talk{chat: c, id: id, note: note, ask: ask, turns: unsent(c.messages), refused: -1}
}

// begin notes the session, before anything is sent.
func (t *talk) begin() bool {
	if err := t.note(t.id, t.written()); err != nil {
		t.why = fmt.Sprintf("The purchase journal could not be written when the session was open, so nothing was sent: %v.", err)
		return false
	}
	return true
}

// hold sends the messages one after the other, until the last is answered or one is not. The context bounds the turns; wanted is the run's, and when
// it ends no further turn is begun.
func (t *talk) hold(ctx, wanted context.Context, with line) {
	for i, message := range t.chat.messages {
		if t.why = t.stops(wanted, i); t.why != "" {
			break
		}
		t.sent = i + 1
		if err := t.note(t.id, t.written()); err != nil {
			t.sent = i
			t.why = fmt.Sprintf("The purchase journal could not be written before message %d, so it was not sent: %v.", i+1, err)
			break
		}
		t.say(fmt.Sprintf("Message %d of %d", i+1, len(t.chat.messages)))
		turn, err := with.Send(ctx, message, t.say)
		t.take(i, turn, err)
		if t.why != "" {
			break
		}
		t.say(fmt.Sprintf("Message %d of %d was answered%s", i+1, len(t.chat.messages), priceTag(&t.turns[i])))
	}
	_ = t.note(t.id, t.written()) // what can't be written now is written when the purchase is settled
}

func (t *talk) say(text string) {
	if t.chat.tell != nil {
		t.chat.tell(text)
	}
}

// priceTag tells what a turn cost, as far as that is known.
func priceTag(turn *turnModel) string {
	if amount, ok := turn.AmountCharged.Amount(); ok {
		return " for " + amount.USD()
	}
	return ""
}

// stops tells why a message is not to be sent; "" where it is. What it costs is read anew: a conversation goes on for long, and AUTX takes no limit
// with a message.
func (t *talk) stops(wanted context.Context, next int) string {
	price, err := t.ask(wanted)
	switch {
	case errors.Is(wanted.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("The time for it, %s, was over before message %d. To give it more, raise its timeout.", t.chat.timeout, next+1)
	case wanted.Err() != nil:
		return fmt.Sprintf("The run was interrupted before message %d.", next+1)
	case err != nil:
		return fmt.Sprintf("What message %d costs could not be read, so it was not sent: %v.", next+1, err)
	}
	t.price = money.Max(t.price, price)
	if all := t.price.Times(int64(len(t.turns))); next == 0 && all.GreaterThan(t.chat.most) {
		return fmt.Sprintf("The price was raised while the session was opened. A message costs %s now, so that the %d of them would cost %s, which is "+
			"above max_cost, %s: none was sent.", t.price.USD(), len(t.turns), all.USD(), t.chat.most.USD())
	}
	charged := money.Zero()
	for i := range t.turns[:next] {
		amount, known := t.turns[i].cost()
		if !known {
			amount = t.price
		}
		charged = charged.Add(amount)
	}
	if charged.Add(t.price).GreaterThan(t.chat.most) {
		return fmt.Sprintf("Message %d would cost %s: with the %s charged so far that is above max_cost, %s.",
			next+1, t.price.USD(), charged.USD(), t.chat.most.USD())
	}
	return ""
}

// take notes what came of a message.
func (t *talk) take(i int, answer client.Turn, err error) {
	turn := &t.turns[i]
	turn.OrderID = reported.Text(turn.OrderID, answer.OrderID)
	turn.OutputHash = reported.Text(turn.OutputHash, answer.OutputHash)
	if answer.Done || answer.Output != "" {
		turn.OutputText = types.StringValue(answer.Output)
	}
	if answer.Done {
		turn.Status = types.StringValue(turnCompleted)
		turn.AmountCharged = reported.Amount(turn.AmountCharged, answer.AmountCharged)
		turn.PlatformFee = reported.Amount(turn.PlatformFee, answer.PlatformFee)
		if charged, ok := answer.AmountCharged.Value(); ok {
			t.price = money.Max(t.price, charged)
		}
		if err != nil {
			t.why = fmt.Sprintf("The conversation broke off after message %d was answered: %v.", i+1, err)
		}
		return
	}
	turn.Status = types.StringValue(turnUnknown)
	failure, ok := client.AsError(err)
	switch {
	case err == nil:
		t.why = fmt.Sprintf("The answer to message %d ended before it was complete.", i+1)
	case ok && failure.Outcome == client.NotSent:
		t.sent, turn.Status = i, types.StringValue(turnNotSent)
		t.why = fmt.Sprintf("Message %d could not be sent: %v.", i+1, err)
	case ok && failure.Outcome == client.Refused:
		t.refused = i
		t.why = fmt.Sprintf("Message %d was answered with an error, and what follows would have been asked without its answer: %v.", i+1, err)
	default:
		t.why = fmt.Sprintf("The answer to message %d was lost: %v.", i+1, err)
	}
}

// hangUp ends the connection: with the session where it ends with its messages, and without it otherwise.
func (t *talk) hangUp(ctx context.Context, with line) {
	defer with.Abort()
	if !t.chat.closesAfterwards() || with.Lost() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hangUpWithin)
	defer cancel()
	_ = with.Close(ctx) // whether the session has ended is looked at afterwards
}
