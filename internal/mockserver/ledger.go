package mockserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// The kinds of ledger entries. The first five are transaction types on the wire (client 0.4.1; expiry is assumed); a session's hold and release
// only move money between a user's available and reserved amounts and are no transactions.
const (
	kindDeposit    = "deposit"
	kindWithdrawal = "withdrawal"
	kindConsume    = "consume"
	kindRefund     = "refund"
	kindExpiry     = "expiry"
	kindHold       = "hold"
	kindRelease    = "release"
)

// balanceLifetime is how long a balance lives after the last deposit, charge or withdrawal (SDK reference; what counts as activity is assumed).
const balanceLifetime = 90 * 24 * time.Hour

// errShort is returned when an account does not hold what an entry takes from it.
var errShort = errors.New("insufficient credits")

// entry is one line of the ledger. Entries are only ever appended.
type entry struct {
	Seq       int64        `json:"seq"`
	ID        string       `json:"id"`
	User      string       `json:"user"`
	Kind      string       `json:"kind"`
	Amount    money.Amount `json:"amount"`    // USD, positive
	Available money.Amount `json:"available"` // what the entry adds to the available amount, USD
	Reserved  money.Amount `json:"reserved"`  // what the entry adds to the reserved amount, USD
	Order     string       `json:"order,omitempty"`
	TxHash    string       `json:"tx_hash,omitempty"`
	Session   string       `json:"session,omitempty"`
	At        time.Time    `json:"at"`
}

// onWire tells whether the entry is a credit transaction, and not merely a movement inside the account.
func (e entry) onWire() bool { return e.Kind != kindHold && e.Kind != kindRelease }

// account is what the entries of one user add up to.
type account struct {
	available, reserved                       money.Amount
	totals                                    map[string]money.Amount // by kind
	lastActivity, lastDeposit, lastWithdrawal time.Time
}

// expiresAt is when the available amount is lost; zero when there is nothing to lose.
func (a *account) expiresAt() time.Time {
	if a.available.Sign() <= 0 || a.lastActivity.IsZero() {
		return time.Time{}
	}
	return a.lastActivity.Add(balanceLifetime)
}

// ledger is the append-only record of all money, and the balances derived from it.
type ledger struct {
	entries  []entry
	accounts map[string]*account
}

func newLedger() *ledger { return &ledger{accounts: map[string]*account{}} }

// account gives a user's account; users without an entry have an empty one.
func (l *ledger) account(user string) *account {
	a := l.accounts[user]
	if a == nil {
		a = &account{totals: map[string]money.Amount{}}
		l.accounts[user] = a
	}
	return a
}

// post appends an entry, or refuses one that would take an account below zero.
func (l *ledger) post(e entry) (entry, error) {
	if e.Amount.Sign() <= 0 {
		return entry{}, fmt.Errorf("a ledger entry of %s", e.Amount)
	}
	a := l.account(e.User)
	if a.available.Add(e.Available).Sign() < 0 || a.reserved.Add(e.Reserved).Sign() < 0 {
		return entry{}, errShort
	}
	e.Seq = int64(len(l.entries) + 1)
	if e.ID == "" {
		e.ID = uuid.NewString()
	}
	l.entries = append(l.entries, e)
	a.apply(e)
	return e, nil
}

func (a *account) apply(e entry) {
	a.available = a.available.Add(e.Available)
	a.reserved = a.reserved.Add(e.Reserved)
	a.totals[e.Kind] = a.totals[e.Kind].Add(e.Amount)
	switch e.Kind {
	case kindDeposit:
		a.lastDeposit = later(a.lastDeposit, e.At)
	case kindWithdrawal:
		a.lastWithdrawal = later(a.lastWithdrawal, e.At)
	}
	switch e.Kind {
	case kindDeposit, kindWithdrawal, kindConsume:
		a.lastActivity = later(a.lastActivity, e.At)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// cause says what an entry is for.
type cause struct{ order, session string }

func (l *ledger) deposit(user string, amount money.Amount, at time.Time) (entry, error) {
	return l.post(entry{User: user, Kind: kindDeposit, Amount: amount, Available: amount, At: at})
}

func (l *ledger) withdraw(user string, amount money.Amount, at time.Time) (entry, error) {
	return l.post(entry{User: user, Kind: kindWithdrawal, Amount: amount, Available: amount.Neg(), At: at})
}

// consume charges a user. Up to fromReserved of it is taken from the reserved amount, the rest from the available one. Nothing is recorded for $0.
func (l *ledger) consume(user string, amount, fromReserved money.Amount, why cause, at time.Time) error {
	if amount.IsZero() {
		return nil
	}
	_, err := l.post(entry{
		User: user, Kind: kindConsume, Amount: amount, Available: amount.Sub(fromReserved).Neg(), Reserved: fromReserved.Neg(),
		Order: why.order, Session: why.session, At: at,
	})
	return err
}

// refund gives a charge back, toReserved of it to the reserved amount, the rest to the available one. Nothing is recorded for $0.
func (l *ledger) refund(user string, amount, toReserved money.Amount, why cause, at time.Time) {
	if amount.IsZero() {
		return
	}
	l.mustPost(entry{
		User: user, Kind: kindRefund, Amount: amount, Available: amount.Sub(toReserved), Reserved: toReserved,
		Order: why.order, Session: why.session, At: at,
	})
}

// hold sets money aside for a session.
func (l *ledger) hold(user string, amount money.Amount, session string, at time.Time) error {
	if amount.IsZero() {
		return nil
	}
	_, err := l.post(entry{User: user, Kind: kindHold, Amount: amount, Available: amount.Neg(), Reserved: amount, Session: session, At: at})
	return err
}

// release frees what is left of a session's hold.
func (l *ledger) release(user string, amount money.Amount, session string, at time.Time) {
	if amount.IsZero() {
		return
	}
	l.mustPost(entry{User: user, Kind: kindRelease, Amount: amount, Available: amount, Reserved: amount.Neg(), Session: session, At: at})
}

// expire takes the whole available amount.
func (l *ledger) expire(user string, at time.Time) {
	amount := l.account(user).available
	l.mustPost(entry{User: user, Kind: kindExpiry, Amount: amount, Available: amount.Neg(), At: at})
}

// mustPost posts an entry that only a mistake in this package could make impossible.
func (l *ledger) mustPost(e entry) {
	if _, err := l.post(e); err != nil {
		panic(fmt.Sprintf("mockserver: %s of %s for user %s: %v", e.Kind, e.Amount, e.User, err))
	}
}
