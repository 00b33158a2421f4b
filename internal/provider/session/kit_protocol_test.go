package session_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// The kit of the tests that drive the provider through the plugin protocol, one call at a time.

const sessionType = "autx_session"

type values = protocol.Values

// What the tests of every domain call alike.
var (
	with = protocol.With
	at   = protocol.At
	said = protocol.Said
)

const (
	me        = "me"
	seller    = "seller"
	otherKey  = "autx_live_me_again"
	sellerKey = "autx_live_seller"
)

// The agents of a test's world and their ids.
const (
	chatID  = "00000000-0000-4000-8000-000000000001" // CHAT: $0.05 a message, holds five
	plainID = "00000000-0000-4000-8000-000000000002" // PLAIN: $0.50 an order, no sessions
	failID  = "00000000-0000-4000-8000-000000000003" // FAIL: $0.10 a message, fails
	goldID  = "00000000-0000-4000-8000-000000000004" // GOLD: $2 an order and, with no price of its own, a message
	restID  = "00000000-0000-4000-8000-000000000005" // REST: paused
	freeID  = "00000000-0000-4000-8000-000000000006" // FREE: $0 a message
)

func usd(text string) *money.Amount { a := money.MustParse(text); return &a }

// seed is a world with my account, which has two keys, and the agents of somebody else.
func seed(balance string) mockserver.Seed {
	one := func(id, ticker, price string, perMessage *money.Amount) mockserver.SeedAgent {
		return mockserver.SeedAgent{
			Owner: seller, ID: id, Ticker: ticker, Name: "Agent " + ticker, EndpointURL: "https://agents.example.com/" + strings.ToLower(ticker), ServicePrice: usd(price),
			Manifest: &mockserver.Manifest{SupportsSessions: true, SessionPricePerMessage: perMessage, SessionMinimumMessages: 5, SessionMaxDurationMinutes: 240},
		}
	}
	chat, plain, fail := one(chatID, "CHAT", "0.50", usd("0.05")), one(plainID, "PLAIN", "0.50", nil), one(failID, "FAIL", "1", usd("0.10"))
	gold, rest, free := one(goldID, "GOLD", "2", nil), one(restID, "REST", "0.50", usd("0.05")), one(freeID, "FREE", "0", usd("0"))
	plain.Manifest.SupportsSessions = false
	fail.Responder.Kind = "fail"
	rest.Status = "paused"
	return mockserver.Seed{
		Users: []mockserver.SeedUser{
			{ID: me, BalanceUSD: money.MustParse(balance), Keys: []mockserver.SeedKey{{Key: "autx_live_me"}, {Key: otherKey}}},
			{ID: seller, Keys: []mockserver.SeedKey{{Key: sellerKey}}},
		},
		Agents: []mockserver.SeedAgent{chat, plain, fail, gold, rest, free},
	}
}

// desk is a provider that is driven through the protocol, and the mock server that it works on.
type desk struct {
	*protocol.Driver
	t      *testing.T
	server *mockserver.Server
	config values
}

// open starts a mock server, where I have $100, and a provider that may spend $1,000.
func open(t *testing.T, options ...mockserver.Option) *desk {
	t.Helper()
	return serve(t, seed("100"), options...)
}

// serve is open with another world.
func serve(t *testing.T, world mockserver.Seed, options ...mockserver.Option) *desk {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(world)}, options...)...)
	d := &desk{Driver: protocol.New(t), t: t, server: server, config: protocol.ProviderValues(t, server)}
	d.config["max_retries"] = 0
	d.MustConfigure(d.config)
	return d
}

// reconfigure begins a walk with other settings, as pairs of a path and a value.
func (d *desk) reconfigure(pairs ...any) {
	d.t.Helper()
	d.config = with(d.config, pairs...)
	d.NextWalk()
	d.MustConfigure(d.config)
}

// gate puts a gate between the provider and the server, for the walks to come.
func (d *desk) gate() *acctest.Gate {
	d.t.Helper()
	gate := acctest.NewGate(d.t, d.server)
	d.reconfigure("base_url", gate.URL())
	return gate
}

// of is the configuration of a conversation of two messages with CHAT under a key. Pairs of a path and a value may follow.
func of(key string, pairs ...any) values {
	return with(values{"idempotency_key": key, "agent": "CHAT", "max_cost": "0.10", "messages": []string{"First of " + key, "Second of " + key}}, pairs...)
}

// saying is of with so many messages, and enough for them.
func saying(key string, n int, pairs ...any) values {
	messages := make([]string, n)
	for i := range messages {
		messages[i] = fmt.Sprintf("Message %d of %s", i+1, key)
	}
	return of(key, append([]any{"messages", messages, "max_cost", money.MustParse("0.05").Times(int64(n)).String()}, pairs...)...)
}

// turns writes what became of the turns of a state by the first letters: c, f, u, n.
func turns(of *protocol.Instance) string {
	if of.Gone() {
		return "gone"
	}
	list, ok := of.Values()["turns"].([]any)
	if !ok {
		return "null"
	}
	return statuses(list)
}

func statuses(turns []any) string {
	var out strings.Builder
	for _, one := range turns {
		turn, _ := one.(values)
		status, _ := turn["status"].(string)
		out.WriteString(status[:1])
	}
	return out.String()
}

// buy applies the configuration of a new session, which must go without a word.
func (d *desk) buy(config values) *protocol.Instance {
	d.t.Helper()
	made, diags := d.PlanAndApply(sessionType, nil, config)
	if len(diags) > 0 {
		d.t.Fatalf("buying %v: %s", config["idempotency_key"], diags)
	}
	return made
}

// refuse applies the configuration of a new session, which must fail with one error at a path that says something, and charge nothing.
func (d *desk) refuse(config values, path string, texts ...string) {
	d.t.Helper()
	before, _ := d.charges()
	made, diags := d.PlanAndApply(sessionType, nil, config)
	said(d.t, "the apply", diags.Errors(), path, texts...)
	if after, _ := d.charges(); made != nil || len(diags.Errors()) != 1 || after != before {
		d.t.Errorf("made %v, charged %s and before %s:\n%s", made, after, before, diags)
	}
}

// sessions are mine at the service, oldest first.
func (d *desk) sessions() []mockserver.SessionState {
	return slices.DeleteFunc(d.server.State().Sessions, func(s mockserver.SessionState) bool { return s.User != me })
}

// prompts are those of my orders, oldest first: each message that was accepted is one.
func (d *desk) prompts() []string {
	var out []string
	for _, o := range d.server.State().Orders {
		if o.User == me {
			out = append(out, o.Prompt)
		}
	}
	return out
}

// charges are my charges less refunds, in US dollars, and how many charges there were.
func (d *desk) charges() (total string, n int) {
	sum := money.Zero()
	for _, entry := range d.server.State().Transactions {
		switch {
		case entry.User != me:
		case entry.Type == "consume":
			sum, n = sum.Add(entry.Amount), n+1
		case entry.Type == "refund":
			sum = sum.Sub(entry.Amount)
		}
	}
	return sum.USD(), n
}

// mustHaveCharged fails the test unless exactly this was charged, in so many charges and sessions.
func (d *desk) mustHaveCharged(want string, charges, sessions int) {
	d.t.Helper()
	if total, n := d.charges(); total != want || n != charges || len(d.sessions()) != sessions {
		d.t.Errorf("%s was charged in %d charges and %d sessions, want %s in %d and %d", total, n, len(d.sessions()), want, charges, sessions)
	}
}

// mustHoldNothing fails the test unless no session holds credits any more.
func (d *desk) mustHoldNothing() {
	d.t.Helper()
	for _, s := range d.sessions() {
		if s.Status == "active" || !s.CreditsReserved.IsZero() {
			d.t.Errorf("session %s is %s and holds %s", s.ID, s.Status, s.CreditsReserved.USD())
		}
	}
}

// outside makes a request by other means, with a key.
func (d *desk) outside(key, method, path, body string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.server.URL()+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		d.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

// reprice changes what a message to an agent costs, as its owner would.
func (d *desk) reprice(agentID, price string) {
	d.t.Helper()
	d.outside(sellerKey, http.MethodPatch, "/agents/"+agentID, `{"manifest": {"supports_sessions": true, "session_price_per_message": `+price+`}}`)
}

// silently runs a step and fails the test if it made a request.
func (d *desk) silently(what string, step func()) {
	d.t.Helper()
	if made := d.during(step); len(made) > 0 {
		d.t.Errorf("%s made the requests %v", what, made)
	}
}

// during gives the operations that a step requested, in order.
func (d *desk) during(step func()) []string {
	d.t.Helper()
	return acctest.During(d.server, step)
}

// tally counts operations.
func tally(operations []string) map[string]int {
	out := map[string]int{}
	for _, operation := range operations {
		out[operation]++
	}
	return out
}

// mustOnlyRead fails the test if anything but GETs has reached the server.
func (d *desk) mustOnlyRead() {
	d.t.Helper()
	for _, entry := range d.server.Requests() {
		if entry.Method != http.MethodGet || entry.Committed {
			d.t.Errorf("%s %s %s was sent", entry.Operation, entry.Method, entry.Path)
		}
	}
}
