package purchase

import "strings"

// Kind is a sort of purchase. Records of different kinds never meet, even under the same key.
type Kind string

const (
	// AgentLaunch is the launch of an agent, which may cost the launch fee. Its key is the agent's ticker.
	AgentLaunch Kind = "agent_launch"
	// Order is an order of an agent's work. Its key is an idempotency key.
	Order Kind = "order"
	// Deposit moves money into the account's credits. It is no charge: what limits charges does not limit it, and it has to be allowed on its own
	// (Limits.AllowDeposits). Its key is an idempotency key.
	Deposit Kind = "credit_deposit"
	// Withdrawal moves money out of the account's credits. It is no charge either and has to be allowed on its own (Limits.AllowWithdrawals), but it may
	// not take the balance below Limits.KeepBalance. Its key is an idempotency key.
	Withdrawal Kind = "credit_withdrawal"
	// Session is a conversation with an agent, of which each message is charged. Its key is an idempotency key.
	Session Kind = "session"
	// ProxyRequest is one request that AUTX passes to an agent. Its key is an idempotency key.
	ProxyRequest Kind = "proxy_request"
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
	limit    string // the argument that says what it may cost, "" where there is none
	// natural says that the key names a live object of the service, not only the purchase. A destroy frees such a key, and buying again under it
	// costs again; therefore a run that both gives one up and takes it anew is stopped. Other keys are used once for ever.
	natural bool
	effect  effect
	// unimportable says that the service has no object of it that could be imported.
	unimportable bool
}

var traits = map[Kind]trait{
	AgentLaunch: {noun: "agent", resource: "autx_agent", keyName: "ticker", natural: true},
	Order:       {noun: "order", resource: "autx_order", keyName: "idempotency_key", limit: "max_price"},
	Deposit:     {noun: "deposit", resource: "autx_credit_deposit", keyName: "idempotency_key", effect: movesIn},
	Withdrawal:  {noun: "withdrawal", resource: "autx_credit_withdrawal", keyName: "idempotency_key", effect: movesOut},
	Session:     {noun: "session", resource: "autx_session", keyName: "idempotency_key", limit: "max_cost"},
	ProxyRequest: {
		noun: "proxy request", resource: "autx_proxy_request", keyName: "idempotency_key", limit: "max_price", unimportable: true,
	},
}

// allowedBy tells whether limits allow a kind at all; nil allows nothing.
func (k Kind) allowedBy(limits *Limits) bool {
	if limits == nil {
		return false
	}
	if limits.Unknown {
		return true // as far as a plan can tell
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

// LimitArgument is the argument of a configuration that says what one of the kind may cost, "" where there is none.
func (k Kind) LimitArgument() string { return k.trait().limit }

// charges tells whether purchases of the kind pay somebody. The others move the account's own money.
func (k Kind) charges() bool { return k.trait().effect == charges }

// unharmed says what did not happen where a purchase was not made.
func (k Kind) unharmed() string {
	if k.charges() {
		return "nothing was charged"
	}
	return "no money was moved"
}

// free says of a purchase that is taken over what the run does not do for it.
func (k Kind) free() string {
	if k.charges() {
		return "this run charges nothing for it"
	}
	return "this run moves no money for it"
}

// again is what using another key means.
func (k Kind) again() string {
	if k.charges() {
		return "buy again"
	}
	return "move money again"
}

func (k Kind) trait() trait {
	if t, ok := traits[k]; ok {
		return t
	}
	return trait{noun: strings.ReplaceAll(string(k), "_", " "), resource: "autx_" + string(k), keyName: "idempotency_key"}
}
