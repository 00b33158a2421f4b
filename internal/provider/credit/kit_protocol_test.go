package credit_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// The kit of the tests that drive the provider through the plugin protocol, one call at a time.

const (
	depositType    = "autx_credit_deposit"
	withdrawalType = "autx_credit_withdrawal"
	floorType      = "autx_credit_floor"

	me       = "me"
	other    = "other"
	myKey    = "autx_live_me"
	secondMe = "autx_live_me_again"
	otherKey = "autx_live_other"
)

type values = protocol.Values

// What the tests of every domain call alike.
var (
	with = protocol.With
	said = protocol.Said
)

// noon is where the clocks of tests stand that need one to stand.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// seed is a world with my account, which has two keys, and another one.
func seed(balance string) mockserver.Seed {
	return mockserver.Seed{Users: []mockserver.SeedUser{
		{ID: me, BalanceUSD: money.MustParse(balance), Keys: []mockserver.SeedKey{{Key: myKey}, {Key: secondMe}}},
		{ID: other, BalanceUSD: money.MustParse("100"), Keys: []mockserver.SeedKey{{Key: otherKey}}},
	}}
}

// account is what happens at the service, for tests on either level.
type account struct {
	t      *testing.T
	server *mockserver.Server
}

// moves are the movements of my credits after the first deposit, as "deposit 10", oldest first.
func (a account) moves() []string {
	var out []string
	for i, entry := range a.entries() {
		if i > 0 {
			out = append(out, entry.Type+" "+entry.Amount.String())
		}
	}
	return out
}

func (a account) entries() []mockserver.TransactionState {
	var out []mockserver.TransactionState
	for _, entry := range a.server.State().Transactions {
		if entry.User == me {
			out = append(out, entry)
		}
	}
	return out
}

// last is my newest entry of the ledger.
func (a account) last() mockserver.TransactionState {
	entries := a.entries()
	return entries[len(entries)-1]
}

// mustHaveMoved fails the test unless exactly this has moved.
func (a account) mustHaveMoved(want ...string) {
	a.t.Helper()
	if got := a.moves(); fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Errorf("moved %q, want %q", got, want)
	}
}

// available is my balance.
func (a account) available() string {
	a.t.Helper()
	for _, user := range a.server.State().Users {
		if user.ID == me {
			return user.AvailableUSDC.String()
		}
	}
	a.t.Fatal("I am gone")
	return ""
}

// outside makes a request as the account's owner would by other means, and gives the answer.
func (a account) outside(method, path, body string) []byte {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+myKey)
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

func (a account) deposit(amount string) {
	a.t.Helper()
	a.outside(http.MethodPost, "/credits/deposit-test", `{"amount": "`+amount+`"}`)
}

func (a account) withdraw(amount string) {
	a.t.Helper()
	a.outside(http.MethodPost, "/credits/withdraw", `{"amount": "`+amount+`"}`)
}

// sent counts the requests of an operation.
func (a account) sent(operation string) int { return acctest.Sent(a.server)[operation] }

// desk is a provider that is driven through the protocol, and the account that it works on.
type desk struct {
	*protocol.Driver
	account
	config values
}

// open starts a mock server, where I have $100, and a provider that may move money.
func open(t *testing.T, options ...mockserver.Option) *desk {
	t.Helper()
	return openWith(t, "100", options...)
}

// openWith is open with another balance.
func openWith(t *testing.T, balance string, options ...mockserver.Option) *desk {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed(balance))}, options...)...)
	d := &desk{Driver: protocol.New(t), account: account{t, server}, config: protocol.ProviderValues(t, server)}
	d.config["max_retries"] = 0
	d.config = with(d.config, "spending.allow_deposits", true, "spending.allow_withdrawals", true)
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

// of is the configuration of a movement under a key. Pairs of a path and a value may follow.
func of(key, amount string, pairs ...any) values {
	return with(values{"idempotency_key": key, "amount": amount}, pairs...)
}

// floorOf is the configuration of a floor. Pairs of a path and a value may follow.
func floorOf(name, floor, target string, pairs ...any) values {
	return with(values{"name": name, "floor": floor, "target": target}, pairs...)
}

// make applies the configuration of something new, which must go without a word.
func (d *desk) make(typeName string, config values) *protocol.Instance {
	d.t.Helper()
	made, diags := d.PlanAndApply(typeName, nil, config)
	if len(diags) > 0 {
		d.t.Fatalf("%v: %s", config, diags)
	}
	return made
}

// refuse applies the configuration of something new, which must fail with one error at a path that says something, and move nothing.
func (d *desk) refuse(typeName string, config values, path string, texts ...string) {
	d.t.Helper()
	before := len(d.moves())
	made, diags := d.PlanAndApply(typeName, nil, config)
	said(d.t, "the apply", diags.Errors(), path, texts...)
	if made != nil || len(diags.Errors()) != 1 || len(d.moves()) != before {
		d.t.Errorf("made %v, moved %v:\n%s", made, d.moves(), diags)
	}
}

// during gives the operations that a step requested, in order.
func (d *desk) during(step func()) []string {
	d.t.Helper()
	return acctest.During(d.server, step)
}

// silently runs a step and fails the test if it made a request.
func (d *desk) silently(what string, step func()) {
	d.t.Helper()
	if made := d.during(step); len(made) > 0 {
		d.t.Errorf("%s made the requests %v", what, made)
	}
}

// replaced is a planned or configured movement with its amount.
func replaced(t *testing.T, of tftypes.Value, amount string) tftypes.Value {
	t.Helper()
	out, err := tftypes.Transform(of, func(at *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if at.Equal(tftypes.NewAttributePath().WithAttributeName("amount")) {
			return tftypes.NewValue(tftypes.String, amount), nil
		}
		return value, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
