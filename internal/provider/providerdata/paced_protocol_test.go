package providerdata_test

import (
	"sync"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// call is a call of a resource, once its plan is made.
type call func() protocol.Diagnostics

// TestEachCallSaysThatItIsSlowedDown lets AUTX put off one request of a call for longer than goes without saying: it waits, succeeds, and says why it
// took so long, once.
func TestEachCallSaysThatItIsSlowedDown(t *testing.T) {
	t.Parallel()
	type prepared func(a *account) call
	create := func(typeName string, config values) prepared {
		return func(a *account) call {
			plan := a.MustPlan(typeName, nil, config)
			return func() protocol.Diagnostics {
				made, diags := a.Apply(plan)
				if made.Gone() || made.Tainted {
					a.t.Errorf("made %v", made.Values())
				}
				return diags
			}
		}
	}
	read := func(typeName string, state func(a *account) values) prepared {
		return func(a *account) call {
			stored := a.Stored(typeName, state(a))
			return func() protocol.Diagnostics {
				now, _, diags := a.Read(stored)
				if now.Gone() {
					a.t.Error("it is gone")
				}
				return diags
			}
		}
	}
	// change updates what a configuration makes, or destroys it where that is to be nil.
	change := func(typeName string, from, to values) prepared {
		return func(a *account) call {
			made := a.MustApply(typeName, nil, from)
			plan := a.MustPlan(typeName, made, to)
			return func() protocol.Diagnostics {
				_, diags := a.Apply(plan)
				return diags
			}
		}
	}
	// ask reads a data source, opens an ephemeral resource, or invokes an action.
	ask := func(typeName string, config values) prepared {
		return func(a *account) call {
			return func() protocol.Diagnostics {
				_, _, diags := a.ReadDataSource(typeName, config)
				return diags
			}
		}
	}
	open := func(typeName string, config values) prepared {
		return func(a *account) call {
			return func() protocol.Diagnostics {
				_, _, diags := a.OpenEphemeral(typeName, config)
				return diags
			}
		}
	}
	invoke := func(typeName string, config values) prepared {
		return func(a *account) call {
			return func() protocol.Diagnostics { return a.Invoke(typeName, config).Diagnostics }
		}
	}
	// ofMine has the id of my first order or session in what it prepares.
	ofMine := func(do func(string, values) prepared, typeName string, id func(a *account) values) prepared {
		return func(a *account) call { return do(typeName, id(a))(a) }
	}
	order := values{"idempotency_key": "k", "agent_id": chatID, "prompt": "One", "max_price": "0.50"}
	talk := values{"idempotency_key": "k", "agent": "CHAT", "max_cost": "0.05", "messages": []string{"One"}}
	kept := protocol.With(talk, "close_after_messages", false)
	request := values{"idempotency_key": "k", "agent": "CHAT", "max_price": "0.50", "prompt": "One"}
	forFree := values{"agent": "FREE", "prompt": "One"}
	move := values{"idempotency_key": "k", "amount": "10"}
	floor := values{"name": "f", "floor": "1", "on_shortfall": "warn"}
	pay := values{
		"type": "service", "agent_id": chatID, "success_url": "https://shop.example.com/paid", "cancel_url": "https://shop.example.com/cancelled",
	}
	aSession := func(a *account) values { return values{"id": a.server.State().Sessions[0].ID} }
	anOrder := func(a *account) values {
		a.MustApply("autx_order", nil, order)
		return values{"id": a.server.State().Orders[0].ID}
	}
	openSession := func(a *account) values { return values{"id": a.MustApply("autx_session", nil, kept).ID()} }
	var all sync.WaitGroup
	//nolint:paralleltest // they run all at once: each waits, and as many at a time as there are processors would wait for a minute
	for name, c := range map[string]struct {
		refused string // the operation of the request that is put off
		prepare prepared
	}{
		"order: create":            {"orders.create", create("autx_order", order)},
		"order: read":              {"orders.get", read("autx_order", anOrder)},
		"session: create":          {"sessions.list", create("autx_session", talk)},
		"session: read":            {"sessions.get", read("autx_session", aSession)},
		"session: update":          {"sessions.close", change("autx_session", kept, talk)},
		"session: delete":          {"sessions.close", change("autx_session", kept, nil)},
		"proxy request: create":    {"proxy.call", create("autx_proxy_request", request)},
		"deposit: create":          {"credits.deposit_test", create("autx_credit_deposit", move)},
		"deposit: read":            {"credits.transactions", read("autx_credit_deposit", func(*account) values { return values{"id": "tx", "amount": "10"} })},
		"withdrawal: create":       {"credits.withdraw", create("autx_credit_withdrawal", move)},
		"withdrawal: read":         {"credits.transactions", read("autx_credit_withdrawal", func(*account) values { return values{"id": "tx", "amount": "10"} })},
		"floor: create":            {"credits.balance", create("autx_credit_floor", floor)},
		"floor: read":              {"credits.balance", read("autx_credit_floor", func(*account) values { return floor })},
		"floor: update":            {"credits.balance", change("autx_credit_floor", floor, protocol.With(floor, "floor", "2"))},
		"checkout: create":         {"payments.create_checkout", create("autx_checkout", pay)},
		"data agent":               {"agents.get", ask("autx_agent", values{"id": chatID})},
		"data agents":              {"agents.list", ask("autx_agents", values{})},
		"data availability":        {"agents.check_ticker", ask("autx_availability", values{"ticker": "ONE"})},
		"data credit balance":      {"credits.balance", ask("autx_credit_balance", values{})},
		"data credit transactions": {"credits.transactions", ask("autx_credit_transactions", values{})},
		"data order":               {"orders.get", ofMine(ask, "autx_order", anOrder)},
		"data orders":              {"orders.list", ask("autx_orders", values{})},
		"data session":             {"sessions.get", ofMine(ask, "autx_session", aSession)},
		"data sessions":            {"sessions.list", ask("autx_sessions", values{})},
		"data proxy":               {"proxy.call", ask("autx_proxy", forFree)},
		"ephemeral proxy":          {"proxy.call", open("autx_proxy", forFree)},
		"action proxy":             {"proxy.call", invoke("autx_proxy", request)},
		"action chat":              {"sessions.list", invoke("autx_chat", talk)},
		"action session close":     {"sessions.close", ofMine(invoke, "autx_session_close", openSession)},
		"action credit withdraw":   {"credits.withdraw", invoke("autx_credit_withdraw", move)},
		"action agent pause":       {"agents.update", invoke("autx_agent_pause", values{"agent": "FREE"})},
		"action provider key rotate": {"agents.set_provider_key", invoke("autx_provider_key_rotate", values{
			"agent": "FREE", "provider_key": values{"provider": "openai", "value": "sk-new"},
		})},
		"agent: create": {"agents.create", create("autx_agent", values{"ticker": "ONE", "name": "One", "endpoint_url": "https://a.example.com", "service_price": "1"})},
	} {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				a := openAccount(t)
				made := c.prepare(a)
				a.server.AddFault(c.refused + ":before:status=429,retry_after=4")
				diags := made()
				told := 0
				for _, one := range diags.Warnings() {
					if (protocol.Diagnostics{one}).Say("AUTX limits how fast requests may come", "requests_per_second") {
						told++
					}
				}
				if diags.HasErrors() || told != 1 {
					t.Errorf("it was told %d times: %s", told, diags)
				}
			})
		})
	}
	all.Wait()
}
