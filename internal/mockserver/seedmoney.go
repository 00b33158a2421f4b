package mockserver

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// addMoney writes the ledger of a seed: its transactions, those of its orders and sessions that it does not list, the holds of active sessions, and
// before everything else one deposit for each user, such that balance_usd is what is available in the end.
func (seed Seed) addMoney(w *world) error {
	past, err := seed.transactions(w)
	if err != nil {
		return err
	}
	past = append(past, w.untold(past)...)
	slices.SortStableFunc(past, func(a, b entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(weight(a), weight(b))) })
	for _, s := range seed.Users {
		opening, at := s.BalanceUSD, w.now
		for _, e := range past {
			if e.User == s.ID {
				opening = opening.Sub(e.Available)
				if e.At.Before(at) {
					at = e.At
				}
			}
		}
		if opening.Sign() < 0 {
			return fmt.Errorf("user %s: the transactions leave %s, more than the balance_usd of %s", s.ID, s.BalanceUSD.Sub(opening), s.BalanceUSD)
		}
		if opening.Sign() > 0 {
			w.ledger.mustPost(entry{ID: seededID("opening/" + s.ID), User: s.ID, Kind: kindDeposit, Amount: opening, Available: opening, At: at})
		}
	}
	for _, e := range past {
		if _, err := w.ledger.post(e); err != nil {
			return fmt.Errorf("user %s: %s of %s at %s: %w", e.User, e.Kind, e.Amount, *formatTime(e.At), err)
		}
	}
	for _, u := range w.users { // a balance that a seed names is there, however long ago the last transaction was
		if a := w.account(u); !a.expiresAt().IsZero() && !a.expiresAt().After(w.now) {
			a.lastActivity = w.now
		}
	}
	return nil
}

// weight puts deposits first where several things happened at the same time.
func weight(e entry) int {
	if e.Kind == kindDeposit {
		return 0
	}
	return 1
}

// transactions reads the transactions that a seed lists.
func (seed Seed) transactions(w *world) ([]entry, error) {
	var past []entry
	seen := map[string]bool{}
	for i, s := range seed.Transactions {
		e := entry{ID: firstOf(s.ID, seededID(fmt.Sprintf("transaction/%d", i))), User: s.User, Kind: s.Type, Amount: s.Amount, At: s.CreatedAt.or(w.now)}
		e.Order, e.Session, e.TxHash = deref(s.OrderID), deref(s.SessionID), deref(s.TxHash)
		switch s.Type {
		case kindDeposit, kindRefund:
			e.Available = s.Amount
		case kindWithdrawal, kindConsume, kindExpiry:
			e.Available = s.Amount.Neg()
		default:
			return nil, fmt.Errorf("transaction %d: type %q is not deposit, withdrawal, consume, refund or expiry", i+1, s.Type)
		}
		switch {
		case w.user(s.User) == nil:
			return nil, fmt.Errorf("transaction %d: no user has the id %q", i+1, s.User)
		case s.Amount.Sign() <= 0:
			return nil, fmt.Errorf("transaction %d: the amount %s is not positive", i+1, s.Amount)
		case seen[e.ID]:
			return nil, fmt.Errorf("two transactions have the id %q", e.ID)
		}
		seen[e.ID] = true
		past = append(past, e)
	}
	return past, nil
}

// untold gives the entries that orders and sessions imply and the listed transactions do not have.
func (w *world) untold(told []entry) []entry {
	has := func(kind, order, session string) bool {
		return slices.ContainsFunc(told, func(e entry) bool {
			return e.Kind == kind && ((order != "" && e.Order == order) || (session != "" && e.Session == session))
		})
	}
	var more []entry
	add := func(user, kind string, amount, available money.Amount, why cause, at time.Time) {
		if !amount.IsZero() {
			more = append(more, entry{
				ID: seededID(kind + "/" + why.order + why.session), User: user, Kind: kind, Amount: amount, Available: available,
				Order: why.order, Session: why.session, At: at,
			})
		}
	}
	inSession := map[string]money.Amount{}
	for _, o := range w.orders {
		why := cause{order: o.ID, session: o.SessionID}
		if !has(kindConsume, o.ID, "") {
			add(o.User, kindConsume, o.Paid, o.Paid.Neg(), why, o.CreatedAt)
		}
		if o.Status == statusFailed && !has(kindRefund, o.ID, "") {
			add(o.User, kindRefund, o.Paid, o.Paid, why, o.CompletedAt)
		} else if o.Status != statusFailed {
			inSession[o.SessionID] = inSession[o.SessionID].Add(o.Paid)
		}
	}
	for _, s := range w.sessions {
		if !has(kindConsume, "", s.ID) {
			rest := s.Consumed.Sub(inSession[s.ID])
			if rest.Sign() > 0 {
				add(s.User, kindConsume, rest, rest.Neg(), cause{session: s.ID}, s.CreatedAt)
			}
		}
		if !s.Hold.IsZero() {
			more = append(more, entry{
				User: s.User, Kind: kindHold, Amount: s.Hold, Available: s.Hold.Neg(), Reserved: s.Hold, Session: s.ID, At: s.CreatedAt,
			})
		}
	}
	return more
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
