package mockserver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Sums are the totals of one user's ledger, in USD. Deposits − withdrawals − consumed + refunds − expired is always available + reserved.
type Sums struct {
	// User is the user's id.
	User string `json:"user"`
	// Deposits is all that came in.
	Deposits money.Amount `json:"deposits"`
	// Withdrawals is all that was taken out.
	Withdrawals money.Amount `json:"withdrawals"`
	// Consumed is all that was charged.
	Consumed money.Amount `json:"consumed"`
	// Refunds is all that was given back.
	Refunds money.Amount `json:"refunds"`
	// Expired is all that was lost to inactivity.
	Expired money.Amount `json:"expired"`
	// Available can be spent.
	Available money.Amount `json:"available"`
	// Reserved is held for sessions.
	Reserved money.Amount `json:"reserved"`
}

func (w *world) sums(u *user) Sums {
	a := w.account(u)
	return Sums{
		User: u.ID, Deposits: a.totals[kindDeposit], Withdrawals: a.totals[kindWithdrawal], Consumed: a.totals[kindConsume],
		Refunds: a.totals[kindRefund], Expired: a.totals[kindExpiry], Available: a.available, Reserved: a.reserved,
	}
}

// balance tells what is wrong with a user's sums.
func (s Sums) balance() error {
	in := money.Sum(s.Deposits, s.Withdrawals.Neg(), s.Consumed.Neg(), s.Refunds, s.Expired.Neg())
	switch has := s.Available.Add(s.Reserved); {
	case !in.Equal(has):
		return fmt.Errorf("user %s: the ledger adds up to %s, but available and reserved are %s", s.User, in, has)
	case s.Available.Sign() < 0 || s.Reserved.Sign() < 0:
		return fmt.Errorf("user %s: available %s or reserved %s is negative", s.User, s.Available, s.Reserved)
	}
	return nil
}

// quickCheck compares every user's running sums with the balance, and the holds of active sessions with what is reserved.
func (w *world) quickCheck() error {
	holds := map[string]money.Amount{}
	for _, s := range w.sessions {
		if s.Status == statusActive {
			holds[s.User] = holds[s.User].Add(s.Hold)
		} else if !s.Hold.IsZero() {
			return fmt.Errorf("session %s is %s and still holds %s", s.ID, s.Status, s.Hold)
		}
	}
	for _, u := range w.users {
		sums := w.sums(u)
		if err := sums.balance(); err != nil {
			return err
		}
		if !sums.Reserved.Equal(holds[u.ID]) {
			return fmt.Errorf("user %s: reserved is %s, but the active sessions hold %s", u.ID, sums.Reserved, holds[u.ID])
		}
	}
	return nil
}

// fullCheck derives everything again from the ledger's entries: balances, and what each order and each session was charged.
func (w *world) fullCheck() error {
	errs := []error{w.quickCheck()}
	again := newLedger()
	charged, refunded, held := map[string]money.Amount{}, map[string]money.Amount{}, map[string]money.Amount{}
	charges := map[string]int{}
	for i, e := range w.ledger.entries {
		if e.Seq != int64(i+1) {
			errs = append(errs, fmt.Errorf("ledger entry %d has the number %d", i+1, e.Seq))
		}
		again.account(e.User).apply(e)
		if a := again.account(e.User); a.available.Sign() < 0 || a.reserved.Sign() < 0 {
			errs = append(errs, fmt.Errorf("ledger entry %d takes user %s below zero", e.Seq, e.User))
		}
		switch e.Kind {
		case kindConsume:
			charged[e.Order] = charged[e.Order].Add(e.Amount)
			charges[e.Order]++
		case kindRefund:
			refunded[e.Order] = refunded[e.Order].Add(e.Amount)
		}
		held[e.Session] = held[e.Session].Add(e.Reserved)
	}
	for _, u := range w.users {
		a, b := w.account(u), again.account(u.ID)
		if !a.available.Equal(b.available) || !a.reserved.Equal(b.reserved) {
			errs = append(errs, fmt.Errorf("user %s: the entries give %s available and %s reserved, the account has %s and %s",
				u.ID, b.available, b.reserved, a.available, a.reserved))
		}
	}
	for _, o := range w.orders {
		due := money.Zero()
		if o.Status == statusFailed {
			due = o.Paid
		}
		if !charged[o.ID].Equal(o.Paid) || charges[o.ID] > 1 || !refunded[o.ID].Equal(due) {
			errs = append(errs, fmt.Errorf("order %s (%s) costs %s, but %s was charged in %d parts and %s refunded",
				o.ID, o.Status, o.Paid, charged[o.ID], charges[o.ID], refunded[o.ID]))
		}
	}
	for _, s := range w.sessions {
		if !held[s.ID].Equal(s.Hold) {
			errs = append(errs, fmt.Errorf("session %s holds %s, but the ledger says %s", s.ID, s.Hold, held[s.ID]))
		}
	}
	return errors.Join(errs...)
}

// verify runs the quick check after a change; what it finds is remembered. The caller holds the lock.
func (s *Server) verify() error {
	err := s.world.quickCheck()
	if err != nil && len(s.breaches) < 20 {
		s.breaches = append(s.breaches, err.Error())
	}
	return err
}

// errInvariant marks invariants that broke.
var errInvariant = errors.New("an invariant broke")

// CheckInvariants derives every balance again from the ledger and compares. It also fails when any request ever left an invariant broken.
func (s *Server) CheckInvariants() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.invariants()
	return err
}

func (s *Server) invariants() ([]Sums, error) {
	sums := make([]Sums, 0, len(s.world.users))
	for _, u := range s.world.users {
		sums = append(sums, s.world.sums(u))
	}
	problems := s.breaches
	if err := s.world.fullCheck(); err != nil {
		problems = append([]string{err.Error()}, problems...)
	}
	if len(problems) > 0 {
		return sums, fmt.Errorf("%w: %s", errInvariant, strings.Join(problems, "; "))
	}
	return sums, nil
}
