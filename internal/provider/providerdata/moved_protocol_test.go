package providerdata_test

import (
	"slices"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

type values = protocol.Values

const (
	chatID = "00000000-0000-4000-8000-000000000001" // CHAT: $0.50 an order or request, $0.05 a message
	freeID = "00000000-0000-4000-8000-000000000002" // FREE, my own: nothing
)

// account is one walk of a provider on a mock server, where my account has $100 and has made a deposit and a session.
type account struct {
	*protocol.Driver
	t      *testing.T
	server *mockserver.Server
}

func openAccount(t *testing.T) *account {
	t.Helper()
	price, message, free := money.MustParse("0.50"), money.MustParse("0.05"), money.Zero()
	server := mockserver.New(t, mockserver.WithSeed(mockserver.Seed{
		Users: []mockserver.SeedUser{{ID: "me", BalanceUSD: money.MustParse("100"), Keys: []mockserver.SeedKey{{Key: "autx_live_me"}}}, {ID: "seller"}},
		Agents: []mockserver.SeedAgent{{
			Owner: "seller", ID: chatID, Ticker: "CHAT", Name: "Chat", EndpointURL: "https://agents.example.com/chat", ServicePrice: &price,
			Manifest: &mockserver.Manifest{SupportsSessions: true, SessionPricePerMessage: &message, SessionMinimumMessages: 5, SessionMaxDurationMinutes: 240},
		}, {Owner: "me", ID: freeID, Ticker: "FREE", Name: "Free", EndpointURL: "https://agents.example.com/free", ServicePrice: &free}},
		Sessions: []mockserver.SeedSession{{User: "me", AgentID: chatID, Status: "closed"}},
	}))
	a := &account{Driver: protocol.New(t), t: t, server: server}
	a.MustConfigure(protocol.With(protocol.ProviderValues(t, server), "spending.allow_deposits", true, "spending.allow_withdrawals", true))
	return a
}

// look is a read of an account that shares a list with others, and the request that the list takes.
type look struct {
	name, operation string
	read            func()
}

func (a *account) looks() []look {
	a.t.Helper()
	list := func(typeName string, query values, of string, there func() int) func() {
		return func() {
			read, _, diags := a.ReadDataSource(typeName, query)
			if shown, ok := read[of].([]any); !ok || len(diags) > 0 || len(shown) != there() {
				a.t.Errorf("%s shows %v, and %d are there: %s", typeName, read[of], there(), diags)
			}
		}
	}
	state := a.server.State()
	ownAgents := func() int {
		n := 0
		for _, agent := range a.server.State().Agents {
			if agent.OwnerID == "me" {
				n++
			}
		}
		return n
	}
	floor := a.Stored("autx_credit_floor", values{"name": "f", "floor": "1", "on_shortfall": "warn", "expiry_warning_days": 14, "status": "ok", "deposits": 0})
	imported := a.Stored("autx_session", values{"id": state.Sessions[0].ID})
	return []look{
		{"the orders", "orders.list", list("autx_orders", values{}, "orders", func() int { return len(a.server.State().Orders) })},
		{"the sessions", "sessions.list", list("autx_sessions", values{}, "sessions", func() int { return len(a.server.State().Sessions) })},
		{"the account's own agents", "agents.mine", list("autx_agents", values{"mine": true}, "agents", ownAgents)},
		{"the turns of a session", "credits.transactions", func() { a.MustRead(imported) }},
		{"the balance", "credits.balance", func() { a.MustRead(floor) }},
		{"the deposits", "credits.transactions", func() { a.MustImport("autx_credit_deposit", state.Transactions[0].ID) }},
	}
}

// TestNothingIsOlderThanAPurchase reads lists, buys one thing of each kind, and reads them again in the same walk: whoever bought, no list is one of
// before that.
func TestNothingIsOlderThanAPurchase(t *testing.T) {
	t.Parallel()
	type step func(a *account) (buy func())
	resource := func(typeName string, config values) step {
		return func(a *account) func() {
			plan := a.MustPlan(typeName, nil, config)
			return func() {
				if made, diags := a.Apply(plan); diags.HasErrors() || made.Gone() {
					a.t.Errorf("made %v: %s", made.Values(), diags)
				}
			}
		}
	}
	action := func(typeName string, config values) step {
		return func(a *account) func() {
			return func() {
				if done := a.Invoke(typeName, config); done.Diagnostics.HasErrors() {
					a.t.Error(done.Diagnostics)
				}
			}
		}
	}
	talk := values{"idempotency_key": "k", "agent": "CHAT", "max_cost": "0.10", "messages": []string{"One", "Two"}}
	ask := values{"idempotency_key": "k", "agent": "CHAT", "max_price": "0.50", "prompt": "One"}
	for name, prepare := range map[string]step{
		"order":         resource("autx_order", values{"idempotency_key": "k", "agent_id": chatID, "prompt": "One", "max_price": "0.50"}),
		"session":       resource("autx_session", talk),
		"proxy request": resource("autx_proxy_request", ask),
		"deposit":       resource("autx_credit_deposit", values{"idempotency_key": "k", "amount": "10"}),
		"withdrawal":    resource("autx_credit_withdrawal", values{"idempotency_key": "k", "amount": "10"}),
		"floor":         resource("autx_credit_floor", values{"name": "g", "floor": "105", "target": "105", "on_shortfall": "deposit", "max_deposit_per_apply": "10"}),
		"cancelled reservation": func(a *account) func() {
			made := a.MustApply("autx_agent", nil, values{
				"ticker": "ONE", "name": "One", "endpoint_url": "https://agents.example.com/one", "service_price": "1", "launch": values{"reserve": true},
				"deletion_protection": false,
			})
			plan := a.MustPlan("autx_agent", made, nil)
			return func() {
				if left, diags := a.Apply(plan); diags.HasErrors() || !left.Gone() {
					a.t.Errorf("left %v: %s", left.Values(), diags)
				}
			}
		},
		"launch":            resource("autx_agent", values{"ticker": "ONE", "name": "One", "endpoint_url": "https://agents.example.com/one", "service_price": "1"}),
		"chat action":       action("autx_chat", talk),
		"proxy action":      action("autx_proxy", ask),
		"withdrawal action": action("autx_credit_withdraw", values{"idempotency_key": "k", "amount": "10"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := openAccount(t)
			buy := prepare(a)
			looks := a.looks()
			for _, look := range looks {
				look.read()
			}
			for _, look := range looks {
				if made := acctest.During(a.server, look.read); len(made) > 0 {
					t.Fatalf("before it, %s are not shared: %v", look.name, made)
				}
			}
			buy()
			for _, look := range looks {
				if made := acctest.During(a.server, look.read); !slices.Contains(made, look.operation) {
					t.Errorf("after it, reading %s made the requests %v", look.name, made)
				}
			}
		})
	}
}
