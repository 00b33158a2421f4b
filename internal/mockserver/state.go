package mockserver

import (
	"encoding/json"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// State is the whole world with the wire's field names, and what no client may see beside it.
type State struct {
	// Users are the account holders.
	Users []UserState `json:"users"`
	// Agents are all agents, with their endpoints; delisted ones included.
	Agents []AgentState `json:"agents"`
	// Orders are all purchases, turns of sessions included, oldest first.
	Orders []OrderState `json:"orders"`
	// Transactions are all credit transactions, oldest first.
	Transactions []TransactionState `json:"transactions"`
	// Sessions are all chat sessions, oldest first.
	Sessions []SessionState `json:"sessions"`
	// Checkouts are all checkouts, oldest first.
	Checkouts []CheckoutState `json:"checkouts"`
}

// UserState is an account holder. Amounts are in USD.
type UserState struct {
	ID               string       `json:"id"`
	AvailableUSDC    money.Amount `json:"available_usdc"`
	ReservedUSDC     money.Amount `json:"reserved_usdc"`
	ExpiresAt        *string      `json:"expires_at"`
	LastDepositAt    *string      `json:"last_deposit_at"`
	LastWithdrawalAt *string      `json:"last_withdrawal_at"`
	EmailVerified    bool         `json:"email_verified"`
	LaunchesLeftFree int          `json:"launches_left_free"`
	// Scopes are those of each key, in the seed's order. The keys themselves are not shown.
	Scopes [][]string `json:"scopes"`
}

// AgentState is an agent. Prices and revenue are in USD.
type AgentState struct {
	fullAgent
	User string `json:"user"`
	// ProviderKeySHA256 is the hex digest of the provider key; empty when there is none or a seed did not tell it.
	ProviderKeySHA256 string `json:"provider_key_sha256"`
	TxHash            string `json:"tx_hash"`
	DeployerAddress   string `json:"deployer_address"`
}

// OrderState is a purchase. Amounts are in USD.
type OrderState struct {
	orderListItem
	OutputHash *string     `json:"output_hash"`
	OutputText *string     `json:"output_text"`
	User       string      `json:"user"`
	Prompt     string      `json:"prompt"`
	SessionID  *string     `json:"session_id"`
	Files      []FileState `json:"files"`
}

// FileState is a file that came with an order.
type FileState struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// TransactionState is a credit transaction. The amount is in USD and positive.
type TransactionState struct {
	transaction
	User string `json:"user"`
}

// SessionState is a chat session. Amounts are in USD.
type SessionState struct {
	sessionView
	User string `json:"user"`
}

// CheckoutState is a checkout; its status is open, complete, or used once a launch was paid with it.
type CheckoutState struct {
	SessionID   string  `json:"session_id"`
	CheckoutURL string  `json:"checkout_url"`
	Type        string  `json:"type"`
	SuccessURL  string  `json:"success_url"`
	CancelURL   string  `json:"cancel_url"`
	AgentID     *string `json:"agent_id"`
	AgentName   *string `json:"agent_name"`
	Status      string  `json:"status"`
	CreatedAt   *string `json:"created_at"`
	User        string  `json:"user"`
}

func (w *world) state(base string) State {
	s := State{
		Users: []UserState{}, Agents: []AgentState{}, Orders: []OrderState{}, Transactions: []TransactionState{}, Sessions: []SessionState{},
		Checkouts: []CheckoutState{},
	}
	for _, u := range w.users {
		a := w.account(u)
		view := UserState{
			ID: u.ID, AvailableUSDC: a.available, ReservedUSDC: a.reserved, ExpiresAt: formatTime(a.expiresAt()),
			LastDepositAt: formatTime(a.lastDeposit), LastWithdrawalAt: formatTime(a.lastWithdrawal), EmailVerified: u.EmailVerified,
			LaunchesLeftFree: u.LaunchesLeftFree, Scopes: [][]string{},
		}
		for _, k := range u.Keys {
			view.Scopes = append(view.Scopes, k.Scopes)
		}
		s.Users = append(s.Users, view)
	}
	for _, a := range w.agents {
		s.Agents = append(s.Agents, AgentState{
			fullAgent: a.full(base), User: a.Owner, ProviderKeySHA256: a.ProviderKeySHA256, TxHash: a.TxHash, DeployerAddress: a.DeployerAddress,
		})
	}
	for _, o := range w.orders {
		result := o.result()
		files := o.Files
		if files == nil {
			files = []FileState{}
		}
		s.Orders = append(s.Orders, OrderState{
			orderListItem: o.listItem(), OutputHash: result.OutputHash, OutputText: result.OutputText, User: o.User, Prompt: o.Prompt,
			SessionID: textOrNull(o.SessionID), Files: files,
		})
	}
	for _, e := range w.ledger.entries {
		if e.onWire() {
			s.Transactions = append(s.Transactions, TransactionState{transaction: e.transaction(), User: e.User})
		}
	}
	for _, v := range w.sessions {
		s.Sessions = append(s.Sessions, SessionState{sessionView: v.view(), User: v.User})
	}
	for _, c := range w.checkouts {
		s.Checkouts = append(s.Checkouts, c.state(base))
	}
	return s
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// numberOr gives a JSON number, or another where there is none.
func numberOr(n json.Number, otherwise string) json.Number {
	if n == "" {
		return json.Number(otherwise)
	}
	return n
}
