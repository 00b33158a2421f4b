package purchase

import "strings"

// Kind is a sort of purchase. Records of different kinds never meet, even under the same key.
type Kind string

const (
	// AgentLaunch is the launch of an agent, which may cost the launch fee. Its key is the agent's ticker.
	AgentLaunch Kind = "agent_launch"
	// Order is an order of an agent's work. Its key is an idempotency key.
	Order Kind = "order"
	// Deposit moves money into the account's credits, Withdrawal out of them. Neither is a charge: what limits charges does not limit them, and each has
	// to be allowed on its own. Their keys are idempotency keys.
	Deposit    Kind = "credit_deposit"
	Withdrawal Kind = "credit_withdrawal"
)

// effect is what a kind does to the account's money.
type effect int

const (
	charges  effect = iota // pays somebody: counts against the limits
	movesIn                // credits grow
	movesOut               // credits shrink without anybody being paid; keep_balance holds
)

// trait is what the texts and the rules need to know of a kind.
type trait struct {
	noun     string // what one is called: "agent"
	resource string // the resource type of an import block
	keyName  string // what its key is called in a configuration
	// natural says that the key names a live object of the service, not only the purchase. A destroy frees such a key, and buying again under it
	// costs again; therefore a run that both gives one up and takes it anew is stopped. Other keys are used once for ever.
	natural bool
	effect  effect
}

var traits = map[Kind]trait{
	AgentLaunch: {noun: "agent", resource: "autx_agent", keyName: "ticker", natural: true},
	Order:       {noun: "order", resource: "autx_order", keyName: "idempotency_key"},
	Deposit:     {noun: "deposit", resource: "autx_credit_deposit", keyName: "idempotency_key", effect: movesIn},
	Withdrawal:  {noun: "withdrawal", resource: "autx_credit_withdrawal", keyName: "idempotency_key", effect: movesOut},
}

// allowedBy tells whether limits allow a kind at all; nil allows nothing.
func (k Kind) allowedBy(limits *Limits) bool {
	if limits == nil {
		return false
	}
	switch k.trait().effect {
	case movesIn:
		return limits.AllowDeposits
	case movesOut:
		return limits.AllowWithdrawals
	case charges:
	}
	return true
}

func (k Kind) trait() trait {
	if t, ok := traits[k]; ok {
		return t
	}
	return trait{noun: strings.ReplaceAll(string(k), "_", " "), resource: "autx_" + string(k), keyName: "idempotency_key"}
}
