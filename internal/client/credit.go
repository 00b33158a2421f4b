package client

import (
	"encoding/json"
	"fmt"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Balance is a prepaid balance. Sources name its amounts differently; both spellings are read, as numbers or strings: available_usdc and
// reserved_usdc (client 0.4.1), balance_usd and reserved_usd (SDK reference).
type Balance struct {
	// Available can be spent, in USD; what sessions hold is not in it (assumed for balance_usd).
	Available money.Amount
	// Reserved is held by open sessions, in USD. It is $0 when the service does not report it.
	Reserved money.Amount
	// ExpiresAt is when the balance is lost without activity, LastDepositAt and LastWithdrawalAt when they last happened; ISO 8601, as the service
	// spells them.
	ExpiresAt, LastDepositAt, LastWithdrawalAt Field[string]

	problems []string
}

// UnmarshalJSON reads a balance. It fails when there is no available amount, since $0 would be a wrong answer, or when an amount cannot be read.
func (b *Balance) UnmarshalJSON(data []byte) error {
	var wire struct {
		AvailableUSDC    Field[money.Amount] `json:"available_usdc"`
		BalanceUSD       Field[money.Amount] `json:"balance_usd"`
		ReservedUSDC     Field[money.Amount] `json:"reserved_usdc"`
		ReservedUSD      Field[money.Amount] `json:"reserved_usd"`
		ExpiresAt        Field[string]       `json:"expires_at"`
		LastDepositAt    Field[string]       `json:"last_deposit_at"`
		LastWithdrawalAt Field[string]       `json:"last_withdrawal_at"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read a balance: %w", describeJSONError(err))
	}
	available, ok, err := firstAmount(namedAmount{"available_usdc", wire.AvailableUSDC}, namedAmount{"balance_usd", wire.BalanceUSD})
	if err != nil {
		return err
	}
	if !ok {
		return incomplete("the balance has neither available_usdc nor balance_usd")
	}
	reserved, ok, err := firstAmount(namedAmount{"reserved_usdc", wire.ReservedUSDC}, namedAmount{"reserved_usd", wire.ReservedUSD})
	if err != nil {
		return err
	}
	*b = Balance{
		Available: available, Reserved: reserved,
		ExpiresAt: wire.ExpiresAt, LastDepositAt: wire.LastDepositAt, LastWithdrawalAt: wire.LastWithdrawalAt,
	}
	if !ok {
		b.problems = []string{"reserved_usdc and reserved_usd: not reported, taken for $0"}
	}
	return nil
}

func (b Balance) ownProblems() []string { return b.problems }

// namedAmount is an amount and the key under which it came.
type namedAmount struct {
	key   string
	field Field[money.Amount]
}

// firstAmount gives the first amount that is there. One that is there and unreadable is an error, not a reason to look at the next.
func firstAmount(candidates ...namedAmount) (amount money.Amount, found bool, err error) {
	for _, candidate := range candidates {
		if problem := candidate.field.readProblem(); problem != "" {
			return money.Amount{}, false, incomplete("%s: %s", candidate.key, problem)
		}
		if !found {
			amount, found = candidate.field.Value()
		}
	}
	return amount, found, nil
}

// Transaction is one entry of the credit ledger.
type Transaction struct {
	// ID identifies the transaction.
	ID string
	// Type is deposit, withdrawal, consume or refund (client 0.4.1), expiry (assumed), or something newer.
	Type string
	// Amount is in USD and positive whatever the type (assumed).
	Amount money.Amount
	// SessionID, OrderID and TxHash say what the transaction belongs to.
	SessionID, OrderID, TxHash Field[string]
	// CreatedAt is an ISO 8601 time, as the service spells it.
	CreatedAt string
}

// UnmarshalJSON reads a transaction. It fails when there is no id or no readable amount: neither can be guessed.
func (t *Transaction) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID        Field[string]       `json:"id"`
		Type      Field[string]       `json:"type"`
		Amount    Field[money.Amount] `json:"amount"`
		SessionID Field[string]       `json:"session_id"`
		OrderID   Field[string]       `json:"order_id"`
		TxHash    Field[string]       `json:"tx_hash"`
		CreatedAt Field[string]       `json:"created_at"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read a transaction: %w", describeJSONError(err))
	}
	if wire.ID.Or("") == "" {
		return incomplete("the transaction has no id")
	}
	amount, ok := wire.Amount.Value()
	if !ok {
		return incomplete("the transaction %s has no amount that can be read", wire.ID.Or(""))
	}
	*t = Transaction{
		ID: wire.ID.Or(""), Type: wire.Type.Or(""), Amount: amount,
		SessionID: wire.SessionID, OrderID: wire.OrderID, TxHash: wire.TxHash, CreatedAt: wire.CreatedAt.Or(""),
	}
	return nil
}
