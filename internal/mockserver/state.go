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
	// ID is the seed's.
	ID string `json:"id"`
	// AvailableUSDC can be spent.
	AvailableUSDC money.Amount `json:"available_usdc"`
	// ReservedUSDC is held for active sessions.
	ReservedUSDC money.Amount `json:"reserved_usdc"`
	// ExpiresAt is when the available amount is lost; null when there is none.
	ExpiresAt *string `json:"expires_at"`
	// LastDepositAt is null before the first deposit.
	LastDepositAt *string `json:"last_deposit_at"`
	// LastWithdrawalAt is null before the first withdrawal.
	LastWithdrawalAt *string `json:"last_withdrawal_at"`
	// EmailVerified tells whether the user may launch agents.
	EmailVerified bool `json:"email_verified"`
	// LaunchesLeftFree is how many launches will cost nothing.
	LaunchesLeftFree int `json:"launches_left_free"`
	// Scopes are those of each key, in the seed's order. The keys themselves are not shown.
	Scopes [][]string `json:"scopes"`
}

// AgentState is an agent. Prices and revenue are in USD.
type AgentState struct {
	fullAgent
	// User owns the agent.
	User string `json:"user"`
	// ProviderKeySHA256 is the hex digest of the provider key; empty when there is none or a seed did not tell it.
	ProviderKeySHA256 string `json:"provider_key_sha256"`
	// TxHash is that of the deployment on-chain; empty before it.
	TxHash string `json:"tx_hash"`
	// DeployerAddress is who deployed it; empty before.
	DeployerAddress string `json:"deployer_address"`
}

// OrderState is a purchase. Amounts are in USD.
type OrderState struct {
	orderListItem
	// OutputHash is null until the order is completed.
	OutputHash *string `json:"output_hash"`
	// OutputText is null until the order is completed.
	OutputText *string `json:"output_text"`
	// User is the buyer.
	User string `json:"user"`
	// Prompt is what was asked.
	Prompt string `json:"prompt"`
	// SessionID is set for a turn of a session.
	SessionID *string `json:"session_id"`
	// Files came with the order.
	Files []FileState `json:"files"`
}

// FileState is a file that came with an order.
type FileState struct {
	// Name is the file name that the client sent.
	Name string `json:"name"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is the hex digest of the content.
	SHA256 string `json:"sha256"`
}

// TransactionState is a credit transaction. The amount is in USD and positive.
type TransactionState struct {
	transaction
	// User is whose credits were moved.
	User string `json:"user"`
}

// SessionState is a chat session. Amounts are in USD.
type SessionState struct {
	sessionView
	// User opened the session.
	User string `json:"user"`
}

// CheckoutState is a checkout; its status is open, complete, or used once a launch was paid with it.
type CheckoutState struct {
	// SessionID is the checkout's id.
	SessionID string `json:"session_id"`
	// CheckoutURL is where a person would pay.
	CheckoutURL string `json:"checkout_url"`
	// Type is launch or service.
	Type string `json:"type"`
	// SuccessURL is where the person goes after paying.
	SuccessURL string `json:"success_url"`
	// CancelURL is where the person goes otherwise.
	CancelURL string `json:"cancel_url"`
	// AgentID is the agent of a service.
	AgentID *string `json:"agent_id"`
	// AgentName is the name of an agent to launch.
	AgentName *string `json:"agent_name"`
	// Status is open, complete or used.
	Status string `json:"status"`
	// CreatedAt is when the checkout was made.
	CreatedAt *string `json:"created_at"`
	// User asked for the checkout.
	User string `json:"user"`
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
