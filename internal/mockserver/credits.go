package mockserver

import (
	"bytes"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// withdrawalCooldown is the least time between two withdrawals (SDK reference).
const withdrawalCooldown = time.Hour

// balanceView is a user's credits, in USD, as the client 0.4.1 reads them.
type balanceView struct {
	Available        money.Amount `json:"available_usdc"`
	Reserved         money.Amount `json:"reserved_usdc"`
	ExpiresAt        *string      `json:"expires_at"`
	LastDepositAt    *string      `json:"last_deposit_at"`
	LastWithdrawalAt *string      `json:"last_withdrawal_at"`
}

// balanceUSDView is the same as the SDK reference has it: other names, amounts as text.
type balanceUSDView struct {
	Balance          string  `json:"balance_usd"`
	Reserved         string  `json:"reserved_usd"`
	ExpiresAt        *string `json:"expires_at"`
	LastDepositAt    *string `json:"last_deposit_at"`
	LastWithdrawalAt *string `json:"last_withdrawal_at"`
}

func (w *world) balance(u *user) *answer {
	a := w.account(u)
	expires, deposit, withdrawal := formatTime(a.expiresAt()), formatTime(a.lastDeposit), formatTime(a.lastWithdrawal)
	if w.assume.balanceUSD {
		return jsonAnswer(http.StatusOK, balanceUSDView{cents(a.available), cents(a.reserved), expires, deposit, withdrawal})
	}
	return jsonAnswer(http.StatusOK, balanceView{a.available, a.reserved, expires, deposit, withdrawal})
}

// cents writes USD with at least two decimals, as the SDK reference does: "9.95".
func cents(a money.Amount) string { return strings.Replace(a.USD(), "$", "", 1) }

func getBalance(w *world, x *exchange) *answer { return w.balance(x.user) }

func depositTest(w *world, x *exchange) *answer {
	if w.assume.depositsDisabled {
		return refuse(http.StatusForbidden, "Test deposits are disabled in this environment")
	}
	amount := defaultDeposit
	if len(bytes.TrimSpace(x.body)) > 0 {
		found := &problems{}
		body, ok := bodyObject(x.body, found)
		if !ok {
			return found.rejection()
		}
		body.notNull("amount")
		if given, ok := body.amount("amount", isWithin(leastDeposit, mostDeposit), isCents); ok {
			amount = given
		}
		if refused := found.rejection(); refused != nil {
			return refused
		}
	}
	if _, err := w.ledger.deposit(x.user.ID, amount, w.now); err != nil {
		return refuse(http.StatusInternalServerError, "%v", err)
	}
	w.changed()
	return w.balance(x.user)
}

func withdraw(w *world, x *exchange) *answer {
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	body.require("amount")
	amount, _ := body.amount("amount", isPositive, isCents)
	if refused := found.rejection(); refused != nil {
		return refused
	}
	a := w.account(x.user)
	if again := a.lastWithdrawal.Add(withdrawalCooldown); !a.lastWithdrawal.IsZero() && w.now.Before(again) {
		return refuse(http.StatusConflict, "Only one withdrawal an hour; the next is possible at %s", *formatTime(again))
	}
	if _, err := w.ledger.withdraw(x.user.ID, amount, w.now); err != nil {
		return w.short(x.user, "The withdrawal", amount)
	}
	w.changed()
	return w.balance(x.user)
}

// transaction is a ledger entry on the wire (client 0.4.1). The amount is in USD and positive (assumed).
type transaction struct {
	ID        string       `json:"id"`
	Type      string       `json:"type"`
	Amount    money.Amount `json:"amount"`
	SessionID *string      `json:"session_id"`
	OrderID   *string      `json:"order_id"`
	TxHash    *string      `json:"tx_hash"`
	CreatedAt *string      `json:"created_at"`
}

func (e entry) transaction() transaction {
	return transaction{
		ID: e.ID, Type: e.Kind, Amount: e.Amount, SessionID: textOrNull(e.Session), OrderID: textOrNull(e.Order), TxHash: textOrNull(e.TxHash),
		CreatedAt: formatTime(e.At),
	}
}

func listTransactions(w *world, x *exchange) *answer {
	found := &problems{}
	limit, limited := queryInteger(x.r.URL.Query(), "limit", 1, 500, found)
	if refused := found.rejection(); refused != nil {
		return refused
	}
	if !limited {
		limit = int64(min(w.assume.listsLimit, math.MaxInt32))
	}
	entries := keep(w.ledger.entries, func(e entry) bool { return e.User == x.user.ID && e.onWire() })
	slices.Reverse(entries) // newest first, ties by sequence (assumed)
	slices.SortStableFunc(entries, func(a, b entry) int { return b.At.Compare(a.At) })
	entries = firstFew(entries[min(w.assume.listsLag, len(entries)):], int(limit))
	views := make([]transaction, len(entries))
	for i, e := range entries {
		views[i] = e.transaction()
	}
	return jsonAnswer(http.StatusOK, views)
}
