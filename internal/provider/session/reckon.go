package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The statuses of an order (client 0.4.1), as which AUTX keeps a turn.
const (
	orderCompleted = "completed"
	orderFailed    = "failed"
)

// reckonPauses are the pauses before the looks for a turn in the ledger: it may show a charge a little later than it is made.
var reckonPauses = []time.Duration{0, time.Second, 2 * time.Second}

// ordersAtOnce is how many orders are read at the same time.
const ordersAtOnce = 4

// reckoner finds out what became of turns of which that is not known: the ledger says what was charged and given back, and the orders what was
// answered. It sends nothing.
type reckoner struct {
	api *client.Client
	// entries reads the ledger, newest first.
	entries func(context.Context) ([]client.Transaction, error)
	// pauses are made before each look at the ledger; one look is the least.
	pauses []time.Duration
	pause  func(context.Context, time.Duration) error
	// refused is the index of the turn that AUTX answered with an error, -1 where there is none.
	refused int
	// later says that the conversation is over for long: what AUTX has not counted by now never arrived.
	later bool
}

// settle fills in what became of turns. The session is as AUTX shows it now. It is an error where something could not be read; what could be is
// filled in all the same.
func (k *reckoner) settle(ctx context.Context, session *client.Session, turns []turnModel) error {
	if !anyOpen(turns) {
		return nil
	}
	of, failure := k.settleCharges(ctx, session, turns)
	failure = errors.Join(failure, k.settleOrders(ctx, turns))
	for i, one := range of {
		if turns[i].is(turnCompleted) && turns[i].AmountCharged.IsNull() {
			turns[i].AmountCharged = usd.Of(one.amount)
		}
	}
	return errors.Join(failure, k.settleFees(ctx, session, turns))
}

// settleCharges finds the charge of each turn in the ledger, by the turn's index.
func (k *reckoner) settleCharges(ctx context.Context, session *client.Session, turns []turnModel) (map[int]charge, error) {
	var charges []charge
	var failure error
	for _, pause := range k.pauses {
		if pause > 0 {
			if err := k.pause(ctx, pause); err != nil {
				return nil, err
			}
		}
		entries, err := k.entries(ctx)
		if failure = err; err != nil {
			if client.IsStatus(err, http.StatusUnauthorized, http.StatusForbidden) {
				break // to look again does not help
			}
			continue
		}
		charges = chargesOf(entries, session.ID)
		if of, _ := assign(turns, charges); !k.missing(session, turns, of) {
			break
		}
	}
	if failure != nil {
		return nil, fmt.Errorf("read what was charged: %w", failure)
	}
	of, left := assign(turns, charges)
	_, counted := session.MessageCount.Value()
	uncharged := noneMissing(session, turns, of, left)
	for i := range turns {
		one, charged := of[i]
		switch {
		case charged:
			turns[i].take(one)
		case !turns[i].is(turnUnknown) || !turns[i].OrderID.IsNull():
		case i == k.refused && (uncharged || !counted):
			turns[i].fails() // AUTX says that it was not carried out, and the ledger agrees
		case uncharged && (k.later || ended(session.Status.Or(""))):
			turns[i].Status = types.StringValue(turnNotSent)
		}
	}
	return of, nil
}

// missing tells whether the ledger may show a charge later that it does not show yet.
func (k *reckoner) missing(session *client.Session, turns []turnModel, of map[int]charge) bool {
	if noneMissing(session, turns, of, nil) {
		return false
	}
	for i := range turns {
		if _, found := of[i]; !found && turns[i].open() && (turns[i].is(turnUnknown) || turns[i].AmountCharged.IsNull()) {
			return true
		}
	}
	return false
}

// noneMissing tells whether AUTX's count of a session's messages proves that what has no charge was never accepted.
func noneMissing(session *client.Session, turns []turnModel, of map[int]charge, left []charge) bool {
	count, ok := session.MessageCount.Value()
	known := int64(len(left))
	for i := range turns {
		_, charged := of[i]
		if charged || !turns[i].OrderID.IsNull() {
			known++
		}
	}
	return ok && count <= known
}

// take notes what the ledger says of a turn.
func (t *turnModel) take(one charge) {
	if t.OrderID.IsNull() && one.order != "" {
		t.OrderID = types.StringValue(one.order)
	}
	if one.refunded && t.is(turnUnknown) {
		t.fails()
	}
}

// settleOrders reads the orders of turns that are not known to have ended, or whose answer has not been read.
func (k *reckoner) settleOrders(ctx context.Context, turns []turnModel) error {
	var group errgroup.Group // one that can't be read is no reason not to read the others
	group.SetLimit(ordersAtOnce)
	for i := range turns {
		turn := &turns[i]
		if turn.OrderID.IsNull() || (!turn.is(turnUnknown) && !turn.lacksText()) {
			continue
		}
		group.Go(func() error {
			order, err := k.api.Orders.Get(ctx, turn.OrderID.ValueString())
			if err != nil {
				return err
			}
			turn.ends(order)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("read what was answered: %w", err)
	}
	return nil
}

// ends notes what the order of a turn says.
func (t *turnModel) ends(order *client.Order) {
	switch order.Status.Or("") {
	case orderCompleted:
		t.Status = types.StringValue(turnCompleted)
		t.OutputText = types.StringValue(order.OutputText.Or("")) // an answer may be empty
		t.OutputHash = reported.Text(t.OutputHash, order.OutputHash)
	case orderFailed:
		t.fails()
	}
}

// settleFees reads what completed turns cost, as far as the ledger did not say: only the list of orders tells AUTX's part of a price.
func (k *reckoner) settleFees(ctx context.Context, session *client.Session, turns []turnModel) error {
	wanted := map[string]*turnModel{}
	for i := range turns {
		if turns[i].is(turnCompleted) && (turns[i].AmountCharged.IsNull() || turns[i].PlatformFee.IsNull()) && !turns[i].OrderID.IsNull() {
			wanted[turns[i].OrderID.ValueString()] = &turns[i]
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	orders, err := k.api.Orders.List(ctx, client.OrderFilter{AgentID: session.AgentID.Or("")})
	if err != nil {
		return fmt.Errorf("read what was paid: %w", err)
	}
	for i := range orders {
		if turn := wanted[orders[i].ID]; turn != nil {
			turn.AmountCharged = reported.Amount(turn.AmountCharged, orders[i].AmountPaid)
			turn.PlatformFee = reported.Amount(turn.PlatformFee, orders[i].PlatformFee)
		}
	}
	return nil
}

// turnsInLedger are the turns of a session of which only AUTX knows, as after an import: those that were charged, without their prompts.
func turnsInLedger(entries []client.Transaction, sessionID string) []turnModel {
	turns := []turnModel{}
	for _, one := range chargesOf(entries, sessionID) {
		turn := newTurn(types.StringNull(), turnUnknown)
		if one.order != "" {
			turn.OrderID = types.StringValue(one.order)
		}
		turns = append(turns, turn)
	}
	return turns
}

// rest waits for a while.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the caller's own context
	}
}
