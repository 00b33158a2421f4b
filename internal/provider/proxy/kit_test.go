package proxy_test

import (
	"fmt"
	"io"
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

const (
	requestType = "autx_proxy_request"
	readType    = "autx_proxy"

	me        = "me"
	seller    = "seller"
	myKey     = "autx_live_me"
	secondKey = "autx_live_me_again"
	sellerKey = "autx_live_seller"
)

// summID is the id of the agent SUMM, of which the others differ in the last digit.
const summID = "00000000-0000-4000-8000-000000000001"

type values = protocol.Values

// What the tests of every domain call alike.
var (
	with = protocol.With
	at   = protocol.At
	said = protocol.Said
)

// seed is a world with my account, which has two keys, and agents: SUMM costs $0.50, GOLD $7, FREE nothing, MINE $3 and is my own, FAIL costs $2 and
// fails, REST is paused, JSON costs $0.25 and answers JSON, LAMB is free and fails.
func seed(balance string) mockserver.Seed {
	n := 0
	one := func(ticker, price string) mockserver.SeedAgent {
		n++
		amount := money.MustParse(price)
		return mockserver.SeedAgent{
			Owner: seller, ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Ticker: ticker, Name: "Agent " + ticker,
			EndpointURL: "https://agents.example.com/" + strings.ToLower(ticker), ServicePrice: &amount,
		}
	}
	summ, gold, free, mine := one("SUMM", "0.50"), one("GOLD", "7"), one("FREE", "0"), one("MINE", "3")
	failing, resting, answers, lamb := one("FAIL", "2"), one("REST", "0.50"), one("JSON", "0.25"), one("LAMB", "0")
	mine.Owner = me
	failing.Responder.Kind, lamb.Responder.Kind = "fail", "fail"
	resting.Status = "paused"
	answers.Responder = mockserver.Responder{Kind: "json", Body: []byte(`{"answer": 42}`)}
	return mockserver.Seed{
		Users: []mockserver.SeedUser{
			{ID: me, BalanceUSD: money.MustParse(balance), Keys: []mockserver.SeedKey{{Key: myKey}, {Key: secondKey}}},
			{ID: seller, Keys: []mockserver.SeedKey{{Key: sellerKey}}},
		},
		Agents: []mockserver.SeedAgent{summ, gold, free, mine, failing, resting, answers, lamb},
	}
}

// account is what happens at the service, for tests on either level.
type account struct {
	t      *testing.T
	server *mockserver.Server
}

// charges are my charges by the ledger, as amounts, oldest first.
func (a account) charges() []string {
	var out []string
	for _, entry := range a.entries() {
		out = append(out, entry.Amount.String())
	}
	return out
}

func (a account) entries() []mockserver.TransactionState {
	var out []mockserver.TransactionState
	for _, entry := range a.server.State().Transactions {
		if entry.User == me && entry.Type == "consume" {
			out = append(out, entry)
		}
	}
	return out
}

// mustHaveCharged fails the test unless exactly this was charged, in any order.
func (a account) mustHaveCharged(want ...string) {
	a.t.Helper()
	got := a.charges()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		a.t.Errorf("charged %q, want %q", got, want)
	}
}

// called counts the requests to agents that have reached the server, and those that were carried out.
func (a account) called() (sent, carriedOut int) {
	for _, entry := range a.server.Requests() {
		if entry.Operation != "proxy.call" {
			continue
		}
		sent++
		if entry.Committed {
			carriedOut++
		}
	}
	return sent, carriedOut
}

// mustHaveSent fails the test unless so many requests to agents have reached the server.
func (a account) mustHaveSent(want int) {
	a.t.Helper()
	if sent, _ := a.called(); sent != want {
		a.t.Errorf("%d requests to agents were sent, want %d:\n%s", sent, want, acctest.Traffic(a.server))
	}
}

// outside makes a request as somebody would by other means, and gives the answer.
func (a account) outside(key, method, path, body string) []byte {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		a.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, text, err)
	}
	return text
}

// elsewhere asks an agent for the account by other means.
func (a account) elsewhere(agent string) {
	a.t.Helper()
	a.outside(myKey, http.MethodPost, "/proxy/"+agent, `{"prompt": "elsewhere"}`)
}

// reprice changes what an agent costs, as its owner would.
func (a account) reprice(id, price string) {
	a.t.Helper()
	a.outside(sellerKey, http.MethodPatch, "/agents/"+id, `{"service_price": `+price+`}`)
}

// desk is a provider that is driven through the protocol, and the account that it works on.
type desk struct {
	*protocol.Driver
	account
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
	d := &desk{Driver: protocol.New(t), account: account{t, server}, config: protocol.ProviderValues(t, server)}
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

// to is the configuration of a request to an agent under a key, at a price. Pairs of a path and a value may follow.
func to(agent, key, price string, pairs ...any) values {
	return with(values{"idempotency_key": key, "agent": agent, "prompt": "Prompt of " + key, "max_price": price}, pairs...)
}

// of is a request to SUMM at its price.
func of(key string, pairs ...any) values { return to("SUMM", key, "0.50", pairs...) }

// ask applies the configuration of a new request, which must go without a word.
func (d *desk) ask(config values) *protocol.Instance {
	d.t.Helper()
	made, diags := d.PlanAndApply(requestType, nil, config)
	if len(diags) > 0 {
		d.t.Fatalf("asking under %v: %s", config["idempotency_key"], diags)
	}
	return made
}

// refuse applies the configuration of a new request, which must fail with one error at a path that says something, and charge nothing.
func (d *desk) refuse(config values, path string, texts ...string) {
	d.t.Helper()
	before := d.charges()
	made, diags := d.PlanAndApply(requestType, nil, config)
	said(d.t, "the apply", diags.Errors(), path, texts...)
	if made != nil || len(diags.Errors()) != 1 || len(d.charges()) != len(before) {
		d.t.Errorf("made %v, charged %q and before %q:\n%s", made, d.charges(), before, diags)
	}
}

// mustBeSettled refreshes and plans in a walk of its own: there must be nothing to do, nothing to say, and nothing to ask AUTX.
func (d *desk) mustBeSettled(made *protocol.Instance, config values) {
	d.t.Helper()
	before := len(d.server.Requests())
	d.MustBeSettled(made, config)
	if after := len(d.server.Requests()); after != before {
		d.t.Errorf("a settled request costs %d requests", after-before)
	}
}
